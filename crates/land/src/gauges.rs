//! How a landing goes, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that change while a landing goes on.
#[derive(Debug)]
pub struct Gauges {
    read: AtomicU64,
    landed: AtomicU64,
    rejected: AtomicU64,
    behind: AtomicU64,
    held: AtomicU64,
    reading: AtomicU64,
}

/// Nobody has said how far behind it is.
const UNKNOWN: u64 = u64::MAX;

impl Default for Gauges {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            read: zero(),
            landed: zero(),
            rejected: zero(),
            behind: AtomicU64::new(UNKNOWN),
            held: zero(),
            reading: zero(),
        }
    }
}

impl Gauges {
    /// Records that were read into batches.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Records that are in the target.
    pub fn landed(&self) -> u64 {
        self.landed.load(Ordering::Relaxed)
    }

    /// Records that the target did not take.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Records that the logs have and that are not read yet, as far as somebody has said.
    pub fn behind(&self) -> Option<u64> {
        Some(self.behind.load(Ordering::Relaxed)).filter(|behind| *behind != UNKNOWN)
    }

    /// Partitions that it was given.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Those of them that are claimed and compared with their logs, and are read.
    pub fn reading(&self) -> u64 {
        self.reading.load(Ordering::Relaxed)
    }

    pub(crate) fn note_partitions(&self, held: u64, reading: u64) {
        self.reading.store(reading, Ordering::Relaxed);
        self.held.store(held, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, read: u64, landed: u64, rejected: u64) {
        self.read.store(read, Ordering::Relaxed);
        self.landed.store(landed, Ordering::Relaxed);
        self.rejected.store(rejected, Ordering::Relaxed);
    }

    pub(crate) fn note_behind(&self, behind: Option<u64>) {
        self.behind.store(behind.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }
}
