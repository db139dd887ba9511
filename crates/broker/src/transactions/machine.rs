//! All transactional ids: who writes under them, and where their transactions are.
//!
//! A request is judged without changing anything; what follows from it is an [`Event`], which is written to the
//! journal and then applied here. A restart applies the same events, so it finds the same state.

use super::entry::{Entry, Id, Place, State, Time};
use crate::{
    journal::{self, Event, Producer},
    memory::{Memory, Share},
};
use kafka_protocol::ResponseError;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Transactional ids there may be at a time; idle ones make room for new ones.
pub(super) const MAX_IDS: usize = 10_000;
/// Ids are kept up to this length.
const MAX_ID_BYTES: usize = 1024;
/// How soon a marker that could not be written is tried again.
const RETRY_MS: i64 = 200;
/// From this epoch on a producer gets a new id; one more is left to fence it.
const LAST_EPOCH: i16 = i16::MAX - 1;

/// The transactions of a broker, as a machine.
#[derive(Debug)]
pub(crate) struct Machine {
    memory: Arc<Memory>,
    pub(super) ids: HashMap<Id, Entry>,
    /// One entry for each id that waits for a time.
    deadlines: BTreeSet<(Time, Id)>,
    max_ids: usize,
}

/// Who asks: the producer that a transactional id belongs to, as it believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Writer<'a> {
    pub(crate) id: &'a str,
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

/// What has to be done for a producer that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Init {
    /// It gets a new id; the one it had before, if it may ask again.
    Fresh { last: (i64, i16) },
    /// It gets this.
    Bump(Producer),
    /// It asks again, and has this already.
    Again(Producer),
    /// The transaction of the one before is aborted first, with this epoch.
    Abort { epoch: i16 },
}

/// What has to be done for a transaction that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Now,
    /// It has ended this way already.
    Before,
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// The transaction takes too long and is aborted, with an epoch that fences its producer.
    Expired { id: Id, epoch: i16 },
    /// Markers are missing.
    Unfinished { id: Id },
}

/// A decided transaction, and where its end is not marked yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) commit: bool,
    pub(crate) places: Vec<Place>,
}

impl Machine {
    pub(crate) fn new(memory: Arc<Memory>) -> Self {
        Self { memory, ids: HashMap::new(), deadlines: BTreeSet::new(), max_ids: MAX_IDS }
    }

    #[cfg(test)]
    pub(super) fn with_max_ids(self, max_ids: usize) -> Self {
        Self { max_ids, ..self }
    }

    /// Takes over what a journal says.
    pub(crate) fn restore(&mut self, now: Time, known: &BTreeMap<String, journal::Transactional>) {
        for (id, transactional) in known {
            let mut entry = Entry::restored(Share::new(&self.memory), now, transactional);
            let bytes = entry.bytes(id);
            entry.share.insist(bytes);
            let id = Id::from(id.as_str());
            self.ids.insert(Id::clone(&id), entry);
            self.reschedule(&id, now);
        }
    }

