//! The offsets of a group.

use super::{
    Id,
    group::{Group, State, Turn},
};
use crate::memory::Share;
use kafka_protocol::{ResponseError, protocol::StrBytes};
use std::collections::{BTreeMap, HashSet};

/// What an offset takes beside its metadata.
const OFFSET_BYTES: usize = 160;
const TOPIC_BYTES: usize = 128;

/// Who commits: a member of a generation, or somebody without a group, who has generation -1 and no name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committer<'a> {
    pub(crate) member: &'a str,
    pub(crate) instance: Option<&'a str>,
    pub(crate) generation: i32,
}

/// What is committed for one partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Commit<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: &'a str,
}

#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    /// Shared with the answers it is in.
    pub(crate) metadata: StrBytes,
    share: Share,
}

#[derive(Debug, Default)]
pub(crate) struct Offsets(BTreeMap<Id, Topic>);

#[derive(Debug)]
struct Topic {
    partitions: BTreeMap<i32, Committed>,
    _share: Share,
}

impl Offsets {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.0.get(topic)?.partitions.get(&partition)
    }

    /// Topics with their partitions, both in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Id, impl Iterator<Item = (i32, &Committed)>)> {
        self.0.iter().map(|(name, topic)| (name, topic.partitions.iter().map(|(index, o)| (*index, o))))
    }

    pub(super) fn forget_topics(&mut self, topics: &HashSet<&str>) {
        if topics.len() < self.0.len() {
            for topic in topics {
                self.0.remove(*topic);
            }
        } else {
            self.0.retain(|name, _| !topics.contains(&**name));
        }
    }

    pub(super) fn forget(&mut self, topic: &str, partition: i32) {
        if let Some(found) = self.0.get_mut(topic) {
            found.partitions.remove(&partition);
            if found.partitions.is_empty() {
                self.0.remove(topic);
            }
        }
    }

    fn put(&mut self, turn: &Turn<'_>, commit: &Commit<'_>) -> Result<(), ResponseError> {
        let take = |mut share: Share, bytes| {
            if share.resize(bytes) { Ok(share) } else { Err(ResponseError::PolicyViolation) }
        };
        let bytes = OFFSET_BYTES + commit.metadata.len();
        // Copied, since the request is much larger.
        let metadata = || StrBytes::from_string(commit.metadata.to_owned());
        if let Some(known) =
            self.0.get_mut(commit.topic).and_then(|t| t.partitions.get_mut(&commit.partition))
        {
            if !known.share.resize(bytes) {
                return Err(ResponseError::PolicyViolation);
            }
            known.offset = commit.offset;
            known.leader_epoch = commit.leader_epoch;
            known.metadata = metadata();
            return Ok(());
        }
        let share = take(Share::new(turn.memory), bytes)?;
        let offset = Committed {
            offset: commit.offset,
            leader_epoch: commit.leader_epoch,
            metadata: metadata(),
            share,
        };
        if let Some(topic) = self.0.get_mut(commit.topic) {
            topic.partitions.insert(commit.partition, offset);
        } else {
            let share = take(Share::new(turn.memory), TOPIC_BYTES + commit.topic.len())?;
            let partitions = BTreeMap::from([(commit.partition, offset)]);
            self.0.insert(Id::from(commit.topic), Topic { partitions, _share: share });
        }
        Ok(())
    }
}

impl Group {
    /// Whether `who` may commit now, as Kafka has it.
    pub(super) fn check_committer(
        &mut self,
        turn: &Turn<'_>,
        who: &Committer<'_>,
    ) -> Result<(), ResponseError> {
        if who.generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        if who.generation < 0 && who.member.is_empty() && who.instance.is_none() {
            // Somebody outside the group would interfere with its members.
            return Err(ResponseError::UnknownMemberId);
        }
        let at = self.find_current(who.member, who.instance, who.generation)?;
        if self.state == State::CompletingRebalance {
            return Err(ResponseError::RebalanceInProgress);
        }
        self.members[at].seen(turn.now);
        Ok(())
    }

    pub(super) fn commit(&mut self, turn: &Turn<'_>, commit: &Commit<'_>) -> Result<(), ResponseError> {
        if commit.metadata.len() > turn.rules.max_offset_metadata_bytes {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        self.offsets.put(turn, commit)
    }
}
