//! Consumer groups: listed, described, moved, deleted.

use std::collections::BTreeMap;

use kadence_core::phrase;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::metadata::MetadataPartition;
use rdkafka::{Offset, TopicPartitionList};

use super::{Admin, Outcomes, block_on};
use crate::consumer::StartAt;
use crate::contact::{TopicState, refused_topic, topic_state};
use crate::error::KafkaError;
use crate::ffi::{self, Refusal};
use crate::words::described;

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSummary {
    /// Its name.
    pub name: String,
    /// Kafka's word for its state: `Stable` when its members read, `Empty` without members.
    pub state: String,
}

/// A group: who reads, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its name.
    pub name: String,
    /// Kafka's word for its state.
    pub state: String,
    /// How partitions are shared out; `None` without members.
    pub assignor: Option<String>,
    /// The broker that keeps its offsets, where that is known.
    pub coordinator: Option<i32>,
    /// Who reads.
    pub members: Vec<GroupMember>,
    /// Each partition that the group has committed or somebody in it reads, by topic and number.
    pub partitions: Vec<GroupPartition>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// The name that the broker gave it.
    pub id: String,
    /// The name that it gave itself.
    pub client_id: String,
    /// The name that a static member keeps over restarts.
    pub instance: Option<String>,
    /// Where it connects from.
    pub host: String,
    /// What it reads.
    pub partitions: Vec<(String, i32)>,
}

/// The place that a group has come to in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPartition {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset that the group goes on with; `None` where it has committed none.
    pub committed: Option<i64>,
    /// The offset of the next record to be written, if the leader answered.
    pub latest: Option<i64>,
    /// The member that reads it, by number in the description's list.
    pub member: Option<usize>,
}

impl GroupPartition {
    /// Counts the offsets that the group is behind, where both ends are known.
    pub fn lag(&self) -> Option<u64> {
        let behind = self.latest?.saturating_sub(self.committed?);
        Some(u64::try_from(behind).unwrap_or(0))
    }
}

/// A group's offset in one partition, before and after it was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Where the group would have gone on; `None` where it had committed nothing.
    pub before: Option<i64>,
    /// Where it goes on now.
    pub after: i64,
}

/// The part of a group that is to be moved.
#[derive(Clone, Debug, Default)]
pub struct Reset {
    /// The topics; none means all that the group has committed.
    pub topics: Vec<String>,
    /// The partitions of each; none means all.
    pub partitions: Vec<i32>,
    /// Where to.
    pub to: StartAt,
    /// Only tell what would be done.
    pub is_dry: bool,
}

impl Admin {
    /// All groups, by name.
    pub fn groups(&self) -> Result<Vec<GroupSummary>, KafkaError> {
        let listed = ffi::list_groups(self.asking()).map_err(|refusal| self.unasked(refusal))?;
        let mut groups: Vec<GroupSummary> =
            listed.into_iter().map(|group| GroupSummary { name: group.name, state: group.state }).collect();
        groups.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(groups)
    }

    /// Describes groups; an outcome for each, in order.
    pub fn describe_groups(&self, names: &[&str]) -> Result<Outcomes<GroupDescription>, KafkaError> {
        names
            .iter()
            .map(|name| match self.describe_group(name) {
                Err(error @ (KafkaError::Unreachable { .. } | KafkaError::Request { .. })) => Err(error),
                outcome => Ok(((*name).to_owned(), outcome)),
            })
            .collect()
    }

    fn describe_group(&self, name: &str) -> Result<GroupDescription, KafkaError> {
        let found =
            ffi::describe_group(self.asking(), name).map_err(|refusal| self.refused(name, refusal))?;
        let committed = ffi::committed(self.asking(), name).map_err(|refusal| self.refused(name, refusal))?;
        // Brokers before 4 describe a group that nobody ever heard of as one without anything.
        if found.state == "Dead" && committed.is_empty() {
            return Err(absent(name));
        }
        let mut partitions = BTreeMap::<(String, i32), (Option<i64>, Option<usize>)>::new();
        for (topic, partition, offset) in committed {
            partitions.entry((topic, partition)).or_default().0 = Some(offset);
        }
        for (number, member) in found.members.iter().enumerate() {
            for (topic, partition) in &member.partitions {
                partitions.entry((topic.clone(), *partition)).or_default().1 = Some(number);
            }
        }
        let partitions = partitions
            .into_iter()
            .map(|((topic, partition), (committed, member))| {
                let latest = self.watermarks(&topic, partition).map(|(_, latest)| latest);
                GroupPartition { topic, partition, committed, latest, member }
            })
            .collect();
        Ok(GroupDescription {
            name: name.to_owned(),
            state: found.state,
            assignor: (!found.assignor.is_empty()).then_some(found.assignor),
            coordinator: found.coordinator,
            members: found
                .members
                .into_iter()
                .map(|member| GroupMember {
                    id: member.id,
                    client_id: member.client_id,
                    instance: member.instance,
                    host: member.host,
                    partitions: member.partitions,
                })
                .collect(),
            partitions,
        })
    }

