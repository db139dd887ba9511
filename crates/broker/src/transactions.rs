//! Transactions: who writes under a transactional id, and what is committed together.
//!
//! | Module | Holds |
//! |---|---|
//! | `machine` | all transactional ids as a machine without input or output; time is an argument |
//! | `entry` | one of them |
//! | `desk` | one step: what is written into the journal, and done in groups and partitions |
//! | `restore` | what a start makes of them |
//!
//! Here is what surrounds the machine: the lock, the clock, and what is asked of it.
//!
//! Partitions are enrolled before a producer may write to them, and every step is in the journal before it is
//! answered. The decision is written down before the first marker; it is what commits, and from there on there is no
//! way back: markers that cannot be written are tried again, also by the next run of the broker. Offsets wait in
//! their group until the decision, which commits them under the same lock.
//!
//! Locks are taken in this order: transactions, then groups or partitions or topics, then the journal.

mod desk;
mod entry;
mod machine;
mod restore;
#[cfg(test)]
mod tests;

pub(crate) use desk::Surroundings;
pub(crate) use entry::{Id, Place, State};
pub(crate) use machine::Writer;

use crate::{
    groups::{Commit, Committer, Results},
    journal::{self, Event, Producer},
    memory::Memory,
    partition::Partition,
    sync::Lock,
};
use desk::{Desk, do_what_is_due};
use entry::{Entry, Time};
use kafka_protocol::ResponseError;
use machine::{End, Init, Machine};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// What all transactional ids together may take, as a part of what the broker may take.
const TRANSACTIONS_BYTES: u64 = 32 << 20;
/// So much of it is theirs alone: those who read a full broker empty may do so in transactions.
const TRANSACTIONS_RESERVE: u64 = 1 << 20;
/// The clock is looked at this often at least: it may have been set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// The coordinator of a running broker.
#[derive(Debug)]
pub(crate) struct Transactions {
    machine: Lock<Machine>,
    /// The next deadline is earlier than it was.
    earlier: Notify,
    around: Surroundings,
}

/// A transactional id in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: Id,
    pub(crate) state: State,
    pub(crate) producer: Producer,
    /// When the transaction began, or the last one, or -1.
    pub(crate) since_ms: i64,
}

impl Listed {
    fn new(id: &Id, entry: &Entry) -> Self {
        Self { id: Id::clone(id), state: entry.state(), producer: entry.producer, since_ms: entry.since_ms }
    }
}

impl Transactions {
    /// No transactions yet; what they take is a part of `data`.
    pub(crate) fn new(data: &Arc<Memory>, around: Surroundings) -> Self {
        let memory = Memory::part_of(data, TRANSACTIONS_BYTES, TRANSACTIONS_RESERVE);
        Self { machine: Lock::new(Machine::new(memory)), earlier: Notify::new(), around }
    }

    /// Takes over what a journal says, when topics and groups are there.
    pub(crate) fn restore(&self, known: &BTreeMap<String, journal::Transactional>) {
        self.step(|desk| desk.restore(known));
    }

    /// Gives a producer its id and epoch. An open transaction of the one before is aborted.
    pub(crate) fn init(
        &self,
        id: &str,
        timeout_ms: i32,
        had: Option<(i64, i16)>,
    ) -> Result<Producer, ResponseError> {
        self.step(|desk| {
            let mut had = had;
            let mut init = desk.machine.init(id, timeout_ms, had)?;
            if let Init::Abort { epoch } = init {
                if !desk.decide(id, false, epoch)? {
                    return Err(ResponseError::ConcurrentTransactions);
                }
                init = desk.machine.init(id, timeout_ms, None)?;
            } else {
                had = None;
            }
            let producer = match init {
                Init::Again(producer) => return Ok(producer),
                Init::Bump(producer) => producer,
                Init::Fresh { last: (last_id, last_epoch) } => {
                    let id = self.around.producer_ids.take()?;
                    Producer { id, epoch: 0, last_id, last_epoch, timeout_ms }
                }
                Init::Abort { .. } => return Err(ResponseError::ConcurrentTransactions),
            };
            // It may ask again with what it had before its transaction was aborted.
            let (last_id, last_epoch) = had.unwrap_or((producer.last_id, producer.last_epoch));
            let producer = Producer { last_id, last_epoch, ..producer };
            desk.begin(id, producer)?;
            Ok(producer)
        })
    }

