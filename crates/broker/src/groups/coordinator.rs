//! All groups: which there are, what they may take, and when the next one has something to do.

use super::{
    Answers, Id, MAX_NAME_BYTES, Results, Rules, Ticket, Time,
    group::{Group, State, Turn},
    join_request::{Join, JoinRefused},
    offsets::{Commit, Committer, Offsets},
    session::Sync,
};
use crate::memory::{Memory, Share};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

/// Groups there may be at a time; idle ones make room for new ones.
pub(super) const MAX_GROUPS: usize = 10_000;
/// What a group takes beside its members and offsets.
const GROUP_BYTES: usize = 512;

/// The groups of a broker, as a machine: requests and the time go in, answers come out.
#[derive(Debug)]
pub(crate) struct Coordinator {
    rules: Rules,
    memory: Arc<Memory>,
    pub(super) groups: HashMap<Id, Group>,
    /// At most one entry for each group, never later than what the group waits for.
    deadlines: BTreeSet<(Time, Id)>,
}

/// A group in a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: Id,
    pub(crate) state: State,
    pub(crate) protocol_type: Option<Id>,
}

/// A group and its members.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) state: State,
    pub(crate) protocol_type: Option<Id>,
    pub(crate) protocol: Option<Id>,
    pub(crate) members: Vec<DescribedMember>,
}

#[derive(Debug)]
pub(crate) struct DescribedMember {
    pub(crate) id: Id,
    pub(crate) instance: Option<Id>,
    pub(crate) client_id: Id,
    pub(crate) host: IpAddr,
    pub(crate) metadata: Bytes,
    pub(crate) assignment: Bytes,
}

impl Coordinator {
    /// Groups whose members and offsets are counted in `memory`.
    pub(crate) fn new(rules: Rules, memory: Arc<Memory>) -> Self {
        Self { rules, memory, groups: HashMap::new(), deadlines: BTreeSet::new() }
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn join(&mut self, now: Time, id: &str, ticket: Ticket, join: &Join<'_>) -> Answers {
        let refuse = |error| Answers::refused_join(ticket, JoinRefused::new(error, join.member));
        let timeouts = self.rules.min_session_timeout..=self.rules.max_session_timeout;
        if !is_group_id(id) {
            return refuse(ResponseError::InvalidGroupId);
        }
        if !timeouts.contains(&join.session_timeout) {
            return refuse(ResponseError::InvalidSessionTimeout);
        }
        if !join.is_keepable() {
            return refuse(ResponseError::PolicyViolation);
        }
        if !self.groups.contains_key(id) {
            if !join.member.is_empty() {
                return refuse(ResponseError::UnknownMemberId);
            }
            if let Err(error) = self.create(id) {
                return refuse(error);
            }
        }
        let step = self.step(now, id, |group, turn| group.join(turn, ticket, join));
        step.map_or_else(|| refuse(ResponseError::UnknownMemberId), |((), answers)| answers)
    }

    pub(crate) fn sync(&mut self, now: Time, id: &str, ticket: Ticket, sync: &Sync<'_>) -> Answers {
        let error =
            if is_group_id(id) { ResponseError::UnknownMemberId } else { ResponseError::InvalidGroupId };
        let step = self.step(now, id, |group, turn| group.sync(turn, ticket, sync));
        step.map_or_else(|| Answers::refused_sync(ticket, error), |((), answers)| answers)
    }

    pub(crate) fn heartbeat(
        &mut self,
        now: Time,
        id: &str,
        who: &Committer<'_>,
    ) -> Result<(), ResponseError> {
        if !is_group_id(id) {
            return Err(ResponseError::InvalidGroupId);
        }
        let beat = |group: &mut Group, turn: &mut Turn<'_>| {
            group.heartbeat(turn, who.member, who.instance, who.generation)
        };
        self.step(now, id, beat).map_or(Err(ResponseError::UnknownMemberId), |(result, _)| result)
    }

    /// Takes out members, each by its id and instance; a result for each.
    pub(crate) fn leave(
        &mut self,
        now: Time,
        id: &str,
        members: &[(&str, Option<&str>)],
    ) -> (Result<Results, ResponseError>, Answers) {
        if !is_group_id(id) {
            return (Err(ResponseError::InvalidGroupId), Answers::default());
        }
        let step = self.step(now, id, |group, turn| {
            let before = group.members.len();
            let results =
                members.iter().map(|(member, instance)| group.leave(turn, member, *instance)).collect();
            if group.members.len() < before {
                group.settle(turn);
            } else {
                group.complete_if_all_joined(turn);
            }
            results
        });
        let unknown = || (vec![Err(ResponseError::UnknownMemberId); members.len()], Answers::default());
        let (results, answers) = step.unwrap_or_else(unknown);
        (Ok(results), answers)
    }

    /// The connection that waited for `ticket` is gone.
    pub(crate) fn give_up(&mut self, now: Time, id: &str, ticket: Ticket) -> Answers {
        let step = self.step(now, id, |group, turn| group.give_up(turn, ticket));
        step.map_or_else(Answers::default, |((), answers)| answers)
    }

