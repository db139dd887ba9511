//! Compaction of a log in a directory: segments are written anew, one for several where they have become small.
//!
//! ```text
//! 00000000000000000042.cleaned     a segment that is being written anew; a start removes it
//! 00000000000000000042.swap        it is whole and on the disk; a start puts it in place
//! 00000000000000004711.compacted   what is before this offset is compacted
//! ```
//!
//! A segment that is written anew has the offsets of those it replaces. While these go one by one, the one that
//! replaces them is there under another name, so that whatever end comes between, a start knows what to do.

use super::Part;
use crate::{
    compaction::{CompactionSettings, Dirt},
    log::{
        directory::DirectoryLog,
        disk::{self, Disk, Kind},
        index,
        place::Place,
        scan::scan,
        segment::{Growing, Head, Summary},
    },
    storage_error::StorageError,
};
use kadence_wire::batch::HEADER_LEN;
use std::{
    fs::File,
    io,
    sync::{Arc, atomic::Ordering::SeqCst},
};

/// What is written at a time.
const BUFFER: usize = 256 * 1024;

/// Writes a segment anew.
#[derive(Debug)]
pub(crate) struct Rewriter {
    place: Arc<Place>,
    disk: Disk,
    interval: u64,
    file: File,
    segment: Growing,
    buffer: Vec<u8>,
    /// The segments whose place it takes.
    bases: Vec<i64>,
    /// Where there is a snapshot of what is known of producers behind them.
    snapshot: i64,
    cleaned: i64,
    /// Whether some of these may be gone: it is all that is left of them.
    is_kept: bool,
}

impl Rewriter {
    /// Adds a batch.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(io::ErrorKind::InvalidData)?;
        let head = Head::parse(header, self.segment.summary.end, disk::MAX_OFFSET, bytes.len() as u64)
            .map_err(io::Error::other)?;
        self.buffer.extend_from_slice(bytes);
        self.segment.push(&head, self.interval, true);
        if self.buffer.len() >= BUFFER { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.disk.append(&self.file, &self.buffer, &[])?;
        self.buffer.clear();
        Ok(())
    }

    fn path(&self, kind: Kind) -> std::path::PathBuf {
        self.place.path(self.segment.summary.base, kind)
    }

    /// Has it reach the disk, and takes the indexes of those that it replaces away: they say nothing of it. What is known
    /// of producers has to be there as well: nobody learns it from the batches any longer.
    pub(super) fn seal(&mut self) -> Result<(), StorageError> {
        let failed = |kind: Kind, action| StorageError::io(self.path(kind), action);
        let (write, sync, rename) =
            (failed(Kind::Cleaned, "write"), failed(Kind::Cleaned, "sync"), failed(Kind::Swap, "rename"));
        let (from, to) = (self.path(Kind::Cleaned), self.path(Kind::Swap));
        self.write().map_err(write)?;
        (self.disk.sync)(&self.file).map_err(sync)?;
        let snapshot = self.place.path(self.snapshot, Kind::Snapshot);
        let kept = File::open(&snapshot).and_then(|file| (self.disk.sync)(&file));
        kept.map_err(StorageError::io(&snapshot, "sync"))?;
        let mark = self.place.path(self.cleaned, Kind::Compacted);
        crate::disk::create(&mark).map_err(StorageError::io(&mark, "create"))?;
        for base in &self.bases {
            disk::remove(&self.place.path(*base, Kind::Index))?;
        }
        crate::disk::rename(&from, &to).map_err(rename)?;
        self.disk.sync_dir(&self.place.dir)
    }
}

impl Drop for Rewriter {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        for kind in [Kind::Cleaned, Kind::Swap] {
            let _ = disk::remove(&self.path(kind));
        }
    }
}

impl DirectoryLog {
    /// The segments that can be compacted: those that are finished, and nothing of them is too young.
    fn compactable(
        &self,
        settings: &CompactionSettings,
        now_ms: i64,
        before: i64,
    ) -> impl Iterator<Item = &Summary> {
        let finishing = self.place.finishing.lock().as_ref().map(|segment| segment.summary.base);
        let is_sound = self.place.fault.get().is_none() && self.left.lock().is_none();
        let before = before.min(self.snapshot());
        self.finished.iter().take_while(move |segment| {
            is_sound
                && segment.end <= before
                && finishing.is_none_or(|base| segment.base < base)
                && !settings.is_young(segment.max_timestamp, now_ms)
        })
    }

    /// The newest snapshot that is there by now.
    fn snapshot(&self) -> i64 {
        let is_coming = self.finishing.as_ref().is_some_and(|finishing| !finishing.is_finished());
        self.snapshots.iter().rev().nth(usize::from(is_coming)).copied().unwrap_or(0)
    }

    pub(super) fn dirt(&self, settings: &CompactionSettings, now_ms: i64, before: i64) -> Dirt {
        let cleaned = self.cleaned.max(self.start);
        let mut dirt = Dirt { from: cleaned, to: cleaned, clean_bytes: 0, dirty_bytes: 0, is_overdue: false };
        for segment in self.compactable(settings, now_ms, before) {
            if segment.end <= cleaned {
                dirt.clean_bytes += segment.len;
            } else {
                dirt.is_overdue |= settings.is_overdue(segment.first_timestamp, now_ms);
                dirt.dirty_bytes += segment.len;
                dirt.to = segment.end;
            }
        }
        dirt
    }

