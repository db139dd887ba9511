//! Joining a group.

use super::{
    Id, Ticket,
    group::{Group, Pending, State, Turn},
    join_request::{Join, JoinRefused, Joined, Other},
    member::Member,
};
use crate::memory::Share;
use kadence_wire::subscription;
use kafka_protocol::ResponseError;

/// What a pending member id takes.
const PENDING_BYTES: usize = 128;

impl Group {
    /// Answers now or when the next generation begins.
    pub(super) fn join(&mut self, turn: &mut Turn<'_>, ticket: Ticket, join: &Join<'_>) {
        let refused = match self.try_join(turn, ticket, join) {
            Ok(()) => return,
            Err(refused) => refused,
        };
        turn.answers.joins.push((ticket, Err(refused)));
    }

    fn try_join(&mut self, turn: &mut Turn<'_>, ticket: Ticket, join: &Join<'_>) -> Result<(), JoinRefused> {
        let refuse = |error| JoinRefused::new(error, join.member);
        if !self.has_room(join.member, turn.rules.max_size) {
            if let Some(at) = self.position(join.member) {
                self.remove(turn, at);
                self.settle(turn);
            }
            return Err(refuse(ResponseError::GroupMaxSizeReached));
        }
        if !self.supports(join) {
            return Err(refuse(ResponseError::InconsistentGroupProtocol));
        }
        if join.member.is_empty() {
            return self.join_new(turn, ticket, join);
        }
        if let Some(at) = self.pending.iter().position(|p| *p.id == *join.member) {
            if join.instance.is_some() {
                return Err(refuse(ResponseError::UnknownMemberId));
            }
            let id = Id::clone(&self.pending[at].id);
            self.add(turn, ticket, join, &id).map_err(refuse)?;
            return Ok(());
        }
        self.join_again(turn, ticket, join).map_err(refuse)
    }

    /// Whether the group takes this member, as Kafka counts: while members join, by those that have.
    fn has_room(&self, id: &str, max: usize) -> bool {
        let known = self.position(id);
        match self.state {
            State::Empty => self.pending.len() < max || self.pending.iter().any(|p| *p.id == *id),
            State::PreparingRebalance => {
                let joined = self.members.iter().filter(|m| m.joined).count();
                known.is_some_and(|at| self.members[at].joined) || joined < max
            }
            State::CompletingRebalance | State::Stable => known.is_some() || self.members.len() < max,
        }
    }

    /// Whether the other members and this one have a protocol in common.
    fn supports(&self, join: &Join<'_>) -> bool {
        if join.protocol_type.is_empty() || join.protocols.is_empty() {
            return false;
        }
        if self.members.is_empty() {
            return true;
        }
        self.protocol_type.as_deref() == Some(join.protocol_type)
            && join.protocols.iter().any(|(name, _)| self.members.iter().all(|m| m.metadata(name).is_some()))
    }

    fn join_new(&mut self, turn: &mut Turn<'_>, ticket: Ticket, join: &Join<'_>) -> Result<(), JoinRefused> {
        let refuse = |error| JoinRefused::new(error, "");
        let id = join.new_id();
        if let Some(instance) = join.instance {
            return match self.position_of_instance(instance) {
                Some(at) => self.replace(turn, ticket, join, at, &id),
                None => self.add(turn, ticket, join, &id),
            }
            .map_err(refuse);
        }
        if !join.asks_for_id {
            return self.add(turn, ticket, join, &id).map_err(refuse);
        }
        let mut share = Share::new(turn.memory);
        if self.pending.len() >= turn.rules.max_size {
            return Err(refuse(ResponseError::GroupMaxSizeReached));
        }
        if !share.grow(PENDING_BYTES + id.len()) {
            return Err(refuse(ResponseError::PolicyViolation));
        }
        let deadline = turn.now + join.session_timeout;
        self.pending.push(Pending { id: Id::clone(&id), deadline, _share: share });
        Err(JoinRefused { error: ResponseError::MemberIdRequired, member: id })
    }

    fn add(
        &mut self,
        turn: &mut Turn<'_>,
        ticket: Ticket,
        join: &Join<'_>,
        id: &Id,
    ) -> Result<(), ResponseError> {
        let member = Member::new(turn.memory, turn.now, Id::clone(id), ticket, join)?;
        self.pending.retain(|p| p.id != *id);
        if self.members.is_empty() {
            self.protocol_type = Some(Id::from(join.protocol_type));
        }
        self.leader.get_or_insert_with(|| Id::clone(id));
        self.newcomers = true;
        self.members.push(member);
        self.rebalance(turn);
        Ok(())
    }

