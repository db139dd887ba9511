//! What has a log in a directory reach the disk: flushes, and segments that are finished.

use super::{
    directory::{Active, DirectoryLog, Tail, writer},
    disk::Kind,
    segment::{Entry, Growing},
    segment_finish::Finish,
    snapshot,
};
use crate::storage_error::StorageError;
use std::{fs::File, sync::Arc};

impl DirectoryLog {
    /// Finishes the last segment, beside the broker's work. The next batch makes a new one.
    pub(super) fn roll(&mut self, state: &[u8]) -> Result<(), StorageError> {
        if let Some(finish) = self.complete(state)? {
            let left = Arc::clone(&self.left);
            self.finishing = (self.disk.beside)(Box::new(move || {
                let done = finish.run();
                *left.lock() = done;
            }));
        }
        if let Tail::Closed(summary) = self.tail {
            self.finished.push_back(summary);
            self.tail = Tail::None;
        }
        self.check_writable()
    }

    /// Syncs all there is and writes what the next start needs to look at nothing else.
    pub(super) fn close(&mut self, state: &[u8]) -> Result<(), StorageError> {
        if let Some(finish) = self.complete(state)? {
            let done = finish.run();
            *self.left.lock() = done;
        }
        self.check_nothing_left().and_then(|()| self.check_writable())
    }

    /// What is to be done at the end of a segment, which is closed from now on.
    fn complete(&mut self, state: &[u8]) -> Result<Option<Finish>, StorageError> {
        self.settle()?;
        self.check_writable()?;
        let empty = self.tail.summary().is_none_or(|s| s.len == 0);
        if empty && self.finished.is_empty() {
            return Ok(None);
        }
        let segment =
            if !empty && matches!(self.tail, Tail::Open(_)) { Some(self.close_tail()?) } else { None };
        if let Some((_, segment)) = &segment {
            *self.place.finishing.lock() = Some(Arc::clone(segment));
        }
        self.unflushed = 0;
        Ok(Some(Finish {
            disk: self.disk,
            place: Arc::clone(&self.place),
            segment,
            // It may have changed without a record.
            state: (self.end, state.to_vec()),
            is_compacted: self.is_compacted,
            superfluous: snapshot::note(&mut self.snapshots, self.end),
            new_names: std::mem::take(&mut self.new_names),
        }))
    }

    fn close_tail(&mut self) -> Result<(Arc<File>, Arc<Growing>), StorageError> {
        writer(&self.place, &mut self.tail)?;
        let closed = self.tail.summary().map_or(Tail::None, |s| Tail::Closed(*s));
        match std::mem::replace(&mut self.tail, closed) {
            Tail::Open(Active { segment, file: Some(file), .. }) => {
                let entries = segment.index.capacity() * size_of::<Entry>();
                self.share.shrink_to(self.share.bytes().saturating_sub(entries));
                Ok((file, Arc::new(segment)))
            }
            _ => Err(StorageError::Deleted { path: self.place.dir.clone() }),
        }
    }

    /// Waits for a segment that is being finished, and does what was left of it.
    pub(super) fn settle(&mut self) -> Result<(), StorageError> {
        if let Some(thread) = self.finishing.take() {
            let _ = thread.join();
        }
        let left = self.left.lock().take();
        // With a fault, files stay as they are until somebody has looked at them.
        if let Some(left) = left.filter(|_| self.place.fault.get().is_none()) {
            let done = left.finish.run();
            *self.left.lock() = done;
        }
        self.check_nothing_left()
    }

    /// Does what was left of a segment. One that is still being finished is not waited for.
    pub(super) fn finish_left(&mut self) -> Result<(), StorageError> {
        if self.left.lock().is_none() { Ok(()) } else { self.settle() }
    }

    fn check_nothing_left(&self) -> Result<(), StorageError> {
        self.left.lock().as_ref().map_or(Ok(()), |left| Err(left.error.clone()))
    }

    /// Makes all that is appended outlive a loss of power. Where a file cannot be opened for want of open files, nothing
    /// is known to be wrong with it, and the next flush may succeed.
    pub(super) fn flush(&mut self) -> Result<(), StorageError> {
        self.settle()?;
        self.check_writable()?;
        if self.unflushed > 0 {
            self.place.settle_ahead()?;
            let (file, active) = writer(&self.place, &mut self.tail)?;
            if let Err(e) = (self.disk.sync)(file) {
                let path = self.place.path(active.summary.base, Kind::Log);
                return Err(self.close_for_writing(StorageError::io(path, "sync")(e)));
            }
            self.unflushed = 0;
        }
        if self.new_names {
            self.disk.sync_names(&self.place.dir).map_err(|error| {
                if error.is_want_of_files() { error } else { self.close_for_writing(error) }
            })?;
            self.new_names = false;
        }
        Ok(())
    }
}
