//! The directory of a broker that keeps what it is given.
//!
//! ```text
//! DIR/lock                          held by the process that has the directory
//! DIR/journal                       topics, offsets, transactions
//! DIR/topics/TOPIC-ID/name          what the topic is called, for those who have lost the journal
//! DIR/topics/TOPIC-ID/PARTITION/    the log of one partition
//! ```
//!
//! Topics go by their ids there: names may differ only in case, or be reserved by an operating system.

mod error;

use crate::{
    disk,
    journal::{Event, FORMAT, Journal, State},
    log::Log,
    options::{FaultHook, MAX_PARTITIONS_PER_TOPIC},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

pub use error::DirectoryError;

/// A directory that is this process's until it is dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    topics: PathBuf,
    lock: File,
    /// Locked as well, where that can be done: the file may be removed.
    itself: Option<File>,
    /// The folder of all logs, where it can be opened.
    logs: Option<File>,
}

/// How a directory is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening<'a> {
    pub(crate) path: &'a Path,
    /// Each change of the journal reaches the disk before it is answered.
    pub(crate) sync: bool,
    /// Logs without a journal are taken up again.
    pub(crate) recover: bool,
}

impl Directory {
    /// Takes a directory, which is made if it is not there, and reads its journal. The directory's name and all that
    /// the journal says are on the disk when this returns.
    pub(crate) fn open(
        opening: Opening<'_>,
        on_fault: Option<&FaultHook>,
    ) -> Result<(Self, Journal, State), DirectoryError> {
        let Opening { path, sync, recover } = opening;
        let topics = path.join("topics");
        disk::make_dirs(&topics).map_err(io_error(&topics, "cannot be created"))?;
        let directory = Self {
            logs: File::open(&topics).ok(),
            topics,
            lock: lock(&path.join("lock"), path)?,
            itself: lock_directory(path)?,
            path: path.to_owned(),
        };
        let file = path.join("journal");
        let found = directory.found()?;
        let found_logs =
            found.iter().any(|id| partitions(&directory.topic(*id)).is_ok_and(|count| count > 0));
        let missing = fs::metadata(&file).map_or(0, |file| file.len()) == 0;
        if missing && found_logs && !recover {
            return Err(DirectoryError::NoJournal { path: file });
        }
        if recover && !missing {
            return Err(DirectoryError::HasJournal { path: file });
        }
        let (journal, mut state) = Journal::open(&file, sync, on_fault.cloned())?;
        if state.cluster_id.is_none() && found_logs && !recover {
            return Err(DirectoryError::NoJournal { path: file });
        }
        // The names above may be new as well. Not everybody may sync them.
        for above in path.ancestors().skip(1) {
            let _ = disk::sync_dir(above);
        }
        if recover {
            directory.take_up(&found, &journal, &mut state, on_fault)?;
        }
        directory.sweep(&state, &journal)?;
        if state.format == FORMAT {
            for (id, topic) in &state.topics {
                let path = directory.topic(*id);
                if let Some(hook) = on_fault.filter(|_| !path.is_dir()) {
                    hook.call(DirectoryError::TopicGone { path, name: topic.name.clone() });
                }
            }
        }
        for id in found.iter().filter(|id| !state.topics.contains_key(id) && !state.deleted.contains(id)) {
            if let Some(hook) = on_fault {
                hook.call(DirectoryError::Unknown { path: directory.topic(*id) });
            }
        }
        Ok((directory, journal, state))
    }

    /// Whether the directory is still this one, and nobody else can have it.
    pub(crate) fn check(&self) -> bool {
        disk::is_at(&self.lock, &self.path.join("lock"))
            && self.itself.as_ref().is_none_or(|itself| disk::is_at(itself, &self.path))
            && self.logs.as_ref().is_none_or(|logs| disk::is_at(logs, &self.topics))
    }

    /// Writes into a journal that has nothing which topics have logs here.
    fn take_up(
        &self,
        found: &[Uuid],
        journal: &Journal,
        state: &mut State,
        on_fault: Option<&FaultHook>,
    ) -> Result<(), DirectoryError> {
        let id = Uuid::new_v4().simple().to_string();
        let mut events = vec![Event::Cluster { format: FORMAT, id }];
        let mut names = BTreeSet::new();
        for &id in found {
            let path = self.topic(id);
            let partitions = partitions(&path).map_err(io_error(&path, "cannot be read"))?;
            if partitions == 0 {
                continue;
            }
            let name = fs::read_to_string(path.join(NAME)).unwrap_or_default();
            let name = name.trim_end();
            let name = if crate::topic_name::check_name(name).is_ok() && !names.contains(name) {
                name.to_owned()
            } else {
                id.to_string()
            };
            names.insert(name.clone());
            if let Some(hook) = on_fault {
                hook.call(DirectoryError::TakenUp { path, name: name.clone(), partitions });
            }
            events.push(Event::Topic { id, name, partitions, config: BTreeMap::new() });
            for partition in 0..partitions {
                // Nobody knows what was deleted, so nothing is missed.
                let path = self.partition(id, partition);
                let offset = Log::first_offset(&path).map_err(|error| DirectoryError::Storage { error })?;
                events.push(Event::LogStart { topic: id, partition, offset });
            }
        }
        // One line: all of it, or nothing.
        let written = journal.write(&events).and_then(|()| journal.settle());
        let failed =
            |_| io_error(&self.path.join("journal"), "cannot be written")(io::ErrorKind::Other.into());
        written.map_err(failed)?;
        for event in events {
            state.apply(event);
        }
        Ok(())
    }

