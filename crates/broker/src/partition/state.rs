//! What is under a partition's lock. A batch is checked and stored in one step, and so is a marker: neither comes
//! between the two steps of the other.

use super::{AppendError, Appended, Incoming, Unused, of_log};
use crate::{
    compaction::CompactionSettings,
    log::{Log, Restored},
    memory::{Memory, Share},
    options::TopicSettings,
    producers::{PRODUCER_BYTES, Producers, Verdict},
    storage_error::StorageError,
};
use kadence_wire::{batch::BatchHeader, control::Marker};
use std::{path::PathBuf, sync::Arc};

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) log: Log,
    pub(crate) producers: Producers,
    /// What is remembered of producers.
    share: Share,
    /// Since when there are records that a loss of power could take, in milliseconds.
    unflushed_since: Option<i64>,
    /// Whether the disk was to keep what is stored, and could not be asked to.
    owes_flush: bool,
}

impl State {
    pub(super) fn new(log: Log, memory: &Arc<Memory>) -> Self {
        Self {
            log,
            producers: Producers::default(),
            share: Share::new(memory),
            unflushed_since: None,
            owes_flush: false,
        }
    }

    pub(super) fn recover(dir: PathBuf, start: i64, memory: &Arc<Memory>) -> Result<Self, StorageError> {
        let mut producers = Producers::default();
        let log = Log::recover(dir, start, memory, &mut |restored| match restored {
            // A snapshot has a checksum: it is as this program, or an earlier one, has written it.
            Restored::Snapshot(bytes) => producers = Producers::restore(bytes).unwrap_or_default(),
            Restored::Batch(header, batch) => producers.replay(header, batch),
        })?;
        producers.forget_before(log.start().max(log.cleaned()));
        // Nobody knows how long they have waited for the disk.
        let unflushed_since = (log.unflushed() > 0).then_some(0);
        let mut state = Self { producers, unflushed_since, ..Self::new(log, memory) };
        state.account();
        Ok(state)
    }

    /// The offset up to which every transaction has ended; nothing from it on is seen by who reads only what is
    /// committed.
    pub(crate) fn last_stable(&self) -> i64 {
        self.producers.first_open().map_or(self.log.end(), |first| first.max(self.log.start()))
    }

    /// Takes memory for a new producer. Where there are very many, idle ones go; they stay where memory is short, as
    /// one that is forgotten may store a batch twice.
    fn make_room(&mut self) -> bool {
        if self.producers.are_many() {
            self.producers.forget_idle();
            self.share.shrink_to(self.producers.bytes());
        }
        self.share.grow(PRODUCER_BYTES)
    }

    pub(super) fn append(&mut self, incoming: &Incoming<'_>) -> Result<Appended, AppendError> {
        let Incoming { header, bytes, settings, now_ms } = *incoming;
        let idempotent = header.producer_id >= 0;
        let verdict = if idempotent { self.producers.judge(header) } else { Verdict::Append };
        match verdict {
            Verdict::AppendFirst if !self.make_room() => return Err(AppendError::Full),
            Verdict::Append | Verdict::AppendFirst => {}
            Verdict::Duplicate { base_offset, append_time } => {
                // It may be stored and not have reached the disk, for want of which it was refused.
                if let Some(fault) = self.fault() {
                    return Err(fault);
                }
                if self.owes_flush {
                    self.flush()?;
                }
                return Ok(Appended { base_offset, append_time, log_start: self.log.start() });
            }
            // The batches behind a refused one are out of order and would be repeated for ever: at the limit they
            // get the reason of the first.
            Verdict::OutOfOrder { .. } if !self.log.memory().has_room(bytes.len()) => {
                return Err(AppendError::Full);
            }
            Verdict::OutOfOrder { expected } => {
                return Err(self.fault().unwrap_or(AppendError::OutOfOrder { expected }));
            }
            Verdict::OldEpoch { current } => return Err(AppendError::OldEpoch { current }),
            Verdict::NotEnrolled => return Err(AppendError::NotEnrolled),
            Verdict::Outside => return Err(AppendError::Outside),
        }
        let stamp = settings.log_append_time.then_some(now_ms);
        let appended = self.store(incoming, stamp);
        if appended.is_err() {
            self.share.shrink_to(self.producers.bytes());
        }
        let base_offset = appended?;
        let append_time = stamp.unwrap_or(-1);
        if idempotent {
            self.producers.stored(header, base_offset, append_time);
        }
        self.flush_after(settings, now_ms)?;
        Ok(Appended { base_offset, append_time, log_start: self.log.start() })
    }

