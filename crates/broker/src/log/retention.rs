//! What a log in a directory deletes: whole segments from its front.

use super::{
    LogSettings,
    directory::{DirectoryLog, Tail},
    disk::{self, Kind},
    segment::Summary,
};
use crate::storage_error::StorageError;
use std::{io, sync::atomic::Ordering::Relaxed};

impl DirectoryLog {
    /// Lets the log begin at `offset`. Segments before it are removed but for the last one.
    pub(super) fn advance_start(&mut self, offset: i64) -> Result<(), StorageError> {
        self.start = offset.clamp(self.start, self.end);
        let offset = self.start;
        if self.place.fault.get().is_some() {
            // What is on the disk stays as it is until somebody has looked at it.
            return Ok(());
        }
        let goes = |segment: &&Summary| segment.end <= offset;
        if self.finished.front().is_some_and(|segment| goes(&segment)) {
            // Otherwise a loss of power could leave a log whose beginning is missing.
            self.place.settle_ahead()?;
        }
        while let Some(segment) = self.finished.front().filter(goes) {
            let (base, end) = (segment.base, segment.end);
            if self.place.finishing.lock().as_ref().is_some_and(|s| s.summary.base == base) {
                // Otherwise its index would come when it is gone.
                self.settle()?;
            }
            // Readers have to know before they look for the file.
            self.place.kept_from.fetch_max(end, Relaxed);
            for kind in [Kind::Log, Kind::Index] {
                disk::remove(&self.place.path(base, kind))?;
            }
            self.finished.pop_front();
        }
        Ok(())
    }

    /// Removes segments by age and size, none with records at or behind `before`. The last segment goes only if all
    /// of it is too old; `state` is then what the partition knows at the end.
    pub(super) fn retain(
        &mut self,
        settings: &LogSettings,
        now_ms: i64,
        before: i64,
        state: impl FnOnce() -> Vec<u8>,
        keep: impl FnOnce(i64) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        self.rest();
        if self.place.fault.get().is_some() {
            return Ok(false);
        }
        let mut excess = settings.excess(self.size_bytes());
        let mut upto = self.start;
        let mut all = true;
        for segment in &self.finished {
            // One whose records are all deleted holds up none behind it.
            let goes = segment.end <= self.start
                || segment.end <= before
                    && (settings.is_expired(segment.max_timestamp, now_ms) || excess >= segment.len as i64);
            if !goes {
                all = false;
                break;
            }
            excess -= segment.len as i64;
            upto = upto.max(segment.end);
        }
        let tail = self.tail.summary().filter(|s| s.len > 0 && s.end <= before);
        if all && tail.is_some_and(|s| settings.is_expired(s.max_timestamp, now_ms)) {
            self.roll(&state())?;
            // It says where the log ends when nothing else is left.
            self.start_segment()?;
            self.rest();
            self.disk.sync_dir(&self.place.dir)?;
            upto = self.end;
        }
        let moved = upto > self.start;
        if moved {
            keep(upto)?;
            self.advance_start(upto)?;
        }
        Ok(moved)
    }

    /// Closes the file of a log that nothing was appended to since the last time.
    fn rest(&mut self) {
        if self.idle_end == self.end
            && let Tail::Open(active) = &mut self.tail
        {
            active.close_file();
        }
        self.idle_end = self.end;
    }

    /// Removes all files. Other people's stay, and with them the directory.
    pub(super) fn delete(&mut self) -> Result<(), StorageError> {
        let dir = self.place.dir.clone();
        // What is left of a segment is deleted with it.
        let _ = self.settle();
        *self.left.lock() = None;
        self.place.kept_from.store(i64::MAX, Relaxed);
        let _ = self.place.fault.set(StorageError::Deleted { path: dir.clone() });
        self.finished.clear();
        self.tail = Tail::None;
        self.start = self.end;
        self.share.shrink_to(0);
        for (offset, kind) in disk::list(&dir)? {
            disk::remove(&self.place.path(offset, kind))?;
        }
        match crate::disk::remove_dir(&dir) {
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed.map_err(StorageError::io(dir, "remove")),
        }
    }
}
