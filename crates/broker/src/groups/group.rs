//! One group: who is in it, in which state, and what time does to it.

use super::{Answers, Id, Rules, Ticket, Time, join_request::JoinRefused, member::Member, offsets::Offsets};
use crate::memory::{Memory, Share};
use kadence_wire::subscription;
use kafka_protocol::ResponseError;
use std::{collections::HashSet, sync::Arc, time::Duration};

/// The protocol type of consumers, whose metadata names their topics.
const CONSUMER: &str = "consumer";
/// Names of topics that are looked at to find out what a group consumes; others wait meanwhile.
const MAX_NAMES: usize = 200_000;

/// Where a group is between two generations. A deleted group is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// No members; perhaps offsets.
    Empty,
    /// Waits until its members have joined.
    PreparingRebalance,
    /// Waits for the leader's assignment.
    CompletingRebalance,
    /// All members know what is theirs.
    Stable,
}

impl State {
    pub(crate) const ALL: [Self; 4] =
        [Self::Empty, Self::PreparingRebalance, Self::CompletingRebalance, Self::Stable];

    /// Kafka's name for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// The surroundings of one step: the time, the rules, where memory comes from and where answers go.
pub(super) struct Turn<'a> {
    pub(super) now: Time,
    pub(super) rules: &'a Rules,
    pub(super) memory: &'a Arc<Memory>,
    pub(super) answers: Answers,
}

/// A member id that was given out and not used yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: Id,
    pub(super) deadline: Time,
    pub(super) _share: Share,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(super) state: State,
    pub(super) generation: i32,
    pub(super) protocol_type: Option<Id>,
    pub(super) protocol: Option<Id>,
    pub(super) leader: Option<Id>,
    /// In the order they came.
    pub(super) members: Vec<Member>,
    pub(super) pending: Vec<Pending>,
    /// When members that have not joined are left behind.
    pub(super) join_until: Option<Time>,
    /// What is left of the time the first members have to find each other.
    pub(super) gathering: Option<Duration>,
    pub(super) newcomers: bool,
    /// When members that have not fetched their assignment are left behind.
    pub(super) sync_until: Option<Time>,
    pub(super) offsets: Offsets,
    /// The entry in the coordinator's list of deadlines.
    pub(super) scheduled: Option<Time>,
    pub(super) _share: Share,
}

impl Group {
    pub(super) fn new(share: Share) -> Self {
        Self {
            state: State::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: Vec::new(),
            pending: Vec::new(),
            join_until: None,
            gathering: None,
            newcomers: false,
            sync_until: None,
            offsets: Offsets::default(),
            scheduled: None,
            _share: share,
        }
    }