    fn store(&mut self, incoming: &Incoming<'_>, stamp: Option<i64>) -> Result<i64, AppendError> {
        let Incoming { header, bytes, settings, now_ms } = *incoming;
        let timestamp = stamp.unwrap_or(header.max_timestamp);
        self.roll_if_due(bytes.len(), timestamp, settings, now_ms)?;
        Ok(self.log.append(header, bytes, stamp)?)
    }

    fn roll_if_due(
        &mut self,
        len: usize,
        timestamp: i64,
        settings: &TopicSettings,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        if self.log.needs_roll(len, timestamp, &of_log(settings), now_ms) {
            self.log.roll(&self.producers.snapshot())?;
        }
        Ok(())
    }

    pub(super) fn end(
        &mut self,
        marker: &Marker,
        settings: &TopicSettings,
        now_ms: i64,
        unused: Unused,
    ) -> Result<(), AppendError> {
        let is_open = self.producers.is_open(marker.producer_id);
        // Records of the transaction may be behind what is damaged, and have to be marked once that is restored.
        if !is_open && let Some(fault) = self.fault() {
            return Err(fault);
        }
        if !is_open && unused == Unused::Skipped {
            self.producers.dismiss(marker.producer_id);
            return Ok(());
        }
        let bytes = marker.encode(now_ms);
        let header = BatchHeader::parse(&bytes).map_err(|_| AppendError::Full)?;
        let rolled = self.roll_if_due(bytes.len(), now_ms, settings, now_ms);
        let appended = rolled.map_err(AppendError::from).and_then(|()| {
            Ok(if is_open {
                self.log.append_anyway(&header, &bytes)?
            } else {
                self.log.append(&header, &bytes, None)?
            })
        });
        match appended {
            Ok(offset) => self.producers.ended(marker, offset, now_ms),
            // Nobody misses a marker where there is nothing to be marked.
            Err(_) if !is_open => {
                self.producers.dismiss(marker.producer_id);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.account();
        Ok(self.flush_after(settings, now_ms)?)
    }

    pub(super) fn advance_start(&mut self, offset: i64) -> Result<(), StorageError> {
        self.log.advance_start(offset)?;
        self.producers.forget_before(self.log.start());
        self.share.shrink_to(self.producers.bytes());
        Ok(())
    }

    /// Whether anything was deleted.
    pub(super) fn retain(
        &mut self,
        settings: &TopicSettings,
        now_ms: i64,
        keep: impl FnOnce(i64) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        let Self { log, producers, .. } = self;
        let before = producers.first_open().unwrap_or(i64::MAX);
        let deleted = log.retain(&of_log(settings), now_ms, before, || producers.snapshot(), keep)?;
        if deleted {
            self.producers.forget_before(self.log.start());
            self.share.shrink_to(self.producers.bytes());
        }
        Ok(deleted)
    }

    /// Finishes a segment whose records have waited to be compacted for as long as they may.
    pub(crate) fn roll_to_compact(
        &mut self,
        settings: &CompactionSettings,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        if self.log.needs_roll_to_compact(settings, now_ms) {
            self.log.roll(&self.producers.snapshot())?;
        }
        Ok(())
    }

    /// Notes up to where the log is compacted. Of transactions that were aborted before that nothing is left, so nobody
    /// is told of them any longer.
    pub(crate) fn set_cleaned(&mut self, offset: i64) -> Result<(), StorageError> {
        self.log.set_cleaned(offset)?;
        self.producers.forget_before(offset);
        self.share.shrink_to(self.producers.bytes());
        Ok(())
    }

    /// Has the disk keep what is stored, after so many records as the topic says.
    fn flush_after(&mut self, settings: &TopicSettings, now_ms: i64) -> Result<(), StorageError> {
        let unflushed = self.log.unflushed();
        if unflushed == 0 {
            return Ok(());
        }
        self.unflushed_since.get_or_insert(now_ms);
        if !self.owes_flush && i64::try_from(unflushed).unwrap_or(i64::MAX) < settings.flush_messages {
            return Ok(());
        }
        self.flush()
    }

    /// Has the disk keep what was stored so long ago as the topic says.
    pub(crate) fn flush_due(&mut self, settings: &TopicSettings, now_ms: i64) -> Result<(), StorageError> {
        let due = self.unflushed_since.is_some_and(|since| now_ms.saturating_sub(since) >= settings.flush_ms);
        if due || self.owes_flush { self.flush() } else { self.log.finish_left() }
    }

    /// Has the disk keep what is stored. Where that fails and the log is not closed by it, it is due again.
    fn flush(&mut self) -> Result<(), StorageError> {
        let flushed = self.log.flush();
        self.owes_flush = flushed.is_err() && self.log.fault().is_none();
        if !self.owes_flush {
            self.unflushed_since = None;
        }
        flushed
    }

    /// Leaves everything for the next start, which then looks at no batch.
    pub(crate) fn close(&mut self) -> Result<(), StorageError> {
        self.log.close(&self.producers.snapshot())
    }

    /// Why nothing is stored any longer.
    fn fault(&self) -> Option<AppendError> {
        self.log.fault().cloned().map(AppendError::Storage)
    }

    /// Counts what is remembered, also where there is no room: it is there.
    fn account(&mut self) {
        let more = self.producers.bytes().saturating_sub(self.share.bytes());
        self.share.insist(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Ahead, OpenFiles};
    use std::fs;
    use tempfile::TempDir;

    fn batch(sequence: i32) -> Vec<u8> {
        crate::power::batch(7, 0, sequence, 1, 10, 0, false)
    }

    #[test]
    fn a_flush_whose_file_cannot_be_opened_is_due_again() {
        let (dir, memory) = (TempDir::new().unwrap(), Memory::new(u64::MAX, None));
        let mut state = State::new(Log::in_directory(dir.path().to_owned(), &memory), &memory);
        // No file stays open, so that each flush opens it.
        state.log.bind(Ahead::new(|| Ok(())), &OpenFiles::at_most(0));
        let settings = TopicSettings { flush_messages: 2, flush_ms: 10, ..TopicSettings::default() };
        let append = |state: &mut State, sequence| {
            let bytes = batch(sequence);
            let header = BatchHeader::parse_produced(&bytes).unwrap();
            state.append(&Incoming { header: &header, bytes: &bytes, settings: &settings, now_ms: 100 })
        };
        append(&mut state, 0).unwrap();
        let (segment, away) = (dir.path().join(format!("{:020}.log", 0)), dir.path().join("away"));
        fs::rename(&segment, &away).unwrap();
        for _ in 0..2 {
            assert!(state.flush_due(&settings, 110).is_err());
        }
        assert!(state.fault().is_none());
        // The disk was asked for it, so nobody is told that it is stored, however often it is sent.
        assert!(matches!(append(&mut state, 0), Err(AppendError::Storage(_))));
        fs::rename(&away, &segment).unwrap();
        assert_eq!(append(&mut state, 0).unwrap().base_offset, 0);
        assert_eq!((state.log.unflushed(), state.unflushed_since), (0, None));
        append(&mut state, 1).unwrap();
        state.flush_due(&settings, 109).unwrap();
        assert_eq!(state.log.unflushed(), 1, "not due yet");
        state.flush_due(&settings, 110).unwrap();
        assert_eq!(state.log.unflushed(), 0);
    }
}
