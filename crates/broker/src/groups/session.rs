//! What members say between two rebalances: assignments, heartbeats, farewells.

use super::{
    Id, Ticket,
    group::{Group, State, Turn},
};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use std::collections::HashMap;

/// A request for an assignment, with everybody's if it is the leader's.
#[derive(Debug, Clone)]
pub(crate) struct Sync<'a> {
    pub(crate) member: &'a str,
    pub(crate) instance: Option<&'a str>,
    pub(crate) generation: i32,
    /// Checked where the client sends them.
    pub(crate) protocol_type: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
    pub(crate) assignments: &'a HashMap<&'a str, &'a [u8]>,
}

/// A member's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: Option<Id>,
    pub(crate) protocol: Option<Id>,
    pub(crate) assignment: Bytes,
}

impl Group {
    /// Answers now or when the leader has assigned.
    pub(super) fn sync(&mut self, turn: &mut Turn<'_>, ticket: Ticket, sync: &Sync<'_>) {
        if let Err(error) = self.try_sync(turn, ticket, sync) {
            turn.answers.syncs.push((ticket, Err(error)));
        }
    }

    fn try_sync(
        &mut self,
        turn: &mut Turn<'_>,
        ticket: Ticket,
        sync: &Sync<'_>,
    ) -> Result<(), ResponseError> {
        let at = self.find_current(sync.member, sync.instance, sync.generation)?;
        let differs = |said: Option<&str>, own: &Option<Id>| said.is_some() && said != own.as_deref();
        if differs(sync.protocol_type, &self.protocol_type) || differs(sync.protocol, &self.protocol) {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        match self.state {
            State::Empty => return Err(ResponseError::UnknownMemberId),
            State::PreparingRebalance => return Err(ResponseError::RebalanceInProgress),
            State::CompletingRebalance | State::Stable => {}
        }
        let member = &mut self.members[at];
        member.synced = true;
        if let Some(earlier) = member.sync.replace(ticket) {
            turn.answers.syncs.push((earlier, Err(ResponseError::RebalanceInProgress)));
        }
        if self.state == State::CompletingRebalance && self.is_leader(sync.member) {
            self.assign(turn, sync.assignments);
        }
        if self.state == State::Stable {
            self.hand_out(turn);
        }
        Ok(())
    }

    fn assign(&mut self, turn: &mut Turn<'_>, assignments: &HashMap<&str, &[u8]>) {
        for at in 0..self.members.len() {
            let member = &mut self.members[at];
            let assignment = assignments.get(&*member.id).copied().unwrap_or_default();
            if !member.assign(assignment) {
                self.refuse_syncs(turn, ResponseError::PolicyViolation);
                self.prepare(turn);
                return;
            }
        }
        self.state = State::Stable;
    }

    /// Gives all that wait their assignment.
    fn hand_out(&mut self, turn: &mut Turn<'_>) {
        for member in &mut self.members {
            if let Some(ticket) = member.sync.take() {
                member.seen(turn.now);
                let synced = Synced {
                    protocol_type: self.protocol_type.clone(),
                    protocol: self.protocol.clone(),
                    assignment: member.assignment.clone(),
                };
                turn.answers.syncs.push((ticket, Ok(synced)));
            }
        }
        if self.members.iter().all(|m| m.synced) {
            self.sync_until = None;
        }
    }

    pub(super) fn heartbeat(
        &mut self,
        turn: &Turn<'_>,
        member: &str,
        instance: Option<&str>,
        generation: i32,
    ) -> Result<(), ResponseError> {
        let at = self.find_current(member, instance, generation)?;
        self.members[at].seen(turn.now);
        match self.state {
            State::Empty => Err(ResponseError::UnknownMemberId),
            State::PreparingRebalance => Err(ResponseError::RebalanceInProgress),
            State::CompletingRebalance | State::Stable => Ok(()),
        }
    }

    /// Takes out a member that says farewell, or that somebody else names by its instance.
    pub(super) fn leave(
        &mut self,
        turn: &mut Turn<'_>,
        member: &str,
        instance: Option<&str>,
    ) -> Result<(), ResponseError> {
        if let Some(at) = self.pending.iter().position(|p| *p.id == *member) {
            self.pending.swap_remove(at);
            return Ok(());
        }
        let at = if member.is_empty() {
            instance
                .and_then(|instance| self.position_of_instance(instance))
                .ok_or(ResponseError::UnknownMemberId)?
        } else {
            self.find(member, instance)?
        };
        self.remove(turn, at);
        Ok(())
    }
}
