//! The log in a directory answers as the one in memory does.

use super::{Batch, SETTINGS, all, append, load, memory, recover};
use crate::{
    log::{Log, LogSettings},
    memory::Memory,
};
use std::fs;
use tempfile::TempDir;

/// The same batches in both, in three segments there.
fn both(dir: &TempDir) -> (Log, Log, Vec<usize>) {
    let mut directory = Log::in_directory(dir.path().join("t-0"), &memory());
    let mut in_memory = Log::in_memory(&memory());
    let mut lens = Vec::new();
    for at in 0..60 {
        // Some are larger than the index interval, most are smaller.
        let batch = Batch::of(1 + at % 3, usize::from(at * 37 % 400), 1_000 - i64::from(at * 17 % 50));
        lens.push(batch.bytes().len());
        assert_eq!(append(&mut directory, &batch), append(&mut in_memory, &batch));
        if at % 25 == 24 {
            directory.roll(b"state").unwrap();
        }
    }
    (directory, in_memory, lens)
}

#[test]
fn every_offset_is_read_under_every_limit_as_from_memory() {
    let dir = TempDir::new().unwrap();
    let (directory, in_memory, lens) = both(&dir);
    let lens = &lens;
    let sums = |from: usize| (from + 1..lens.len()).map(move |to| lens[from..to].iter().sum::<usize>());
    let mut limits = vec![0, 1, 60, 61, 62, 5_000, usize::MAX];
    limits.extend(sums(0).chain(sums(30)).step_by(7).flat_map(|sum| [sum - 1, sum, sum + 1]));
    for offset in 0..=directory.end() {
        for &max in &limits {
            for before in [0, offset, offset + 1, offset + 9, directory.end(), i64::MAX] {
                for at_least_one in [true, false] {
                    let read = |log: &Log| load(log.read(offset, max, at_least_one, before));
                    assert_eq!(read(&directory), read(&in_memory), "{offset} {max} {before} {at_least_one}");
                }
            }
        }
    }
}

#[test]
fn every_time_is_found_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let (mut directory, mut in_memory, _) = both(&dir);
    for start in 0..=directory.end() {
        directory.advance_start(start).unwrap();
        in_memory.advance_start(start).unwrap();
        for timestamp in (940..1_010).map(Some).chain([None]) {
            let find = |log: &Log| {
                let lookup = timestamp.map_or_else(|| log.latest(), |t| log.first_at(t));
                lookup.load().unwrap().map(|s| (s.base_offset, s.last_offset, s.max_timestamp, s.bytes))
            };
            assert_eq!(find(&directory), find(&in_memory), "{timestamp:?} from {start}");
        }
    }
}

#[test]
fn a_time_of_arrival_is_written_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let mut logs = [Log::in_memory(&memory()), Log::in_directory(dir.path().join("t-0"), &memory())];
    let batch = Batch::of(3, 100, 5);
    let stored = logs.each_mut().map(|log| {
        log.append(&batch.header(), &batch.bytes(), Some(77)).unwrap();
        assert_eq!(log.latest().load().unwrap().unwrap().max_timestamp, 77);
        all(log)
    });
    assert_eq!(stored[0], stored[1]);
    drop(logs);
    assert_eq!(recover(&dir.path().join("t-0"), 0).1.batches, [stored[0].clone()]);
}

#[test]
fn a_segment_ends_by_size_and_by_time() {
    let dir = TempDir::new().unwrap();
    let mut log = Log::in_directory(dir.path().join("t-0"), &memory());
    let settings = LogSettings { segment_bytes: 500, segment_ms: 100, ..SETTINGS };
    assert!(!log.needs_roll(1_000, 0, &settings, 0), "an empty segment takes any batch");
    append(&mut log, &Batch::of(1, 139, 50));
    for (len, timestamp, now, expected) in [
        (300, 50, 0, false),
        (301, 50, 0, true),
        (1, 150, 0, false),
        (1, 151, 0, true),
        (1, -1, 150, false),
        (1, -1, 151, true),
    ] {
        assert_eq!(log.needs_roll(len, timestamp, &settings, now), expected, "{len} {timestamp} {now}");
    }
    log.close(b"state").unwrap();
    assert!(log.needs_roll(301, 50, &settings, 0), "a closed segment is gone on with, if it has room");
}

#[test]
fn nothing_is_made_before_the_first_batch() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("t-0");
    let mut log = Log::in_directory(path.clone(), &memory());
    log.flush().unwrap();
    log.roll(b"state").unwrap();
    assert!(!log.retain(&LogSettings { retention_ms: 0, ..SETTINGS }, 9, 9, Vec::new, |_| Ok(())).unwrap());
    log.close(b"state").unwrap();
    assert!(all(&log).is_empty() && !path.exists());
    let (log, told) = recover(&path, 0);
    assert_eq!((log.start(), log.end(), told.state, path.exists()), (0, 0, None, false));
    append(&mut { log }, &Batch::of(1, 1, 1));
    assert!(path.exists());
}

