//! What one partition remembers of producers and of their transactions.
//!
//! A producer numbers its records in each partition. A batch that repeats one of the last five is acknowledged
//! with the offset it got then; any other gap or repetition is refused, and so is an older epoch.
//!
//! A transactional batch is taken only from a producer that the coordinator has enrolled here, with the epoch it
//! was enrolled with; the marker that ends the transaction ends the enrolment. All of it stands under the
//! partition's lock, so that no batch of a transaction comes behind its marker. Enrolments are the coordinator's to
//! remember; everything else follows from the batches in their order, or from a snapshot and the batches behind it.

mod snapshot;
#[cfg(test)]
mod tests;

use kadence_wire::{batch::BatchHeader, control::Marker};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Kafka's producers keep at most five requests in flight; so many batches can come again.
const REMEMBERED_BATCHES: usize = 5;

/// Producers a partition knows at most, where not more of them have transactions. Others make room.
const MAX_PRODUCERS: usize = 10_000;

/// What a producer costs in memory, about, with its place in the table.
pub(crate) const PRODUCER_BYTES: usize = 320;
const ABORTED_BYTES: usize = size_of::<Aborted>();
/// The coordinator's epoch where it has written no marker yet.
const NO_MARKER: i32 = -1;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Producers {
    known: HashMap<i64, Producer>,
    /// Who may add to a transaction here, and with which epoch.
    enrolled: HashMap<i64, i16>,
    /// Open transactions by their first offset, with their producer.
    open: BTreeSet<(i64, i64)>,
    /// In the order they ended.
    aborted: VecDeque<Aborted>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Producer {
    epoch: i16,
    /// The last batches, oldest first; empty places at the end.
    batches: [Option<Batch>; REMEMBERED_BATCHES],
    /// The first offset of its open transaction.
    open: Option<i64>,
    coordinator_epoch: i32,
    last_timestamp: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Batch {
    first_sequence: i32,
    last_sequence: i32,
    base_offset: i64,
    append_time: i64,
}

/// A transaction that was aborted: its records are between two offsets, the last of which is its marker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aborted {
    pub(crate) producer_id: i64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The last stable offset when it had ended: what ends later begins there or behind.
    stable: i64,
}

/// A producer as others are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) last_sequence: i32,
    pub(crate) last_timestamp: i64,
    pub(crate) coordinator_epoch: i32,
    /// The first offset of its open transaction, or -1.
    pub(crate) open: i64,
}

/// Whether a batch may be stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is next.
    Append,
    /// It is next, and its producer is new here.
    AppendFirst,
    /// It is stored already.
    Duplicate { base_offset: i64, append_time: i64 },
    /// It is not the one that follows.
    OutOfOrder { expected: i32 },
    /// Its producer was replaced by one with a later epoch.
    OldEpoch { current: i16 },
    /// It belongs to a transaction that this partition is no part of.
    NotEnrolled,
    /// It belongs to no transaction, while its producer has one here.
    Outside,
}

impl Producer {
    fn new(epoch: i16) -> Self {
        let batches = [None; REMEMBERED_BATCHES];
        Self { epoch, batches, open: None, coordinator_epoch: NO_MARKER, last_timestamp: -1 }
    }
}

impl Producers {
    /// Judges a batch with a producer id. A producer that is unknown here may start with any number, as in Kafka:
    /// its first batches may have been deleted.
    pub(crate) fn judge(&self, header: &BatchHeader) -> Verdict {
        let (epoch, first) = (header.producer_epoch, header.base_sequence);
        let producer = self.known.get(&header.producer_id);
        if let Some(current) = producer.map(|p| p.epoch).filter(|current| epoch < *current) {
            return Verdict::OldEpoch { current };
        }
        match (self.enrolled.get(&header.producer_id), header.is_transactional()) {
            (None, false) => {}
            (Some(&enrolled), true) if enrolled == epoch => {}
            (Some(&current), true) if epoch < current => return Verdict::OldEpoch { current },
            (_, true) => return Verdict::NotEnrolled,
            (Some(_), false) => return Verdict::Outside,
        }
        let Some(producer) = producer else { return Verdict::AppendFirst };
        if epoch > producer.epoch {
            return if first == 0 { Verdict::Append } else { Verdict::OutOfOrder { expected: 0 } };
        }
        let known = producer.batches.iter().flatten();
        let last_sequence = header.last_sequence();
        if let Some(batch) =
            known.clone().find(|b| b.first_sequence == first && b.last_sequence == last_sequence)
        {
            return Verdict::Duplicate { base_offset: batch.base_offset, append_time: batch.append_time };
        }
        // Where only a marker is known of, nothing was numbered yet.
        let expected = known.last().map_or(0, |b| following(b.last_sequence));
        if expected == first { Verdict::Append } else { Verdict::OutOfOrder { expected } }
    }

    /// Remembers a batch with a producer id that was stored at `base_offset`.
    pub(crate) fn stored(&mut self, header: &BatchHeader, base_offset: i64, append_time: i64) {
        let batch = Batch {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset,
            append_time,
        };
        let producer = self.producer(header.producer_id, header.producer_epoch);
        let free = producer.batches.iter().position(Option::is_none).unwrap_or_else(|| {
            producer.batches.rotate_left(1);
            REMEMBERED_BATCHES - 1
        });
        producer.batches[free] = Some(batch);
        producer.last_timestamp = if append_time < 0 { header.max_timestamp } else { append_time };
        if header.is_transactional() && producer.open.is_none() {
            producer.open = Some(base_offset);
            self.open.insert((base_offset, header.producer_id));
        }
    }

