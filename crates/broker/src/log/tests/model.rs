//! Both logs do as a plain list does, whatever is asked of them in whatever order, crashes included.

use super::{Batch, SETTINGS, Told, load, memory, recover};
use crate::log::{Log, LogSettings, Stored};
use proptest::{prelude::*, sample::Index};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

#[derive(Debug, Clone)]
enum Step {
    Append(Batch),
    Roll,
    Read {
        offset: Index,
        max: usize,
        at_least_one: bool,
        before: Index,
    },
    FirstAt(i64),
    Latest,
    AdvanceStart(Index),
    Retain {
        retention_ms: i64,
        retention_bytes: i64,
        now: i64,
        before: Index,
    },
    Flush,
    /// Stopped and started again.
    Restart {
        beyond: i64,
    },
    /// A crash leaves the end of the last segment in part, and may leave other bytes there.
    Crash {
        lost: usize,
        garbage: Vec<u8>,
    },
}

fn batches() -> impl Strategy<Value = Batch> {
    (1_u16..20, 0_usize..400, -1_i64..1_000)
        .prop_map(|(records, payload, at)| Batch::of(records, payload, at))
}

fn steps() -> impl Strategy<Value = Step> {
    let limits = prop_oneof![0_usize..2_000, Just(usize::MAX)];
    let read = (any::<Index>(), limits, any::<bool>(), any::<Index>())
        .prop_map(|(offset, max, at_least_one, before)| Step::Read { offset, max, at_least_one, before });
    let retain = (-1_i64..600, -1_i64..4_000, 0_i64..1_500, any::<Index>()).prop_map(
        |(retention_ms, retention_bytes, now, before)| Step::Retain {
            retention_ms,
            retention_bytes,
            now,
            before,
        },
    );
    let crash = (prop_oneof![Just(0_usize), 0_usize..1_500], prop::collection::vec(any::<u8>(), 0..90))
        .prop_map(|(lost, garbage)| Step::Crash { lost, garbage });
    prop_oneof![
        12 => batches().prop_map(Step::Append),
        2 => Just(Step::Roll),
        6 => read,
        3 => (-2_i64..1_100).prop_map(Step::FirstAt),
        1 => Just(Step::Latest),
        1 => any::<Index>().prop_map(Step::AdvanceStart),
        1 => retain,
        1 => Just(Step::Flush),
        1 => prop_oneof![9 => Just(0), 1 => 1_i64..30].prop_map(|beyond| Step::Restart { beyond }),
        1 => crash,
    ]
}

#[derive(Debug, Clone)]
struct Kept {
    base: i64,
    last: i64,
    timestamp: i64,
    bytes: Vec<u8>,
}

/// The list, and what is known of the files.
#[derive(Debug, Default)]
struct Model {
    /// All batches that are on the disk, some of them before the start.
    batches: Vec<Kept>,
    start: i64,
    end: i64,
    /// First offsets of the segments; batches before the first one are gone.
    segments: Vec<i64>,
    /// Of the last segment, whether the next batch goes into another one.
    rolled: bool,
    /// Offsets at which the log was given the partition's state.
    states: Vec<i64>,
}

impl Model {
    fn append(&mut self, batch: &Batch) {
        if self.rolled || self.segments.is_empty() {
            self.segments.push(self.end);
            self.rolled = false;
        }
        let base = self.end;
        self.end += i64::from(batch.records);
        let (timestamp, bytes) = (batch.timestamp, batch.stored(base));
        self.batches.push(Kept { base, last: self.end - 1, timestamp, bytes });
    }

    /// What the partition would say of itself.
    fn state(offset: i64) -> Vec<u8> {
        format!("all up to {offset}").into_bytes()
    }

    /// The partition's state was given to the log, which keeps it if there is anything beside it.
    fn saved(&mut self) {
        if !self.batches.is_empty() && self.states.last() != Some(&self.end) {
            self.states.push(self.end);
            self.states.drain(..self.states.len().saturating_sub(2));
        }
    }

    fn offset(&self, index: Index) -> i64 {
        self.start + index.index((self.end - self.start + 1) as usize) as i64
    }

    fn visible(&self) -> impl Iterator<Item = &Kept> {
        self.batches.iter().filter(|b| b.last >= self.start)
    }

    fn read(&self, offset: i64, max: usize, at_least_one: bool, before: i64) -> Vec<u8> {
        let mut out = Vec::new();
        for batch in self.batches.iter().filter(|b| b.last >= offset) {
            let fits = out.len() + batch.bytes.len() <= max || (at_least_one && out.is_empty());
            if !fits || batch.last >= before {
                break;
            }
            out.extend_from_slice(&batch.bytes);
        }
        out
    }

    fn first_at(&self, timestamp: i64) -> Option<&Kept> {
        self.visible().find(|b| b.timestamp >= timestamp)
    }

    fn latest(&self) -> Option<&Kept> {
        self.first_at(self.visible().map(|b| b.timestamp).max()?)
    }

