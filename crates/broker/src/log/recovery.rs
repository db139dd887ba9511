//! A log in a directory after a start: what its files hold, after whatever end.
//!
//! A segment with a sound index file beside it was finished and synced, and is taken for what its trailer says. All
//! others are read and checked from start to end. The last one may end in a part of a batch, which a crash in the
//! middle of a write leaves; that is cut off. A loss of power may leave pages of zeros where nothing was synced; from
//! there on the log is cut off too, and it is said. Anything else that is not as it was written is damage: what is
//! before it is served, the log is closed for writing, and no file is touched. Its end is where it was, so that
//! nobody takes what is served for all there is.

use super::{
    Restored,
    directory::{Active, DirectoryLog, INDEX_INTERVAL, Tail},
    disk::{self, Kind},
    index,
    scan::{BAD_CHECKSUM, Scan, end_behind, lacks_a_page, scan},
    segment::{Entry, Growing, Summary},
    snapshot,
};
use crate::{memory::Memory, storage_error::StorageError};
use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The numbers of a partition's files, in order.
#[derive(Debug, Default)]
struct Files {
    logs: Vec<i64>,
    indexes: Vec<i64>,
    snapshots: Vec<i64>,
    /// Where it says that the log is compacted up to.
    compacted: Vec<i64>,
}

/// What lies behind the good batches of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// A part of a batch, which was not acknowledged unless it was damaged since.
    Torn,
    /// What had not reached the disk when the power went.
    Unsynced,
    Damage(&'static str),
    /// The next segment begins at a later offset, and says so.
    Gap,
}

/// How a segment was taken over.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// The next one may be as well.
    goes_on: bool,
    /// A loss of power took its end, and all that came later.
    unsynced: bool,
}