    /// Moves a group that has no members; gives each partition's offset before and after, by topic and number.
    ///
    /// A group that does not exist yet is made by this.
    pub fn reset_group(&self, group: &str, reset: &Reset) -> Result<Vec<Moved>, KafkaError> {
        let found = ffi::describe_group(self.asking(), group);
        let members = match found {
            Ok(found) => found.members.len(),
            Err(Refusal { code: Code::GroupIdNotFound, .. }) => 0,
            Err(refusal) => return Err(self.refused(group, refusal)),
        };
        if members > 0 {
            return Err(in_use(group, members));
        }
        let committed: BTreeMap<(String, i32), i64> = ffi::committed(self.asking(), group)
            .or_else(|refusal| match refusal.code {
                Code::GroupIdNotFound => Ok(Vec::new()),
                _ => Err(self.refused(group, refusal)),
            })?
            .into_iter()
            .map(|(topic, partition, offset)| ((topic, partition), offset))
            .collect();
        let mut moved = Vec::new();
        for (topic, partition) in self.chosen(group, reset, &committed)? {
            let leaders = self.leaders(&topic);
            let after = leaders.start(partition, reset.to)?;
            let before = committed.get(&(topic.clone(), partition)).copied();
            moved.push(Moved { topic, partition, before, after });
        }
        if !reset.is_dry {
            self.commit(group, &moved)?;
        }
        Ok(moved)
    }

    /// The partitions that a reset is about.
    fn chosen(
        &self,
        group: &str,
        reset: &Reset,
        committed: &BTreeMap<(String, i32), i64>,
    ) -> Result<Vec<(String, i32)>, KafkaError> {
        let is_wanted = |partition: i32| reset.partitions.is_empty() || reset.partitions.contains(&partition);
        if reset.topics.is_empty() {
            let chosen: Vec<_> =
                committed.keys().filter(|(_, partition)| is_wanted(*partition)).cloned().collect();
            return if chosen.is_empty() { Err(nothing_committed(group)) } else { Ok(chosen) };
        }
        let mut chosen = Vec::new();
        for topic in &reset.topics {
            let partitions = self.partitions(topic)?;
            if let Some(absent) = reset.partitions.iter().find(|wanted| !partitions.contains(wanted)) {
                let what = format!("no partition {absent} (there are {})", partitions.len());
                return Err(KafkaError::topic(topic, what, ""));
            }
            chosen.extend(
                partitions
                    .into_iter()
                    .filter(|number| is_wanted(*number))
                    .map(|number| (topic.clone(), number)),
            );
        }
        chosen.sort_unstable();
        chosen.dedup();
        Ok(chosen)
    }

    fn partitions(&self, topic: &str) -> Result<Vec<i32>, KafkaError> {
        let metadata = self.metadata(Some(topic))?;
        match topic_state(&metadata, topic) {
            TopicState::Absent => {
                return Err(KafkaError::absent(topic));
            }
            TopicState::Refused(code) => return Err(refused_topic(topic, code)),
            TopicState::Ready { .. } | TopicState::Electing { .. } => {}
        }
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        Ok(found.map_or(&[][..], |found| found.partitions()).iter().map(MetadataPartition::id).collect())
    }

    fn commit(&self, group: &str, moved: &[Moved]) -> Result<(), KafkaError> {
        let mut offsets = TopicPartitionList::with_capacity(moved.len());
        for Moved { topic, partition, after, .. } in moved {
            offsets
                .add_partition_offset(topic, *partition, Offset::Offset(*after))
                .map_err(|error| KafkaError::group(group, error.to_string(), ""))?;
        }
        ffi::commit(self.asking(), group, &offsets).map_err(|refusal| self.refused(group, refusal))
    }

    /// Deletes groups that have no members, with their offsets; an outcome for each, in order.
    pub fn delete_groups(&self, names: &[&str]) -> Result<Outcomes<()>, KafkaError> {
        let outcomes = block_on(self.client()?.delete_groups(names, &self.patient()))
            .map_err(|error| self.unanswered(&error))?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Ok(name) => (name, Ok(())),
                Err((name, code)) => {
                    let error = self.refused(&name, Refusal { code, text: None });
                    (name, Err(error))
                }
            })
            .collect())
    }

    fn refused(&self, group: &str, refusal: Refusal) -> KafkaError {
        let (what, help) = match refusal.code {
            // About the cluster, not about the group.
            Code::OperationTimedOut | Code::BrokerTransportFailure | Code::AllBrokersDown => {
                return self.unasked(refusal);
            }
            Code::GroupIdNotFound => return absent(group),
            // The coordinator takes offsets of a group with members only from its members.
            Code::NonEmptyGroup
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::IllegalGeneration => {
                return in_use(group, 0);
            }
            Code::InvalidGroupId => ("not a group's name".to_owned(), ""),
            Code::GroupAuthorizationFailed => {
                ("this user may not use it".to_owned(), "ask for the rights, or connect as another user")
            }
            code => (refusal.text.unwrap_or_else(|| described(code)), ""),
        };
        KafkaError::group(group, what, help)
    }
}

fn absent(group: &str) -> KafkaError {
    KafkaError::group(group, "does not exist", phrase![!"groups list", " shows those that do"])
}

fn in_use(group: &str, members: usize) -> KafkaError {
    let found = match members {
        0 => String::new(),
        1 => " (1 member)".to_owned(),
        _ => format!(" ({members} members)"),
    };
    let help = phrase!["stop them first; ", !"groups describe", " ", group, " shows them"];
    KafkaError::group(group, format!("is being read by its members{found}"), help)
}

fn nothing_committed(group: &str) -> KafkaError {
    KafkaError::group(group, "has committed nothing", phrase!["name the topic with ", @"topic"])
}