    /// Judges a producer that begins under an id, as KIP-360 has it: with what it had before, if it says so.
    pub(crate) fn init(
        &self,
        id: &str,
        timeout_ms: i32,
        had: Option<(i64, i16)>,
    ) -> Result<Init, ResponseError> {
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return Err(ResponseError::InvalidRequest);
        }
        let Some(entry) = self.ids.get(id) else { return Ok(Init::Fresh { last: (-1, -1) }) };
        let producer = entry.producer;
        let is_current = |had: (i64, i16)| had == (producer.id, producer.epoch);
        let is_last = |had: (i64, i16)| had == (producer.last_id, producer.last_epoch);
        if had.is_some_and(|had| !is_current(had) && !is_last(had)) {
            return Err(ResponseError::ProducerFenced);
        }
        match entry.state() {
            State::PrepareCommit | State::PrepareAbort => return Err(ResponseError::ConcurrentTransactions),
            State::Ongoing if had.is_none_or(is_current) => {
                return Ok(Init::Abort { epoch: producer.epoch.saturating_add(1) });
            }
            State::Ongoing => return Err(ResponseError::ProducerFenced),
            State::Empty | State::CompleteCommit | State::CompleteAbort => {}
        }
        if had.is_some_and(is_last) {
            return Ok(Init::Again(producer));
        }
        let last = if had.is_some() { (producer.id, producer.epoch) } else { (-1, -1) };
        if producer.epoch >= LAST_EPOCH {
            return Ok(Init::Fresh { last });
        }
        let (last_id, last_epoch) = last;
        Ok(Init::Bump(Producer { epoch: producer.epoch + 1, last_id, last_epoch, timeout_ms, ..producer }))
    }

    fn check(&self, who: &Writer<'_>) -> Result<&Entry, ResponseError> {
        if who.id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let entry = self.ids.get(who.id).filter(|entry| entry.producer.id == who.producer_id);
        let entry = entry.ok_or(ResponseError::InvalidProducerIdMapping)?;
        if entry.producer.epoch == who.epoch { Ok(entry) } else { Err(ResponseError::ProducerFenced) }
    }

    /// As [`check`](Self::check), and no transaction may be about to end.
    fn check_free(&self, who: &Writer<'_>) -> Result<&Entry, ResponseError> {
        let entry = self.check(who)?;
        match entry.state() {
            State::PrepareCommit | State::PrepareAbort => Err(ResponseError::ConcurrentTransactions),
            _ => Ok(entry),
        }
    }

    /// Which of `places` are not part of the transaction yet.
    pub(crate) fn add(&self, who: &Writer<'_>, places: &[Place]) -> Result<Vec<Place>, ResponseError> {
        let known = self.check_free(who)?.transaction.as_ref().map(|t| &t.places);
        let mut new: Vec<Place> =
            places.iter().filter(|place| known.is_none_or(|known| !known.contains(place))).copied().collect();
        new.sort_unstable();
        new.dedup();
        Ok(new)
    }

    /// Whether a place is part of the transaction.
    pub(crate) fn verify(&self, who: &Writer<'_>, place: Place) -> Result<(), ResponseError> {
        let transaction = self.check_free(who)?.transaction.as_ref();
        if transaction.is_some_and(|t| t.places.contains(&place)) {
            Ok(())
        } else {
            Err(ResponseError::TransactionAbortable)
        }
    }

    /// Whether a group is not part of the transaction yet.
    pub(crate) fn add_group(&self, who: &Writer<'_>, group: &str) -> Result<bool, ResponseError> {
        let transaction = self.check_free(who)?.transaction.as_ref();
        Ok(transaction.is_none_or(|t| !t.groups.contains(group)))
    }

    /// Whether a group is part of the transaction.
    pub(crate) fn verify_group(&self, who: &Writer<'_>, group: &str) -> Result<(), ResponseError> {
        if self.add_group(who, group)? { Err(ResponseError::TransactionAbortable) } else { Ok(()) }
    }

    /// Judges the end that a producer wants, as Kafka does.
    pub(crate) fn end(&self, who: &Writer<'_>, commit: bool) -> Result<End, ResponseError> {
        match (self.check(who)?.state(), commit) {
            (State::Ongoing, _) => Ok(End::Now),
            (State::CompleteCommit, true) | (State::CompleteAbort, false) => Ok(End::Before),
            (State::PrepareCommit, true) | (State::PrepareAbort, false) => {
                Err(ResponseError::ConcurrentTransactions)
            }
            _ => Err(ResponseError::InvalidTxnState),
        }
    }

    /// Idle ids that make room for a new one, those not used for longest first. They go by events.
    pub(crate) fn idle(&self) -> Vec<Id> {
        let idle = self.ids.iter().filter(|(_, entry)| entry.transaction.is_none());
        let mut idle: Vec<(Time, &Id)> = idle.map(|(id, entry)| (entry.used_ms, id)).collect();
        idle.sort_unstable();
        // Several at a time, so that the next ones find room without a look at all.
        idle.into_iter().take(self.max_ids.div_ceil(10)).map(|(_, id)| Id::clone(id)).collect()
    }

    /// Takes memory for an id that is new.
    pub(crate) fn admit(&self, id: &str) -> Result<Share, ResponseError> {
        let mut share = Share::new(&self.memory);
        let bytes = super::entry::ENTRY_BYTES + id.len();
        if self.ids.len() < self.max_ids && share.grow(bytes) {
            Ok(share)
        } else {
            Err(ResponseError::PolicyViolation)
        }
    }

    /// Takes memory for what a transaction will hold in addition.
    pub(crate) fn make_room(&mut self, id: &str, places: usize, group: &str) -> Result<(), ResponseError> {
        let Some(entry) = self.ids.get_mut(id) else { return Ok(()) };
        let more = super::entry::held(places, group);
        let bytes = entry.bytes(id) + more;
        if entry.share.resize(bytes) { Ok(()) } else { Err(ResponseError::PolicyViolation) }
    }

    /// Applies what is written in the journal. `share` is a new id's.
    pub(crate) fn apply(&mut self, now: Time, event: &Event, share: Option<Share>) {
        let id = match event {
            Event::Transactional { id, producer, ended } => {
                if let Some(entry) = self.ids.get_mut(id.as_str()) {
                    entry.begin(*producer, *ended);
                } else {
                    let share = share.unwrap_or_else(|| Share::new(&self.memory));
                    self.ids.insert(Id::from(id.as_str()), Entry::new(share, now, *producer, *ended));
                }
                id
            }
            Event::TransactionalDeleted { id } => {
                self.reschedule_to(id, None);
                self.ids.remove(id.as_str());
                return;
            }
            Event::Joined { id, since_ms, partitions } => {
                self.with(id, |entry| entry.open(*since_ms).places.extend(partitions));
                id
            }
            Event::JoinedGroup { id, since_ms, group } => {
                self.with(id, |entry| {
                    entry.open(*since_ms).groups.insert(Id::from(group.as_str()));
                });
                id
            }
            Event::Decided { id, commit, epoch, .. } => {
                self.with(id, |entry| entry.decide(*commit, *epoch));
                id
            }
            Event::Ended { id } => {
                self.with(id, Entry::end);
                id
            }
            _ => return,
        };
        if let Some(entry) = self.ids.get_mut(id.as_str()) {
            entry.used_ms = now;
            let bytes = entry.bytes(id);
            entry.share.shrink_to(bytes);
        }
        self.reschedule(id, now);
    }

    fn with(&mut self, id: &str, act: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.ids.get_mut(id) {
            act(entry);
        }
    }

    /// A decided transaction of `id`.
    pub(crate) fn ending(&self, id: &str) -> Option<Ending> {
        let entry = self.ids.get(id)?;
        let transaction = entry.transaction.as_ref()?;
        let (commit, epoch) = transaction.decided?;
        let places = transaction.places.iter().copied().collect();
        Some(Ending { producer_id: entry.producer.id, epoch, commit, places })
    }

    /// The groups of a transaction that is not decided.
    pub(crate) fn groups(&self, id: &str) -> Vec<Id> {
        let transaction = self.ids.get(id).and_then(|entry| entry.transaction.as_ref());
        transaction.map(|t| t.groups.iter().cloned().collect()).unwrap_or_default()
    }

    /// A place does not wait for its marker any more.
    pub(crate) fn marked(&mut self, id: &str, place: Place) {
        self.with(id, |entry| {
            if let Some(transaction) = &mut entry.transaction {
                transaction.places.remove(&place);
            }
        });
    }

    /// What is missing is tried again soon.
    pub(crate) fn retry(&mut self, id: &str, now: Time) {
        self.reschedule_to(id, Some(now.saturating_add(RETRY_MS)));
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// What is due now.
    pub(crate) fn due(&self, now: Time) -> Vec<Due> {
        let due = self.deadlines.iter().take_while(|(at, _)| *at <= now);
        due.filter_map(|(_, id)| {
            let entry = self.ids.get(id)?;
            Some(if entry.transaction.as_ref()?.decided.is_some() {
                Due::Unfinished { id: Id::clone(id) }
            } else {
                Due::Expired { id: Id::clone(id), epoch: entry.producer.epoch.saturating_add(1) }
            })
        })
        .collect()
    }

    fn reschedule(&mut self, id: &str, now: Time) {
        let at = self.ids.get(id).and_then(|entry| {
            let transaction = entry.transaction.as_ref()?;
            let timeout = i64::from(entry.producer.timeout_ms);
            let ends = transaction.since_ms.saturating_add(timeout);
            Some(if transaction.decided.is_some() { now.saturating_add(RETRY_MS) } else { ends })
        });
        self.reschedule_to(id, at);
    }

    fn reschedule_to(&mut self, id: &str, at: Option<Time>) {
        let Some((id, _)) = self.ids.get_key_value(id) else { return };
        let id = Id::clone(id);
        let Some(entry) = self.ids.get_mut(&id) else { return };
        let before = std::mem::replace(&mut entry.scheduled, at);
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.deadlines.remove(&(before, Id::clone(&id)));
        }
        if let Some(at) = at {
            self.deadlines.insert((at, id));
        }
    }
}
