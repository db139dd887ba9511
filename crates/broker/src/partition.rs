//! One partition: its log, its producers, and the fetches that wait for it.

use crate::{
    log::{Full, Log},
    memory::{Memory, Share},
    producers::{PRODUCER_BYTES, Producers, Verdict},
    sync::Lock,
};
use kadence_wire::{batch::BatchHeader, control::Marker};
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
    pub(crate) producers: Producers,
    /// What is remembered of producers.
    share: Share,
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
}

/// When a transaction's end is marked where it has no records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unused {
    /// As Kafka does, if there is room.
    Marked,
    /// Not where the end may have been marked before.
    Skipped,
}

impl From<Full> for AppendError {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl Partition {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        let (log, share) = (Log::in_memory(memory), Share::new(memory));
        let state = State { log, producers: Producers::default(), share };
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

    /// Lets a producer add to a transaction, until its end is marked.
    pub(crate) fn enrol(&self, producer_id: i64, epoch: i16) {
        self.lock().producers.enrol(producer_id, epoch);
    }

    /// Marks the end of a producer's transaction, also when the memory is full, and wakes who waits.
    pub(crate) fn end(&self, marker: &Marker, now_ms: i64, unused: Unused) -> Result<(), AppendError> {
        let ended = self.lock().end(marker, now_ms, unused);
        self.wake();
        ended
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
    /// The offset up to which every transaction has ended; nothing from it on is seen by who reads only what is
    /// committed.
    pub(crate) fn last_stable(&self) -> i64 {
        self.producers.first_open().map_or(self.log.end(), |first| first.max(self.log.start()))
    }

    fn end(&mut self, marker: &Marker, now_ms: i64, unused: Unused) -> Result<(), AppendError> {
        let is_open = self.producers.is_open(marker.producer_id);
        if !is_open && unused == Unused::Skipped {
            self.producers.dismiss(marker.producer_id);
            return Ok(());
        }
        let batch = marker.encode(now_ms);
        let header = BatchHeader::parse(&batch).map_err(|_| AppendError::Full)?;
        let appended = if is_open {
            self.log.append_anyway(&header, &batch)
        } else {
            self.log.append(&header, &batch, None)
        };
        match appended {
            Ok(offset) => self.producers.ended(marker, offset, now_ms),
            // Nobody misses a marker where there is nothing to be marked.
            Err(_) if !is_open => self.producers.dismiss(marker.producer_id),
            Err(error) => return Err(error.into()),
        }
        let more = self.producers.bytes().saturating_sub(self.share.bytes());
        self.share.insist(more);
        Ok(())
    }

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
            Verdict::AppendFirst if !self.share.grow(PRODUCER_BYTES) => return Err(AppendError::Full),
            Verdict::AppendFirst => {}
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
            Verdict::NotEnrolled => return Err(AppendError::NotEnrolled),
            Verdict::Outside => return Err(AppendError::Outside),
        }
        let appended = self.log.append(header, batch, stamp);
        if appended.is_err() {
            self.share.shrink_to(self.producers.bytes());
        }
        let base_offset = appended?;
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
