//! What goes wrong with the files of a broker in a directory.

use crate::{disk, explanation::Explanation};
use std::{io, path::PathBuf, sync::Arc};

/// Why files could not be written or read. It can be told more than once: a partition that could not be written
/// stays closed for writing, and says the same to everybody.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.explain())]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum StorageError {
    Io { path: PathBuf, what: &'static str, source: Arc<io::Error> },
    Damaged { path: PathBuf, position: u64, what: &'static str },
    Missing { path: PathBuf, offset: i64 },
    Short { path: PathBuf, end: i64, had: i64 },
    MissingStart { path: PathBuf, from: i64, to: i64 },
    MissingEnd { path: PathBuf, end: i64, had: i64 },
    Torn { path: PathBuf, position: u64, bytes: u64 },
    Empty { path: PathBuf, end: i64 },
    Unsynced { path: PathBuf, end: i64 },
    Deleted { path: PathBuf },
    Gone { path: PathBuf },
    Journal { path: PathBuf },
}

impl StorageError {
    /// Where, what, and what to do.
    pub fn explain(&self) -> Explanation {
        const RESTORE: &str = "restore the file or delete the topic";
        let restore = || RESTORE.to_owned();
        let (path, what, help) = match self {
            Self::Io { path, what, .. } => (path, format!("cannot {what}"), String::new()),
            Self::Damaged { path, position, what } => {
                let what =
                    format!("damaged at byte {position} ({what}); records from there on are not served");
                (path, what, restore())
            }
            Self::Missing { path, offset } => {
                let what = format!(
                    "missing, though later records are there; records from offset {offset} on are not served"
                );
                (path, what, restore())
            }
            Self::Short { path, end, had } => {
                let what = format!(
                    "the log ends at offset {end} and had come to {had}; what was between is not there any longer"
                );
                (path, what, String::new())
            }
            Self::MissingStart { path, from, to } => {
                let what = format!(
                    "missing, though later records are there; records from offset {from} to {to} are not served"
                );
                let help =
                    format!("restore the file, or delete the records before offset {to} and start again");
                (path, what, help)
            }
            Self::MissingEnd { path, end, had } => {
                let what = format!(
                    "missing, though the log had come to offset {had}; records from offset {end} on are not served"
                );
                (path, what, restore())
            }
            Self::Torn { path, position, bytes } => {
                let what =
                    format!("{bytes} bytes from byte {position} on were no whole batch, and are cut off");
                (path, what, String::new())
            }
            Self::Empty { path, end } => {
                let what = format!(
                    "no record is here any longer, though there were some; it goes on from offset {end}"
                );
                (path, what, String::new())
            }
            Self::Unsynced { path, end } => {
                let what = format!(
                    "what came from offset {end} on had not reached the disk when the power went, and is cut off"
                );
                (path, what, String::new())
            }
            Self::Deleted { path } => (path, "the partition is deleted".to_owned(), String::new()),
            Self::Gone { path } => {
                let what =
                    "it was removed under the broker, which takes nothing more for it until the next start";
                (path, what.to_owned(), String::new())
            }
            Self::Journal { path } => {
                let what = "the broker cannot write its journal, on which it relies";
                (path, what.to_owned(), String::new())
            }
        };
        Explanation::new(path.display(), what, help)
    }

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