    /// A member that says who it is.
    fn join_again(
        &mut self,
        turn: &mut Turn<'_>,
        ticket: Ticket,
        join: &Join<'_>,
    ) -> Result<(), ResponseError> {
        let at = self.find(join.member, join.instance)?;
        let unchanged = self.members[at].offers(join);
        let current = match self.state {
            State::PreparingRebalance => false,
            // It may have missed the answer to its join.
            State::CompletingRebalance => unchanged,
            // A leader that joins again wants to assign anew.
            State::Stable => unchanged && !self.is_leader(join.member),
            State::Empty => return Err(ResponseError::UnknownMemberId),
        };
        if current {
            self.members[at].seen(turn.now);
            let answer = self.place_of(at);
            turn.answers.joins.push((ticket, Ok(answer)));
            return Ok(());
        }
        self.members[at].offer(join)?;
        self.wait_for_generation(turn, at, ticket);
        self.rebalance(turn);
        Ok(())
    }

    fn wait_for_generation(&mut self, turn: &mut Turn<'_>, at: usize, ticket: Ticket) {
        let member = &mut self.members[at];
        if let Some(earlier) = member.wait(turn.now, ticket) {
            let refused = JoinRefused::new(ResponseError::RebalanceInProgress, &member.id);
            turn.answers.joins.push((earlier, Err(refused)));
        }
    }

    /// A static member that was restarted takes its place back under a new id; who holds the old one is fenced. A
    /// stable group goes on as it is, if the member wants what it wanted before.
    fn replace(
        &mut self,
        turn: &mut Turn<'_>,
        ticket: Ticket,
        join: &Join<'_>,
        at: usize,
        id: &Id,
    ) -> Result<(), ResponseError> {
        let same = self.wants_the_same(at, join);
        let earlier_leader = self.leader.clone();
        let member = &mut self.members[at];
        member.offer(join)?;
        let old = std::mem::replace(&mut member.id, Id::clone(id));
        member.seen(turn.now);
        if let Some(ticket) = member.join.take() {
            let refused = JoinRefused::new(ResponseError::FencedInstanceId, &old);
            turn.answers.joins.push((ticket, Err(refused)));
        }
        if let Some(ticket) = member.sync.take() {
            turn.answers.syncs.push((ticket, Err(ResponseError::FencedInstanceId)));
        }
        if self.is_leader(&old) {
            self.leader = Some(Id::clone(id));
        }
        if self.state == State::Stable && same && self.select() == self.protocol {
            let mut answer = self.place_of(at);
            if join.can_skip_assignment {
                answer.skip_assignment = self.is_leader(id);
            } else {
                // Under its new id it does not take itself for the leader, and assigns nothing.
                answer.leader = earlier_leader.unwrap_or_default();
                answer.members = Vec::new();
            }
            turn.answers.joins.push((ticket, Ok(answer)));
            return Ok(());
        }
        self.wait_for_generation(turn, at, ticket);
        self.rebalance(turn);
        Ok(())
    }

    /// Whether a join asks for the topics that the member has; of what is not a consumer's, for the very bytes.
    fn wants_the_same(&self, at: usize, join: &Join<'_>) -> bool {
        let Some(protocol) = self.protocol.as_deref() else { return false };
        let Some(old) = self.members[at].metadata(protocol) else { return false };
        let Some((_, new)) = join.protocols.iter().find(|(name, _)| *name == protocol) else { return false };
        if *old == *new {
            return true;
        }
        let topics = |metadata| {
            let mut topics = subscription::topics(metadata)?;
            topics.sort_unstable();
            Some(topics)
        };
        self.is_of_consumers() && topics(old).is_some_and(|old| topics(new) == Some(old))
    }

    /// A member's place in the current generation.
    pub(super) fn place_of(&self, at: usize) -> Joined {
        let member = &self.members[at];
        Joined {
            member: Id::clone(&member.id),
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            members: if self.is_leader(&member.id) { self.others() } else { Vec::new() },
        }
    }

    fn others(&self) -> Vec<Other> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let other = |m: &Member| Other {
            id: Id::clone(&m.id),
            instance: m.instance.clone(),
            metadata: m.metadata(protocol).cloned().unwrap_or_default(),
        };
        self.members.iter().map(other).collect()
    }
}
