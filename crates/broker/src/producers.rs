//! What one partition remembers of idempotent producers.
//!
//! A producer numbers its records in each partition. A batch that repeats one of the last five is acknowledged
//! with the offset it got then; any other gap or repetition is refused, and so is an older epoch.

use kadence_wire::batch::BatchHeader;
use std::collections::HashMap;

/// Kafka's producers keep at most five requests in flight; so many batches can come again.
const REMEMBERED_BATCHES: usize = 5;

/// What a producer costs in memory, about, with its place in the table.
pub(crate) const PRODUCER_BYTES: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Producers(HashMap<i64, Producer>);

#[derive(Debug)]
struct Producer {
    epoch: i16,
    /// The last batches, oldest first; empty places at the end.
    batches: [Option<Batch>; REMEMBERED_BATCHES],
}

#[derive(Debug, Clone, Copy)]
struct Batch {
    first_sequence: i32,
    last_sequence: i32,
    base_offset: i64,
    append_time: i64,
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
}

impl Producers {
    /// Judges a batch with a producer id. A producer that is unknown here may start with any number, as in Kafka:
    /// its first batches may have been deleted.
    pub(crate) fn judge(&self, header: &BatchHeader) -> Verdict {
        let Some(producer) = self.0.get(&header.producer_id) else { return Verdict::AppendFirst };
        let (epoch, first) = (header.producer_epoch, header.base_sequence);
        if epoch < producer.epoch {
            return Verdict::OldEpoch { current: producer.epoch };
        }
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
        match known.last().map(|b| following(b.last_sequence)) {
            Some(expected) if expected != first => Verdict::OutOfOrder { expected },
            _ => Verdict::Append,
        }
    }

    /// Remembers a batch that was stored.
    pub(crate) fn stored(&mut self, header: &BatchHeader, base_offset: i64, append_time: i64) {
        let batch = Batch {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset,
            append_time,
        };
        let epoch = header.producer_epoch;
        let new = || Producer { epoch, batches: [None; REMEMBERED_BATCHES] };
        let producer = self.0.entry(header.producer_id).or_insert_with(new);
        if producer.epoch != epoch {
            *producer = new();
        }
        let free = producer.batches.iter().position(Option::is_none).unwrap_or_else(|| {
            producer.batches.rotate_left(1);
            REMEMBERED_BATCHES - 1
        });
        producer.batches[free] = Some(batch);
    }
}

/// The sequence number after `last`: after the greatest comes 0.
fn following(last: i32) -> i32 {
    last.checked_add(1).unwrap_or(0)
}
