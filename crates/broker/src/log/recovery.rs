//! A log in a directory after a start: what its files hold, after whatever end.
//!
//! A segment with a sound index file beside it was finished and synced, and is taken for what its trailer says. All
//! others are read and checked from start to end. The last one may end in a part of a batch, which a crash in the
//! middle of a write leaves; that is cut off. Anything else that is not as it was written is damage: what is before
//! it is served, the log is closed for writing, and no file is touched.

use super::{
    Restored,
    directory::{Active, DirectoryLog, INDEX_INTERVAL, Tail},
    disk::{self, Kind},
    index,
    scan::{Scan, is_followed, scan},
    segment::{Entry, Growing, Summary},
    snapshot,
};
use crate::{memory::Memory, storage_error::StorageError};
use std::{collections::VecDeque, fs, path::PathBuf, sync::Arc};

/// The numbers of a partition's files, in order.
#[derive(Debug, Default)]
struct Files {
    logs: Vec<i64>,
    indexes: Vec<i64>,
    snapshots: Vec<i64>,
}

impl DirectoryLog {
    /// Opens what is in `dir`. The log begins at `start` if there are records from before that; if it ends before,
    /// it is empty there. The partition is given its newest state and all batches since.
    pub(super) fn recover(
        dir: PathBuf,
        start: i64,
        memory: &Arc<Memory>,
        restored: &mut dyn FnMut(Restored<'_>),
    ) -> Result<Self, StorageError> {
        let mut log = Self::new(dir, memory);
        let files = log.files()?;
        log.snapshots.clone_from(&files.snapshots);
        for base in &files.logs {
            let last = files.logs.last() == Some(base);
            if !log.take_over(*base, last)? {
                break;
            }
        }
        let first = log.segments().next().map(|s| s.base);
        // Without any segment the last snapshot tells how far the offsets had come.
        log.end = log
            .segments()
            .last()
            .map_or_else(|| files.logs.first().or(files.snapshots.last()).copied().unwrap_or(0), |s| s.end);
        log.start = first.unwrap_or(log.end);
        log.replay(restored)?;
        // A snapshot is written when all before it is: what it has and the segments have not was taken away.
        if let Some(&had) = files.snapshots.last()
            && had > log.end
        {
            log.lost = Some(StorageError::Short { path: log.place.dir.clone(), end: log.end, had });
        }
        if log.place.fault.get().is_none() {
            log.tidy(&files)?;
            log.begin_at(start)?;
        } else if start > log.end {
            (log.finished, log.tail) = (VecDeque::new(), Tail::None);
            (log.start, log.end) = (start, start);
        } else {
            log.start = start.max(log.start);
        }
        log.idle_end = log.end;
        Ok(log)
    }

    fn files(&self) -> Result<Files, StorageError> {
        let mut files = Files::default();
        for (offset, kind) in disk::list(&self.place.dir)? {
            match kind {
                Kind::Log => files.logs.push(offset),
                Kind::Index => files.indexes.push(offset),
                Kind::Snapshot => files.snapshots.push(offset),
                Kind::Unfinished => disk::remove(&self.place.path(offset, Kind::Unfinished))?,
            }
        }
        files.logs.sort_unstable();
        files.snapshots.sort_unstable();
        Ok(files)
    }

    /// Takes over one more segment; `false` if nothing behind it can be.
    fn take_over(&mut self, base: i64, last: bool) -> Result<bool, StorageError> {
        let path = self.place.path(base, Kind::Log);
        if let Some(end) = self.segments().last().map(|s| s.end)
            && end != base
        {
            let missing = self.place.path(end, Kind::Log);
            self.close_for_writing(if end < base {
                StorageError::Missing { path: missing, offset: end }
            } else {
                StorageError::Damaged { path, position: 0, what: "offsets of the segment before it" }
            });
            return Ok(false);
        }
        let len = fs::metadata(&path).map_err(StorageError::io(&path, "read"))?.len();
        if let Some(summary) = index::summary(&self.place.dir, base, len) {
            if last {
                self.tail = Tail::Closed(summary);
            } else {
                self.finished.push_back(summary);
            }
            return Ok(true);
        }
        let Scan { segment, bad } = scan(&path, base, INDEX_INTERVAL, &mut |_, _| {})?;
        let (summary, position) = (segment.summary, segment.summary.len);
        match bad {
            // What is removed was never whole: a batch is acknowledged when all of it is written, and none is
            // written before the one ahead of it.
            Some(_) if last && !is_followed(&path, position, summary.end)? => disk::cut(&path, position)?,
            Some(what) => drop(self.close_for_writing(StorageError::Damaged { path, position, what })),
            None if !last => {
                // Without an index reads are slower, and the next start reads the segment again. With one it is
                // trusted, so the disk has to have it.
                let synced = disk::open(&path, false).is_ok_and(|file| (self.disk.sync)(&file).is_ok());
                if synced {
                    let _ = index::write(self.disk, &self.place.dir, &segment);
                }
                self.finished.push_back(summary);
                return Ok(true);
            }
            None => {}
        }
        self.unflushed = (summary.end - base) as u64;
        self.open_at(segment);
        Ok(self.place.fault.get().is_none())
    }

    fn open_at(&mut self, segment: Growing) {
        self.share.grow(segment.index.capacity() * size_of::<Entry>());
        self.tail = Tail::Open(Active { segment, file: None });
    }

    /// Gives the partition its newest state and the batches behind it. A segment that turns out to be damaged ends
    /// the log.
    fn replay(&mut self, restored: &mut dyn FnMut(Restored<'_>)) -> Result<(), StorageError> {
        self.snapshots.retain(|at| *at <= self.end);
        let mut from = i64::MIN;
        while let Some(at) = self.snapshots.last() {
            if let Some(state) = snapshot::read(&self.place.dir, *at) {
                restored(Restored::Snapshot(&state));
                from = *at;
                break;
            }
            self.snapshots.pop();
        }
        let behind: Vec<Summary> = self.segments().filter(|s| s.end > from && s.len > 0).copied().collect();
        for summary in behind {
            let path = self.place.path(summary.base, Kind::Log);
            let mut seen = summary.base;
            let Scan { segment, bad } = scan(&path, summary.base, INDEX_INTERVAL, &mut |header, batch| {
                // Of a segment that is damaged and served in part, only that part counts.
                if header.base_offset >= from && header.base_offset < summary.end {
                    restored(Restored::Batch(header, batch));
                }
                seen = header.base_offset;
            })?;
            if segment.summary.len < summary.len {
                let what = bad.unwrap_or("shorter than its index says");
                let position = segment.summary.len;
                self.close_for_writing(StorageError::Damaged { path, position, what });
                self.finished.retain(|s| s.base < summary.base);
                self.end = segment.summary.end;
                self.open_at(segment);
                break;
            }
        }
        Ok(())
    }

    /// Removes the files that say something of records that are not there, and those that are damaged.
    fn tidy(&self, files: &Files) -> Result<(), StorageError> {
        let indexed = |base: i64| match &self.tail {
            Tail::Closed(summary) if summary.base == base => true,
            _ => self.finished.iter().any(|s| s.base == base),
        };
        for base in files.indexes.iter().filter(|base| !indexed(**base)) {
            disk::remove(&self.place.path(*base, Kind::Index))?;
        }
        // Without any segment, the name of a snapshot still says where the log ended.
        let superfluous = |at: &&i64| !files.logs.is_empty() && !self.snapshots.contains(at);
        for at in files.snapshots.iter().filter(superfluous) {
            disk::remove(&self.place.path(*at, Kind::Snapshot))?;
        }
        Ok(())
    }

    fn begin_at(&mut self, start: i64) -> Result<(), StorageError> {
        if start <= self.end {
            return self.advance_start(start);
        }
        // Records are gone that were deleted anyway; their offsets do not come again.
        if let Some(summary) = self.tail.summary().copied() {
            self.finished.push_back(summary);
            self.tail = Tail::None;
        }
        self.end = start;
        self.unflushed = 0;
        self.advance_start(start)
    }
}