    /// Commits what `exists`; a result for each partition.
    pub(crate) fn commit(
        &mut self,
        now: Time,
        id: &str,
        who: &Committer<'_>,
        commits: &[Commit<'_>],
        exists: impl Fn(&str, i32) -> bool,
    ) -> Results {
        let all = |error| vec![Err(error); commits.len()];
        if id.len() > MAX_NAME_BYTES {
            return all(ResponseError::InvalidGroupId);
        }
        if !self.groups.contains_key(id) {
            if who.generation >= 0 {
                return all(ResponseError::IllegalGeneration);
            }
            if let Err(error) = self.create(id) {
                return all(error);
            }
        }
        let step = self.step(now, id, |group, turn| {
            if let Err(error) = group.check_committer(turn, who) {
                return all(error);
            }
            let commit = |commit: &Commit<'_>| {
                if exists(commit.topic, commit.partition) {
                    group.commit(turn, commit)
                } else {
                    Err(ResponseError::UnknownTopicOrPartition)
                }
            };
            commits.iter().map(commit).collect()
        });
        step.map_or_else(|| all(ResponseError::UnknownMemberId), |(results, _)| results)
    }

    /// Keeps offsets for a producer's transaction to commit; a result for each partition. What is found good is
    /// handed to `write` first, and nothing is kept if that fails.
    pub(crate) fn commit_pending(
        &mut self,
        now: Time,
        id: &str,
        producer: i64,
        who: &Committer<'_>,
        commits: &[Commit<'_>],
        (exists, write): (
            impl Fn(&str, i32) -> bool,
            impl FnOnce(&[&Commit<'_>]) -> Result<(), ResponseError>,
        ),
    ) -> Results {
        let all = |error| vec![Err(error); commits.len()];
        if !is_group_id(id) {
            return all(ResponseError::InvalidGroupId);
        }
        if !self.groups.contains_key(id) {
            if who.generation >= 0 {
                return all(ResponseError::IllegalGeneration);
            }
            if let Err(error) = self.create(id) {
                return all(error);
            }
        }
        let step = self.step(now, id, |group, turn| {
            if let Err(error) = group.check_pending_committer(turn, who) {
                return all(error);
            }
            let prepare = |commit: &Commit<'_>| {
                if exists(commit.topic, commit.partition) {
                    Group::prepare_pending(turn, commit)
                } else {
                    Err(ResponseError::UnknownTopicOrPartition)
                }
            };
            let shares: Vec<_> = commits.iter().map(prepare).collect();
            let good = || commits.iter().zip(&shares).filter(|(_, share)| share.is_ok());
            let kept: Vec<&Commit<'_>> = good().map(|(commit, _)| commit).collect();
            if !kept.is_empty()
                && let Err(error) = write(&kept)
            {
                return all(error);
            }
            let keep = |(commit, share): (&Commit<'_>, Result<Share, ResponseError>)| {
                group.pend(turn, producer, commit, Some(share?));
                Ok(())
            };
            commits.iter().zip(shares).map(keep).collect()
        });
        step.map_or_else(|| all(ResponseError::UnknownMemberId), |(results, _)| results)
    }

    /// Keeps offsets for a producer's transaction as before a restart, whether there is room or not: they may be
    /// committed.
    pub(crate) fn restore_pending(&mut self, now: Time, id: &str, producer: i64, commits: &[Commit<'_>]) {
        if !self.groups.contains_key(id) && self.create(id).is_err() {
            let mut share = Share::new(&self.memory);
            share.insist(GROUP_BYTES + id.len());
            self.groups.insert(Id::from(id), Group::new(share));
        }
        self.step(now, id, |group, turn| {
            for commit in commits {
                group.pend(turn, producer, commit, None);
            }
        });
    }

    /// Commits or forgets what a producer's transaction has pending.
    pub(crate) fn end_pending(&mut self, now: Time, id: &str, producer: i64, commit: bool) {
        self.step(now, id, |group, _| group.offsets.end(producer, commit));
    }

    /// A group's offsets, if there is such a group.
    pub(crate) fn offsets(&self, id: &str) -> Option<&Offsets> {
        self.groups.get(id).map(|group| &group.offsets)
    }

    /// Forgets offsets of topics that no member consumes; a result for each partition.
    pub(crate) fn delete_offsets(
        &mut self,
        now: Time,
        id: &str,
        partitions: &[(&str, i32)],
    ) -> Result<Results, ResponseError> {
        if !is_group_id(id) {
            return Err(ResponseError::InvalidGroupId);
        }
        let step = self.step(now, id, |group, _| {
            if group.state != State::Empty && !group.is_of_consumers() {
                return Err(ResponseError::NonEmptyGroup);
            }
            let consumed = group.consumed(&partitions.iter().map(|(topic, _)| *topic).collect());
            let delete = |(topic, partition): &(&str, i32)| {
                if consumed.as_ref().is_none_or(|consumed| consumed.contains(topic)) {
                    return Err(ResponseError::GroupSubscribedToTopic);
                }
                group.offsets.forget(topic, *partition);
                Ok(())
            };
            Ok(partitions.iter().map(delete).collect())
        });
        step.map_or(Err(ResponseError::GroupIdNotFound), |(results, _)| results)
    }

    /// Forgets what all groups know of topics that are gone.
    pub(crate) fn forget_topics(&mut self, topics: &HashSet<&str>) {
        for group in self.groups.values_mut() {
            group.offsets.forget_topics(topics);
        }
    }

    /// Deletes a group without members.
    pub(crate) fn delete(&mut self, id: &str) -> Result<(), ResponseError> {
        self.check_deletable(id)?;
        self.remove(id);
        Ok(())
    }

    /// Whether a group can be deleted.
    pub(crate) fn check_deletable(&self, id: &str) -> Result<(), ResponseError> {
        let group = self.groups.get(id).ok_or(ResponseError::GroupIdNotFound)?;
        if group.state == State::Empty { Ok(()) } else { Err(ResponseError::NonEmptyGroup) }
    }

    /// Commits what was committed before, whatever the limit of its metadata says now.
    pub(crate) fn restore(
        &mut self,
        id: &str,
        who: &Committer<'_>,
        commit: &Commit<'_>,
    ) -> Result<(), ResponseError> {
        let limit = std::mem::replace(&mut self.rules.max_offset_metadata_bytes, usize::MAX);
        let results = self.commit(Time::ZERO, id, who, &[*commit], |_, _| true);
        self.rules.max_offset_metadata_bytes = limit;
        results.into_iter().collect()
    }

    /// All groups, by their ids.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let list = |(id, group): (&Id, &Group)| Listed {
            id: Id::clone(id),
            state: group.state,
            protocol_type: group.protocol_type.clone(),
        };
        let mut all: Vec<_> = self.groups.iter().map(list).collect();
        all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all
    }

    pub(crate) fn describe(&self, id: &str) -> Option<Described> {
        let group = self.groups.get(id)?;
        // Before the assignment is known, there is nothing to tell of the members' shares.
        let protocol = group.protocol.as_ref().filter(|_| group.state == State::Stable);
        let members = group.members.iter().map(|member| DescribedMember {
            id: Id::clone(&member.id),
            instance: member.instance.clone(),
            client_id: Id::clone(&member.client_id),
            host: member.host,
            metadata: protocol.and_then(|p| member.metadata(p)).cloned().unwrap_or_default(),
            assignment: protocol.map(|_| member.assignment.clone()).unwrap_or_default(),
        });
        Some(Described {
            state: group.state,
            protocol_type: group.protocol_type.clone(),
            protocol: protocol.cloned(),
            members: members.collect(),
        })
    }

    /// When [`tick`](Self::tick) has something to do next.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Time) -> Answers {
        let mut answers = Answers::default();
        // A list made before: a group that is due again at once waits for the next call, behind all others.
        let due: Vec<(Time, Id)> = self.deadlines.iter().take_while(|(at, _)| *at <= now).cloned().collect();
        for (at, id) in due {
            self.deadlines.remove(&(at, Id::clone(&id)));
            if let Some(group) = self.groups.get_mut(&id) {
                group.scheduled = None;
            }
            if let Some(((), more)) = self.step(now, &id, Group::tick) {
                answers.joins.extend(more.joins);
                answers.syncs.extend(more.syncs);
            }
        }
        answers
    }

