//! What it takes to be done with a segment: its bytes, its index and the partition's state on the disk.
//!
//! A large segment takes a disk seconds to sync. At a roll that happens beside the broker's work; until it is
//! done the segment's index stays in memory, and a crash leaves a segment that the next start reads through.

use super::{
    disk::{Disk, Kind},
    index,
    place::Place,
    segment::Growing,
    snapshot,
};
use crate::storage_error::StorageError;
use std::{fs::File, sync::Arc};

/// The last steps of a segment.
#[derive(Debug)]
pub(super) struct Finish {
    pub(super) disk: Disk,
    pub(super) place: Arc<Place>,
    /// Nothing if the segment is finished already, and only the state is to be kept.
    pub(super) segment: Option<(Arc<File>, Arc<Growing>)>,
    /// The partition's state and its offset.
    pub(super) state: (i64, Vec<u8>),
    /// Whether the state has to outlive a loss of power.
    pub(super) is_compacted: bool,
    /// Snapshots that go once the state is kept.
    pub(super) superfluous: Vec<i64>,
    /// Whether the segment's name, and the directory's, are to be synced.
    pub(super) new_names: bool,
}

/// A segment's last steps that are to be done again, and why they were not done.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) finish: Finish,
    pub(super) error: StorageError,
}

impl Finish {
    /// Does it all. If it does not succeed, the log is closed for writing; for want of open files it is left to be done
    /// again.
    pub(super) fn run(self) -> Option<Left> {
        match self.steps() {
            Ok(()) => *self.place.finishing.lock() = None,
            Err(error) if error.is_want_of_files() => return Some(Left { finish: self, error }),
            Err(error) => drop(self.place.fault.set(error)),
        }
        None
    }

    fn steps(&self) -> Result<(), StorageError> {
        let dir = &self.place.dir;
        self.place.settle_ahead()?;
        if let Some((file, segment)) = &self.segment {
            let path = self.place.path(segment.summary.base, Kind::Log);
            (self.disk.sync)(file).map_err(StorageError::io(path, "sync"))?;
        }
        if self.new_names {
            self.disk.sync_names(dir)?;
        }
        // Behind the syncs: whoever finds these files takes the segment for synced, and named.
        let (offset, state) = &self.state;
        snapshot::write(self.disk, dir, *offset, state, self.is_compacted)?;
        if let Some((_, segment)) = &self.segment {
            index::write(self.disk, dir, segment)?;
        }
        snapshot::remove(dir, &self.superfluous)
    }
}
