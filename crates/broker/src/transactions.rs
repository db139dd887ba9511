//! Transactions: who writes under a transactional id, and what is committed together.
//!
//! | Module | Holds |
//! |---|---|
//! | `machine` | all transactional ids as a machine without input or output; time is an argument |
//! | `entry` | one of them |
//!
//! Here is what surrounds the machine: the lock, the clock, the journal, and what has to be done elsewhere.
//!
//! Partitions are enrolled before a producer may write to them, and every step is in the journal before it is
//! answered. The decision is written down before the first marker; it is what commits, and from there on there is no
//! way back: markers that cannot be written are tried again, also by the next run of the broker. Offsets wait in
//! their group until the decision, which commits them under the same lock.
//!
//! Locks are taken in this order: transactions, then groups or partitions or topics, then the journal.

mod entry;
mod machine;
#[cfg(test)]
mod tests;

pub(crate) use entry::{Id, Place, State};
pub(crate) use machine::Writer;

use crate::{
    directory::DirectoryError,
    groups::{Commit, Committer, Results},
    journal::{self, Event, NotWritten, Offset, Producer},
    memory::Memory,
    partition::{Partition, Unused},
    shared::Shared,
    sync::Lock,
};
use entry::Time;
use kadence_wire::control::Marker;
use kafka_protocol::ResponseError;
use machine::{Due, End, Init, Machine};
use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

/// What all transactional ids together may take, as a part of what the broker may take.
const TRANSACTIONS_BYTES: u64 = 32 << 20;
/// So much of it is theirs alone: those who read a full broker empty may do so in transactions.
const TRANSACTIONS_RESERVE: u64 = 1 << 20;
/// The only coordinator there is never changes.
const COORDINATOR_EPOCH: i32 = 0;
/// The clock is looked at this often at least: it may have been set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// The coordinator of a running broker.
#[derive(Debug)]
pub(crate) struct Transactions {
    machine: Lock<Machine>,
    /// The next deadline is earlier than it was.
    earlier: Notify,
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

/// What happens under the lock.
struct Desk<'a> {
    machine: MutexGuard<'a, Machine>,
    shared: &'a Shared,
    now: Time,
}

/// The journal is full or gone. Clients try again.
impl From<NotWritten> for ResponseError {
    fn from(_: NotWritten) -> Self {
        Self::CoordinatorNotAvailable
    }
}

impl Transactions {
    pub(crate) fn new(data: &Arc<Memory>) -> Self {
        let memory = Memory::part_of(data, TRANSACTIONS_BYTES, TRANSACTIONS_RESERVE);
        Self { machine: Lock::new(Machine::new(memory)), earlier: Notify::new() }
    }

    /// Takes over what a journal says, when topics and groups are there: ends what is decided, lets go on what is
    /// not, and aborts what partitions hold of transactions that nobody knows any more.
    pub(crate) fn restore(&self, shared: &Shared, known: &BTreeMap<String, journal::Transactional>) {
        self.step(shared, |desk| {
            let now = desk.now;
            desk.machine.restore(now, known);
            for (id, transactional) in known {
                if let Some(transaction) = &transactional.transaction {
                    desk.resume(&transactional.producer, transaction);
                    desk.pass_over_later(id, &transactional.producer, transaction);
                    desk.finish(id, Unused::Skipped);
                }
            }
            // Behind all others: what is enrolled is known to the journal.
            desk.abort_hanging();
        });
    }

