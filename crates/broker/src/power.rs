//! Losses of power: a broker is worked with on a disk that is recorded, the recording is cut anywhere, and a broker
//! is started on what the disk may have by then. Every promise that was given before the cut has to hold.
//!
//! | Module | Holds |
//! |---|---|
//! | `world` | a broker that is worked with, and what it has promised |
//! | `after` | a broker after the cut, held against the promises |

mod after;
mod world;

use crate::{
    disk::recorded::{self, Chance, Names},
    options::{Options, TopicSettings},
};
use std::path::Path;
use tempfile::TempDir;
use world::World;
pub(crate) use world::batch;

/// What is synced, as in the table of promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flush {
    /// Every batch and every change, before it is acknowledged.
    Each,
    /// A partition after so many records.
    After(i64),
    /// A partition from time to time.
    Sometimes,
    /// Every batch of the topics that ask for it.
    PerTopic,
    /// What is finished, and all at a stop.
    Never,
}

const ALL: [Flush; 5] = [Flush::Each, Flush::After(5), Flush::Sometimes, Flush::PerTopic, Flush::Never];
/// Steps of one world, and cuts of its recording.
const STEPS: usize = 45;
const CUTS: usize = 8;

fn options(dir: &Path, flush: Flush) -> Options {
    let flush_messages = match flush {
        Flush::Each => 1,
        Flush::After(records) => records,
        Flush::Sometimes | Flush::PerTopic | Flush::Never => i64::MAX,
    };
    let topic_defaults = TopicSettings {
        flush_messages,
        flush_ms: if flush == Flush::Sometimes { 0 } else { i64::MAX },
        segment_bytes: 9_000,
        index_interval_bytes: 512,
        ..TopicSettings::default()
    };
    Options { data_dir: Some(dir.join("d")), topic_defaults, ..Options::default() }
}

/// What is wrong after the cuts of the worlds of these seeds, first of all; syncs of what `deaf` names are not heard.
fn first_fault(seeds: std::ops::Range<u64>, deaf: fn(&Path) -> bool) -> Option<String> {
    recorded::spare_the_disk();
    for seed in seeds {
        let flush = ALL[seed as usize % ALL.len()];
        let root = TempDir::new().unwrap();
        recorded::begin(root.path(), deaf);
        let mut world = World::new(options(root.path(), flush), flush, Chance::new(seed));
        for _ in 0..STEPS {
            world.step();
        }
        let (said, mut chance) = world.end();
        let tape = recorded::end();
        for cut in 0..CUTS {
            let steps = 1 + chance.below(tape.len());
            let names = if cut % 2 == 0 { Names::Journalled } else { Names::Apart };
            let left = TempDir::new().unwrap();
            tape.cut(steps, names, &mut chance, left.path());
            if let Err(fault) = after::check(options(left.path(), flush), &said, steps) {
                return Some(format!(
                    "seed {seed}, {flush:?}, {names:?}, {steps} of {}: {fault}",
                    tape.len()
                ));
            }
        }
    }
    None
}

#[test]
fn after_a_loss_of_power_every_promise_holds() {
    assert_eq!(first_fault(0..400, |_| false), None);
}

/// A disk that does not hear of some syncs is a broker that does not ask for them.
#[test]
fn a_sync_that_is_left_out_is_found() {
    type Deaf = fn(&Path) -> bool;
    let parts: [(&str, Deaf); 4] = [
        ("the journal", |path| path.ends_with("journal")),
        ("a log", |path| path.extension().is_some_and(|extension| extension == "log")),
        ("the names of segments", |path| path.components().count() == 4),
        ("the names of topics", |path| path.ends_with("topics")),
    ];
    for (what, deaf) in parts {
        assert!(first_fault(0..1000 / CUTS as u64, deaf).is_some(), "{what} need not be synced?");
    }
}
