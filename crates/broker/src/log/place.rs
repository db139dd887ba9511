//! Where a log in a directory is, and what all who write and read it know of it together.

use super::{
    disk::{self, Kind},
    open_files::OpenFiles,
    segment::{Growing, Mark},
};
use crate::{storage_error::StorageError, sync::Lock};
use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64},
    },
};

/// What a log in a directory shares with its readers.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// Segments that end here or before are removed.
    pub(super) kept_from: AtomicI64,
    /// How often segments were replaced by others of the same offsets.
    pub(super) generation: AtomicU64,
    /// Where a reader came to an end in a segment without an index in memory, which is named by its base: the next
    /// reader often goes on there.
    pub(super) next: Lock<Option<(i64, Mark)>>,
    /// The segment that is being finished. Its index is not on the disk yet.
    pub(super) finishing: Lock<Option<Arc<Growing>>>,
    /// Why nothing is written any longer.
    pub(super) fault: OnceLock<StorageError>,
    /// What has to be on the disk before anything of the log is.
    pub(super) ahead: OnceLock<Ahead>,
    /// Counts the files of all logs.
    pub(super) files: OnceLock<Arc<OpenFiles>>,
}

impl Place {
    pub(super) fn new(dir: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            dir,
            kept_from: AtomicI64::new(0),
            generation: AtomicU64::new(0),
            next: Lock::default(),
            finishing: Lock::default(),
            fault: OnceLock::new(),
            ahead: OnceLock::new(),
            files: OnceLock::new(),
        })
    }

    /// Has what the log relies on reach the disk.
    pub(super) fn settle_ahead(&self) -> Result<(), StorageError> {
        self.ahead.get().map_or(Ok(()), |ahead| (ahead.0)())
    }

    pub(super) fn path(&self, base: i64, kind: Kind) -> PathBuf {
        disk::path(&self.dir, base, kind)
    }
}

/// A call that has reach the disk what must be there before a log is: whose it is, and who wrote to it.
#[derive(Clone)]
pub(crate) struct Ahead(Arc<dyn Fn() -> Result<(), StorageError> + Send + Sync>);

impl Ahead {
    pub(crate) fn new(settle: impl Fn() -> Result<(), StorageError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(settle))
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ahead")
    }
}
