//! The few things a log asks of the system, and how its files are called.

use crate::{disk, storage_error::StorageError, sync::Lock};
use std::{
    fs::{self, File},
    io::{self, IoSlice},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

/// What waits for the disk and is done beside the broker's work.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// The calls that fail when a disk is full or breaks, and what waits for it beside the broker's work. Tests put
/// others in their place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disk {
    pub(super) write: fn(&File, &[IoSlice<'_>]) -> io::Result<usize>,
    pub(super) sync: fn(&File) -> io::Result<()>,
    pub(super) beside: fn(Work) -> Option<JoinHandle<()>>,
}

impl Disk {
    pub(super) const SYSTEM: Self = Self {
        write: disk::write,
        sync: disk::sync,
        beside: |work| {
            #[cfg(test)]
            if disk::recorded::is_on() {
                work();
                return None;
            }
            let work = Arc::new(Lock::new(Some(work)));
            let run = |work: &Lock<Option<Work>>| {
                // Not under the lock.
                let work = work.lock().take();
                if let Some(work) = work {
                    work();
                }
            };
            let thread = thread::Builder::new().name("kadence-segment".to_owned());
            let shared = Arc::clone(&work);
            // Where there is no thread to be had, the broker waits.
            thread.spawn(move || run(&shared)).map_err(|_| run(&work)).ok()
        },
    };

    /// Writes both parts at the end of `file`, usually in one call.
    pub(super) fn append(self, file: &File, first: &[u8], second: &[u8]) -> io::Result<()> {
        disk::append(file, first, second, self.write)
    }

    /// Puts a file in place whole: a process that is killed leaves all of it, or nothing. It is not synced. What is
    /// written here has a checksum and can be done without, and a clean stop of many partitions is not to wait for
    /// many syncs.
    pub(super) fn put(self, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
        self.put_whole(path, bytes, false)
    }

    /// As [`put`](Self::put), so that a loss of power leaves it as well.
    pub(super) fn put_synced(self, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
        self.put_whole(path, bytes, true)?;
        path.parent().map_or(Ok(()), |dir| self.sync_dir(dir))
    }

    fn put_whole(self, path: &Path, bytes: &[u8], synced: bool) -> Result<(), StorageError> {
        let unfinished = path.with_extension(UNFINISHED);
        let write = || {
            let file = disk::create(&unfinished)?;
            self.append(&file, bytes, &[])?;
            if synced {
                (self.sync)(&file)?;
            }
            drop(file);
            disk::rename(&unfinished, path)
        };
        write().map_err(|e| {
            let _ = disk::remove_file(&unfinished);
            StorageError::io(path, "write")(e)
        })
    }

    /// Makes names in `dir`, its own, and its parent's, outlive a loss of power.
    pub(super) fn sync_names(self, dir: &Path) -> Result<(), StorageError> {
        dir.ancestors().take(3).try_for_each(|dir| self.sync_dir(dir))
    }

    /// Windows has no such call, and does it by itself.
    pub(super) fn sync_dir(self, dir: &Path) -> Result<(), StorageError> {
        if cfg!(windows) {
            return Ok(());
        }
        File::open(dir).and_then(|dir| (self.sync)(&dir)).map_err(StorageError::io(dir, "sync"))
    }
}

/// No log comes this far; numbers made of offsets below it do not overflow.
pub(super) const MAX_OFFSET: i64 = 1 << 62;

/// The extension of a file that is being written.
pub(super) const UNFINISHED: &str = "unfinished";

/// What a file of a partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Index,
    Snapshot,
    Unfinished,
    /// A segment that is being compacted.
    Cleaned,
    /// It is whole, and takes the place of others.
    Swap,
    /// Has nothing in it: what is before this offset is compacted.
    Compacted,
}

impl Kind {
    fn extension(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Index => "index",
            Self::Snapshot => "snapshot",
            Self::Unfinished => UNFINISHED,
            Self::Cleaned => "cleaned",
            Self::Swap => "swap",
            Self::Compacted => "compacted",
        }
    }
}

/// `00000000000000000042.log`
pub(super) fn path(dir: &Path, offset: i64, kind: Kind) -> PathBuf {
    dir.join(format!("{offset:020}.{}", kind.extension()))
}

/// The files in `dir` that are a partition's, in no order; all others are left alone. A directory that is not
/// there is empty.
pub(super) fn list(dir: &Path) -> Result<Vec<(i64, Kind)>, StorageError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StorageError::io(dir, "list")(e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StorageError::io(dir, "list"))?;
        files.extend(entry.file_name().to_str().and_then(parse));
    }
    Ok(files)
}

fn parse(name: &str) -> Option<(i64, Kind)> {
    let (offset, extension) = name.split_once('.')?;
    if offset.len() != 20 || !offset.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kinds = [
        Kind::Log,
        Kind::Index,
        Kind::Snapshot,
        Kind::Unfinished,
        Kind::Cleaned,
        Kind::Swap,
        Kind::Compacted,
    ];
    let kind = kinds.into_iter().find(|kind| kind.extension() == extension)?;
    let offset = offset.parse().ok().filter(|offset| *offset < MAX_OFFSET)?;
    Some((offset, kind))
}

/// Opens a segment to read it and to write at its end. With `new`, the file must not be there yet.
pub(super) fn open(path: &Path, new: bool) -> Result<File, StorageError> {
    disk::open(path, new).map_err(StorageError::io(path, if new { "create" } else { "open" }))
}

/// Cuts a file off.
pub(super) fn cut(path: &Path, len: u64) -> Result<(), StorageError> {
    disk::cut(path, len).map_err(StorageError::io(path, "cut off"))
}

/// Removes a file; one that is not there is as good.
pub(super) fn remove(path: &Path) -> Result<(), StorageError> {
    disk::remove_file(path).map_err(StorageError::io(path, "remove"))
}

/// Fills `into` from `position` on.
pub(super) fn read_exact_at(file: &File, mut into: &mut [u8], mut position: u64) -> io::Result<()> {
    while !into.is_empty() {
        match read_at(file, into, position) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                into = &mut into[read..];
                position += read as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, position)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, position)
}
