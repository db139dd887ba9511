//! The logs against a model, beside each other, and with everything broken that can break.

mod batches;
mod faults;
mod limits;
mod model;
#[cfg(unix)]
mod open_files;

use super::{
    Found, Log, LogSettings, Restored,
    disk::{Disk, Work},
};
use crate::memory::Memory;
use batches::Batch;
use std::{path::Path, sync::Arc, thread::JoinHandle};

/// Settings under which nothing happens by itself.
const SETTINGS: LogSettings = LogSettings {
    segment_bytes: u64::MAX,
    segment_ms: -1,
    index_interval_bytes: 256,
    retention_ms: -1,
    retention_bytes: -1,
};

fn memory() -> Arc<Memory> {
    Memory::new(u64::MAX, None)
}

/// What a partition is told when its log is opened again.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    state: Option<Vec<u8>>,
    batches: Vec<Vec<u8>>,
}

fn recover(dir: &Path, start: i64) -> (Log, Told) {
    let mut told = Told::default();
    let mut each = |restored: Restored<'_>| match restored {
        Restored::Snapshot(state) => {
            assert!(told.state.is_none() && told.batches.is_empty(), "the state comes first, and once");
            told.state = Some(state.to_vec());
        }
        Restored::Batch(header, batch) => {
            assert_eq!(header.len, batch.len());
            told.batches.push(batch.to_vec());
        }
    };
    let log = Log::recover(dir.to_path_buf(), start, &memory(), &mut each).unwrap();
    (log, told)
}

/// An empty log in a directory, on this disk.
fn on_disk(disk: Disk, dir: &Path) -> Log {
    let mut log = Log::in_directory(dir.to_path_buf(), &memory());
    if let Log::Directory(log) = &mut log {
        log.disk = disk;
    }
    log
}

/// Has the log take its disk's word; a process that is killed needs no more.
fn do_not_sync(log: &mut Log) {
    if let Log::Directory(log) = log {
        log.disk.sync = |_| Ok(());
        log.disk.beside = at_once;
    }
}

/// In place of a thread.
fn at_once(work: Work) -> Option<JoinHandle<()>> {
    work();
    None
}

fn load(found: Found) -> Vec<u8> {
    let hint = found.len_hint();
    let shared = hint == 0;
    let loaded = found.load().unwrap().concat();
    assert!(shared || loaded.len() <= hint, "{} bytes are more than {hint}", loaded.len());
    loaded
}

/// All there is, read in one go.
fn all(log: &Log) -> Vec<u8> {
    load(log.read(log.start(), usize::MAX, false, i64::MAX))
}

fn append(log: &mut Log, batch: &Batch) -> i64 {
    let bytes = batch.bytes();
    let _ = log.needs_roll(bytes.len(), batch.timestamp, &SETTINGS, 0);
    log.append(&batch.header(), &bytes, None).unwrap()
}