impl Taken {
    const WHOLE: Self = Self { goes_on: true, unsynced: false };
    const END: Self = Self { goes_on: false, unsynced: false };
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
        let mut files = log.files()?;
        log.snapshots.clone_from(&files.snapshots);
        log.cleaned = files.compacted.iter().copied().max().unwrap_or(0);
        log.is_compacted = !files.compacted.is_empty();
        let mut at = 0;
        while let Some(base) = files.logs.get(at).copied() {
            at += 1;
            let Taken { goes_on, unsynced } = log.take_over(base, at == files.logs.len(), &files)?;
            if unsynced {
                log.drop_unsynced(&mut files, at)?;
            }
            if !goes_on {
                break;
            }
        }
        let served = log.segments().last().map(|s| s.end);
        let had = log.told(&files);
        log.check_end(served, had, start);
        log.end = match served {
            // Where a record is damaged there was one, though nothing behind it may tell how many.
            Some(end) if matches!(log.place.fault.get(), Some(StorageError::Damaged { .. })) => {
                log.had(&files)?.max(end + 1)
            }
            Some(end) if log.place.fault.get().is_some() => end.max(log.had(&files)?),
            Some(end) => end,
            // A segment is there from the first record on, also if all of it is deleted.
            None => log.had(&files)?.max(start),
        };
        let first = log.segments().next().map(|s| s.base);
        log.start = first.unwrap_or(log.end);
        log.check_start(&files, start);
        log.replay(restored)?;
        if log.place.fault.get().is_none() {
            log.tidy(&files)?;
            log.begin_at(start)?;
        } else if start > log.end {
            (log.finished, log.tail) = (VecDeque::new(), Tail::None);
            (log.start, log.end) = (start, start);
        } else {
            // What is missing at the start was there, and is not taken for deleted.
            log.start = start;
        }
        log.idle_end = log.end;
        Ok(log)
    }

    /// How far the log had come, by what is left of it.
    fn had(&self, files: &Files) -> Result<i64, StorageError> {
        let mut had = self.told(files);
        if let Some(&base) = files.logs.last() {
            let end = end_behind(&self.place.path(base, Kind::Log), 0, base)?;
            had = had.max(end.unwrap_or(base));
        }
        Ok(had)
    }

    /// How far it had come by the files that are written when a segment is finished. What goes by its index says
    /// nothing more.
    fn told(&self, files: &Files) -> i64 {
        let others = files.indexes.iter().filter(|base| !self.is_finished(**base));
        let ends = others.filter_map(|base| index::end(&self.place.dir, *base));
        ends.fold(files.snapshots.last().copied().unwrap_or(0), i64::max)
    }

    /// Whether the segment at `base` is complete, with an index or without.
    fn is_finished(&self, base: i64) -> bool {
        match &self.tail {
            Tail::Closed(summary) if summary.base == base => true,
            _ => self.finished.binary_search_by_key(&base, |segment| segment.base).is_ok(),
        }
    }

    /// What is missing at the end of a log that had come to `had` on the disk: a snapshot, or the index of a segment,
    /// is written when all before it is. If the last segment is whole there was another, and the log is closed; one
    /// that was cut goes on from there. Records before `start` are deleted.
    fn check_end(&mut self, served: Option<i64>, had: i64, start: i64) {
        let Some(end) = served.filter(|end| had > *end) else { return };
        if !matches!(self.tail, Tail::Open(_)) && had > start {
            let missing = self.place.path(end, Kind::Log);
            self.close_for_writing(StorageError::MissingEnd { path: missing, end, had });
        } else {
            self.lost = Some(StorageError::Short { path: self.place.dir.clone(), end, had });
        }
    }

    /// Closes a log whose first segments are not there, or all of them. Records before `start` are deleted.
    fn check_start(&mut self, files: &Files, start: i64) {
        let missing = self.place.path(start, Kind::Log);
        let first = self.segments().next().map(|s| s.base);
        match first {
            Some(first) if first > start => {
                let fault = StorageError::MissingStart { path: missing, from: start, to: first };
                drop(self.close_for_writing(fault));
            }
            None if self.end > start && files.logs.is_empty() => {
                let fault = StorageError::MissingStart { path: missing, from: start, to: self.end };
                drop(self.close_for_writing(fault));
            }
            None if files.logs.is_empty() && self.place.dir.is_dir() => {
                self.lost = Some(StorageError::Empty { path: self.place.dir.clone(), end: self.end });
            }
            _ => {}
        }
    }

    /// Where the first segment in `dir` begins.
    pub(super) fn first_offset(dir: &Path) -> Result<i64, StorageError> {
        let logs = disk::list(dir)?.into_iter().filter(|(_, kind)| *kind == Kind::Log);
        Ok(logs.map(|(offset, _)| offset).min().unwrap_or(0))
    }

    /// Takes away the segments from the one at `at` on: they were begun when the one before them had not reached the
    /// disk, so nothing in them had.
    fn drop_unsynced(&mut self, files: &mut Files, at: usize) -> Result<(), StorageError> {
        for base in files.logs.drain(at..) {
            for kind in [Kind::Log, Kind::Index] {
                disk::remove(&self.place.path(base, kind))?;
            }
        }
        let end = self.segments().last().map_or(0, |s| s.end);
        self.lost = Some(StorageError::Unsynced { path: self.place.dir.clone(), end });
        Ok(())
    }

    fn files(&self) -> Result<Files, StorageError> {
        let mut files = Files::default();
        let mut swaps = Vec::new();
        for (offset, kind) in disk::list(&self.place.dir)? {
            match kind {
                Kind::Log => files.logs.push(offset),
                Kind::Index => files.indexes.push(offset),
                Kind::Snapshot => files.snapshots.push(offset),
                Kind::Unfinished | Kind::Cleaned => disk::remove(&self.place.path(offset, kind))?,
                Kind::Swap => swaps.push(offset),
                Kind::Compacted => files.compacted.push(offset),
            }
        }
        files.logs.sort_unstable();
        self.complete_swaps(&swaps, &mut files.logs)?;
        files.snapshots.sort_unstable();
        Ok(files)
    }

    /// Takes over one more segment.
    fn take_over(&mut self, base: i64, last: bool, files: &Files) -> Result<Taken, StorageError> {
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
            return Ok(Taken::END);
        }
        let len = fs::metadata(&path).map_err(StorageError::io(&path, "read"))?.len();
        if let Some(summary) = index::summary(&self.place.dir, base, len) {
            if last {
                self.tail = Tail::Closed(summary);
            } else {
                self.finished.push_back(summary);
            }
            return Ok(Taken::WHOLE);
        }
        // Nobody knows whether those who wrote it came to sync its name.
        self.new_names = true;
        let Scan { segment, bad } = scan(&path, base, INDEX_INTERVAL, &mut |_, _| {})?;
        let (summary, position) = (segment.summary, segment.summary.len);
        let rest = self.what_is_behind(&path, &summary, bad, files)?;
        match rest {
            Rest::Nothing | Rest::Gap => {}
            Rest::Torn => {
                self.lost = Some(StorageError::Torn { path: path.clone(), position, bytes: len - position });
                disk::cut(&path, position)?;
            }
            Rest::Unsynced => disk::cut(&path, position)?,
            Rest::Damage(what) => {
                let path = path.clone();
                self.close_for_writing(StorageError::Damaged { path, position, what });
            }
        }
        if !last && matches!(rest, Rest::Nothing | Rest::Gap) {
            if rest == Rest::Nothing {
                self.index_again(&path, &segment);
            }
            self.finished.push_back(summary);
            return Ok(Taken::WHOLE);
        }
        self.unflushed = (summary.end - base) as u64;
        self.open_at(segment);
        let unsynced = rest == Rest::Unsynced;
        Ok(Taken { goes_on: self.place.fault.get().is_none() && !unsynced, unsynced })
    }

    /// What lies behind the good batches of a segment that has no sound index, and is `bad`.
    fn what_is_behind(
        &self,
        path: &Path,
        good: &Summary,
        bad: Option<&'static str>,
        files: &Files,
    ) -> Result<Rest, StorageError> {
        let next = files.logs.iter().find(|next| **next > good.base);
        let short = next.is_some_and(|next| good.end < *next);
        let behind = match bad {
            None if !short => return Ok(Rest::Nothing),
            None => None,
            Some(_) => end_behind(path, good.len, good.end)?,
        };
        // A whole batch with a wrong checksum is no write that a crash tore.
        if next.is_none() && behind.is_none() && bad != Some(BAD_CHECKSUM) {
            return Ok(Rest::Torn);
        }
        let may_lack = (next.is_none() || short) && good.end >= self.synced(good.base, files);
        if may_lack && (lacks_a_page(path, good.len)? || (short && behind.is_none())) {
            return Ok(Rest::Unsynced);
        }
        Ok(bad.map_or(Rest::Gap, Rest::Damage))
    }

    /// Without an index reads are slower, and the next start reads the segment again. With one it is trusted, so the
    /// disk has to have it.
    fn index_again(&self, path: &Path, segment: &Growing) {
        let synced = disk::open(path, false).is_ok_and(|file| (self.disk.sync)(&file).is_ok());
        if synced && self.disk.sync_names(&self.place.dir).is_ok() {
            let _ = index::write(self.disk, &self.place.dir, segment);
        }
    }

    /// The offset up to which a segment is known to have been on the disk, by the files that are written then.
    fn synced(&self, base: i64, files: &Files) -> i64 {
        let by_index = index::end(&self.place.dir, base).unwrap_or(base);
        files.snapshots.last().map_or(by_index, |snapshot| by_index.max(*snapshot))
    }

    fn open_at(&mut self, segment: Growing) {
        self.share.grow(segment.index.capacity() * size_of::<Entry>());
        self.tail = Tail::Open(Active::closed(segment));
    }

    /// Gives the partition its newest state and the batches behind it. A segment that turns out to be damaged ends
    /// the log.
    fn replay(&mut self, restored: &mut dyn FnMut(Restored<'_>)) -> Result<(), StorageError> {
        let served = self.segments().last().map_or(self.end, |s| s.end);
        self.snapshots.retain(|at| *at <= served);
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
                self.open_at(segment);
                break;
            }
        }
        Ok(())
    }

    /// Removes the files that say something of records that are not there, and those that are damaged.
    fn tidy(&self, files: &Files) -> Result<(), StorageError> {
        for base in files.indexes.iter().filter(|base| !self.is_finished(**base)) {
            disk::remove(&self.place.path(*base, Kind::Index))?;
        }
        for at in files.compacted.iter().filter(|at| **at != self.cleaned) {
            disk::remove(&self.place.path(*at, Kind::Compacted))?;
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