    /// Lets a group act, and sees to it that it is called again in time.
    fn step<T>(
        &mut self,
        now: Time,
        id: &str,
        act: impl FnOnce(&mut Group, &mut Turn<'_>) -> T,
    ) -> Option<(T, Answers)> {
        let group = self.groups.get_mut(id)?;
        let mut turn = Turn { now, rules: &self.rules, memory: &self.memory, answers: Answers::default() };
        let result = act(group, &mut turn);
        let answers = turn.answers;
        if let Some(at) = group.deadline()
            && group.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            if let Some(later) = group.scheduled.replace(at) {
                self.deadlines.remove(&(later, Id::from(id)));
            }
            self.deadlines.insert((at, Id::from(id)));
        }
        if group.generation == 0 && group.is_idle() {
            self.remove(id);
        }
        Some((result, answers))
    }

    fn create(&mut self, id: &str) -> Result<(), ResponseError> {
        if self.groups.len() >= MAX_GROUPS {
            self.remove_idle();
        }
        let mut share = Share::new(&self.memory);
        if self.groups.len() >= MAX_GROUPS || !share.grow(GROUP_BYTES + id.len()) {
            return Err(ResponseError::PolicyViolation);
        }
        self.groups.insert(Id::from(id), Group::new(share));
        Ok(())
    }

    fn remove(&mut self, id: &str) {
        if let Some((id, group)) = self.groups.remove_entry(id)
            && let Some(at) = group.scheduled
        {
            self.deadlines.remove(&(at, id));
        }
    }

    fn remove_idle(&mut self) {
        let idle: Vec<Id> =
            self.groups.iter().filter(|(_, group)| group.is_idle()).map(|(id, _)| Id::clone(id)).collect();
        for id in idle {
            self.remove(&id);
        }
    }
}

/// Whether a group may have this id. Only offsets may be kept under an empty one, for old clients.
fn is_group_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_NAME_BYTES
}
