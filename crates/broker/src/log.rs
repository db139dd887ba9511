//! The log of one partition: batches in order of their offsets.

mod memory;

use crate::memory::Memory;
use bytes::Bytes;
use kadence_wire::batch::BatchHeader;
use memory::MemoryLog;
use std::sync::Arc;

/// Where a partition's batches are kept. A log in a directory joins here as a second variant.
#[derive(Debug)]
pub(crate) enum Log {
    Memory(MemoryLog),
}

/// A batch as it was stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) base_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) bytes: Bytes,
}

/// The batch does not fit into the memory the broker may use.
#[derive(Debug)]
pub(crate) struct Full;

impl Log {
    pub(crate) fn in_memory(memory: &Arc<Memory>) -> Self {
        Self::Memory(MemoryLog::new(memory))
    }

    /// The first offset that is kept.
    pub(crate) fn start(&self) -> i64 {
        match self {
            Self::Memory(log) => log.start(),
        }
    }

    /// The offset the next record gets.
    pub(crate) fn end(&self) -> i64 {
        match self {
            Self::Memory(log) => log.end(),
        }
    }

    /// Stores a checked batch behind the last one and returns its base offset. `stamp` is the time of arrival, where
    /// it replaces the producer's.
    pub(crate) fn append(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        stamp: Option<i64>,
    ) -> Result<i64, Full> {
        match self {
            Self::Memory(log) => log.append(header, batch, stamp),
        }
    }

    /// As [`append`](Self::append), for what must not be refused for want of memory.
    pub(crate) fn append_anyway(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<i64, Full> {
        match self {
            Self::Memory(log) => log.append_anyway(header, batch),
        }
    }

    /// The memory that holds what is stored.
    pub(crate) fn memory(&self) -> &Memory {
        match self {
            Self::Memory(log) => log.memory(),
        }
    }

    /// Whole batches from the one that holds `offset` to those that begin before `before`, up to `max_bytes`; with
    /// `at_least_one`, the first even if it is larger. The bytes are shared with the log, not copied.
    pub(crate) fn read(&self, offset: i64, before: i64, max_bytes: usize, at_least_one: bool) -> Vec<Bytes> {
        match self {
            Self::Memory(log) => log.read(offset, before, max_bytes, at_least_one),
        }
    }

    /// The first batch whose latest record is at or after `timestamp`.
    pub(crate) fn first_at(&self, timestamp: i64) -> Option<Stored> {
        match self {
            Self::Memory(log) => log.first_at(timestamp),
        }
    }

    /// The first batch with the latest timestamp of all.
    pub(crate) fn latest(&self) -> Option<Stored> {
        match self {
            Self::Memory(log) => log.latest(),
        }
    }
}