    /// Where the log begins after retention, by segments.
    fn retained(&self, settings: &LogSettings, now: i64, before: i64) -> i64 {
        let mut bounds = self.segments.clone();
        bounds.push(self.end);
        let mut excess = settings.excess(self.batches.iter().map(|b| b.bytes.len() as u64).sum());
        let mut upto = self.start;
        for (at, bound) in bounds.windows(2).enumerate() {
            let inside = || self.batches.iter().filter(|b| (bound[0]..bound[1]).contains(&b.base));
            let len: usize = inside().map(|b| b.bytes.len()).sum();
            let expired = inside().map(|b| b.timestamp).max().is_some_and(|t| settings.is_expired(t, now));
            let active = at + 2 == bounds.len() && !self.rolled;
            // One whose records are all deleted holds up none behind it.
            let deleted = !active && bound[1] <= self.start;
            let is_old = bound[1] <= before && len > 0 && (expired || (!active && excess >= len as i64));
            if !deleted && !is_old {
                break;
            }
            excess -= len as i64;
            upto = upto.max(bound[1]);
        }
        upto.max(self.start)
    }

    /// Where a log in memory begins after retention, by batches.
    fn retained_in_memory(&self, settings: &LogSettings, now: i64, before: i64) -> i64 {
        let mut excess = settings.excess(self.visible().map(|b| b.bytes.len() as u64).sum());
        let mut upto = self.start;
        for batch in self.visible() {
            let len = batch.bytes.len() as i64;
            let goes = settings.is_expired(batch.timestamp, now) || excess >= len;
            if !goes || batch.last >= before {
                break;
            }
            excess -= len;
            upto = batch.last + 1;
        }
        upto
    }

    fn begin(&mut self, start: i64) {
        self.start = start;
        self.end = self.end.max(start);
        // Whole segments before the start are gone, but for the last one.
        while self.segments.len() > 1 && self.segments[1] <= start {
            self.segments.remove(0);
        }
        if self.rolled && start == self.end {
            self.segments.clear();
        }
        let first = self.segments.first().copied().unwrap_or(self.end);
        self.batches.retain(|b| b.base >= first);
    }

    /// Cuts the last segment to what is whole in its first `len` bytes.
    fn cut(&mut self, len: usize) {
        let Some(base) = self.segments.last().copied() else { return };
        let (mut end, mut left) = (base, len);
        for batch in self.batches.iter().filter(|b| b.base >= base) {
            let Some(rest) = left.checked_sub(batch.bytes.len()) else { break };
            left = rest;
            end = batch.last + 1;
        }
        self.batches.retain(|b| b.base < end);
        self.end = end;
        self.start = self.start.min(end);
        self.states.retain(|at| *at <= end);
    }

    /// The partition learns its newest state, and all that came after it.
    fn check_told(&self, told: &Told) {
        let from = self.states.iter().copied().max();
        assert_eq!(told.state, from.map(Self::state));
        let behind = self.batches.iter().filter(|b| b.base >= from.unwrap_or(0));
        assert_eq!(told.batches, behind.map(|b| b.bytes.clone()).collect::<Vec<_>>());
    }
}

fn check(stored: Option<Stored>, expected: Option<&Kept>) {
    let stored = stored.map(|s| (s.base_offset, s.last_offset, s.max_timestamp, s.bytes.to_vec()));
    let expected = expected.map(|k| (k.base, k.last, k.timestamp, k.bytes.clone()));
    assert_eq!(stored, expected);
}

/// A log in a directory that is copied before each start, as after a crash.
struct Directory {
    root: TempDir,
    starts: usize,
}

impl Directory {
    fn path(&self) -> PathBuf {
        self.root.path().join(self.starts.to_string())
    }

    /// The path of a copy, which is the log from now on.
    fn copied(&mut self) -> PathBuf {
        let from = self.path();
        self.starts += 1;
        let to = self.path();
        fs::create_dir(&to).unwrap();
        for file in fs::read_dir(from).into_iter().flatten() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
        to
    }
}

fn last_segment(dir: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|f| f.unwrap().path());
    files.filter(|f| f.extension().is_some_and(|e| e == "log")).max()
}

