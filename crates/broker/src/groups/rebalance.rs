//! From one generation to the next.

use super::{
    Id,
    group::{Group, State, Turn},
};
use kafka_protocol::ResponseError;
use std::time::Duration;

/// How long a group without a leader waits at least before it looks again. Members may say that they need no time at
/// all.
const LEADERLESS_TIME: Duration = Duration::from_secs(1);

impl Group {
    /// Something changed: a rebalance begins, or the one under way may be complete.
    pub(super) fn rebalance(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::PreparingRebalance {
            self.complete_if_all_joined(turn);
        } else {
            self.prepare(turn);
        }
    }

    /// Has the members join again.
    pub(super) fn prepare(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::CompletingRebalance {
            self.refuse_syncs(turn, ResponseError::RebalanceInProgress);
        }
        self.sync_until = None;
        let first = self.state == State::Empty;
        self.state = State::PreparingRebalance;
        let delay = turn.rules.initial_rebalance_delay;
        if first && !delay.is_zero() {
            self.newcomers = false;
            self.gathering = Some(self.rebalance_timeout().saturating_sub(delay));
            self.join_until = Some(turn.now + delay);
        } else if first || self.all_joined() {
            self.complete(turn);
        } else {
            self.join_until = Some(turn.now + self.rebalance_timeout());
        }
    }

    /// Takes back what was assigned and answers who waits for it.
    pub(super) fn refuse_syncs(&mut self, turn: &mut Turn<'_>, error: ResponseError) {
        for member in &mut self.members {
            member.unassign();
            if let Some(ticket) = member.sync.take() {
                member.seen(turn.now);
                turn.answers.syncs.push((ticket, Err(error)));
            }
        }
    }

    pub(super) fn complete_if_all_joined(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::PreparingRebalance && self.gathering.is_none() && self.all_joined() {
            self.complete(turn);
        }
    }

    /// The time for joining is over; the first members get more while others still come.
    pub(super) fn end_of_joining(&mut self, turn: &mut Turn<'_>) {
        if let Some(left) = self.gathering
            && self.newcomers
            && !left.is_zero()
        {
            let delay = turn.rules.initial_rebalance_delay.min(left);
            self.newcomers = false;
            self.gathering = Some(left.saturating_sub(delay));
            self.join_until = Some(turn.now + delay);
        } else {
            self.complete(turn);
        }
    }

    /// Begins the next generation with the members that have joined. Static members that have not stay until their
    /// session ends, or until the time for fetching assignments is over.
    fn complete(&mut self, turn: &mut Turn<'_>) {
        self.join_until = None;
        self.gathering = None;
        while let Some(at) = self.members.iter().position(|m| !m.joined && m.instance.is_none()) {
            self.remove(turn, at);
        }
        if !self.members.is_empty() && !self.elect() {
            self.join_until = Some(turn.now + self.rebalance_timeout().max(LEADERLESS_TIME));
            return;
        }
        self.generation = self.generation.checked_add(1).unwrap_or(0);
        self.protocol = self.select();
        if self.members.is_empty() {
            self.leader = None;
            self.state = State::Empty;
            return;
        }
        self.state = State::CompletingRebalance;
        self.sync_until = Some(turn.now + self.rebalance_timeout());
        for at in 0..self.members.len() {
            let answer = self.members[at].join.is_some().then(|| self.place_of(at));
            let member = &mut self.members[at];
            member.entered();
            member.unassign();
            if let (Some(ticket), Some(answer)) = (member.join.take(), answer) {
                member.seen(turn.now);
                turn.answers.joins.push((ticket, Ok(answer)));
            }
        }
    }

    /// Makes sure that the leader is one that joined, and one whose connection still waits if there is any.
    fn elect(&mut self) -> bool {
        let mut candidates: Vec<_> = self.members.iter().filter(|m| m.joined).collect();
        candidates.sort_by_key(|m| (m.join.is_none(), !self.is_leader(&m.id)));
        let leader = candidates.first().map(|m| Id::clone(&m.id));
        let found = leader.is_some();
        if found {
            self.leader = leader;
        }
        found
    }

    /// The protocol that all members know and most like best; of equal ones the one that is named first.
    pub(super) fn select(&self) -> Option<Id> {
        let first = self.members.first()?;
        let in_common = |name: &Id| self.members.iter().all(|m| m.metadata(name).is_some());
        let common: Vec<&Id> =
            first.protocols.iter().map(|p| &p.name).filter(|name| in_common(name)).collect();
        let mut votes: Vec<(&Id, usize)> = Vec::new();
        for member in &self.members {
            let Some(vote) = member.protocols.iter().map(|p| &p.name).find(|name| common.contains(name))
            else {
                continue;
            };
            match votes.iter_mut().find(|(name, _)| *name == vote) {
                Some((_, count)) => *count += 1,
                None => votes.push((vote, 1)),
            }
        }
        let most = votes.iter().map(|(_, count)| *count).max()?;
        votes.iter().find(|(_, count)| *count == most).map(|(name, _)| Id::clone(name))
    }

    /// Members that have not fetched their assignment in time are left behind.
    pub(super) fn end_of_syncing(&mut self, turn: &mut Turn<'_>) {
        self.sync_until = None;
        let before = self.members.len();
        while let Some(at) = self.members.iter().position(|m| !m.synced) {
            self.remove(turn, at);
        }
        if self.members.len() < before {
            self.settle(turn);
        }
    }
}