    /// Makes partitions part of a transaction, which begins with the first of them.
    pub(crate) fn add(
        &self,
        who: &Writer<'_>,
        partitions: &[(Place, Arc<Partition>)],
    ) -> Result<(), ResponseError> {
        self.step(|desk| {
            let places: Vec<Place> = partitions.iter().map(|(place, _)| *place).collect();
            let new = desk.machine.add(who, &places)?;
            if new.is_empty() {
                return Ok(());
            }
            desk.machine.make_room(who.id, new.len(), "")?;
            let id = who.id.to_owned();
            desk.write(Event::Joined { id, since_ms: desk.now, partitions: new.clone() })?;
            for (place, partition) in partitions {
                if new.binary_search(place).is_ok() {
                    partition.enrol(who.producer_id, who.epoch);
                }
            }
            Ok(())
        })
    }

    /// Whether a partition is part of a transaction.
    pub(crate) fn verify(&self, who: &Writer<'_>, place: Place) -> Result<(), ResponseError> {
        self.machine.lock().verify(who, place)
    }

    /// Makes a group part of a transaction, which may then commit its offsets.
    pub(crate) fn add_group(&self, who: &Writer<'_>, group: &str) -> Result<(), ResponseError> {
        self.step(|desk| {
            if desk.machine.add_group(who, group)? {
                desk.machine.make_room(who.id, 0, group)?;
                let (id, group) = (who.id.to_owned(), group.to_owned());
                desk.write(Event::JoinedGroup { id, since_ms: desk.now, group })?;
            }
            Ok(())
        })
    }

    /// Keeps offsets for a transaction to commit; a result for each. What is unknown is said to be so, whatever else
    /// is wrong.
    pub(crate) fn commit_offsets(
        &self,
        who: &Writer<'_>,
        (group, member): (&str, &Committer<'_>),
        commits: &[Commit<'_>],
    ) -> Results {
        let exists = |topic: &str, index| self.around.topics.has(topic, index);
        let write = |kept: &[&Commit<'_>]| {
            let (id, group) = (who.id.to_owned(), group.to_owned());
            let offsets = kept.iter().map(|commit| commit.to_offset()).collect();
            Ok(self.around.journal.write(&[Event::PendingOffsets { id, group, offsets }])?)
        };
        let results = self.step(|desk| match desk.machine.verify_group(who, group) {
            Err(error) => vec![Err(error); commits.len()],
            Ok(()) => self.around.groups.with(|groups, now| {
                groups.commit_pending(now, group, who.producer_id, member, commits, (exists, write))
            }),
        });
        let known = |(commit, result): (&Commit<'_>, Result<(), ResponseError>)| match result {
            Err(_) if !exists(commit.topic, commit.partition) => Err(ResponseError::UnknownTopicOrPartition),
            result => result,
        };
        commits.iter().zip(results).map(known).collect()
    }

    /// Commits or aborts a transaction.
    pub(crate) fn end(&self, who: &Writer<'_>, commit: bool) -> Result<(), ResponseError> {
        self.step(|desk| match desk.machine.end(who, commit)? {
            End::Before => Ok(()),
            // Where a marker is missing the decision stands, and the next transaction waits.
            End::Now => desk.decide(who.id, commit, who.epoch).map(|_| ()),
        })
    }

    /// All transactional ids, in order.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let machine = self.machine.lock();
        let mut all: Vec<_> = machine.ids.iter().map(|(id, entry)| Listed::new(id, entry)).collect();
        all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// A transactional id, and the partitions of its transaction.
    pub(crate) fn describe(&self, id: &str) -> Option<(Listed, Vec<Place>)> {
        let machine = self.machine.lock();
        let (id, entry) = machine.ids.get_key_value(id)?;
        let transaction = entry.transaction.as_ref();
        let listed = Listed::new(id, entry);
        Some((listed, transaction.map(|t| t.places.iter().copied().collect()).unwrap_or_default()))
    }

    /// Does what is due; when something is due next.
    fn tick(&self) -> Option<Time> {
        self.step(do_what_is_due)
    }

    /// Does what is due, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let next = self.tick();
            let wait =
                |at: Time, now: Time| Duration::from_millis(at.saturating_sub(now).try_into().unwrap_or(0));
            match next {
                Some(at) => {
                    let wait = wait(at, self.around.clock.now_ms()).min(LONGEST_SLEEP);
                    tokio::select! {
                        () = sleep_until(Instant::now() + wait) => {}
                        () = self.earlier.notified() => {}
                    }
                }
                None => self.earlier.notified().await,
            }
        }
    }

    fn step<T>(&self, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let machine = self.machine.lock();
        let before = machine.deadline();
        let mut desk = Desk { machine, around: &self.around, now: self.around.clock.now_ms() };
        let result = act(&mut desk);
        let after = desk.machine.deadline();
        drop(desk);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.earlier.notify_one();
        }
        result
    }
}
