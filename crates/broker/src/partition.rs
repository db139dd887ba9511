//! One partition: its log, its producers, and the fetches that wait for it.
//!
//! | Module | Holds |
//! |---|---|
//! | `state` | what is under the partition's lock: batches checked, stored, marked, deleted |

mod state;

pub(crate) use state::State;

use crate::{
    journal::NotWritten,
    log::{AppendFailure, Full, Log, LogSettings},
    memory::Memory,
    options::TopicSettings,
    storage_error::StorageError,
    sync::Lock,
};
use kadence_wire::{batch::BatchHeader, control::Marker};
use kafka_protocol::ResponseError;
use std::{
    path::PathBuf,
    sync::{Arc, MutexGuard},
};
use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Partition {
    memory: Arc<Memory>,
    state: Lock<State>,
    waiting: Lock<Vec<Arc<Notify>>>,
}

/// A batch that was checked, and what it is stored by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) header: &'a BatchHeader,
    pub(crate) bytes: &'a [u8],
    pub(crate) settings: &'a TopicSettings,
    pub(crate) now_ms: i64,
}

/// Where a batch is, and the time it was stamped with, or -1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    pub(crate) append_time: i64,
    pub(crate) log_start: i64,
}

/// Why a batch is not stored.
#[derive(Debug)]
pub(crate) enum AppendError {
    Full,
    OutOfOrder { expected: i32 },
    OldEpoch { current: i16 },
    NotEnrolled,
    Outside,
    Storage(StorageError),
}

/// When a transaction's end is marked where it has no records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unused {
    /// As Kafka does, if there is room.
    Marked,
    /// Not where the end may have been marked before.
    Skipped,
}

impl From<AppendFailure> for AppendError {
    fn from(failure: AppendFailure) -> Self {
        match failure {
            AppendFailure::Full => Self::Full,
            AppendFailure::Storage(error) => Self::Storage(error),
        }
    }
}

impl From<Full> for AppendError {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl From<StorageError> for AppendError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl Partition {
    /// An empty partition, whose log is in `dir` or in memory.
    pub(crate) fn new(dir: Option<PathBuf>, memory: &Arc<Memory>) -> Self {
        let log = match dir {
            Some(dir) => Log::in_directory(dir, memory),
            None => Log::in_memory(memory),
        };
        Self::around(State::new(log, memory), memory)
    }

    /// The partition whose log is in `dir`, with what its batches say of producers and transactions. Its records
    /// before `start` are deleted.
    pub(crate) fn recover(dir: PathBuf, start: i64, memory: &Arc<Memory>) -> Result<Self, StorageError> {
        Ok(Self::around(State::recover(dir, start, memory)?, memory))
    }

    fn around(state: State, memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory), state: Lock::new(state), waiting: Lock::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Checks the sequence of a batch and stores it, in one step, then wakes who waits.
    pub(crate) fn append(&self, batch: &Incoming<'_>) -> Result<Appended, AppendError> {
        let appended = self.lock().append(batch);
        match &appended {
            Ok(_) => self.wake(),
            Err(AppendError::Full) => self.memory.note_refusal(),
            Err(_) => {}
        }
        appended
    }

    /// Lets a producer add to a transaction, until its end is marked.
    pub(crate) fn enrol(&self, producer_id: i64, epoch: i16) {
        self.lock().producers.enrol(producer_id, epoch);
    }

    /// Marks the end of a producer's transaction, also when the memory is full, and wakes who waits.
    pub(crate) fn end(
        &self,
        marker: &Marker,
        settings: &TopicSettings,
        now_ms: i64,
        unused: Unused,
    ) -> Result<(), AppendError> {
        let ended = self.lock().end(marker, settings, now_ms, unused);
        self.wake();
        ended
    }

    /// Deletes the records before `offset`, or all there are, once `keep` has written down how far; the first offset
    /// that is left.
    pub(crate) fn delete_before(
        &self,
        offset: Option<i64>,
        keep: impl FnOnce(i64) -> Result<(), NotWritten>,
    ) -> Result<i64, ResponseError> {
        let start = {
            let mut state = self.lock();
            let (start, end) = (state.log.start(), state.log.end());
            let offset = offset.unwrap_or(end);
            if !(0..=end).contains(&offset) {
                return Err(ResponseError::OffsetOutOfRange);
            }
            if offset > start {
                keep(offset).map_err(|_| ResponseError::KafkaStorageError)?;
                state.advance_start(offset).map_err(|_| ResponseError::KafkaStorageError)?;
            }
            state.log.start()
        };
        self.wake();
        Ok(start)
    }

    /// Deletes what is too old or too much, once `keep` has written down from where on records stay.
    pub(crate) fn retain(
        &self,
        settings: &TopicSettings,
        now_ms: i64,
        keep: impl FnOnce(i64) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        if self.lock().retain(settings, now_ms, keep)? {
            self.wake();
        }
        Ok(())
    }

    /// Deletes everything, for good, and wakes who waits.
    pub(crate) fn delete(&self) -> Result<(), StorageError> {
        let deleted = self.lock().log.delete();
        self.wake();
        deleted
    }

    /// Wakes the fetches that wait for this partition.
    pub(crate) fn wake(&self) {
        for fetch in self.waiting.lock().iter() {
            fetch.notify_one();
        }
    }

    /// Has `fetch` notified of changes until the guard is dropped.
    pub(crate) fn watch(self: &Arc<Self>, fetch: &Arc<Notify>) -> Watch {
        self.waiting.lock().push(Arc::clone(fetch));
        Watch { partition: Arc::clone(self), fetch: Arc::clone(fetch) }
    }
}

/// What a topic's settings say of its logs.
fn of_log(settings: &TopicSettings) -> LogSettings {
    let deletes = settings.cleanup_policy.contains("delete");
    LogSettings {
        segment_bytes: u64::from(settings.segment_bytes),
        segment_ms: settings.segment_ms,
        index_interval_bytes: u64::from(settings.index_interval_bytes),
        retention_ms: if deletes { settings.retention_ms } else { -1 },
        retention_bytes: if deletes { settings.retention_bytes } else { -1 },
    }
}

/// A fetch's place in the list of those that wait.
pub(crate) struct Watch {
    partition: Arc<Partition>,
    fetch: Arc<Notify>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = self.partition.waiting.lock();
        if let Some(at) = waiting.iter().position(|w| Arc::ptr_eq(w, &self.fetch)) {
            waiting.swap_remove(at);
        }
    }
}
