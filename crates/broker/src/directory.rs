//! The directory of a broker that keeps what it is given.
//!
//! ```text
//! DIR/lock                          held by the process that has the directory
//! DIR/journal                       topics, offsets, transactions
//! DIR/topics/TOPIC-ID/PARTITION/    the log of one partition
//! ```
//!
//! Topics go by their ids there: names may differ only in case, or be reserved by an operating system.

use crate::{
    journal::{Event, Journal, JournalError, State},
    options::FaultHook,
};
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
    #[error(
        "{}: there are logs and no journal that says what they are; restore the file from a copy, or move \
         the directory away to start anew",
        path.display()
    )]
    NoJournal { path: PathBuf },
    #[error("{}: the journal has no topic for this directory, which is left as it is", path.display())]
    Unknown { path: PathBuf },
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
        on_fault: Option<&FaultHook>,
    ) -> Result<(Self, Journal, State), DirectoryError> {
        let topics = path.join("topics");
        fs::create_dir_all(&topics).map_err(io_error(&topics, "cannot be created"))?;
        let lock = lock(&path.join("lock"), path)?;
        let file = path.join("journal");
        let directory = Self { topics, _lock: lock };
        let found = directory.found()?;
        if !found.is_empty() && fs::metadata(&file).map_or(0, |file| file.len()) == 0 {
            return Err(DirectoryError::NoJournal { path: file });
        }
        let (journal, state) = Journal::open(&file, sync, on_fault.cloned())?;
        if state.cluster_id.is_none() && !found.is_empty() {
            return Err(DirectoryError::NoJournal { path: file });
        }
        directory.sweep(&state, &journal)?;
        for id in found.iter().filter(|id| !state.topics.contains_key(id) && !state.deleted.contains(id)) {
            if let Some(hook) = on_fault {
                hook.call(DirectoryError::Unknown { path: directory.topic(*id) });
            }
        }
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

    /// Removes the directory of a topic whose logs are deleted; whether nothing is left of it.
    pub(crate) fn remove_topic(&self, topic: Uuid) -> bool {
        match fs::remove_dir(self.topic(topic)) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// The topics that have logs here.
    fn found(&self) -> Result<Vec<Uuid>, DirectoryError> {
        let io = io_error(&self.topics, "cannot be read");
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.topics).map_err(&io)? {
            let name = entry.map_err(&io)?.file_name();
            found.extend(name.to_str().and_then(|name| Uuid::parse_str(name).ok()));
        }
        Ok(found)
    }

    /// Removes the logs of topics whose deletion was written down and not carried out. What the journal does not
    /// know stays: it may be the journal that is wrong.
    fn sweep(&self, state: &State, journal: &Journal) -> Result<(), DirectoryError> {
        for &id in &state.deleted {
            let path = self.topic(id);
            match fs::remove_dir_all(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error(&path, "cannot be removed")(source));
                }
                _ => {
                    // Said again by the next start, if it cannot be written now.
                    let _ = journal.write(&[Event::TopicRemoved { id }]);
                }
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
