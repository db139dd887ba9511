//! The coordinator in simulated time.

mod joining;
mod lateness;
mod offsets;
mod properties;
mod shell;
mod statics;

use super::{
    Answers, Commit, Committer, Coordinator, Id, Join, JoinResult, Joined, Rules, State, Sync, SyncResult,
    Synced, Ticket, Time,
};
use crate::memory::Memory;
use kafka_protocol::ResponseError;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

pub(super) const GROUP: &str = "g";
pub(super) const SESSION: Duration = Duration::from_secs(10);
pub(super) const REBALANCE: Duration = Duration::from_secs(30);
/// How often a coordinator may want to act at one instant.
const MAX_CALLS_AT_ONCE: usize = 100;

/// A coordinator, a clock that is moved by hand, and what was answered.
pub(super) struct Sim {
    pub(super) machine: Coordinator,
    pub(super) memory: Arc<Memory>,
    pub(super) now: Time,
    tickets: u64,
    joins: HashMap<Ticket, JoinResult>,
    syncs: HashMap<Ticket, SyncResult>,
}

pub(super) fn rules() -> Rules {
    Rules {
        min_session_timeout: Duration::from_secs(6),
        max_session_timeout: Duration::from_mins(30),
        initial_rebalance_delay: Duration::ZERO,
        max_size: 5,
        max_offset_metadata_bytes: 100,
    }
}

/// A consumer's metadata.
pub(super) fn metadata(topics: &[&str], rest: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 1];
    out.extend_from_slice(&(topics.len() as i32).to_be_bytes());
    for topic in topics {
        out.extend_from_slice(&(topic.len() as i16).to_be_bytes());
        out.extend_from_slice(topic.as_bytes());
    }
    out.extend_from_slice(rest);
    out
}

/// What a test's member says when it joins.
#[derive(Clone)]
pub(super) struct Says {
    pub(super) instance: Option<&'static str>,
    pub(super) protocols: Vec<(&'static str, Vec<u8>)>,
    pub(super) session: Duration,
    pub(super) rebalance: Duration,
    pub(super) asks_for_id: bool,
    pub(super) can_skip_assignment: bool,
}

pub(super) fn says() -> Says {
    Says {
        instance: None,
        protocols: vec![("range", metadata(&["t"], b""))],
        session: SESSION,
        rebalance: REBALANCE,
        asks_for_id: false,
        can_skip_assignment: true,
    }
}

impl Sim {
    pub(super) fn new() -> Self {
        Self::with(rules())
    }

    pub(super) fn with(rules: Rules) -> Self {
        let memory = Memory::part_of(&Memory::new(1 << 20, None), 1 << 30, 0);
        let machine = Coordinator::new(rules, Arc::clone(&memory));
        let (joins, syncs) = (HashMap::new(), HashMap::new());
        Self { machine, memory, now: Time::ZERO, tickets: 0, joins, syncs }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn deliver(&mut self, answers: Answers) {
        for (ticket, answer) in answers.joins {
            assert!(self.joins.insert(ticket, answer).is_none(), "{ticket:?} is answered twice");
        }
        for (ticket, answer) in answers.syncs {
            assert!(self.syncs.insert(ticket, answer).is_none(), "{ticket:?} is answered twice");
        }
    }

    pub(super) fn join(&mut self, group: &str, member: &str, says: &Says) -> Ticket {
        let ticket = self.ticket();
        let protocols: Vec<(&str, &[u8])> =
            says.protocols.iter().map(|(name, metadata)| (*name, metadata.as_slice())).collect();
        let join = Join {
            member,
            instance: says.instance,
            session_timeout: says.session,
            rebalance_timeout: says.rebalance,
            protocol_type: "consumer",
            protocols: &protocols,
            client_id: "client",
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            unique: Uuid::from_u128(u128::from(ticket.0)),
            asks_for_id: says.asks_for_id,
            can_skip_assignment: says.can_skip_assignment,
        };
        let answers = self.machine.join(self.now, group, ticket, &join);
        self.deliver(answers);
        ticket
    }

    pub(super) fn sync(&mut self, member: &str, generation: i32, shares: &[(&str, &[u8])]) -> Ticket {
        self.sync_as(&Committer { member, instance: None, generation }, shares)
    }

    pub(super) fn sync_as(&mut self, who: &Committer<'_>, shares: &[(&str, &[u8])]) -> Ticket {
        let ticket = self.ticket();
        let assignments = shares.iter().copied().collect();
        let sync = Sync {
            member: who.member,
            instance: who.instance,
            generation: who.generation,
            protocol_type: None,
            protocol: None,
            assignments: &assignments,
        };
        let answers = self.machine.sync(self.now, GROUP, ticket, &sync);
        self.deliver(answers);
        ticket
    }

    pub(super) fn leave(&mut self, member: &str, instance: Option<&str>) -> Result<(), ResponseError> {
        let (results, answers) = self.machine.leave(self.now, GROUP, &[(member, instance)]);
        self.deliver(answers);
        results.expect("the id of a group")[0]
    }

    pub(super) fn heartbeat(&mut self, member: &str, generation: i32) -> Result<(), ResponseError> {
        self.heartbeat_as(&Committer { member, instance: None, generation })
    }

    pub(super) fn heartbeat_as(&mut self, who: &Committer<'_>) -> Result<(), ResponseError> {
        self.machine.heartbeat(self.now, GROUP, who)
    }

    pub(super) fn commit(
        &mut self,
        who: &Committer<'_>,
        topic: &str,
        offset: i64,
    ) -> Result<(), ResponseError> {
        let commit = Commit { topic, partition: 0, offset, leader_epoch: 0, metadata: "note" };
        self.machine.commit(self.now, GROUP, who, &[commit], |topic, _| topic != "none")[0]
    }

    /// Lets time pass, stopping wherever the coordinator wants to act.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut at_once = 0;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= end) {
            at_once = if at > self.now { 0 } else { at_once + 1 };
            assert!(at_once < MAX_CALLS_AT_ONCE, "the coordinator does not let time go on");
            self.now = self.now.max(at);
            let answers = self.machine.tick(self.now);
            self.deliver(answers);
        }
        self.now = end;
    }