    /// A producer with this epoch; what was numbered with another one is forgotten.
    fn producer(&mut self, id: i64, epoch: i16) -> &mut Producer {
        let producer = self.known.entry(id).or_insert_with(|| Producer::new(epoch));
        if producer.epoch != epoch {
            *producer = Producer { open: producer.open, ..Producer::new(epoch) };
        }
        producer
    }

    /// Lets a producer add to a transaction here, until a marker ends it.
    pub(crate) fn enrol(&mut self, id: i64, epoch: i16) {
        self.enrolled.insert(id, epoch);
    }

    /// Ends an enrolment without a marker, where there is nothing to be marked.
    pub(crate) fn dismiss(&mut self, id: i64) {
        self.enrolled.remove(&id);
    }

    /// Remembers a marker that was stored at `offset`.
    pub(crate) fn ended(&mut self, marker: &Marker, offset: i64, timestamp: i64) {
        self.dismiss(marker.producer_id);
        let producer = self.producer(marker.producer_id, marker.producer_epoch);
        producer.coordinator_epoch = marker.coordinator_epoch;
        producer.last_timestamp = timestamp;
        let Some(first) = producer.open.take() else { return };
        self.open.remove(&(first, marker.producer_id));
        if !marker.commit {
            let stable = self.first_open().unwrap_or(offset + 1);
            let producer_id = marker.producer_id;
            self.aborted.push_back(Aborted { producer_id, first, last: offset, stable });
        }
    }

    /// Remembers a stored batch, as when it was appended. The batches of a partition come in their order.
    pub(crate) fn replay(&mut self, header: &BatchHeader, batch: &[u8]) {
        if header.is_control() {
            if let Some(marker) = Marker::parse(header, batch) {
                self.ended(&marker, header.base_offset, header.max_timestamp);
            }
        } else if header.producer_id >= 0 {
            let append_time = if header.is_log_append_time() { header.max_timestamp } else { -1 };
            self.stored(header, header.base_offset, append_time);
        }
    }

    /// Forgets transactions that were aborted before `start`, where the log begins now.
    pub(crate) fn forget_before(&mut self, start: i64) {
        let gone = self.aborted.partition_point(|aborted| aborted.last < start);
        self.aborted.drain(..gone);
    }

    /// The first offset of an open transaction.
    pub(crate) fn first_open(&self) -> Option<i64> {
        self.open.first().map(|(first, _)| *first)
    }

    /// The first offset of a producer's open transaction.
    pub(crate) fn open_since(&self, id: i64) -> Option<i64> {
        self.known.get(&id).and_then(|producer| producer.open)
    }

    /// Whether a producer has records in an open transaction.
    pub(crate) fn is_open(&self, id: i64) -> bool {
        self.known.get(&id).is_some_and(|producer| producer.open.is_some())
    }

    /// Producers with open transactions that nobody is going to end, with their epochs.
    pub(crate) fn hanging(&self) -> Vec<(i64, i16)> {
        let ids = self.open.iter().map(|(_, id)| *id).filter(|id| !self.enrolled.contains_key(id));
        ids.filter_map(|id| Some((id, self.known.get(&id)?.epoch))).collect()
    }

    /// The aborted transactions with records from `from` on and before `to`.
    pub(crate) fn aborted(&self, from: i64, to: i64) -> Vec<Aborted> {
        let mut found = Vec::new();
        let first = self.aborted.partition_point(|aborted| aborted.last < from);
        for aborted in self.aborted.range(first..) {
            if aborted.first < to {
                found.push(*aborted);
            }
            if aborted.stable >= to {
                break;
            }
        }
        found
    }

    /// Everybody who wrote here, with the latest epoch.
    pub(crate) fn epochs(&self) -> impl Iterator<Item = (i64, i16)> {
        self.known.iter().map(|(id, producer)| (*id, producer.epoch))
    }

    /// Who writes here, by id.
    pub(crate) fn active(&self) -> Vec<Active> {
        let active = |(&id, producer): (&i64, &Producer)| Active {
            id,
            epoch: producer.epoch,
            last_sequence: producer.batches.iter().flatten().last().map_or(-1, |b| b.last_sequence),
            last_timestamp: producer.last_timestamp,
            coordinator_epoch: producer.coordinator_epoch,
            open: producer.open.unwrap_or(-1),
        };
        let mut all: Vec<_> = self.known.iter().map(active).collect();
        all.sort_unstable_by_key(|active| active.id);
        all
    }

    /// Whether there are so many that a new one has to wait for [`forget_idle`](Self::forget_idle).
    pub(crate) fn are_many(&self) -> bool {
        self.known.len() >= MAX_PRODUCERS
    }

    /// Forgets a tenth of the producers without a transaction, those that have written nothing for longest.
    pub(crate) fn forget_idle(&mut self) {
        let written = |p: &Producer| p.batches.iter().flatten().last().map_or(-1, |b| b.base_offset);
        let is_idle = |id: &i64, p: &Producer| p.open.is_none() && !self.enrolled.contains_key(id);
        let idle = self.known.iter().filter(|(id, p)| is_idle(id, p));
        let mut idle: Vec<(i64, i64)> = idle.map(|(id, p)| (written(p), *id)).collect();
        idle.sort_unstable();
        for (_, id) in idle.iter().take(self.known.len().div_ceil(10)) {
            self.known.remove(id);
        }
    }

    /// How many producers are known.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// About what all of this takes in memory; enrolments are counted by the coordinator.
    pub(crate) fn bytes(&self) -> usize {
        self.known.len() * PRODUCER_BYTES + self.aborted.len() * ABORTED_BYTES
    }
}

/// The sequence number after `last`: after the greatest comes 0.
fn following(last: i32) -> i32 {
    last.checked_add(1).unwrap_or(0)
}
