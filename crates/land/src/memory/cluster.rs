//! A cluster in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kadence_core::clock::Clock;
use kadence_core::fault::Fault;
use kadence_core::feed::{LogSpan, Mark, Partition, TopicId};

use super::group::{Group, Protocol, Seat};
use super::log::{Log, MemoryRecord};

/// A cluster: topics with ids, their logs, and one group that reads them all. Clones are the same cluster.
#[derive(Clone)]
pub struct MemoryCluster {
    shared: Arc<(Mutex<State>, Condvar)>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) topics: BTreeMap<Arc<str>, Topic>,
    pub(super) group: Group,
    last_id: u64,
    /// Whether nothing that has to be asked is answered.
    pub(super) silent: bool,
    /// How many commands are not carried out before others are.
    refused: u32,
    noted: BTreeMap<Partition, i64>,
    released: Vec<(u64, Seat)>,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) id: TopicId,
    pub(super) logs: Vec<Log>,
}

impl State {
    pub(super) fn seats(&self) -> BTreeSet<Seat> {
        let seats = |(name, topic): (&Arc<str>, &Topic)| {
            let name = Arc::clone(name);
            (0..topic.logs.len() as i32).map(move |index| (Arc::clone(&name), index)).collect::<Vec<_>>()
        };
        self.topics.iter().flat_map(seats).collect()
    }

    /// The log that a name leads to now, whatever id it was known by.
    pub(super) fn log(&self, seat: &Seat) -> Option<&Log> {
        self.topics.get(&seat.0)?.logs.get(usize::try_from(seat.1).ok()?)
    }

    fn log_mut(&mut self, topic: &str, index: i32) -> Option<&mut Log> {
        self.topics.get_mut(topic)?.logs.get_mut(usize::try_from(index).ok()?)
    }

    pub(super) fn partition(&self, seat: &Seat) -> Partition {
        let id = self.topics.get(&seat.0).and_then(|topic| topic.id);
        Partition { topic: Arc::clone(&seat.0), id, index: seat.1 }
    }

    pub(super) fn note(&mut self, offsets: &[(Partition, i64)]) {
        self.noted.extend(offsets.iter().cloned());
    }
}