    pub(super) fn give_up(&mut self, ticket: Ticket) {
        let answers = self.machine.give_up(self.now, GROUP, ticket);
        self.deliver(answers);
    }

    pub(super) fn joined(&self, ticket: Ticket) -> Joined {
        match self.joins.get(&ticket) {
            Some(Ok(joined)) => joined.clone(),
            other => panic!("{ticket:?}: {other:?}"),
        }
    }

    pub(super) fn join_error(&self, ticket: Ticket) -> ResponseError {
        match self.joins.get(&ticket) {
            Some(Err(refused)) => refused.error,
            other => panic!("{ticket:?}: {other:?}"),
        }
    }

    pub(super) fn synced(&self, ticket: Ticket) -> Result<Synced, ResponseError> {
        self.syncs.get(&ticket).unwrap_or_else(|| panic!("{ticket:?} waits")).clone()
    }

    pub(super) fn waits(&self, ticket: Ticket) -> bool {
        !self.joins.contains_key(&ticket) && !self.syncs.contains_key(&ticket)
    }

    pub(super) fn state(&self) -> State {
        self.machine.describe(GROUP).expect("the group is there").state
    }

    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.machine.len(), self.machine.describe(GROUP).map_or(0, |g| g.members.len()))
    }

    /// A stable group of so many members, with the last generation.
    pub(super) fn stable(&mut self, members: usize) -> (Vec<Id>, i32) {
        let mut ids: Vec<Id> = Vec::new();
        for _ in 0..members {
            let newcomer = self.join(GROUP, "", &says());
            let again: Vec<Ticket> = ids.iter().map(|id| self.join(GROUP, id, &says())).collect();
            assert!(again.iter().all(|ticket| !self.waits(*ticket)));
            ids.push(self.joined(newcomer).member);
        }
        let generation = self.sync_all(&ids);
        (ids, generation)
    }

    /// Has the leader assign its own id to each member.
    pub(super) fn sync_all(&mut self, ids: &[Id]) -> i32 {
        let generation = self.machine.generation(GROUP);
        let leader = self.machine.leader(GROUP);
        let shares: Vec<(&str, &[u8])> = ids.iter().map(|id| (&**id, id.as_bytes())).collect();
        let mut tickets = Vec::new();
        for id in ids.iter().filter(|id| **id != leader) {
            tickets.push(self.sync(id, generation, &[]));
        }
        tickets.push(self.sync(&leader, generation, &shares));
        assert!(tickets.iter().all(|ticket| self.synced(*ticket).is_ok()));
        assert_eq!(self.state(), State::Stable);
        generation
    }
}

impl Coordinator {
    fn generation(&self, id: &str) -> i32 {
        self.groups[id].generation
    }

    fn leader(&self, id: &str) -> Id {
        self.groups[id].leader.clone().expect("a leader")
    }
}
