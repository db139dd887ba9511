//! What is wrong with a directory.

use crate::{explanation::Explanation, journal::JournalError, storage_error::StorageError};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a directory cannot be used, or what was found in it.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.explain())]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum DirectoryError {
    InUse {
        path: PathBuf,
    },
    Io {
        path: PathBuf,
        what: &'static str,
        source: io::Error,
    },
    NoJournal {
        path: PathBuf,
    },
    HasJournal {
        path: PathBuf,
    },
    TakenUp {
        path: PathBuf,
        name: String,
        partitions: i32,
    },
    Older {
        path: PathBuf,
        seen: i64,
        known: i64,
    },
    Beyond {
        path: PathBuf,
        group: String,
        topic: String,
        partition: i32,
        offset: i64,
        end: i64,
    },
    Aborted {
        path: PathBuf,
        producer: i64,
        topic: String,
        partition: i32,
    },
    TopicGone {
        path: PathBuf,
        name: String,
    },
    MorePartitions {
        path: PathBuf,
        name: String,
        known: i32,
        found: i32,
    },
    Files {
        path: PathBuf,
        most: usize,
    },
    Gone {
        path: PathBuf,
    },
    Unknown {
        path: PathBuf,
    },
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("{error}")]
    Storage {
        error: StorageError,
    },
}

impl DirectoryError {
    /// Where, what, and what to do.
    pub fn explain(&self) -> Explanation {
        let help = match self {
            Self::Journal(error) => return error.explain(),
            Self::Storage { error } => return error.explain(),
            Self::InUse { .. } => "stop it, or choose another",
            Self::NoJournal { .. } => {
                "restore the file from a copy, recover the logs without it, or move the directory away to start anew"
            }
            Self::HasJournal { .. } => "start without recovering",
            _ => "",
        };
        Explanation::new(self.path().display(), self.what(), help)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Journal(_) | Self::Storage { .. } => Path::new(""),
            Self::InUse { path }
            | Self::Io { path, .. }
            | Self::NoJournal { path }
            | Self::HasJournal { path }
            | Self::TakenUp { path, .. }
            | Self::Older { path, .. }
            | Self::Beyond { path, .. }
            | Self::Aborted { path, .. }
            | Self::TopicGone { path, .. }
            | Self::MorePartitions { path, .. }
            | Self::Files { path, .. }
            | Self::Gone { path }
            | Self::Unknown { path } => path,
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Journal(error) => error.explain().what,
            Self::Storage { error } => error.explain().what,
            Self::InUse { .. } => "another process has this directory".to_owned(),
            Self::Io { what, .. } => (*what).to_owned(),
            Self::NoJournal { .. } => "there are logs and no journal that says what they are".to_owned(),
            Self::HasJournal { .. } => "there is a journal, so there is nothing to recover".to_owned(),
            Self::TakenUp { name, partitions, .. } => {
                format!("topic {name} is taken up with {partitions} partition(s) and default settings")
            }
            Self::Older { seen, known, .. } => format!(
                "the journal is older than the logs, which have records of producers up to id {seen}; it knows those \
                 below {known}. New producers get later ids; topics, settings, offsets and transactions since then \
                 are not known any longer"
            ),
            Self::Beyond { group, topic, partition, offset, end, .. } => format!(
                "offset {offset} of group {group} for {topic} {partition} lies behind the end of the log, {end}"
            ),
            Self::Aborted { producer, topic, partition, .. } => format!(
                "a transaction of producer {producer} in {topic} {partition} that the journal does not know is aborted"
            ),
            Self::TopicGone { name, .. } => format!(
                "topic {name} had its logs here, and the folder is not there any longer; its partitions begin anew"
            ),
            Self::MorePartitions { name, known, found, .. } => format!(
                "topic {name} has logs of {found} partitions and the journal knows {known}; all are taken up"
            ),
            Self::Files { most, .. } => format!(
                "logs have {most} files open, their share of what this process may have; further ones are opened for \
                 each write, which is slower (ulimit -n raises the limit)"
            ),
            Self::Gone { .. } => {
                "this directory was removed or is another one now; the broker takes nothing more until its next start"
                    .to_owned()
            }
            Self::Unknown { .. } => {
                "the journal has no topic for this directory, which is left as it is".to_owned()
            }
        }
    }
}