    /// Makes the directory of a topic, with its name in it.
    pub(crate) fn make_topic(&self, topic: Uuid, name: &str) -> Result<(), DirectoryError> {
        let path = self.topic(topic);
        let make = || {
            // One at a time: what is above it must not come back if it was removed.
            disk::make_dir(&path)?;
            let file = disk::create(&path.join(NAME))?;
            disk::append(&file, name.as_bytes(), b"\n", disk::write)
        };
        make().map_err(io_error(&path, "cannot be created"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the log of a partition is.
    pub(crate) fn partition(&self, topic: Uuid, partition: i32) -> PathBuf {
        self.topic(topic).join(partition.to_string())
    }

    /// How many partitions of a topic have logs, beginning with `known` that are known.
    pub(crate) fn partitions_with_logs(&self, topic: Uuid, known: i32) -> i32 {
        let has_log = |index: &i32| {
            let files = fs::read_dir(self.partition(topic, *index)).into_iter().flatten().flatten();
            files.map(|file| file.path()).any(|path| path.extension().is_some_and(|kind| kind == "log"))
        };
        (known..MAX_PARTITIONS_PER_TOPIC).take_while(has_log).count() as i32 + known
    }

    /// Where the logs of a topic are.
    pub(crate) fn topic(&self, topic: Uuid) -> PathBuf {
        self.topics.join(topic.to_string())
    }

    /// Removes the directory of a topic whose logs are deleted; whether nothing is left of it.
    pub(crate) fn remove_topic(&self, topic: Uuid) -> bool {
        let path = self.topic(topic);
        disk::remove_file(&path.join(NAME)).and_then(|()| disk::remove_dir(&path)).is_ok()
    }

    /// The topics that have logs here.
    fn found(&self) -> Result<Vec<Uuid>, DirectoryError> {
        let io = io_error(&self.topics, "cannot be read");
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.topics).map_err(&io)? {
            let entry = entry.map_err(&io)?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| Uuid::parse_str(name).ok());
            // Other people's files, and other spellings, are no topics.
            let id = id.filter(|id| name.to_str() == Some(&id.to_string()) && entry.path().is_dir());
            found.extend(id);
        }
        Ok(found)
    }

    /// Removes the logs of topics whose deletion was written down and not carried out. What the journal does not
    /// know stays: it may be the journal that is wrong.
    fn sweep(&self, state: &State, journal: &Journal) -> Result<(), DirectoryError> {
        for &id in &state.deleted {
            let path = self.topic(id);
            disk::remove_tree(&path).map_err(io_error(&path, "cannot be removed"))?;
            // Said again by the next start, if it cannot be written now.
            let _ = journal.write(&[Event::TopicRemoved { id }]);
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

/// Locks a directory itself, on systems and file systems that can.
fn lock_directory(path: &Path) -> Result<Option<File>, DirectoryError> {
    if cfg!(windows) {
        return Ok(None);
    }
    let Ok(directory) = File::open(path) else { return Ok(None) };
    match directory.try_lock() {
        Ok(()) => Ok(Some(directory)),
        Err(TryLockError::WouldBlock) => Err(DirectoryError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// How many partitions have a folder in a topic's: those up to the last one.
fn partitions(topic: &Path) -> io::Result<i32> {
    let mut count = 0;
    for entry in fs::read_dir(topic)? {
        let entry = entry?;
        let index = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let index = index.filter(|index| (0..MAX_PARTITIONS_PER_TOPIC).contains(index));
        let own = index
            .filter(|index| entry.file_name().to_str() == Some(&index.to_string()) && entry.path().is_dir());
        count = count.max(own.map_or(0, |index| index + 1));
    }
    Ok(count)
}

/// The file in a topic's directory that has its name.
const NAME: &str = "name";

fn io_error(path: &Path, what: &'static str) -> impl Fn(io::Error) -> DirectoryError {
    move |source| DirectoryError::Io { path: path.to_owned(), what, source }
}
