//! Compaction: of the records of each key the last one stays.
//!
//! A partition is read twice, beside the broker's work: first what is new, for the last offset of each key; then all of
//! it, and what is not the last of its key is left out of what is written anew. What is written anew covers the same
//! offsets, so that a log has no gaps: the batch behind a record that went begins where that stood.
//!
//! Records of transactions that were aborted go as well, and those of others are no longer marked as a transaction's.
//! Markers of commits go with them. Markers of aborts stay until the next time: until then readers are told of the
//! transaction, and look for its end.
//!
//! | Module | Holds |
//! |---|---|
//! | `keys` | the last offset of each key, in bounded memory |
//! | `survivors` | which records stay, and the batches that are written of them |
//! | `cleaner` | which partition is next, on a thread of its own |
//! | `partition` | one partition compacted |

mod cleaner;
mod keys;
mod partition;
mod survivors;
#[cfg(test)]
mod tests;

pub(crate) use cleaner::{Cleaner, Cleaning};
pub(crate) use survivors::Rewritten;

use crate::options::TopicSettings;

/// When and how a topic is compacted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CompactionSettings {
    pub(crate) min_dirty_ratio: f64,
    pub(crate) min_lag_ms: i64,
    pub(crate) max_lag_ms: i64,
    pub(crate) delete_retention_ms: i64,
    pub(crate) segment_bytes: u64,
}

impl CompactionSettings {
    /// Those of a topic; nothing where it is not compacted.
    pub(crate) fn of(settings: &TopicSettings) -> Option<Self> {
        settings.cleanup_policy.contains("compact").then_some(Self {
            min_dirty_ratio: settings.min_dirty_ratio,
            min_lag_ms: settings.min_compaction_lag_ms,
            max_lag_ms: settings.max_compaction_lag_ms,
            delete_retention_ms: settings.delete_retention_ms,
            segment_bytes: u64::from(settings.segment_bytes),
        })
    }

    /// Whether what has this as its latest timestamp is too young.
    pub(crate) fn is_young(&self, timestamp: i64, now_ms: i64) -> bool {
        self.min_lag_ms > 0 && now_ms.saturating_sub(timestamp) < self.min_lag_ms
    }

    /// Whether what has this as its first timestamp is to be compacted by now.
    pub(crate) fn is_overdue(&self, timestamp: i64, now_ms: i64) -> bool {
        timestamp >= 0 && now_ms.saturating_sub(timestamp) > self.max_lag_ms
    }
}

/// What of a log can be compacted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dirt {
    /// What is new begins here.
    pub(crate) from: i64,
    /// And ends here, as far as it can be compacted.
    pub(crate) to: i64,
    /// Bytes that were compacted before.
    pub(crate) clean_bytes: u64,
    /// Bytes of what is new.
    pub(crate) dirty_bytes: u64,
    /// Whether it has waited for as long as it may.
    pub(crate) is_overdue: bool,
}

impl Dirt {
    /// The share of what is new.
    pub(crate) fn ratio(&self) -> f64 {
        let all = self.clean_bytes + self.dirty_bytes;
        if all == 0 { 0.0 } else { self.dirty_bytes as f64 / all as f64 }
    }

    /// Whether it is worth it.
    pub(crate) fn is_enough(&self, settings: &CompactionSettings) -> bool {
        self.dirty_bytes > 0 && (self.is_overdue || self.ratio() >= settings.min_dirty_ratio)
    }
}
