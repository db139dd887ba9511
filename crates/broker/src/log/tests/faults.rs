//! Everything that can break, broken.

use super::{Batch, Told, all, append, at_once, do_not_sync, load, memory, on_disk, recover};
use crate::{
    log::{
        AppendFailure, Log,
        disk::{self, Disk},
    },
    storage_error::StorageError,
};
use kadence_wire::batch::BatchHeader;
use proptest::prelude::*;
use std::{
    cell::Cell,
    collections::BTreeMap,
    fs::{self, File},
    io::{self, IoSlice, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};
use tempfile::TempDir;

thread_local! {
    /// Bytes the disk still takes, and syncs it still makes.
    static ROOM: Cell<usize> = const { Cell::new(usize::MAX) };
    static SYNCS: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// A disk that fills up in the middle of a write, as disks do.
const SMALL: Disk = Disk {
    write: |mut file, slices: &[IoSlice<'_>]| {
        let bytes = slices.first().map_or(&[][..], |s| s);
        let len = bytes.len().min(ROOM.get());
        if len == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        ROOM.set(ROOM.get() - len);
        file.write(&bytes[..len])
    },
    sync: |file| {
        let left = SYNCS.get().checked_sub(1).ok_or(io::ErrorKind::Other)?;
        SYNCS.set(left);
        File::sync_data(file)
    },
    beside: at_once,
};

fn on_small_disk(dir: &Path) -> Log {
    ROOM.set(usize::MAX);
    SYNCS.set(usize::MAX);
    on_disk(SMALL, dir)
}

fn failure(log: &mut Log, batch: &Batch) -> String {
    match log.append(&batch.header(), &batch.bytes(), None) {
        Err(AppendFailure::Storage(error)) => error.full_text(),
        other => panic!("{other:?}"),
    }
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(dir).unwrap().map(|f| f.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Three segments of twenty batches, and what is in them.
fn three_segments(dir: &Path) -> (Log, Vec<Vec<u8>>) {
    let mut log = Log::in_directory(dir.to_path_buf(), &memory());
    do_not_sync(&mut log);
    let mut batches = Vec::new();
    for at in 0..60_u16 {
        let batch = Batch::of(1 + at % 3, usize::from(at) * 7 % 300, i64::from(at));
        if at == 20 || at == 40 {
            log.roll(format!("state at {}", log.end()).as_bytes()).unwrap();
        }
        let offset = append(&mut log, &batch);
        batches.push(batch.stored(offset));
    }
    (log, batches)
}

fn path(dir: &Path, offset: i64, extension: &str) -> PathBuf {
    dir.join(format!("{offset:020}.{extension}"))
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let batch = Batch::of(2, 100, 1);
    for room in 0..batch.bytes().len() {
        let dir = TempDir::new().unwrap();
        let mut log = on_small_disk(dir.path());
        append(&mut log, &batch);
        append(&mut log, &batch);
        let before = files(dir.path());
        ROOM.set(room);
        let text = failure(&mut log, &batch);
        assert!(text.contains(".log: cannot write: no storage space"), "{text}");
        assert_eq!(files(dir.path()), before, "{room}");
        // It stays so, whatever the disk says later.
        ROOM.set(usize::MAX);
        assert_eq!(failure(&mut log, &batch), text);
        assert_eq!(log.fault().unwrap().full_text(), text);
        assert!(log.flush().is_err() && log.roll(b"").is_err() && log.close(b"").is_err());
        let expected = [batch.stored(0), batch.stored(2)].concat();
        assert_eq!(all(&log), expected);
        let (mut log, _) = recover(dir.path(), 0);
        assert!(log.fault().is_none());
        assert_eq!((all(&log), append(&mut log, &batch)), (expected, 4));
    }
}

#[test]
fn a_segment_that_cannot_be_made_may_be_the_next_time() {
    let dir = TempDir::new().unwrap();
    let inside = dir.path().join("a file").join("t-0");
    fs::write(dir.path().join("a file"), "").unwrap();
    let mut log = Log::in_directory(inside, &memory());
    let batch = Batch::of(1, 1, 1);
    assert!(failure(&mut log, &batch).contains("cannot create"));
    fs::remove_file(dir.path().join("a file")).unwrap();
    assert_eq!(append(&mut log, &batch), 0);
}

#[test]
fn a_sync_that_fails_closes_the_log() {
    let dir = TempDir::new().unwrap();
    let mut log = on_small_disk(dir.path());
    append(&mut log, &Batch::of(2, 100, 1));
    assert_eq!(log.unflushed(), 2);
    SYNCS.set(0);
    let text = log.flush().unwrap_err().full_text();
    assert!(text.contains(".log: cannot sync"), "{text}");
    SYNCS.set(usize::MAX);
    assert!(log.flush().is_err());
    assert_eq!(failure(&mut log, &Batch::of(2, 100, 1)), text);
}

#[test]
fn a_disk_that_is_full_when_a_segment_ends_loses_nothing() {
    let batch = Batch::of(2, 1_000, 1);
    // In the snapshot, in the index, and at each of the syncs.
    let rooms = [0, 3, 30, 60].map(|room| (room, 9));
    for (room, syncs) in rooms.into_iter().chain((0..3).map(|syncs| (9_999, syncs))) {
        let dir = TempDir::new().unwrap();
        let mut log = on_small_disk(dir.path());
        let expected: Vec<u8> = (0..10).flat_map(|_| batch.stored(append(&mut log, &batch))).collect();
        ROOM.set(room);
        SYNCS.set(syncs);
        let text = log.roll(&[7; 20]).unwrap_err().full_text();
        assert_eq!(failure(&mut log, &batch), text);
        assert_eq!(all(&log), expected);
        assert!(files(dir.path()).keys().all(|f| f.extension().unwrap() != "unfinished"), "{room} {syncs}");
        let (mut log, _) = recover(dir.path(), 0);
        assert_eq!((all(&log), append(&mut log, &batch)), (expected, 20));
    }
}

#[test]
fn a_segment_is_finished_beside_the_work() {
    static GATE: Mutex<()> = Mutex::new(());
    let dir = TempDir::new().unwrap();
    let (mut log, batches) = three_segments(dir.path());
    if let Log::Directory(log) = &mut log {
        log.disk.sync = |file| {
            drop(GATE.lock().unwrap());
            file.sync_data()
        };
        log.disk.beside = Disk::SYSTEM.beside;
    }
    let (last, end) = (i64::from_be_bytes(batches[40][..8].try_into().unwrap()), log.end());
    let gate = GATE.lock().unwrap();
    log.roll(b"the last state").unwrap();
    let more = Batch::of(1, 10, 100);
    append(&mut log, &more);
    let expected = [batches.concat(), more.stored(end)].concat();
    // Its index serves readers as before, and what a crash leaves now is enough.
    assert_eq!(
        (all(&log), load(log.read(end - 1, 1, true, i64::MAX))),
        (expected.clone(), batches[59].clone())
    );
    assert!(!path(dir.path(), last, "index").exists() && !path(dir.path(), end, "snapshot").exists());
    let copy = TempDir::new().unwrap();
    for (from, bytes) in files(dir.path()) {
        fs::write(copy.path().join(from.file_name().unwrap()), bytes).unwrap();
    }
    let (crashed, told) = recover(copy.path(), 0);
    assert_eq!((all(&crashed), told.batches.len(), crashed.fault().is_none()), (expected.clone(), 21, true));
    drop(gate);
    log.flush().unwrap();
    assert!(path(dir.path(), last, "index").exists());
    assert_eq!(
        recover(dir.path(), 0).1,
        Told { state: Some(b"the last state".to_vec()), batches: vec![more.stored(end)] }
    );
    // What goes wrong there is told at the next occasion.
    if let Log::Directory(log) = &mut log {
        log.disk.sync = |_| Err(io::ErrorKind::Other.into());
    }
    let _ = log.roll(b"");
    let text = log.flush().unwrap_err().full_text();
    assert_eq!(failure(&mut log, &more), text);
    assert!(text.contains("cannot sync") && all(&log) == expected, "{text}");
}

#[test]
fn a_clean_stop_leaves_nothing_to_look_through() {
    let dir = TempDir::new().unwrap();
    let (mut log, batches) = three_segments(dir.path());
    log.close(b"the last state").unwrap();
    let end = log.end();
    let (mut log, told) = recover(dir.path(), 0);
    assert_eq!(told, Told { state: Some(b"the last state".to_vec()), batches: Vec::new() });
    assert_eq!((all(&log), log.end(), log.unflushed()), (batches.concat(), end, 0));
    // The last segment is gone on with, and a crash after that is one like any other.
    let more = Batch::of(1, 10, 1);
    append(&mut log, &more);
    let (log, told) = recover(dir.path(), 0);
    assert_eq!(told.batches, [more.stored(end)]);
    assert_eq!(all(&log), [batches.concat(), more.stored(end)].concat());
}

#[test]
fn a_snapshot_of_records_that_were_lost_does_not_come_back() {
    let dir = TempDir::new().unwrap();
    let mut log = Log::in_directory(dir.path().to_path_buf(), &memory());
    let batch = Batch::of(2, 100, 1);
    for _ in 0..4 {
        append(&mut log, &batch);
    }
    log.close(b"a state at 8").unwrap();
    let segment = path(dir.path(), 0, "log");
    disk::cut(&segment, 3 * batch.bytes().len() as u64 + 1).unwrap();
    let (mut log, told) = recover(dir.path(), 0);
    assert_eq!((log.end(), told.state), (6, None));
    assert_eq!(log.unflushed(), 6, "who knows what is on the disk");
    // Now the offset comes again, with other records before it.
    for _ in 0..4 {
        append(&mut log, &Batch::of(1, 90, 1));
    }
    let (log, told) = recover(dir.path(), 0);
    assert_eq!((log.end(), told.state, told.batches.len()), (10, None, 7));
}

#[test]
fn a_state_that_changed_without_a_record_is_kept() {
    let dir = TempDir::new().unwrap();
    let mut log = Log::in_directory(dir.path().to_path_buf(), &memory());
    append(&mut log, &Batch::of(1, 1, 1));
    for state in [&b"one"[..], b"another"] {
        log.close(state).unwrap();
        let (reopened, told) = recover(dir.path(), 0);
        assert_eq!(told.state.as_deref(), Some(state));
        log = reopened;
    }
}

#[test]
fn a_damaged_batch_of_a_finished_segment_is_an_error_and_no_garbage() {
    let dir = TempDir::new().unwrap();
    let (log, batches) = three_segments(dir.path());
    let segment = path(dir.path(), 0, "log");
    let third = batches[0].len() + batches[1].len();
    let sound = fs::read(&segment).unwrap();
    // Base offset, length, leader epoch, format, last offset delta.
    for at in [3, 9, 14, 16, 24] {
        fs::write(&segment, &sound).unwrap();
        flip(&segment, third + at);
        let third_offset = i64::from_be_bytes(batches[2][..8].try_into().unwrap());
        let error = log.read(third_offset, usize::MAX, true, i64::MAX).load().unwrap_err();
        assert!(
            matches!(&error, StorageError::Damaged { path, position, .. } if *path == segment && *position == third as u64),
            "{error}"
        );
        assert!(log.latest().load().is_ok() && log.fault().is_some(), "nothing more is written");
        for max in [third, usize::MAX] {
            assert_eq!(load(log.read(0, max, true, i64::MAX)), sound[..third], "what is before it is served");
        }
        assert_eq!(load(log.read(40, 1, true, i64::MAX)), batches[20]);
    }
    fs::write(&segment, &sound[..third + 30]).unwrap();
    assert!(log.read(0, usize::MAX, true, i64::MAX).load().unwrap_err().full_text().contains("cannot read"));
}

#[test]
fn a_log_whose_last_batch_is_damaged_does_not_end_before_it() {
    let dir = TempDir::new().unwrap();
    let mut log = Log::in_directory(dir.path().to_path_buf(), &memory());
    let batch = Batch::of(2, 100, 1);
    for _ in 0..3 {
        append(&mut log, &batch);
    }
    drop(log);
    flip(&path(dir.path(), 0, "log"), 2 * batch.bytes().len() + 80);
    let (log, _) = recover(dir.path(), 0);
    assert!(log.fault().is_some());
    assert!(log.end() > 4, "whoever reads on at 4 is told, and takes it for no end: {}", log.end());
}

#[test]
fn a_segment_damaged_in_the_middle_closes_the_log_there() {
    let dir = TempDir::new().unwrap();
    let (mut log, batches) = three_segments(dir.path());
    let bases: Vec<i64> =
        [0, 20, 40].map(|at: usize| i64::from_be_bytes(batches[at][..8].try_into().unwrap())).into();
    log.close(b"the last state").unwrap();
    let second = path(dir.path(), bases[1], "log");
    let good: usize = batches[20..25].iter().map(Vec::len).sum();
    flip(&second, good + 40);
    fs::remove_file(path(dir.path(), bases[1], "index")).unwrap();
    let before = files(dir.path());
    let (mut log, told) = recover(dir.path(), 0);
    let text = log.fault().unwrap().full_text();
    assert!(text.contains(&format!("{}: damaged at byte {good}", second.display())), "{text}");
    assert_eq!(all(&log), batches[..25].concat());
    assert_eq!(
        told.state,
        Some(format!("state at {}", bases[1]).into_bytes()).filter(|_| before.contains_key(&path(
            dir.path(),
            bases[1],
            "snapshot"
        )))
    );
    assert_eq!(failure(&mut log, &Batch::of(1, 1, 1)), text);
    assert!(log.close(b"").is_err());
    log.advance_start(bases[1]).unwrap();
    assert_eq!(log.start(), bases[1]);
    assert_eq!(files(dir.path()), before, "nothing is touched");
    let (log, _) = recover(dir.path(), 1_000);
    assert_eq!((log.start(), log.end(), log.fault().is_some()), (1_000, 1_000, true));
    assert_eq!(files(dir.path()), before, "nothing is touched");
}

#[test]
fn a_missing_segment_closes_the_log_there() {
    let dir = TempDir::new().unwrap();
    let (log, batches) = three_segments(dir.path());
    let base = i64::from_be_bytes(batches[20][..8].try_into().unwrap());
    drop(log);
    fs::remove_file(path(dir.path(), base, "log")).unwrap();
    let (log, _) = recover(dir.path(), 0);
    assert!(matches!(log.fault(), Some(StorageError::Missing { offset, .. }) if *offset == base));
    let end = batches.iter().map(|b| i64::from(BatchHeader::parse(b).unwrap().last_offset_delta) + 1).sum();
    assert_eq!((all(&log), log.end()), (batches[..20].concat(), end), "nobody takes it for all there was");
    for offset in [base, end - 1] {
        let error = log.read(offset, usize::MAX, true, i64::MAX).load().unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
}

#[test]
fn a_log_without_its_first_segment_does_not_begin_later() {
    let dir = TempDir::new().unwrap();
    let (log, batches) = three_segments(dir.path());
    let second = i64::from_be_bytes(batches[20][..8].try_into().unwrap());
    drop(log);
    fs::remove_file(path(dir.path(), 0, "log")).unwrap();
    let (mut log, _) = recover(dir.path(), 0);
    let text = log.fault().unwrap().full_text();
    assert!(text.contains(&format!("from offset 0 to {second}")), "{text}");
    assert_eq!(failure(&mut log, &Batch::of(1, 1, 1)), text);
    assert_eq!(log.start(), 0);
    assert_eq!(log.read(0, usize::MAX, true, i64::MAX).load().unwrap_err().full_text(), text);
    assert_eq!(load(log.read(second, usize::MAX, true, i64::MAX)), batches[20..].concat());
    // What was deleted is not missed.
    let (log, _) = recover(dir.path(), second);
    assert!(log.fault().is_none());
}

#[test]
fn a_log_without_its_only_segment_does_not_begin_anew() {
    for closed in [true, false] {
        let dir = TempDir::new().unwrap();
        let inside = dir.path().join("0");
        let mut log = Log::in_directory(inside.clone(), &memory());
        append(&mut log, &Batch::of(7, 9, 1));
        if closed {
            log.close(b"state").unwrap();
        }
        drop(log);
        fs::remove_file(path(&inside, 0, "log")).unwrap();
        let (mut log, _) = recover(&inside, 0);
        if closed {
            let text = log.fault().unwrap().full_text();
            assert!(text.contains("from offset 0 to 7"), "{text}");
            assert_eq!((log.start(), log.end()), (0, 7));
            assert!(log.read(3, usize::MAX, true, i64::MAX).load().is_err());
            assert_eq!(failure(&mut log, &Batch::of(1, 1, 1)), text);
        } else {
            // Nothing tells how far it had come. That it begins anew is said.
            let text = log.lost().unwrap().full_text();
            assert!(text.contains("no record is here any longer") && text.contains("offset 0"), "{text}");
            assert_eq!(append(&mut log, &Batch::of(1, 1, 1)), 0);
        }
    }
}

#[test]
fn a_damaged_index_costs_time_only() {
    let dir = TempDir::new().unwrap();
    let (log, batches) = three_segments(dir.path());
    let index = path(dir.path(), 0, "index");
    let sound = fs::read(&index).unwrap();
    assert!(sound.len() > 4096, "there is a page");
    for at in (0..sound.len()).step_by(13) {
        fs::write(&index, &sound).unwrap();
        flip(&index, at);
        for (offset, batch) in [(0, 0), (2, 1), (36, 18)] {
            assert_eq!(load(log.read(offset, 1, true, i64::MAX)), batches[batch], "{at}");
        }
        assert_eq!(log.first_at(15).load().unwrap().unwrap().bytes, batches[15]);
        let (log, _) = recover(dir.path(), 0);
        assert!(log.fault().is_none() && all(&log) == batches.concat(), "{at}");
    }
}

#[test]
fn a_damaged_snapshot_has_another_before_it() {
    let dir = TempDir::new().unwrap();
    let (log, batches) = three_segments(dir.path());
    drop(log);
    let offset = |at: usize| i64::from_be_bytes(batches[at][..8].try_into().unwrap());
    let (older, newer) = (offset(20), offset(40));
    let told = |at: usize| Told {
        state: Some(format!("state at {}", offset(at)).into_bytes()),
        batches: batches[at..].to_vec(),
    };
    assert_eq!(recover(dir.path(), 0).1, told(40));
    for at in [0, 5, 13] {
        let newer = path(dir.path(), newer, "snapshot");
        let sound = fs::read(&newer).unwrap();
        flip(&newer, at);
        assert_eq!(recover(dir.path(), 0).1, told(20));
        assert!(!newer.exists(), "it is of no use");
        fs::write(&newer, sound).unwrap();
    }
    fs::write(path(dir.path(), newer, "snapshot"), "").unwrap();
    fs::remove_file(path(dir.path(), older, "snapshot")).unwrap();
    assert_eq!(recover(dir.path(), 0).1, Told { state: None, batches });
}

#[test]
fn a_finished_segment_found_damaged_on_the_way_closes_the_log() {
    let dir = TempDir::new().unwrap();
    let (mut log, batches) = three_segments(dir.path());
    log.close(b"").unwrap();
    let kept: Vec<_> =
        files(dir.path()).into_keys().filter(|f| f.extension().unwrap() == "snapshot").collect();
    for snapshot in kept {
        fs::remove_file(snapshot).unwrap();
    }
    // Within a record, where only the checksum sees it.
    let good: usize = batches[..7].iter().map(Vec::len).sum();
    flip(&path(dir.path(), 0, "log"), good + 65);
    let (log, told) = recover(dir.path(), 0);
    assert!(matches!(log.fault(), Some(StorageError::Damaged { position, .. }) if *position == good as u64));
    assert_eq!((all(&log), told.batches), (batches[..7].concat(), batches[..7].to_vec()));
}

#[test]
fn other_peoples_files_are_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("t-0");
    let mut log = Log::in_directory(path.clone(), &memory());
    append(&mut log, &Batch::of(1, 1, 1));
    let names = ["1.log", "notes.txt", "00000000000000000000.log.bak", "99999999999999999999.snapshot"];
    for name in names {
        fs::write(path.join(name), name).unwrap();
    }
    fs::write(path.join("00000000000000000007.unfinished"), "ours").unwrap();
    let (mut log, _) = recover(&path, 0);
    assert_eq!((log.end(), log.fault().is_none()), (1, true));
    log.delete().unwrap();
    let left: Vec<_> = files(&path).into_keys().collect();
    assert_eq!(left.len(), names.len(), "{left:?}");
    for name in names {
        fs::remove_file(path.join(name)).unwrap();
    }
    log.delete().unwrap();
    assert!(!path.exists());
    assert!(failure(&mut log, &Batch::of(1, 1, 1)).contains("the partition is deleted"));
}

#[test]
fn a_reader_outlives_the_segments_it_found() {
    let dir = TempDir::new().unwrap();
    let (mut log, batches) = three_segments(dir.path());
    let found = || log.read(0, usize::MAX, true, i64::MAX);
    let (one, two) = (found(), found());
    let search = log.first_at(3);
    log.advance_start(40).unwrap();
    assert!(one.load().unwrap().is_empty());
    assert_eq!(search.load().unwrap().unwrap().bytes, batches[20]);
    assert_eq!(load(log.read(40, usize::MAX, true, i64::MAX)), batches[20..].concat());
    let open = log.read(100, usize::MAX, true, i64::MAX);
    log.delete().unwrap();
    assert!(two.load().unwrap().is_empty());
    assert!(!open.load().unwrap().is_empty(), "an open file can be read to the end");
}

/// What is left of a directory is a beginning of what was written, or damage that is told.
fn check_rest(dir: &Path, batches: &[Vec<u8>]) {
    let (mut log, told) = recover(dir, 0);
    let rest = log.read(log.start(), usize::MAX, false, i64::MAX).load();
    assert!(rest.is_ok() || log.fault().is_some());
    let rest = rest.unwrap_or_default().concat();
    assert!(batches.concat().starts_with(&rest));
    let whole = log.fault().is_none();
    let from = told.batches.first().and_then(|first| batches.iter().position(|b| b == first));
    if let Some(from) = from {
        assert_eq!(told.batches, batches[from..from + told.batches.len()]);
    }
    if whole {
        let next = Batch::of(3, 9, 9);
        let offset = append(&mut log, &next);
        let (log, _) = recover(dir, 0);
        assert_eq!(all(&log), [rest, next.stored(offset)].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_file_cut_anywhere_leaves_a_beginning_or_a_fault(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        closed in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        let (mut log, batches) = three_segments(dir.path());
        if closed {
            log.close(b"state").unwrap();
        }
        drop(log);
        let files: Vec<_> = files(dir.path()).into_iter().collect();
        let (path, bytes) = which.get(&files);
        fs::write(path, &bytes[..at.index(bytes.len())]).unwrap();
        check_rest(dir.path(), &batches);
    }

    /// What is served is whole.
    #[test]
    fn a_flipped_bit_panics_nowhere(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        closed in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        let (mut log, batches) = three_segments(dir.path());
        if closed {
            log.close(b"state").unwrap();
        }
        drop(log);
        let files: Vec<_> = files(dir.path()).into_iter().collect();
        let (path, bytes) = which.get(&files);
        flip(path, at.index(bytes.len()));
        let (log, told) = recover(dir.path(), 0);
        for batch in &told.batches {
            prop_assert!(batches.contains(batch));
        }
        for offset in log.start()..log.end() {
            if let Ok(read) = log.read(offset, 1, true, i64::MAX).load() {
                // What the checksum does not cover is the place of the batch, which the log knows, and the epoch.
                let read = read.concat();
                prop_assert!(BatchHeader::parse(&read).is_ok_and(|h| h.crc == crc32c::crc32c(&read[21..])));
            }
        }
        let _ = log.latest().load();
    }
}
