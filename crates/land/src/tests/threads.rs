//! The halves on threads of their own, in real time.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use kadence_core::record::Timestamp;

use crate::memory::{
    MemoryCluster, MemoryFeed, MemoryFeedOptions, MemoryRecord, MemoryStore, MemoryTarget, Mishap, Protocol,
};
use crate::{Ended, LandError, OnReject, Options, Outcome, land};

const TOPIC: &str = "orders";

struct World {
    cluster: MemoryCluster,
    store: MemoryStore,
    target: MemoryTarget,
    stop: Stop,
}

impl World {
    /// One topic with three partitions, in which the records are spread.
    fn with(records: u64) -> Self {
        let cluster = MemoryCluster::new(Arc::new(SystemClock), Protocol::Eager, Duration::from_secs(10));
        cluster.make_topic(TOPIC, 3);
        for number in 0..records {
            cluster.append(TOPIC, (number % 3) as i32, Some(record(number)));
        }
        let store = MemoryStore::default();
        Self { cluster, target: MemoryTarget::new(&store), store, stop: Stop::new() }
    }

    fn land(&self, options: Options, until_end: bool) -> Outcome {
        let feed_options = MemoryFeedOptions { until_end, records: 70, ..MemoryFeedOptions::default() };
        let feed = MemoryFeed::join(&self.cluster, feed_options);
        let (outcome, feed) =
            land(feed, self.target.clone(), options, &SystemClock, &self.stop, Arc::default());
        feed.leave();
        outcome
    }

    /// The bodies in the order in which they were landed, by their numbers.
    fn numbers(&self) -> Vec<u64> {
        let rows = self.store.rows().into_iter();
        rows.map(|row| String::from_utf8(row.body.unwrap()).unwrap().parse().unwrap()).collect()
    }

    fn holds_each_once(&self, records: u64) {
        let mut numbers = self.numbers();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..records).collect::<Vec<_>>());
    }
}

fn record(number: u64) -> MemoryRecord {
    MemoryRecord {
        key: Some(b"key".to_vec()),
        body: Some(number.to_string().into_bytes()),
        time: Timestamp::from_nanos(number as i64),
    }
}

fn options() -> Options {
    Options { batch_records: 100, linger: Duration::from_millis(20), ..Options::default() }
}

#[test]
fn everything_is_landed_and_the_end_is_found() {
    let world = World::with(10_000);
    world.cluster.append(TOPIC, 1, None);
    let outcome = world.land(options(), true);
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    assert_eq!((outcome.read, outcome.landed, outcome.rejected), (10_000, 10_000, 0));
    assert!(outcome.batches >= 100, "{outcome:?}");
    assert_eq!(outcome.next.values().copied().collect::<Vec<_>>(), [3_334, 3_334, 3_333]);
    assert_eq!(outcome.next, world.cluster.noted());
    world.holds_each_once(10_000);

    let again = world.land(options(), true);
    assert_eq!((again.read, again.landed), (0, 0), "{again:?}");
}

#[test]
fn a_limit_is_kept_and_the_next_landing_goes_on_behind_it() {
    let world = World::with(1_000);
    let outcome = world.land(Options { limit: Some(250), ..options() }, true);
    assert!(matches!(outcome.ended, Ended::Limit), "{outcome:?}");
    assert_eq!((outcome.landed, world.store.len()), (250, 250));
    let outcome = world.land(options(), true);
    assert_eq!(outcome.landed, 750, "{outcome:?}");
    world.holds_each_once(1_000);
}

#[test]
fn a_stop_lands_what_was_read() {
    let world = World::with(1_000);
    let outcome = std::thread::scope(|scope| {
        let landing =
            scope.spawn(|| world.land(Options { linger: Duration::from_mins(1), ..options() }, false));
        while world.store.is_empty() {
            std::thread::yield_now();
        }
        world.stop.raise();
        landing.join().unwrap()
    });
    assert!(matches!(outcome.ended, Ended::Stopped), "{outcome:?}");
    assert_eq!(outcome.read, outcome.landed);
    assert_eq!(outcome.landed, world.store.len() as u64);
}

#[test]
fn trouble_passes_and_lost_answers_are_looked_up() {
    let world = World::with(2_000);
    world.target.fail([
        None,
        Some(Mishap::Fails),
        Some(Mishap::AnswerLost),
        None,
        Some(Mishap::NotDoneAnswerLost),
        Some(Mishap::Slow(Duration::from_millis(50))),
    ]);
    let outcome = world.land(options(), true);
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    assert_eq!((outcome.landed, outcome.uncertain), (2_000, 0));
    world.holds_each_once(2_000);
}

#[test]
fn an_error_that_stays_ends_the_landing_with_its_reason() {
    let world = World::with(2_000);
    world.target.fail([None, Some(Mishap::Stops)]);
    let outcome = world.land(options(), true);
    let Ended::Failed(LandError::Target(error)) = &outcome.ended else { panic!("{outcome:?}") };
    assert_eq!(error.to_string(), "memory: the table is gone");
    assert_eq!(outcome.landed, world.store.len() as u64);
    assert_eq!(outcome.landed, 100);
}

#[test]
fn a_writer_that_is_gone_ends_the_landing() {
    let world = World::with(2_000);
    world.target.fail([None, Some(Mishap::Panics)]);
    let landing = std::panic::AssertUnwindSafe(|| world.land(options(), true));
    let panic = std::panic::catch_unwind(landing).unwrap_err();
    drop(panic);
    assert_eq!(world.store.len(), 100);
}

fn is_odd(record: &kadence_core::record::Record<'_>) -> Option<String> {
    let last = record.body?.last()?;
    (last % 2 == 1).then(|| "it is odd".into())
}

#[test]
fn a_record_that_is_not_taken_ends_the_landing_and_its_batch_is_not_landed() {
    let world = World::with(1_000);
    world.store.reject(is_odd);
    let outcome = world.land(options(), true);
    let Ended::Failed(error) = &outcome.ended else { panic!("{outcome:?}") };
    let expected = "orders[0] at offset 1: the target does not take this record (it is odd); \
                    nothing of its batch is landed";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert_eq!((outcome.landed, outcome.rejected, world.store.len()), (0, 0, 0));
}

#[test]
fn records_that_are_not_taken_are_counted_and_the_others_are_landed() {
    let world = World::with(1_000);
    world.store.reject(is_odd);
    world.target.fail([Some(Mishap::Fails), Some(Mishap::AnswerLost)]);
    let outcome = world.land(Options { on_reject: OnReject::Skip, ..options() }, true);
    assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
    assert_eq!((outcome.landed, outcome.rejected), (500, 500));
    assert_eq!(world.numbers().into_iter().filter(|number| number % 2 == 1).count(), 0);
}