    pub(super) fn needs_roll_to_compact(&self, settings: &CompactionSettings, now_ms: i64) -> bool {
        let tail = self.tail.summary().filter(|segment| segment.len > 0);
        tail.is_some_and(|segment| settings.is_overdue(segment.first_timestamp, now_ms))
    }

    /// Neighbours are put together as far as one segment may have them all.
    pub(super) fn parts(&self, upto: i64, most: u64) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut size = 0;
        for segment in self.finished.iter().take_while(|segment| segment.base < upto) {
            let joins = |part: &&mut Part| {
                size + segment.len <= most && segment.end - part.from <= i64::from(i32::MAX)
            };
            if let Some(part) = parts.last_mut().filter(joins) {
                size += segment.len;
                part.to = segment.end;
                part.segments.push(*segment);
            } else {
                size = segment.len;
                parts.push(Part { from: segment.base, to: segment.end, segments: vec![*segment] });
            }
        }
        parts
    }

    pub(super) fn rewriter(&self, part: &Part) -> Result<Rewriter, StorageError> {
        let path = self.place.path(part.from, Kind::Cleaned);
        let file = crate::disk::create(&path).map_err(StorageError::io(path, "create"))?;
        Ok(Rewriter {
            place: Arc::clone(&self.place),
            disk: self.disk,
            interval: self.interval,
            file,
            segment: Growing::new(part.from),
            buffer: Vec::new(),
            bases: part.segments.iter().map(|segment| segment.base).collect(),
            snapshot: self.snapshot(),
            cleaned: self.cleaned,
            is_kept: false,
        })
    }

    /// Puts a segment that is sealed in the place of others, unless these are not there any longer as they were.
    pub(super) fn replace(&mut self, part: &Part, mut by: Rewriter) -> Result<bool, StorageError> {
        let first = self.finished.partition_point(|segment| segment.base < part.from);
        let there = self.finished.range(first..).take(part.segments.len());
        let is_as_it_was = there.eq(&part.segments) && by.segment.summary.end == part.to;
        if !is_as_it_was || self.place.fault.get().is_some() {
            return Ok(false);
        }
        // Readers have to know before they look for the files.
        self.place.generation.fetch_add(1, SeqCst);
        *self.place.next.lock() = None;
        by.is_kept = true;
        self.is_compacted = true;
        if let Err(error) = self.put_in_place(part, &by) {
            // Some of it may be done. A start does the rest; until then nobody is to write behind it.
            return Err(self.close_for_writing(error));
        }
        let behind = self.finished.split_off(first + part.segments.len());
        self.finished.truncate(first);
        self.finished.push_back(by.segment.summary);
        self.finished.extend(behind);
        // Without an index reads are slower, and the next start makes one.
        let _ = index::write(self.disk, &self.place.dir, &by.segment);
        Ok(true)
    }

    fn put_in_place(&self, part: &Part, by: &Rewriter) -> Result<(), StorageError> {
        for segment in part.segments.iter().skip(1) {
            disk::remove(&self.place.path(segment.base, Kind::Log))?;
        }
        let (from, to) = (by.path(Kind::Swap), by.path(Kind::Log));
        crate::disk::rename(&from, &to).map_err(StorageError::io(&to, "replace"))
    }

    pub(super) fn set_cleaned(&mut self, offset: i64) -> Result<(), StorageError> {
        let path = self.place.path(offset, Kind::Compacted);
        crate::disk::create(&path).map_err(StorageError::io(path, "create"))?;
        self.is_compacted = true;
        if self.cleaned < offset {
            disk::remove(&self.place.path(self.cleaned, Kind::Compacted))?;
        }
        self.cleaned = offset;
        Ok(())
    }

    pub(super) fn generation(&self) -> u64 {
        self.place.generation.load(SeqCst)
    }

    /// Puts the segments in place that were whole when the process ended, and says which others went with them.
    pub(in crate::log) fn complete_swaps(
        &self,
        swaps: &[i64],
        logs: &mut Vec<i64>,
    ) -> Result<(), StorageError> {
        for base in swaps {
            let swap = self.place.path(*base, Kind::Swap);
            let found = scan(&swap, *base, super::super::directory::INDEX_INTERVAL, &mut |_, _| {})?;
            let Summary { end, len, .. } = found.segment.summary;
            if let Some(what) = found.bad {
                if logs.contains(base) {
                    // What it was to replace is there.
                    disk::remove(&swap)?;
                    continue;
                }
                return Err(StorageError::Damaged { path: swap, position: len, what });
            }
            let replaced = |log: &i64| (*base..end).contains(log);
            for log in logs.iter().filter(|log| replaced(log)) {
                disk::remove(&self.place.path(*log, Kind::Index))?;
                if log != base {
                    disk::remove(&self.place.path(*log, Kind::Log))?;
                }
            }
            logs.retain(|log| !replaced(log));
            logs.push(*base);
            logs.sort_unstable();
            let log = self.place.path(*base, Kind::Log);
            crate::disk::rename(&swap, &log).map_err(StorageError::io(log, "replace"))?;
        }
        Ok(())
    }
}