impl MemoryCluster {
    /// A cluster without topics, whose group ends sessions after `session`.
    pub fn new(clock: Arc<dyn Clock>, protocol: Protocol, session: Duration) -> Self {
        let state = State {
            topics: BTreeMap::new(),
            group: Group::new(protocol, session),
            last_id: 0,
            silent: false,
            refused: 0,
            noted: BTreeMap::new(),
            released: Vec::new(),
        };
        Self { shared: Arc::new((Mutex::new(state), Condvar::new())), clock }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Waits until something changes, but no longer than `at_most`.
    pub(super) fn wait(&self, at_most: Duration) {
        let guard = self.lock();
        // Whoever waits looks again in any case.
        let _ = self.shared.1.wait_timeout(guard, at_most);
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.shared.1.notify_all();
        changed
    }

    /// Makes a topic, or makes it anew: with another id and empty logs. Its readers are told nothing.
    pub fn make_topic(&self, name: &str, partitions: usize) -> TopicId {
        self.change(|state| {
            state.last_id += 1;
            let mut id = [0; 16];
            id[8..].copy_from_slice(&state.last_id.to_be_bytes());
            let topic = Topic { id: Some(id), logs: vec![Log::default(); partitions] };
            let is_new = state.topics.insert(name.into(), topic).is_none();
            if is_new {
                let seats = state.seats();
                state.group.rebalance(&seats);
            }
            Some(id)
        })
    }

    /// Appends a record, or an offset that holds none, and says where. None if there is no such partition.
    pub fn append(&self, topic: &str, index: i32, record: Option<MemoryRecord>) -> Option<i64> {
        self.change(|state| Some(state.log_mut(topic, index)?.append(record)))
    }

    /// Retention takes what is before `start`.
    pub fn retain_from(&self, topic: &str, index: i32, start: i64) {
        self.change(|state| state.log_mut(topic, index).map(|log| log.begin_at(start)));
    }

    /// Compaction takes a record.
    pub fn compact(&self, topic: &str, index: i32, offset: i64) {
        self.change(|state| state.log_mut(topic, index).map(|log| log.remove(offset)));
    }

    /// Cuts a log off at `end`, as an election does that loses records. What is appended then is another log under the
    /// same id.
    pub fn truncate(&self, topic: &str, index: i32, end: i64) {
        self.change(|state| state.log_mut(topic, index).map(|log| log.truncate(end)));
    }

    /// Answers nothing that has to be asked, until it is told otherwise.
    pub fn set_silent(&self, silent: bool) {
        self.change(|state| state.silent = silent);
    }

    /// Does not carry out the next few commands to begin or to release.
    pub fn refuse(&self, commands: u32) {
        self.change(|state| state.refused = commands);
    }

    /// Whether a command is carried out.
    pub(super) fn command(&self, place: &str) -> Result<(), Fault> {
        let mut state = self.lock();
        let is_refused = state.silent || state.refused > 0;
        state.refused = state.refused.saturating_sub(1);
        if is_refused { Err(Fault::new(place, "no answer").retry()) } else { Ok(()) }
    }

    /// The partition with the id that its topic has now.
    pub fn partition(&self, topic: &str, index: i32) -> Partition {
        self.lock().partition(&(topic.into(), index))
    }

    /// The offsets of a log.
    pub fn span(&self, topic: &str, index: i32) -> Option<LogSpan> {
        self.lock().log(&(topic.into(), index)).map(Log::span)
    }

    /// The record at an offset.
    pub fn record(&self, topic: &str, index: i32, offset: i64) -> Option<MemoryRecord> {
        self.lock().log(&(topic.into(), index))?.get(offset).cloned()
    }

    /// The mark of the record at an offset.
    pub fn mark(&self, topic: &str, index: i32, offset: i64) -> Option<Mark> {
        self.lock().log(&(topic.into(), index))?.mark(offset)
    }

    /// The group's member that has a partition, by its number.
    pub fn owner(&self, topic: &str, index: i32) -> Option<u64> {
        self.lock().group.owner(&(topic.into(), index))
    }

    /// Tells when another member took the place of the one with this number.
    pub fn fenced(&self, member: u64) -> Option<Duration> {
        self.lock().group.fenced(member)
    }

    /// Gives what was noted last for each partition.
    pub fn noted(&self) -> BTreeMap<Partition, i64> {
        self.lock().noted.clone()
    }

    /// Ends sessions whose time is over.
    pub fn tick(&self) {
        let now = self.now();
        let mut state = self.lock();
        if state.group.tick(now) {
            let seats = state.seats();
            state.group.rebalance(&seats);
            self.shared.1.notify_all();
        }
    }

    pub(super) fn join(&self, instance: Option<&str>) -> u64 {
        let now = self.now();
        self.change(|state| {
            let seats = state.seats();
            state.group.join(now, instance, &seats)
        })
    }

    pub(super) fn leave(&self, member: u64) {
        self.change(|state| {
            let seats = state.seats();
            state.group.leave(member, &seats);
        });
    }

    pub(super) fn release(&self, member: u64, seats: &[Seat]) {
        self.change(|state| {
            state.group.release(member, seats);
            if cfg!(test) {
                state.released.extend(seats.iter().map(|seat| (member, seat.clone())));
            }
        });
    }

    /// What was released since this was asked last, by the members' numbers.
    #[cfg(test)]
    pub(crate) fn released(&self) -> Vec<(u64, Seat)> {
        std::mem::take(&mut self.lock().released)
    }

    /// Asks something that the cluster answers if it is not silent.
    pub(super) fn ask<T>(
        &self,
        partition: &str,
        answer: impl FnOnce(&State) -> Option<T>,
    ) -> Result<T, Fault> {
        let state = self.lock();
        if state.silent {
            return Err(Fault::new(partition, "no answer").retry());
        }
        answer(&state).ok_or_else(|| Fault::new(partition, "it is not there"))
    }
}
