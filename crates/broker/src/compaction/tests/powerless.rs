//! Compaction and losses of power: what is done is recorded, the recording is cut anywhere, and what the disk may have
//! by then is opened.

use super::{Bench, Step, bind, history::Kept, settings, step};
use crate::{
    disk::recorded::{self, Chance, Names},
    memory::Memory,
    partition::Partition,
};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngSeed, TestRunner},
};
use tempfile::TempDir;

const WORLDS: u64 = 150;
const STEPS: usize = 80;
const CUTS: usize = 8;

/// Every cut of a recording leaves the last record of each key; syncs of what `deaf` names are not heard.
fn cut_everywhere(deaf: fn(&std::path::Path) -> bool) {
    recorded::spare_the_disk();
    for seed in 0..WORLDS {
        let mut runner = TestRunner::new(Config {
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            ..Config::default()
        });
        let root = TempDir::new().unwrap();
        let dir = root.path().join("p");
        recorded::begin(root.path(), deaf);
        let mut bench = Bench { settles: false, ..Bench::new(Some(&dir), settings()) };
        // After how many steps of the recording, up to which offset the disk has all of it.
        let mut kept = vec![(0, 0)];
        for _ in 0..STEPS {
            let step: Step = step().new_tree(&mut runner).unwrap().current();
            bench.step(&step, Some(&dir));
            if matches!(step, Step::Reopen) {
                kept.push((recorded::steps(), bench.partition.lock().log.end()));
            }
        }
        let tape = recorded::end();
        let mut chance = Chance::new(seed);
        for cut in 0..CUTS {
            let steps = 1 + chance.below(tape.len());
            let names = if cut % 2 == 0 { Names::Journalled } else { Names::Apart };
            let left = TempDir::new().unwrap();
            tape.cut(steps, names, &mut chance, left.path());
            let memory = Memory::new(u64::MAX, None);
            let partition = Partition::recover(left.path().join("p"), 0, &memory).unwrap();
            bind(&partition);
            let before = kept.iter().filter(|(at, _)| *at <= steps).map(|(_, end)| *end).max();
            bench.history.check(&partition, &Kept::Before(before.unwrap_or(0)));
            // And once more, from what that start has made of it.
            drop(partition);
            let partition = Partition::recover(left.path().join("p"), 0, &memory).unwrap();
            bench.history.check(&partition, &Kept::Before(before.unwrap_or(0)));
        }
    }
}

#[test]
fn after_a_loss_of_power_the_last_record_of_each_key_is_there() {
    cut_everywhere(|_| false);
}

/// A disk that does not hear of a sync is a cleaner that does not ask for it.
#[test]
fn a_sync_that_is_left_out_is_found() {
    type Deaf = fn(&std::path::Path) -> bool;
    let parts: [(&str, Deaf); 2] = [
        ("a compacted segment", |path| path.extension().is_some_and(|extension| extension == "cleaned")),
        ("a snapshot", |path| path.extension().is_some_and(|e| e == "snapshot" || e == "unfinished")),
    ];
    for (what, deaf) in parts {
        let found = std::panic::catch_unwind(|| cut_everywhere(deaf));
        assert!(found.is_err(), "{what} need not be synced?");
    }
}