#[test]
fn a_log_that_is_left_alone_gives_its_file_back() {
    let dir = TempDir::new().unwrap();
    let mut log = Log::in_directory(dir.path().join("t-0"), &memory());
    append(&mut log, &Batch::of(1, 1, 1));
    let is_open = |log: &Log| match log {
        Log::Directory(log) => {
            matches!(&log.tail, crate::log::directory::Tail::Open(active) if active.file.is_some())
        }
        Log::Memory(_) => false,
    };
    for expected in [true, false] {
        log.retain(&SETTINGS, 0, i64::MAX, Vec::new, |_| Ok(())).unwrap();
        assert_eq!(is_open(&log), expected);
    }
    let before = all(&log);
    log.flush().unwrap();
    append(&mut log, &Batch::of(1, 1, 1));
    assert!(is_open(&log) && all(&log).starts_with(&before));
}

#[test]
fn a_log_that_expired_goes_on_where_it_was() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("t-0");
    let mut log = Log::in_directory(path.clone(), &memory());
    append(&mut log, &Batch::of(5, 1, 100));
    let settings = LogSettings { retention_ms: 10, ..SETTINGS };
    assert!(!log.retain(&settings, 110, i64::MAX, Vec::new, |_| Ok(())).unwrap());
    assert!(!log.retain(&settings, 111, 4, Vec::new, |_| Ok(())).unwrap(), "a transaction is open");
    assert!(log.retain(&settings, 111, 5, || b"state".to_vec(), |_| Ok(())).unwrap());
    assert_eq!((log.start(), log.end(), log.size_bytes()), (5, 5, 0));
    let (log, told) = recover(&path, 5);
    assert_eq!((log.start(), log.end()), (5, 5));
    assert_eq!(told.state.as_deref(), Some(&b"state"[..]));
}

#[test]
fn a_start_beyond_the_end_empties_the_log() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("t-0");
    let mut log = Log::in_directory(path.clone(), &memory());
    append(&mut log, &Batch::of(5, 1, 100));
    let (mut log, told) = recover(&path, 9);
    assert_eq!((log.start(), log.end(), told.batches.len()), (9, 9, 1));
    assert_eq!(append(&mut log, &Batch::of(1, 1, 1)), 9);
    let (log, _) = recover(&path, 9);
    assert_eq!((log.start(), log.end(), all(&log)), (9, 10, Batch::of(1, 1, 1).stored(9)));
}

#[test]
fn memory_is_given_back_with_the_batches() {
    let account = Memory::new(u64::MAX, None);
    let mut log = Log::in_memory(&account);
    let mut most = 0;
    for at in 0..3_000 {
        // Now and then one gets room of its own.
        append(&mut log, &Batch::of(1, if at % 50 == 0 { 300_000 } else { 200 }, 1));
        log.advance_start(log.end() - 20).unwrap();
        most = most.max(account.used());
    }
    assert!(most < 6 << 20, "{most} bytes for 20 batches");
    log.advance_start(log.end()).unwrap();
    assert!(account.used() < 4096, "{} bytes for no batch", account.used());
    log.delete().unwrap();
    assert_eq!(account.used(), 0);
    assert_eq!(append(&mut log, &Batch::of(1, 1, 1)), 3_000);
}

#[test]
fn a_chunk_that_lost_its_batches_before_it_was_full_is_given_back() {
    let account = Memory::new(u64::MAX, None);
    let mut log = Log::in_memory(&account);
    // The first chunk has 4 KiB. The large batch is beside it, and all that is left.
    for payload in [900, 900, 900, 100_000] {
        append(&mut log, &Batch::of(1, payload, 1));
    }
    log.advance_start(3).unwrap();
    let before = account.used();
    append(&mut log, &Batch::of(1, 1_500, 1));
    assert!((4096..8192).contains(&(account.used() - before)), "{} more", account.used() - before);
}

#[test]
fn an_index_is_counted_as_long_as_it_is_in_memory() {
    let dir = TempDir::new().unwrap();
    let account = Memory::new(10_000, None);
    let mut log = Log::in_directory(dir.path().join("t-0"), &account);
    let batch = Batch::of(1, 300, 1);
    for _ in 0..2_000 {
        append(&mut log, &batch);
    }
    assert!((4_000..10_000).contains(&account.used()), "{}", account.used());
    // Where the index has no room, it is sparser.
    for offset in [0, 500, 700, 1_999] {
        assert_eq!(load(log.read(offset, 1, true, i64::MAX)), batch.stored(offset));
    }
    log.roll(b"").unwrap();
    assert_eq!(account.used(), 0);
    assert_eq!(load(log.read(1_500, 1, true, i64::MAX)), batch.stored(1_500));
    log.flush().unwrap();
    assert_eq!(fs::read_dir(dir.path().join("t-0")).unwrap().count(), 3);
}
