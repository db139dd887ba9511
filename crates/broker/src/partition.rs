//! One partition: its log, its producers, and the fetches that wait for it.

use crate::{
    log::{AppendFailure, Full, Log},
    memory::Memory,
    producers::{PRODUCER_BYTES, Producers, Verdict},
    storage_error::StorageError,
    sync::Lock,
};
use kadence_wire::batch::BatchHeader;
use std::sync::{Arc, MutexGuard};
use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Partition {
    memory: Arc<Memory>,
    state: Lock<State>,
    waiting: Lock<Vec<Arc<Notify>>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) log: Log,
    producers: Producers,
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
    Storage(StorageError),
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

impl Partition {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        let state = State { log: Log::in_memory(memory), producers: Producers::default() };
        Self { memory: Arc::clone(memory), state: Lock::new(state), waiting: Lock::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Checks the sequence of a batch and stores it, in one step, then wakes who waits.
    pub(crate) fn append(
        &self,
        header: &BatchHeader,
        batch: &[u8],
        stamp: Option<i64>,
    ) -> Result<Appended, AppendError> {
        let appended = self.lock().append(header, batch, stamp);
        match &appended {
            Ok(_) => self.wake(),
            Err(AppendError::Full) => self.memory.note_refusal(),
            Err(_) => {}
        }
        appended
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

impl State {
    fn append(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        stamp: Option<i64>,
    ) -> Result<Appended, AppendError> {
        let idempotent = header.producer_id >= 0;
        let verdict = if idempotent { self.producers.judge(header) } else { Verdict::Append };
        match verdict {
            Verdict::Append => {}
            Verdict::AppendFirst => self.log.reserve(PRODUCER_BYTES)?,
            Verdict::Duplicate { base_offset, append_time } => {
                return Ok(Appended { base_offset, append_time, log_start: self.log.start() });
            }
            // The batches behind a refused one are out of order and would be repeated for ever: at the limit they
            // get the reason of the first.
            Verdict::OutOfOrder { .. } if !self.log.memory().has_room(batch.len()) => {
                return Err(AppendError::Full);
            }
            Verdict::OutOfOrder { expected } => return Err(AppendError::OutOfOrder { expected }),
            Verdict::OldEpoch { current } => return Err(AppendError::OldEpoch { current }),
        }
        let base_offset = self.log.append(header, batch, stamp)?;
        let append_time = stamp.unwrap_or(-1);
        if idempotent {
            self.producers.stored(header, base_offset, append_time);
        }
        Ok(Appended { base_offset, append_time, log_start: self.log.start() })
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
