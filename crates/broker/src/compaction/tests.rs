//! Compaction against a model: random histories, with transactions, stops and losses of power between.

mod history;
mod powerless;

use super::{CompactionSettings, partition::Compaction};
use crate::{
    log::{Ahead, OpenFiles},
    memory::Memory,
    options::TopicSettings,
    partition::{Partition, Unused},
};
use history::{History, Kept, check_is_compact, found};
use kadence_wire::control::Marker;
use proptest::prelude::*;
use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};
use tempfile::TempDir;

/// Settings under which small segments are compacted at once.
fn settings() -> TopicSettings {
    TopicSettings {
        cleanup_policy: "compact".to_owned(),
        segment_bytes: 2_000,
        index_interval_bytes: 256,
        min_dirty_ratio: 0.0,
        delete_retention_ms: 1_000,
        ..TopicSettings::default()
    }
}

/// What is done to a partition.
#[derive(Debug, Clone)]
enum Step {
    /// Records of these keys, deleted where there is no value.
    Append(Vec<(u8, bool)>),
    /// The same in a transaction of one of a few producers.
    Transact(usize, Vec<(u8, bool)>),
    End(usize, bool),
    /// Time passes, in milliseconds.
    Pass(i64),
    /// With room for so many keys.
    Compact(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let keys = || prop::collection::vec((0..12_u8, prop::bool::weighted(0.8)), 1..6);
    prop_oneof![
        8 => keys().prop_map(Step::Append),
        3 => (0..3_usize, keys()).prop_map(|(who, keys)| Step::Transact(who, keys)),
        2 => (0..3_usize, any::<bool>()).prop_map(|(who, commit)| Step::End(who, commit)),
        1 => (0..2_000_i64).prop_map(Step::Pass),
        3 => prop_oneof![Just(u64::MAX), 1..500_u64].prop_map(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

/// A partition and what was done to it.
struct Bench {
    partition: Partition,
    memory: Arc<Memory>,
    settings: TopicSettings,
    history: History,
    now_ms: i64,
    /// Whether what is done beside is waited for before a log is compacted.
    settles: bool,
}

impl Bench {
    fn new(dir: Option<&Path>, settings: TopicSettings) -> Self {
        let memory = Memory::new(u64::MAX, None);
        let partition = Partition::new(dir.map(Path::to_owned), &memory);
        bind(&partition);
        Self { partition, memory, settings, history: History::default(), now_ms: 1_000_000, settles: true }
    }

    fn step(&mut self, step: &Step, dir: Option<&Path>) {
        match step {
            Step::Append(keys) => {
                self.history.append(&self.partition, keys, None, &self.settings, self.now_ms);
            }
            Step::Transact(who, keys) => {
                let id = *who as i64 + 1;
                self.partition.enrol(id, 0);
                self.history.append(&self.partition, keys, Some(id), &self.settings, self.now_ms);
            }
            Step::End(who, commit) => self.end(*who as i64 + 1, *commit),
            Step::Pass(ms) => self.now_ms += ms,
            Step::Compact(memory_bytes) => drop(self.compact(*memory_bytes)),
            Step::Reopen => {
                if let Some(dir) = dir {
                    self.partition.lock().close().unwrap();
                    self.partition = Partition::recover(dir.to_owned(), 0, &self.memory).unwrap();
                    bind(&self.partition);
                }
            }
        }
    }

    fn end(&mut self, producer_id: i64, commit: bool) {
        let marker = Marker { producer_id, producer_epoch: 0, coordinator_epoch: 0, commit };
        let offset = self.partition.lock().log.end();
        self.partition.end(&marker, &self.settings, self.now_ms, Unused::Marked).unwrap();
        self.history.ended(producer_id, commit, offset);
    }

    fn compact(&self, memory_bytes: u64) -> Option<i64> {
        if self.settles {
            self.partition.lock().log.flush().unwrap();
        }
        let compaction = Compaction {
            partition: &self.partition,
            settings: CompactionSettings::of(&self.settings).unwrap(),
            now_ms: self.now_ms,
            memory_bytes,
            stop: &AtomicBool::new(false),
        };
        compaction.run().unwrap()
    }

    fn check(&self) {
        self.history.check(&self.partition, &Kept::All);
    }
}

fn bind(partition: &Partition) {
    partition.lock().log.bind(Ahead::new(|| Ok(())), &OpenFiles::at_most(100));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_last_record_of_each_key_stays(steps in prop::collection::vec(step(), 1..120)) {
        let dir = TempDir::new().unwrap();
        let dir = dir.path().join("p");
        for dir in [None, Some(&*dir)] {
            let mut bench = Bench::new(dir, settings());
            for step in &steps {
                bench.step(step, dir);
            }
            bench.check();
            // Of each key one record is left, but for what cannot be compacted yet.
            let upto = bench.compact(u64::MAX).unwrap_or(bench.partition.lock().log.cleaned());
            bench.check();
            check_is_compact(&bench.partition, upto);
        }
    }
}

#[test]
fn a_log_shrinks_to_what_is_alive_and_gives_its_memory_back() {
    for in_directory in [false, true] {
        let dir = TempDir::new().unwrap();
        let dir = in_directory.then(|| dir.path().join("p"));
        let settings = TopicSettings { segment_bytes: 20_000, ..settings() };
        let mut bench = Bench::new(dir.as_deref(), settings);
        let keys: Vec<(u8, bool)> = (0..50).map(|key| (key, true)).collect();
        let size = |bench: &Bench| bench.partition.lock().log.size_bytes();
        for round in 0..2 {
            for _ in 0..300 {
                bench.step(&Step::Append(keys.clone()), None);
            }
            let (before, used) = (size(&bench), bench.memory.used());
            bench.compact(u64::MAX).unwrap();
            bench.check();
            assert!(size(&bench) < before / 5, "{round}: {} of {before} bytes are left", size(&bench));
            if !in_directory {
                assert!(bench.memory.used() < used / 5, "{round}: {} of {used}", bench.memory.used());
            }
        }
        if let Some(dir) = &dir {
            let paths = || std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
            let count =
                |kind: &str| paths().filter(|path| path.extension().is_some_and(|e| e == kind)).count();
            assert!(count("log") < 30, "what has become small is put together: {:?}", paths());
            assert_eq!((count("compacted"), count("cleaned"), count("swap")), (1, 0, 0));
        }
        assert_eq!(bench.compact(u64::MAX), None, "there is nothing more to be done");
    }
}

#[test]
fn tombstones_stay_for_their_time() {
    for in_directory in [false, true] {
        let dir = TempDir::new().unwrap();
        let dir = in_directory.then(|| dir.path().join("p"));
        let mut bench = Bench::new(dir.as_deref(), settings());
        let filler = |bench: &mut Bench| {
            for _ in 0..40 {
                bench.step(&Step::Append(vec![(9, true), (10, true), (11, true)]), None);
            }
        };
        bench.step(&Step::Append(vec![(1, true), (1, false)]), None);
        filler(&mut bench);
        bench.compact(u64::MAX).unwrap();
        assert!(found(&bench.partition).iter().any(|record| record.key == 1 && !record.has_value));
        bench.now_ms += 999;
        filler(&mut bench);
        bench.compact(u64::MAX).unwrap();
        assert!(found(&bench.partition).iter().any(|record| record.key == 1));
        bench.now_ms += 2;
        filler(&mut bench);
        bench.compact(u64::MAX).unwrap();
        assert!(!found(&bench.partition).iter().any(|record| record.key == 1));
        bench.check();
    }
}

#[test]
fn what_is_too_young_stays_and_what_is_overdue_does_not_wait() {
    for in_directory in [false, true] {
        let dir = TempDir::new().unwrap();
        let dir = in_directory.then(|| dir.path().join("p"));
        let young = TopicSettings { min_compaction_lag_ms: 500, ..settings() };
        let mut bench = Bench::new(dir.as_deref(), young);
        let append = |bench: &mut Bench| {
            for _ in 0..60 {
                bench.step(&Step::Append(vec![(1, true), (2, true)]), None);
            }
        };
        append(&mut bench);
        assert_eq!(bench.compact(u64::MAX), None);
        bench.now_ms += 501;
        assert!(bench.compact(u64::MAX).is_some());
        bench.check();
        // A share that is never reached, but for what has waited for too long.
        bench.settings = TopicSettings { min_dirty_ratio: 1.0, max_compaction_lag_ms: 1_000, ..settings() };
        append(&mut bench);
        assert_eq!(bench.compact(u64::MAX), None);
        bench.now_ms += 1_002;
        let settings = CompactionSettings::of(&bench.settings).unwrap();
        bench.partition.lock().roll_to_compact(&settings, bench.now_ms).unwrap();
        assert!(bench.compact(u64::MAX).is_some());
        bench.check();
    }
}

#[test]
fn a_stop_leaves_everything_as_it_was() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("p");
    let mut bench = Bench::new(Some(&path), settings());
    for _ in 0..60 {
        bench.step(&Step::Append(vec![(1, true), (2, true)]), None);
    }
    let before = found(&bench.partition).len();
    let compaction = Compaction {
        partition: &bench.partition,
        settings: CompactionSettings::of(&bench.settings).unwrap(),
        now_ms: bench.now_ms,
        memory_bytes: u64::MAX,
        stop: &AtomicBool::new(true),
    };
    assert_eq!(compaction.run().unwrap(), None);
    assert_eq!(found(&bench.partition).len(), before);
    let left = std::fs::read_dir(&path).unwrap().filter_map(Result::ok);
    assert!(left.map(|entry| entry.path()).all(|path| path.extension().is_none_or(|kind| kind != "cleaned")));
}
