//! What cannot be opened because too many files are open is tried again, and closes nothing.

use super::{Batch, all, append, at_once, on_disk, recover};
use crate::log::disk::Disk;
use std::{cell::Cell, io};
use tempfile::TempDir;

const INDEX: &str = "00000000000000000000.index";
const SNAPSHOT: &str = "00000000000000000020.snapshot";

thread_local! {
    /// What cannot be opened for want of open files: directories, or files that are made.
    static UNOPENED: Cell<Option<bool>> = const { Cell::new(None) };
}

fn unless_unopened(is_dir: bool) -> io::Result<()> {
    if UNOPENED.get() == Some(is_dir) { Err(rustix::io::Errno::MFILE.into()) } else { Ok(()) }
}

/// A disk on which a sync or a write of what cannot be opened fails as opening it does.
const SCARCE: Disk = Disk {
    write: |file, slices| {
        // The segment, to which batches are written, is open.
        if slices.last().is_some_and(|last| last.is_empty()) {
            unless_unopened(false)?;
        }
        (Disk::SYSTEM.write)(file, slices)
    },
    sync: |file| if file.metadata()?.is_dir() { unless_unopened(true) } else { Ok(()) },
    beside: at_once,
};

#[test]
fn a_sync_for_which_too_many_files_are_open_is_made_later() {
    let dir = TempDir::new().unwrap();
    let mut log = on_disk(SCARCE, &dir.path().join("t-0"));
    append(&mut log, &Batch::of(2, 100, 1));
    UNOPENED.set(Some(true));
    for _ in 0..2 {
        let text = log.flush().unwrap_err().full_text();
        assert!(text.contains("cannot sync: Too many open files") && log.fault().is_none(), "{text}");
    }
    assert_eq!(append(&mut log, &Batch::of(2, 100, 1)), 2);
    UNOPENED.set(None);
    log.flush().unwrap();
    assert_eq!(log.unflushed(), 0);
}

#[test]
fn a_segment_for_whose_end_too_many_files_are_open_is_finished_later() {
    let batch = Batch::of(2, 1_000, 1);
    for what in [true, false] {
        let dir = TempDir::new().unwrap();
        let mut log = on_disk(SCARCE, dir.path());
        let mut expected: Vec<u8> = (0..10).flat_map(|_| batch.stored(append(&mut log, &batch))).collect();
        UNOPENED.set(Some(what));
        log.roll(b"a state").unwrap();
        assert!(log.fault().is_none() && !dir.path().join(INDEX).exists(), "{what}");
        for _ in 0..2 {
            let text = log.finish_left().unwrap_err().full_text();
            assert!(text.contains("Too many open files"), "{text}");
        }
        assert!(log.flush().is_err() && log.close(b"").is_err() && log.fault().is_none(), "{what}");
        UNOPENED.set(None);
        expected.extend(batch.stored(append(&mut log, &batch)));
        log.finish_left().unwrap();
        assert!(dir.path().join(INDEX).exists() && dir.path().join(SNAPSHOT).exists(), "{what}");
        assert_eq!(all(&log), expected);
        let (log, told) = recover(dir.path(), 0);
        assert_eq!((all(&log), told.state, told.batches.len()), (expected, Some(b"a state".to_vec()), 1));
    }
}