    /// Gives a producer its id and epoch. An open transaction of the one before is aborted.
    pub(crate) fn init(
        &self,
        shared: &Shared,
        id: &str,
        timeout_ms: i32,
        had: Option<(i64, i16)>,
    ) -> Result<Producer, ResponseError> {
        self.step(shared, |desk| {
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
                    let id = shared.producer_ids.take()?;
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
        shared: &Shared,
        who: &Writer<'_>,
        partitions: &[(Place, Arc<Partition>)],
    ) -> Result<(), ResponseError> {
        self.step(shared, |desk| {
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
    pub(crate) fn add_group(
        &self,
        shared: &Shared,
        who: &Writer<'_>,
        group: &str,
    ) -> Result<(), ResponseError> {
        self.step(shared, |desk| {
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
        shared: &Shared,
        who: &Writer<'_>,
        (group, member): (&str, &Committer<'_>),
        commits: &[Commit<'_>],
    ) -> Results {
        let exists = |topic: &str, index| shared.topics.has(topic, index);
        let write = |kept: &[&Commit<'_>]| {
            let (id, group) = (who.id.to_owned(), group.to_owned());
            let offsets = kept.iter().map(|commit| commit.to_offset()).collect();
            Ok(shared.journal.write(&[Event::PendingOffsets { id, group, offsets }])?)
        };
        let results = self.step(shared, |desk| match desk.machine.verify_group(who, group) {
            Err(error) => vec![Err(error); commits.len()],
            Ok(()) => shared.groups.with(|groups, now| {
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
    pub(crate) fn end(&self, shared: &Shared, who: &Writer<'_>, commit: bool) -> Result<(), ResponseError> {
        self.step(shared, |desk| match desk.machine.end(who, commit)? {
            End::Before => Ok(()),
            // Where a marker is missing the decision stands, and the next transaction waits.
            End::Now => desk.decide(who.id, commit, who.epoch).map(|_| ()),
        })
    }

    /// All transactional ids, in order.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let machine = self.machine.lock();
        let listed = |(id, entry): (&Id, &entry::Entry)| Listed {
            id: Id::clone(id),
            state: entry.state(),
            producer: entry.producer,
            since_ms: entry.since_ms,
        };
        let mut all: Vec<_> = machine.ids.iter().map(listed).collect();
        all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// A transactional id, and the partitions of its transaction.
    pub(crate) fn describe(&self, id: &str) -> Option<(Listed, Vec<Place>)> {
        let machine = self.machine.lock();
        let (id, entry) = machine.ids.get_key_value(id)?;
        let transaction = entry.transaction.as_ref();
        let listed = Listed {
            id: Id::clone(id),
            state: entry.state(),
            producer: entry.producer,
            since_ms: entry.since_ms,
        };
        Some((listed, transaction.map(|t| t.places.iter().copied().collect()).unwrap_or_default()))
    }

    /// Does what is due; when something is due next.
    fn tick(&self, shared: &Shared) -> Option<Time> {
        self.step(shared, do_what_is_due)
    }

    /// Does what is due, for ever.
    pub(crate) async fn run(shared: Arc<Shared>) {
        let transactions = &shared.transactions;
        loop {
            let next = transactions.tick(&shared);
            let wait =
                |at: Time, now: Time| Duration::from_millis(at.saturating_sub(now).try_into().unwrap_or(0));
            match next {
                Some(at) => {
                    let wait = wait(at, shared.clock.now_ms()).min(LONGEST_SLEEP);
                    tokio::select! {
                        () = sleep_until(Instant::now() + wait) => {}
                        () = transactions.earlier.notified() => {}
                    }
                }
                None => transactions.earlier.notified().await,
            }
        }
    }

    fn step<T>(&self, shared: &Shared, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let machine = self.machine.lock();
        let before = machine.deadline();
        let mut desk = Desk { machine, shared, now: shared.clock.now_ms() };
        let result = act(&mut desk);
        let after = desk.machine.deadline();
        drop(desk);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.earlier.notify_one();
        }
        result
    }
}

impl Desk<'_> {
    /// Writes an event down, and has it happen.
    fn write(&mut self, event: Event) -> Result<(), NotWritten> {
        let events = [event];
        self.shared.journal.write(&events)?;
        let [event] = events;
        self.machine.apply(self.now, &event, None);
        Ok(())
    }

    /// Gives an id its producer. For one that is new others may have to go.
    fn begin(&mut self, id: &str, producer: Producer) -> Result<(), ResponseError> {
        let mut share = None;
        if !self.machine.ids.contains_key(id) {
            let mut admitted = self.machine.admit(id);
            if admitted.is_err() {
                for idle in self.machine.idle() {
                    self.write(Event::TransactionalDeleted { id: idle.to_string() })?;
                }
                admitted = self.machine.admit(id);
            }
            share = Some(admitted?);
        }
        let events = [Event::Transactional { id: id.to_owned(), producer, ended: None }];
        self.shared.journal.write(&events)?;
        self.machine.apply(self.now, &events[0], share);
        Ok(())
    }

    /// Decides a transaction and marks its end; whether all of it is marked.
    fn decide(&mut self, id: &str, commit: bool, epoch: i16) -> Result<bool, ResponseError> {
        let event = Event::Decided { id: id.to_owned(), commit, epoch, ends: self.ends(id) };
        let groups = self.machine.groups(id);
        let producer = self.machine.ids.get(id).map(|entry| entry.producer.id);
        if let (false, Some(producer)) = (groups.is_empty(), producer) {
            let events = [event];
            self.shared.groups.with(|machine, now| {
                self.shared.journal.write(&events)?;
                for group in &groups {
                    machine.end_pending(now, group, producer, commit);
                }
                Ok::<_, NotWritten>(())
            })?;
            self.machine.apply(self.now, &events[0], None);
        } else {
            self.write(event)?;
        }
        Ok(self.finish(id, Unused::Marked))
    }

    /// Where the logs of a transaction end.
    fn ends(&self, id: &str) -> Vec<(Uuid, i32, i64)> {
        let places = self.machine.ids.get(id).and_then(|entry| entry.transaction.as_ref());
        let places = places.into_iter().flat_map(|transaction| &transaction.places);
        let end = |place: &Place| {
            let topic = self.shared.topics.with_id(place.0)?;
            let end = topic.partition(place.1)?.lock().log.end();
            Some((place.0, place.1, end))
        };
        places.filter_map(end).collect()
    }

    /// Passes over partitions where the markers of a decided transaction are, and a later one of its producer is
    /// open: the journal is older than the log. What it does not know is aborted.
    fn pass_over_later(&mut self, id: &str, producer: &Producer, transaction: &journal::Transaction) {
        for (topic, index, end) in &transaction.ends {
            let found = self.shared.topics.with_id(*topic);
            let Some(partition) = found.as_ref().and_then(|topic| topic.partition(*index)) else { continue };
            let mut state = partition.lock();
            if state.producers.open_since(producer.id).is_some_and(|first| first >= *end) {
                state.producers.dismiss(producer.id);
                self.machine.marked(id, (*topic, *index));
            }
        }
    }

    /// Marks the end of a decided transaction where that is missing; whether nothing is missing any more.
    fn finish(&mut self, id: &str, unused: Unused) -> bool {
        let Some(ending) = self.machine.ending(id) else { return true };
        let marker = Marker {
            producer_id: ending.producer_id,
            producer_epoch: ending.epoch,
            coordinator_epoch: COORDINATOR_EPOCH,
            commit: ending.commit,
        };
        let mut complete = true;
        for place in ending.places {
            // Where the topic is gone there is nothing to be marked.
            let topic = self.shared.topics.with_id(place.0);
            let found = topic.as_ref().and_then(|topic| Some((topic, topic.partition(place.1)?)));
            let done = found.is_none_or(|(topic, partition)| {
                partition.end(&marker, &topic.settings, self.now, unused).is_ok()
            });
            if done {
                self.machine.marked(id, place);
            }
            complete &= done;
        }
        let ended = complete && self.write(Event::Ended { id: id.to_owned() }).is_ok();
        if !ended {
            self.machine.retry(id, self.now);
        }
        ended
    }

    /// Lets the producer of a transaction go on, and keeps its offsets until it is decided.
    fn resume(&mut self, producer: &Producer, transaction: &journal::Transaction) {
        for (topic, index) in &transaction.partitions {
            if let Some(topic) = self.shared.topics.with_id(*topic)
                && let Some(partition) = topic.partition(*index)
            {
                partition.enrol(producer.id, producer.epoch);
            }
        }
        for (group, offsets) in &transaction.groups {
            let commits: Vec<Commit<'_>> = offsets.values().map(Offset::to_commit).collect();
            if !commits.is_empty() {
                self.shared.groups.with(|groups, now| {
                    groups.restore_pending(now, group, producer.id, &commits);
                });
            }
        }
    }

    /// Aborts what partitions hold of transactions that the journal does not know: after a loss of power it may have
    /// lost what they have not.
    fn abort_hanging(&mut self) {
        for topic in self.shared.topics.all() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                let hanging = partition.lock().producers.hanging();
                for (producer_id, producer_epoch) in hanging {
                    if let Some(path) = self.shared.topics.path() {
                        self.shared.notice(DirectoryError::Aborted {
                            path: path.to_owned(),
                            producer: producer_id,
                            topic: topic.name.to_string(),
                            partition: index,
                        });
                    }
                    let marker = Marker {
                        producer_id,
                        producer_epoch,
                        coordinator_epoch: COORDINATOR_EPOCH,
                        commit: false,
                    };
                    // Where it cannot be written now, the next start tries again.
                    let _ = partition.end(&marker, &topic.settings, self.now, Unused::Skipped);
                }
            }
        }
    }
}

/// Does what is due; when something is due next.
fn do_what_is_due(desk: &mut Desk<'_>) -> Option<Time> {
    for due in desk.machine.due(desk.now) {
        let id = match &due {
            Due::Expired { id, .. } | Due::Unfinished { id } => Id::clone(id),
        };
        let done = match due {
            Due::Expired { epoch, .. } => desk.decide(&id, false, epoch).is_ok(),
            Due::Unfinished { .. } => desk.finish(&id, Unused::Marked),
        };
        if !done {
            desk.machine.retry(&id, desk.now);
        }
    }
    desk.machine.deadline()
}
