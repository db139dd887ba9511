//! Groups of consumers and their offsets.
//!
//! | Module | Holds |
//! |---|---|
//! | `coordinator` | all groups as a machine without input or output; time is an argument |
//! | `group`, `member` | one group and one member, their states and deadlines |
//! | `join`, `rebalance`, `session`, `commit` | what a group does |
//! | `join_request` | what is said and answered when a member joins |
//! | `offsets` | the offsets of a group |
//! | `kept` | what of it outlives the process |
//!
//! Here is what surrounds the machine: the lock, the clock, and those who wait for an answer. A join or a sync is
//! given a ticket; the machine says which tickets are answered by what, at once or later.

mod commit;
mod coordinator;
mod group;
mod join;
mod join_request;
mod kept;
mod member;
mod offsets;
mod rebalance;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use coordinator::{Coordinator, Described, Listed};
pub(crate) use group::State;
pub(crate) use join_request::{Join, JoinRefused, Joined};
pub(crate) use offsets::{Commit, Committed, Committer, Offsets};
pub(crate) use session::{Sync, Synced};

use crate::{
    journal::{Journal, State as Kept},
    memory::Memory,
    options::Options,
    sync::Lock,
};
use kafka_protocol::ResponseError;
use std::{collections::HashMap, mem::take, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

/// A name that is kept: shared, not copied.
pub(crate) type Id = Arc<str>;
/// Since the broker started.
pub(crate) type Time = Duration;

/// Ids and names are kept up to this length, so that lists of them have a limit.
const MAX_NAME_BYTES: usize = 1024;
/// What all groups together may take, as a part of what the broker may take.
const GROUPS_BYTES: u64 = 128 << 20;
/// So much of it is theirs alone: those who read a full broker empty have to join and to commit.
const GROUPS_RESERVE: u64 = 4 << 20;

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

/// What the operator says about groups.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) min_session_timeout: Duration,
    pub(crate) max_session_timeout: Duration,
    pub(crate) initial_rebalance_delay: Duration,
    pub(crate) max_size: usize,
    pub(crate) max_offset_metadata_bytes: usize,
}

type JoinResult = Result<Joined, JoinRefused>;
type SyncResult = Result<Synced, ResponseError>;
/// One for each of several members or partitions.
pub(crate) type Results = Vec<Result<(), ResponseError>>;

/// What the machine has to say, and to whom.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    joins: Vec<(Ticket, JoinResult)>,
    syncs: Vec<(Ticket, SyncResult)>,
}

impl Answers {
    fn refused_join(ticket: Ticket, refused: JoinRefused) -> Self {
        Self { joins: vec![(ticket, Err(refused))], syncs: Vec::new() }
    }

    fn refused_sync(ticket: Ticket, error: ResponseError) -> Self {
        Self { joins: Vec::new(), syncs: vec![(ticket, Err(error))] }
    }
}

/// The coordinator of a running broker.
#[derive(Debug)]
pub(crate) struct Groups {
    state: Lock<Desk>,
    memory: Arc<Memory>,
    journal: Arc<Journal>,
    started: Instant,
    /// The next deadline is earlier than it was.
    earlier: Notify,
}

#[derive(Debug)]
struct Desk {
    machine: Coordinator,
    joins: HashMap<Ticket, oneshot::Sender<JoinResult>>,
    syncs: HashMap<Ticket, oneshot::Sender<SyncResult>>,
    next_ticket: u64,
}

impl Groups {
    /// Groups with the offsets that `kept` has; none if there is no room for them.
    pub(crate) fn new(
        options: &Options,
        data: &Arc<Memory>,
        journal: Arc<Journal>,
        kept: &Kept,
    ) -> Option<Arc<Self>> {
        let rules = Rules {
            min_session_timeout: options.group_min_session_timeout,
            max_session_timeout: options.group_max_session_timeout,
            initial_rebalance_delay: options.group_initial_rebalance_delay,
            max_size: options.group_max_size,
            max_offset_metadata_bytes: options.max_offset_metadata_bytes,
        };
        let memory = Memory::part_of(data, GROUPS_BYTES, GROUPS_RESERVE);
        let mut machine = Coordinator::new(rules, Arc::clone(&memory));
        if kept::restore(&mut machine, &memory, &kept.groups) > 0 {
            return None;
        }
        let desk = Desk { machine, joins: HashMap::new(), syncs: HashMap::new(), next_ticket: 0 };
        let state = Lock::new(desk);
        Some(Arc::new(Self { state, memory, journal, started: Instant::now(), earlier: Notify::new() }))
    }