fn same(log: &mut Log, model: &mut Model, step: &Step) {
    match step {
        Step::Append(batch) => {
            let expected = model.end;
            model.append(batch);
            assert_eq!(super::append(log, batch), expected);
        }
        Step::Roll => {
            log.roll(&Model::state(log.end())).unwrap();
            if matches!(log, Log::Directory(_)) && !model.segments.is_empty() {
                // An empty segment is not finished, it goes on.
                model.rolled |= model.segments.last() < Some(&model.end);
                model.saved();
            }
        }
        Step::Read { offset, max, at_least_one, before } => {
            let (offset, before) = (model.offset(*offset), model.offset(*before));
            for before in [before, i64::MAX] {
                let read = load(log.read(offset, *max, *at_least_one, before));
                assert_eq!(read, model.read(offset, *max, *at_least_one, before), "{offset}..{before}");
            }
        }
        Step::FirstAt(timestamp) => {
            check(log.first_at(*timestamp).load().unwrap(), model.first_at(*timestamp));
        }
        Step::Latest => check(log.latest().load().unwrap(), model.latest()),
        Step::AdvanceStart(index) => {
            let start = model.offset(*index);
            log.advance_start(start).unwrap();
            model.begin(start);
        }
        Step::Retain { retention_ms, retention_bytes, now, before } => {
            let settings =
                LogSettings { retention_ms: *retention_ms, retention_bytes: *retention_bytes, ..SETTINGS };
            let before = model.offset(*before);
            retain(log, model, &settings, *now, before);
        }
        Step::Flush => {
            log.flush().unwrap();
            assert_eq!(log.unflushed(), 0);
        }
        Step::Restart { .. } | Step::Crash { .. } => {}
    }
    assert_eq!((log.start(), log.end()), (model.start, model.end), "after {step:?}");
    assert!(log.fault().is_none());
}

fn retain(log: &mut Log, model: &mut Model, settings: &LogSettings, now: i64, before: i64) {
    let in_memory = matches!(log, Log::Memory(_));
    let start = if in_memory {
        model.retained_in_memory(settings, now, before)
    } else {
        model.retained(settings, now, before)
    };
    let mut asked = false;
    let state = || {
        asked = true;
        Model::state(model.end)
    };
    let mut kept = None;
    let moved = log.retain(settings, now, before, state, |offset| {
        kept = Some(offset);
        Ok(())
    });
    let deletes = start > model.start && !in_memory;
    assert_eq!(kept, deletes.then_some(start), "it is written down before anything goes");
    assert_eq!(moved.unwrap(), start > model.start);
    if asked {
        assert_eq!(start, model.end);
        model.saved();
        model.segments = vec![model.end];
        model.rolled = false;
        model.batches.clear();
    }
    model.begin(start);
}

fn restart(mut log: Log, model: &mut Model, directory: &mut Directory, step: &Step) -> Log {
    let mut start = model.start;
    let dir = match step {
        Step::Restart { beyond } => {
            log.close(&Model::state(model.end)).unwrap();
            model.saved();
            if *beyond > 0 {
                start = model.end + beyond;
            }
            directory.copied()
        }
        Step::Crash { lost, garbage } => {
            let dir = directory.copied();
            if let Some(path) = last_segment(&dir) {
                let len = fs::metadata(&path).unwrap().len() as usize;
                let kept = len.saturating_sub(*lost);
                let mut file = OpenOptions::new().write(true).open(&path).unwrap();
                file.set_len(kept as u64).unwrap();
                drop(file);
                // What completes a torn batch with other bytes is damage.
                let garbage = if *lost == 0 { &garbage[..] } else { &[] };
                file = OpenOptions::new().append(true).open(&path).unwrap();
                file.write_all(garbage).unwrap();
                if kept < len || !garbage.is_empty() {
                    model.cut(kept);
                }
            }
            // What was deleted before the crash stays so, even if it was lost.
            start = start.min(model.end);
            dir
        }
        _ => return log,
    };
    drop(log);
    let (mut log, told) = recover(&dir, start);
    super::do_not_sync(&mut log);
    model.check_told(&told);
    // A segment that is complete is gone on with.
    model.rolled = false;
    if start > model.end {
        (model.segments, model.rolled) = (Vec::new(), false);
        model.batches.clear();
        model.end = start;
    }
    model.begin(start);
    assert!(log.fault().is_none());
    assert_eq!((log.start(), log.end()), (model.start, model.end), "after {step:?}");
    log
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_log_in_memory_is_a_list(steps in prop::collection::vec(steps(), 1..60)) {
        let mut log = Log::in_memory(&memory());
        let mut model = Model::default();
        for step in &steps {
            same(&mut log, &mut model, step);
            // Batches go one by one.
            let start = model.start;
            model.batches.retain(|b| b.last >= start);
            model.segments = vec![model.batches.first().map_or(model.end, |b| b.base)];
        }
        prop_assert_eq!(super::all(&log), model.read(model.start, usize::MAX, false, i64::MAX));
    }

    #[test]
    fn a_log_in_a_directory_is_a_list(steps in prop::collection::vec(steps(), 1..60)) {
        let mut directory = Directory { root: TempDir::new().unwrap(), starts: 0 };
        let mut log = Log::in_directory(directory.path(), &memory());
        super::do_not_sync(&mut log);
        let mut model = Model::default();
        for step in &steps {
            log = restart(log, &mut model, &mut directory, step);
            same(&mut log, &mut model, step);
        }
        prop_assert_eq!(super::all(&log), model.read(model.start, usize::MAX, false, i64::MAX));
    }
}
