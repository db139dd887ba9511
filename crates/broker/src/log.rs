//! The log of one partition: batches in order of their offsets, in memory or in a directory.
//!
//! | Module | Holds |
//! |---|---|
//! | `memory` | the log in memory |
//! | `compacting` | what compaction asks of a log, whichever it is |
//! | `settings` | what a topic says of its logs |
//! | `directory`, `flush`, `segment_finish`, `retention`, `recovery` | the log in a directory: written, synced, deleted from, found again |
//! | `place` | where it is, and what writers and readers share |
//! | `segment`, `index`, `snapshot` | its files |
//! | `read_plan`, `reading`, `lookup`, `segment_reader` | reading them without holding up the partition |
//! | `unloaded` | what was found and is not loaded yet, whichever log it is in |
//! | `scan` | a segment checked byte by byte |
//! | `disk`, `open_files` | what is asked of the system |

mod compacting;
mod directory;
mod disk;
mod flush;
mod index;
mod lookup;
mod memory;
mod open_files;
mod place;
mod read_plan;
mod reading;
mod recovery;
mod retention;
mod scan;
mod segment;
mod segment_finish;
mod segment_reader;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;
mod unloaded;

pub(crate) use compacting::{Part, Replacement};
pub(crate) use open_files::OpenFiles;
pub(crate) use place::Ahead;
pub(crate) use settings::LogSettings;
pub(crate) use unloaded::{Found, Lookup};

use crate::{memory::Memory, storage_error::StorageError};
use bytes::Bytes;
use directory::DirectoryLog;
use kadence_wire::batch::BatchHeader;
use memory::MemoryLog;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use unloaded::{Finding, Looking};

/// The only leader there is never changes.
const LEADER_EPOCH: i32 = 0;

/// The log of a partition, which has its batches.
#[derive(Debug)]
pub(crate) enum Log {
    Memory(MemoryLog),
    Directory(DirectoryLog),
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

/// Why a batch is not stored.
#[derive(Debug)]
pub(crate) enum AppendFailure {
    Full,
    Storage(StorageError),
}

impl From<Full> for AppendFailure {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl From<StorageError> for AppendFailure {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// What a partition learns when its log is opened again.
#[derive(Debug)]
pub(crate) enum Restored<'a> {
    /// The newest state it gave to the log; comes first, if at all.
    Snapshot(&'a [u8]),
    /// A batch behind that state.
    Batch(&'a BatchHeader, &'a [u8]),
}

impl Log {
    /// An empty log in memory.
    pub(crate) fn in_memory(memory: &Arc<Memory>) -> Self {
        Self::Memory(MemoryLog::new(memory))
    }

    /// An empty log in a directory, which is made with the first batch.
    pub(crate) fn in_directory(dir: PathBuf, memory: &Arc<Memory>) -> Self {
        Self::Directory(DirectoryLog::new(dir, memory))
    }

    /// The log that is in `dir`, from `start` on. `restored` is called with the partition's newest state, and then
    /// with every batch behind it. A log that is damaged is open for reading up to there, and has a fault; an error
    /// means that nothing can be said of it.
    pub(crate) fn recover(
        dir: PathBuf,
        start: i64,
        memory: &Arc<Memory>,
        restored: &mut dyn FnMut(Restored<'_>),
    ) -> Result<Self, StorageError> {
        DirectoryLog::recover(dir, start, memory, restored).map(Self::Directory)
    }

    /// Where the log in `dir` begins, by the names of its files.
    pub(crate) fn first_offset(dir: &Path) -> Result<i64, StorageError> {
        DirectoryLog::first_offset(dir)
    }

    /// Nothing of this log reaches the disk before what `ahead` brings there, and its file is one of `files`.
    pub(crate) fn bind(&self, ahead: Ahead, files: &Arc<OpenFiles>) {
        if let Self::Directory(log) = self {
            let _ = (log.place.ahead.set(ahead), log.place.files.set(Arc::clone(files)));
        }
    }

    /// Takes nothing more, for the reason given.
    pub(crate) fn close_for_writing(&self, error: StorageError) {
        if let Self::Directory(log) = self {
            let _ = log.close_for_writing(error);
        }
    }

    /// The first offset that is kept.
    pub(crate) fn start(&self) -> i64 {
        match self {
            Self::Memory(log) => log.start(),
            Self::Directory(log) => log.start,
        }
    }

    /// The offset the next record gets.
    pub(crate) fn end(&self) -> i64 {
        match self {
            Self::Memory(log) => log.end(),
            Self::Directory(log) => log.end,
        }
    }

    /// Bytes of all batches that are kept, with those that share a segment with deleted ones.
    pub(crate) fn size_bytes(&self) -> u64 {
        match self {
            Self::Memory(log) => log.size_bytes(),
            Self::Directory(log) => log.size_bytes(),
        }
    }

    /// The offset behind the last segment that is finished.
    #[cfg(test)]
    pub(crate) fn finished(&self) -> i64 {
        match self {
            Self::Memory(_) => 0,
            Self::Directory(log) => log.finished.back().map_or(0, |segment| segment.end),
        }
    }

    /// Why nothing can be appended any longer; what is stored can be read.
    pub(crate) fn fault(&self) -> Option<&StorageError> {
        match self {
            Self::Memory(_) => None,
            Self::Directory(log) => log.place.fault.get(),
        }
    }

    /// What was not found again when the log was opened.
    pub(crate) fn lost(&self) -> Option<&StorageError> {
        match self {
            Self::Memory(_) => None,
            Self::Directory(log) => log.lost.as_ref(),
        }
    }

    /// Stores a checked batch behind the last one and returns its base offset. `stamp` is the time of arrival, where
    /// it replaces the producer's.
    pub(crate) fn append(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        stamp: Option<i64>,
    ) -> Result<i64, AppendFailure> {
        match self {
            Self::Memory(log) => Ok(log.append(header, batch, stamp)?),
            Self::Directory(log) => log.append(header, batch, stamp),
        }
    }

    /// Whether the last segment has to be finished before a batch of this length and latest timestamp. The settings
    /// hold from then on.
    pub(crate) fn needs_roll(
        &mut self,
        batch_len: usize,
        timestamp: i64,
        settings: &LogSettings,
        now_ms: i64,
    ) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::Directory(log) => log.needs_roll(batch_len, timestamp, settings, now_ms),
        }
    }