    /// Joins a group; the answer comes when the generation begins.
    pub(crate) fn join(self: &Arc<Self>, group: &str, join: &Join<'_>) -> Waiting<JoinResult> {
        let (sender, answer) = oneshot::channel();
        let ticket = self.step(|desk, now| {
            let ticket = desk.ticket();
            desk.joins.insert(ticket, sender);
            let answers = desk.machine.join(now, group, ticket, join);
            desk.deliver(answers);
            ticket
        });
        self.waiting(group, ticket, answer)
    }

    /// Asks for an assignment; the answer comes when the leader has assigned.
    pub(crate) fn sync(self: &Arc<Self>, group: &str, sync: &Sync<'_>) -> Waiting<SyncResult> {
        let (sender, answer) = oneshot::channel();
        let ticket = self.step(|desk, now| {
            let ticket = desk.ticket();
            desk.syncs.insert(ticket, sender);
            let answers = desk.machine.sync(now, group, ticket, sync);
            desk.deliver(answers);
            ticket
        });
        self.waiting(group, ticket, answer)
    }

    pub(crate) fn leave(
        &self,
        group: &str,
        members: &[(&str, Option<&str>)],
    ) -> Result<Results, ResponseError> {
        self.step(|desk, now| {
            let (results, answers) = desk.machine.leave(now, group, members);
            desk.deliver(answers);
            results
        })
    }

    /// Asks the machine something that is answered at once.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&mut Coordinator, Time) -> T) -> T {
        self.step(|desk, now| ask(&mut desk.machine, now))
    }

    /// Groups there are, and joins and syncs that wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let desk = self.state.lock();
        (desk.machine.len(), desk.joins.len() + desk.syncs.len())
    }

    /// Does what is due, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let next = self.step(|desk, now| {
                let answers = desk.machine.tick(now);
                desk.deliver(answers);
                desk.machine.deadline()
            });
            match next {
                Some(at) => tokio::select! {
                    () = sleep_until(self.started + at) => {}
                    () = self.earlier.notified() => {}
                },
                None => self.earlier.notified().await,
            }
        }
    }

    fn step<T>(&self, act: impl FnOnce(&mut Desk, Time) -> T) -> T {
        let mut desk = self.state.lock();
        // Under the lock, so that the machine's time never goes back.
        let now = self.started.elapsed();
        let before = desk.machine.deadline();
        let result = act(&mut desk, now);
        let after = desk.machine.deadline();
        drop(desk);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.earlier.notify_one();
        }
        // After the lock and last of all: somebody's hook is called, which may ask for the groups, or panic.
        self.memory.pass_on_refusals();
        result
    }

    fn waiting<T>(self: &Arc<Self>, group: &str, ticket: Ticket, answer: oneshot::Receiver<T>) -> Waiting<T> {
        Waiting { place: Place { groups: Arc::clone(self), group: Id::from(group), ticket }, answer }
    }
}

impl Desk {
    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn deliver(&mut self, mut answers: Answers) {
        for (ticket, answer) in take(&mut answers.joins) {
            if let Some(waiting) = self.joins.remove(&ticket) {
                // Who is gone needs no answer.
                let _ = waiting.send(answer);
            }
        }
        for (ticket, answer) in take(&mut answers.syncs) {
            if let Some(waiting) = self.syncs.remove(&ticket) {
                let _ = waiting.send(answer);
            }
        }
    }
}

/// An answer that comes at once or later.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    place: Place,
    answer: oneshot::Receiver<T>,
}

impl<T> Waiting<T> {
    /// The answer; none if the broker stops.
    pub(crate) async fn answer(self) -> Option<T> {
        let Self { place, answer } = self;
        let answer = answer.await.ok();
        drop(place);
        answer
    }
}

/// Tells the machine when nobody waits any more.
#[derive(Debug)]
struct Place {
    groups: Arc<Groups>,
    group: Id,
    ticket: Ticket,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self { groups, group, ticket } = self;
        groups.step(|desk, now| {
            let waited = desk.joins.remove(ticket).is_some() || desk.syncs.remove(ticket).is_some();
            if waited {
                let answers = desk.machine.give_up(now, group, *ticket);
                desk.deliver(answers);
            }
        });
    }
}
