//! What a partition remembers, as bytes.
//!
//! ```text
//! version u8 = 1
//! count u32, producers by id: id i64, epoch i16, coordinator epoch i32, last timestamp i64, open i64 (-1 for none),
//!     batches u8, each: first sequence i32, last sequence i32, base offset i64, append time i64
//! count u32, aborted in order: producer i64, first i64, last i64, stable i64
//! ```

use super::{Aborted, Batch, Producer, Producers, REMEMBERED_BATCHES};

const VERSION: u8 = 1;
const NONE: i64 = -1;
/// The fewest bytes of a producer, and those of an aborted transaction.
const LEAST_PRODUCER: usize = 31;
const ABORTED: usize = 32;

/// Bytes that are not a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no state of producers")]
pub(crate) struct BadSnapshot;

impl Producers {
    /// Everything but the enrolments. Whoever keeps it adds a checksum.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_count(&mut out, self.known.len());
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_unstable_by_key(|(id, _)| **id);
        for (id, producer) in known {
            out.extend_from_slice(&id.to_be_bytes());
            out.extend_from_slice(&producer.epoch.to_be_bytes());
            out.extend_from_slice(&producer.coordinator_epoch.to_be_bytes());
            out.extend_from_slice(&producer.last_timestamp.to_be_bytes());
            out.extend_from_slice(&producer.open.unwrap_or(NONE).to_be_bytes());
            out.push(producer.batches.iter().flatten().count() as u8);
            for batch in producer.batches.iter().flatten() {
                out.extend_from_slice(&batch.first_sequence.to_be_bytes());
                out.extend_from_slice(&batch.last_sequence.to_be_bytes());
                out.extend_from_slice(&batch.base_offset.to_be_bytes());
                out.extend_from_slice(&batch.append_time.to_be_bytes());
            }
        }
        put_count(&mut out, self.aborted.len());
        for aborted in &self.aborted {
            for number in [aborted.producer_id, aborted.first, aborted.last, aborted.stable] {
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        out
    }

    /// What [`snapshot`](Self::snapshot) wrote. Bytes that it cannot have written are refused.
    pub(crate) fn restore(bytes: &[u8]) -> Result<Self, BadSnapshot> {
        let mut rest = Rest(bytes);
        if rest.take::<1>()? != [VERSION] {
            return Err(BadSnapshot);
        }
        let mut state = Self::default();
        for _ in 0..rest.count(LEAST_PRODUCER)? {
            let id = rest.i64()?;
            let producer = rest.producer()?;
            if let Some(first) = producer.open {
                state.open.insert((first, id));
            }
            if state.known.insert(id, producer).is_some() {
                return Err(BadSnapshot);
            }
        }
        for _ in 0..rest.count(ABORTED)? {
            let (producer_id, first, last) = (rest.i64()?, rest.i64()?, rest.i64()?);
            let stable = rest.i64()?;
            let is_behind = state.aborted.back().is_none_or(|before| before.last < last);
            if !is_behind || first > last || first < 0 {
                return Err(BadSnapshot);
            }
            state.aborted.push_back(Aborted { producer_id, first, last, stable });
        }
        if rest.0.is_empty() { Ok(state) } else { Err(BadSnapshot) }
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_be_bytes());
}

/// What is left to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadSnapshot> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BadSnapshot)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn i64(&mut self) -> Result<i64, BadSnapshot> {
        self.take().map(i64::from_be_bytes)
    }

    fn i32(&mut self) -> Result<i32, BadSnapshot> {
        self.take().map(i32::from_be_bytes)
    }

    /// A count of things that take `each` bytes at least.
    fn count(&mut self, each: usize) -> Result<usize, BadSnapshot> {
        let count = u32::from_be_bytes(self.take()?) as usize;
        if count <= self.0.len() / each { Ok(count) } else { Err(BadSnapshot) }
    }

    fn producer(&mut self) -> Result<Producer, BadSnapshot> {
        let mut producer = Producer::new(i16::from_be_bytes(self.take()?));
        producer.coordinator_epoch = self.i32()?;
        producer.last_timestamp = self.i64()?;
        producer.open = match self.i64()? {
            NONE => None,
            first if first >= 0 => Some(first),
            _ => return Err(BadSnapshot),
        };
        let [batches] = self.take()?;
        if usize::from(batches) > REMEMBERED_BATCHES {
            return Err(BadSnapshot);
        }
        for place in producer.batches.iter_mut().take(batches.into()) {
            *place = Some(Batch {
                first_sequence: self.i32()?,
                last_sequence: self.i32()?,
                base_offset: self.i64()?,
                append_time: self.i64()?,
            });
        }
        Ok(producer)
    }
}