    /// Finishes the last segment; what waits for the disk is done beside. `snapshot` is what the partition wants to be
    /// given when the log is opened again.
    pub(crate) fn roll(&mut self, snapshot: &[u8]) -> Result<(), StorageError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Directory(log) => log.roll(snapshot),
        }
    }

    /// As [`append`](Self::append), for what must not be refused for want of memory.
    pub(crate) fn append_anyway(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<i64, AppendFailure> {
        match self {
            Self::Memory(log) => Ok(log.append_anyway(header, batch)?),
            Self::Directory(log) => log.append(header, batch, None),
        }
    }

    /// The memory that holds what is stored.
    pub(crate) fn memory(&self) -> &Memory {
        match self {
            Self::Memory(log) => log.memory(),
            Self::Directory(log) => log.memory(),
        }
    }

    /// Whole batches from the one that holds `offset` to the last that ends before `before`, up to `max_bytes`; with
    /// `at_least_one`, the first even if it is larger. Nothing is copied or read from the disk here.
    pub(crate) fn read(&self, offset: i64, max_bytes: usize, at_least_one: bool, before: i64) -> Found {
        Found(match self {
            Self::Memory(log) => Finding::Shared(log.read(offset, max_bytes, at_least_one, before)),
            Self::Directory(log) => Finding::Stored(log.read(offset, max_bytes, at_least_one, before)),
        })
    }

    /// The first batch whose latest record is at or after `timestamp`.
    pub(crate) fn first_at(&self, timestamp: i64) -> Lookup {
        Lookup(match self {
            Self::Memory(log) => Looking::Done(log.first_at(timestamp)),
            Self::Directory(log) => Looking::Ahead(log.first_at(timestamp)),
        })
    }

    /// The first batch with the latest timestamp of all.
    pub(crate) fn latest(&self) -> Lookup {
        Lookup(match self {
            Self::Memory(log) => Looking::Done(log.latest()),
            Self::Directory(log) => Looking::Ahead(log.latest()),
        })
    }

    /// Deletes what is before `offset`. What shares a segment with later records stays on the disk, unseen.
    pub(crate) fn advance_start(&mut self, offset: i64) -> Result<(), StorageError> {
        match self {
            Self::Memory(log) => log.advance_start(offset),
            Self::Directory(log) => log.advance_start(offset)?,
        }
        Ok(())
    }

    /// Deletes from the front what is too old or too much, nothing at or behind `before`, and says whether anything
    /// went. In a directory whole segments go; the last only if all of it is too old, when `snapshot` is asked for the
    /// partition's state. `keep` is told of the first offset that stays, and has it outlive the process, before
    /// anything goes.
    pub(crate) fn retain(
        &mut self,
        settings: &LogSettings,
        now_ms: i64,
        before: i64,
        snapshot: impl FnOnce() -> Vec<u8>,
        keep: impl FnOnce(i64) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        match self {
            Self::Memory(log) => Ok(log.retain(settings, now_ms, before)),
            Self::Directory(log) => log.retain(settings, now_ms, before, snapshot, keep),
        }
    }

    /// Records that a loss of power could take.
    pub(crate) fn unflushed(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Directory(log) => log.unflushed,
        }
    }

    /// Has the disk keep all that is appended.
    pub(crate) fn flush(&mut self) -> Result<(), StorageError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Directory(log) => log.flush(),
        }
    }

    /// Does what could not be done at the end of a segment for want of open files, if there is anything.
    pub(crate) fn finish_left(&mut self) -> Result<(), StorageError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Directory(log) => log.finish_left(),
        }
    }

    /// Flushes, and leaves all that the next start needs to look at no batch.
    pub(crate) fn close(&mut self, snapshot: &[u8]) -> Result<(), StorageError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Directory(log) => log.close(snapshot),
        }
    }

    /// Deletes everything, for good. The directory goes, unless somebody put files of their own there.
    pub(crate) fn delete(&mut self) -> Result<(), StorageError> {
        match self {
            Self::Memory(log) => log.delete(),
            Self::Directory(log) => log.delete()?,
        }
        Ok(())
    }
}
