//! What goes wrong with the files of a broker in a directory.

use crate::disk;
use std::{io, path::PathBuf, sync::Arc};

/// Why files could not be written or read. It can be told more than once: a partition that could not be written
/// stays closed for writing, and says the same to everybody.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StorageError {
    #[error("{}: cannot {what}", path.display())]
    Io { path: PathBuf, what: &'static str, source: Arc<io::Error> },
    #[error(
        "{}: damaged at byte {position} ({what}); records from there on are not served, restore the file or \
         delete the topic",
        path.display()
    )]
    Damaged { path: PathBuf, position: u64, what: &'static str },
    #[error(
        "{}: missing, though later records are there; records from offset {offset} on are not served, restore \
         the file or delete the topic",
        path.display()
    )]
    Missing { path: PathBuf, offset: i64 },
    #[error(
        "{}: the log ends at offset {end} and had come to {had}; what was between is not there any longer",
        path.display()
    )]
    Short { path: PathBuf, end: i64, had: i64 },
    #[error(
        "{}: missing, though later records are there; records from offset {from} to {to} are not served; restore the \
         file, or delete the records before offset {to} and start again",
        path.display()
    )]
    MissingStart { path: PathBuf, from: i64, to: i64 },
    #[error(
        "{}: missing, though the log had come to offset {had}; records from offset {end} on are not served, restore \
         the file or delete the topic",
        path.display()
    )]
    MissingEnd { path: PathBuf, end: i64, had: i64 },
    #[error("{}: {bytes} bytes from byte {position} on were no whole batch, and are cut off", path.display())]
    Torn { path: PathBuf, position: u64, bytes: u64 },
    #[error(
        "{}: no record is here any longer, though there were some; it goes on from offset {end}",
        path.display()
    )]
    Empty { path: PathBuf, end: i64 },
    #[error(
        "{}: what came from offset {end} on had not reached the disk when the power went, and is cut off",
        path.display()
    )]
    Unsynced { path: PathBuf, end: i64 },
    #[error("{}: the partition is deleted", path.display())]
    Deleted { path: PathBuf },
    #[error(
        "{}: it was removed under the broker, which takes nothing more for it until the next start",
        path.display()
    )]
    Gone { path: PathBuf },
    #[error("{}: the broker cannot write its journal, on which it relies", path.display())]
    Journal { path: PathBuf },
}

impl StorageError {
    /// An error of the system, for use in `map_err`.
    pub(crate) fn io(path: impl Into<PathBuf>, what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), what, source: Arc::new(source) }
    }

    /// Whether a file was not opened because too many are open, so that nothing is known to be wrong with the disk.
    pub(crate) fn is_want_of_files(&self) -> bool {
        matches!(self, Self::Io { source, .. } if disk::is_want_of_files(source))
    }

    /// The error with its cause, in a line, for those who are only given a line.
    pub(crate) fn full_text(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}
