//! The directory of a broker that keeps what it is given.
//!
//! ```text
//! DIR/lock                          held by the process that has the directory
//! DIR/journal                       topics, offsets, transactions
//! DIR/topics/TOPIC-ID/PARTITION/    the log of one partition
//! ```
//!
//! Topics go by their ids there: names may differ only in case, or be reserved by an operating system.

use crate::journal::{Journal, JournalError, State};
use crate::options::FaultHook;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DirectoryError {
    #[error("{}: another process has this directory; stop it, or choose another", path.display())]
    InUse { path: PathBuf },
    #[error("{}: {what}", path.display())]
    Io { path: PathBuf, what: &'static str, source: io::Error },
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A directory that is this process's until it is dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    topics: PathBuf,
    _lock: File,
}

impl Directory {
    /// Takes the directory at `path`, which is created if it is not there, and reads its journal. With `sync`, each
    /// change of the journal reaches the disk before it is answered.
    pub(crate) fn open(
        path: &Path,
        sync: bool,
        on_fault: Option<FaultHook>,
    ) -> Result<(Self, Journal, State), DirectoryError> {
        let topics = path.join("topics");
        fs::create_dir_all(&topics).map_err(io_error(&topics, "cannot be created"))?;
        let lock = lock(&path.join("lock"), path)?;
        let (journal, state) = Journal::open(&path.join("journal"), sync, on_fault)?;
        let directory = Self { topics, _lock: lock };
        directory.sweep(&state)?;
        Ok((directory, journal, state))
    }

    /// Where the log of a partition is.
    pub(crate) fn partition(&self, topic: Uuid, partition: i32) -> PathBuf {
        self.topic(topic).join(partition.to_string())
    }

    /// Where the logs of a topic are.
    pub(crate) fn topic(&self, topic: Uuid) -> PathBuf {
        self.topics.join(topic.to_string())
    }

    /// Removes the directory of a topic whose logs are deleted; what is left is removed by the next start.
    pub(crate) fn remove_topic(&self, topic: Uuid) {
        let _ = fs::remove_dir(self.topic(topic));
    }

    /// Removes the logs of topics whose deletion was written down and not carried out.
    fn sweep(&self, state: &State) -> Result<(), DirectoryError> {
        let io = io_error(&self.topics, "cannot be read");
        for entry in fs::read_dir(&self.topics).map_err(&io)? {
            let entry = entry.map_err(&io)?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| Uuid::parse_str(name).ok());
            if id.is_some_and(|id| !state.topics.contains_key(&id)) {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(io_error(&path, "cannot be removed"))?;
            }
        }
        Ok(())
    }
}

fn lock(path: &Path, directory: &Path) -> Result<File, DirectoryError> {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = opened.map_err(io_error(path, "cannot be opened"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DirectoryError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io_error(path, "cannot be locked")(source)),
    }
}

fn io_error(path: &Path, what: &'static str) -> impl Fn(io::Error) -> DirectoryError {
    move |source| DirectoryError::Io { path: path.to_owned(), what, source }
}