    /// Whether nothing would be lost with the group.
    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Empty && self.pending.is_empty() && self.offsets.is_empty()
    }

    pub(super) fn is_leader(&self, id: &str) -> bool {
        self.leader.as_deref() == Some(id)
    }

    pub(super) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.members.iter().position(|m| *m.id == *id)
    }

    pub(super) fn position_of_instance(&self, instance: &str) -> Option<usize> {
        self.members.iter().position(|m| m.instance.as_deref() == Some(instance))
    }

    /// The place of a member that says who it is, as Kafka checks it.
    pub(super) fn find(&self, id: &str, instance: Option<&str>) -> Result<usize, ResponseError> {
        if let Some(instance) = instance {
            let at = self.position_of_instance(instance).ok_or(ResponseError::UnknownMemberId)?;
            return if *self.members[at].id == *id { Ok(at) } else { Err(ResponseError::FencedInstanceId) };
        }
        self.position(id).ok_or(ResponseError::UnknownMemberId)
    }

    /// As [`find`](Self::find), and the generation has to be the current one.
    pub(super) fn find_current(
        &self,
        id: &str,
        instance: Option<&str>,
        generation: i32,
    ) -> Result<usize, ResponseError> {
        let at = self.find(id, instance)?;
        if generation == self.generation { Ok(at) } else { Err(ResponseError::IllegalGeneration) }
    }

    /// The longest time a member wants to have for joining again.
    pub(super) fn rebalance_timeout(&self) -> Duration {
        self.members.iter().map(|m| m.rebalance_timeout).max().unwrap_or_default()
    }

    pub(super) fn all_joined(&self) -> bool {
        self.pending.is_empty() && self.members.iter().all(|m| m.joined)
    }

    /// Takes a member out and answers who waits for it; the others are told by [`settle`](Self::settle).
    pub(super) fn remove(&mut self, turn: &mut Turn<'_>, at: usize) {
        let member = self.members.remove(at);
        if let Some(ticket) = member.join {
            let refused = JoinRefused::new(ResponseError::UnknownMemberId, &member.id);
            turn.answers.joins.push((ticket, Err(refused)));
        }
        if let Some(ticket) = member.sync {
            turn.answers.syncs.push((ticket, Err(ResponseError::UnknownMemberId)));
        }
        if self.is_leader(&member.id) {
            self.leader = self.members.first().map(|m| Id::clone(&m.id));
        }
    }

    /// What follows from members having gone.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Stable | State::CompletingRebalance => self.prepare(turn),
            State::PreparingRebalance => self.complete_if_all_joined(turn),
            State::Empty => {}
        }
    }

    /// The connection that waited for `ticket` is gone. Its member counts as joined, so that nobody waits for it,
    /// and has its session timeout to come back. One that cannot, since it was never told its id, goes at once.
    pub(super) fn give_up(&mut self, turn: &mut Turn<'_>, ticket: Ticket) {
        let now = turn.now;
        if let Some(at) = self.members.iter().position(|m| m.join == Some(ticket) && m.is_nameless()) {
            self.members[at].join = None;
            self.remove(turn, at);
            self.settle(turn);
            return;
        }
        for member in &mut self.members {
            if member.join == Some(ticket) {
                member.join = None;
                member.seen(now);
            }
            if member.sync == Some(ticket) {
                member.sync = None;
                member.seen(now);
            }
        }
    }

    /// The next instant at which [`tick`](Self::tick) has something to do.
    pub(super) fn deadline(&self) -> Option<Time> {
        let members = self.members.iter().filter_map(Member::deadline);
        let pending = self.pending.iter().map(|p| p.deadline);
        members.chain(pending).chain(self.join_until).chain(self.sync_until).min()
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        let expired = |member: &Member| member.deadline().is_some_and(|at| at <= now);
        let (members, pending) = (self.members.len(), self.pending.len());
        self.pending.retain(|p| p.deadline > now);
        while let Some(at) = self.members.iter().position(expired) {
            self.remove(turn, at);
        }
        let waited_for = self.state == State::PreparingRebalance && self.pending.len() < pending;
        if self.members.len() < members || waited_for {
            self.settle(turn);
        }
        if self.join_until.is_some_and(|at| at <= now) {
            self.end_of_joining(turn);
        }
        if self.sync_until.is_some_and(|at| at <= now) {
            self.end_of_syncing(turn);
        }
    }

    /// Which of `asked` a member consumes; none if that cannot be told, or not soon. Topics are not kept, as there may
    /// be more of them in members' metadata than would fit.
    pub(super) fn consumed<'a>(&self, asked: &HashSet<&'a str>) -> Option<HashSet<&'a str>> {
        let mut consumed = HashSet::new();
        if !self.is_of_consumers() {
            return Some(consumed);
        }
        let mut names = 0;
        for member in &self.members {
            let metadata = member.metadata(self.protocol.as_deref()?)?;
            let topics = subscription::topics(metadata)?;
            names += topics.len();
            if names > MAX_NAMES {
                return None;
            }
            consumed.extend(topics.into_iter().filter_map(|topic| asked.get(topic)));
        }
        Some(consumed)
    }
}
