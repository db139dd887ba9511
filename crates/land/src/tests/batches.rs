//! When a batch is full, and what happens between the halves, step by step.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, ManualClock};
use kadence_core::feed::Partition;
use kadence_core::record::Timestamp;

use crate::error::LandError;
use crate::memory::{
    MemoryCluster, MemoryFeed, MemoryFeedOptions, MemoryRecord, MemoryStore, MemoryTarget, Mishap, Protocol,
};
use crate::options::Options;
use crate::orders::Order;
use crate::outcome::Ended;
use crate::reader::{Reader, Turn};
use crate::writer::{Rest, Writer};

const TOPIC: &str = "orders";

/// A reader and a writer that are stepped by hand.
struct Pair {
    clock: Arc<ManualClock>,
    cluster: MemoryCluster,
    store: MemoryStore,
    target: MemoryTarget,
    reader: Reader<MemoryFeed>,
    writer: Writer,
    /// The commits that were ordered: when, how many records, and the parts' next offsets.
    commits: Vec<(Duration, usize, Vec<i64>)>,
}

impl Pair {
    fn new(options: Options, partitions: usize) -> Self {
        let clock = Arc::new(ManualClock::default());
        let session = Duration::from_secs(10);
        let cluster =
            MemoryCluster::new(Arc::clone(&clock) as Arc<dyn Clock>, Protocol::Cooperative, session);
        cluster.make_topic(TOPIC, partitions);
        let store = MemoryStore::default();
        let writer = Writer::new(options.on_reject);
        let reader = Reader::new(MemoryFeed::join(&cluster, MemoryFeedOptions::default()), options);
        let target = MemoryTarget::new(&store);
        Self { clock, cluster, store, target, reader, writer, commits: Vec::new() }
    }

    fn append(&self, index: i32, bodies: impl IntoIterator<Item = Option<&'static str>>) {
        for body in bodies {
            let record = body.map(|body| MemoryRecord { body: Some(body.into()), ..MemoryRecord::default() });
            self.cluster.append(TOPIC, index, record);
        }
    }

    fn read(&mut self) -> Turn {
        let turn = self.reader.step(&*self.clock, Duration::ZERO);
        while let Some(order) = self.reader.order() {
            if let Order::Commit(filled) = &order {
                let next = filled.parts.iter().map(|part| part.next).collect();
                self.commits.push((self.clock.now(), filled.run.len(), next));
            }
            self.writer.take(order);
        }
        turn
    }

    fn write(&mut self) {
        while self.writer.step(&mut self.target, &*self.clock) == Rest::None {}
        while let Some(answer) = self.writer.answer() {
            self.reader.hear(self.clock.now(), answer);
        }
    }

    /// Both work for so many milliseconds.
    fn work(&mut self, ms: u64) {
        for _ in 0..ms {
            self.read();
            self.write();
            self.clock.advance(Duration::from_millis(1));
        }
    }

    fn partition(&self) -> Partition {
        self.cluster.partition(TOPIC, 0)
    }

    fn sizes(&self) -> Vec<usize> {
        self.commits.iter().map(|commit| commit.1).collect()
    }
}

fn options() -> Options {
    Options { linger: Duration::from_millis(100), ..Options::default() }
}

#[test]
fn a_batch_ends_at_its_number_of_records() {
    let mut pair = Pair::new(Options { batch_records: 4, ..options() }, 1);
    pair.append(0, [Some("a"); 10]);
    pair.work(50);
    assert_eq!(pair.sizes(), [4, 4]);
    pair.work(100);
    assert_eq!(pair.sizes(), [4, 4, 2]);
    assert_eq!(pair.store.len(), 10);
}

#[test]
fn a_batch_ends_at_its_number_of_bytes() {
    let mut pair = Pair::new(Options { batch_bytes: 10, ..options() }, 1);
    pair.append(0, [Some("four"), Some("four"), Some("four"), Some("a body that is longer"), Some("four")]);
    pair.work(200);
    assert_eq!(pair.sizes(), [3, 1, 1]);
}

#[test]
fn a_batch_ends_some_time_after_its_first_record() {
    let mut pair = Pair::new(options(), 1);
    pair.work(10);
    pair.append(0, [Some("a")]);
    pair.work(60);
    pair.append(0, [Some("a")]);
    pair.work(60);
    let Some((when, 2, _)) = pair.commits.first() else { panic!("{:?}", pair.commits) };
    assert_eq!(when.as_millis(), 110);
}

#[test]
fn the_ledger_moves_over_offsets_that_hold_no_records() {
    let mut pair = Pair::new(options(), 1);
    pair.append(0, [None, Some("a"), None, None]);
    pair.work(150);
    pair.append(0, [None]);
    pair.work(150);
    let next: Vec<_> = pair.commits.iter().map(|commit| (commit.1, commit.2.clone())).collect();
    assert_eq!(next, [(1, vec![4]), (0, vec![5])]);
    let place = pair.store.place(&pair.partition());
    assert_eq!((place.next, place.mark.map(|mark| mark.offset)), (Some(5), Some(1)));
}

#[test]
fn no_more_than_three_batches_are_under_way_and_the_feed_is_asked_meanwhile() {
    let mut pair = Pair::new(Options { batch_records: 2, ..options() }, 1);
    pair.work(5);
    pair.append(0, [Some("a"); 20]);
    for _ in 0..50 {
        // The writer does nothing for longer than a session lasts.
        pair.read();
        pair.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(pair.sizes(), [2, 2, 2]);
    assert_eq!(pair.cluster.owner(TOPIC, 0), Some(pair.reader.feed().member()));
    pair.work(300);
    assert_eq!((pair.sizes(), pair.store.len()), (vec![2; 10], 20));
}

#[test]
fn what_fails_is_tried_again_after_pauses_that_double() {
    let mut pair = Pair::new(Options { batch_records: 2, ..options() }, 1);
    pair.target.fail([Some(Mishap::Fails); 3]);
    pair.append(0, [Some("a"); 2]);
    pair.work(690);
    assert_eq!((pair.sizes(), pair.store.len()), (vec![2], 0));
    pair.work(20);
    assert_eq!((pair.sizes(), pair.store.len()), (vec![2], 2));
}

#[test]
fn a_partition_that_is_taken_is_landed_first() {
    let mut pair = Pair::new(options(), 2);
    pair.append(0, [Some("a")]);
    pair.append(1, [Some("b")]);
    pair.work(10);
    assert_eq!(pair.sizes(), [0; 0]);
    let other = MemoryFeed::join(&pair.cluster, MemoryFeedOptions::default());
    pair.work(10);
    assert_eq!((pair.sizes(), pair.store.len()), (vec![2], 2));
    assert_eq!(pair.cluster.owner(TOPIC, 1), Some(other.member()));
}

#[test]
fn a_partition_that_is_taken_is_rolled_back_where_the_target_is_down() {
    let mut pair = Pair::new(options(), 2);
    pair.append(0, [Some("a")]);
    pair.append(1, [Some("b")]);
    pair.target.fail([Some(Mishap::Fails); 5]);
    pair.work(200);
    let other = MemoryFeed::join(&pair.cluster, MemoryFeedOptions::default());
    pair.work(20);
    assert_eq!((pair.store.len(), pair.cluster.owner(TOPIC, 1)), (0, Some(other.member())));
    pair.work(5_000);
    let rows: Vec<_> = pair.store.rows().into_iter().map(|row| row.partition.index).collect();
    assert_eq!(rows, [0], "what was rolled back of the other partition is read again");
}

/// What a commit waits for may be a lock of the worker from whom the other partition comes.
#[test]
fn a_partition_that_is_given_is_claimed_before_a_commit_that_failed() {
    let mut pair = Pair::new(options(), 2);
    let other = MemoryFeed::join(&pair.cluster, MemoryFeedOptions::default());
    pair.work(10);
    let is_theirs = |index: &i32| pair.cluster.owner(TOPIC, *index) == Some(other.member());
    let theirs = (0..2).find(is_theirs).expect("they have one");
    pair.append(1 - theirs, [Some("a")]);
    pair.target.fail([Some(Mishap::Fails); 5]);
    pair.work(200);
    other.leave();
    pair.work(30);
    let place = pair.store.place(&pair.cluster.partition(TOPIC, theirs));
    assert_eq!((place.epoch, pair.store.len()), (1, 0), "it is claimed, and nothing is landed yet");
    pair.work(10_000);
    assert_eq!(pair.store.len(), 1);
}

#[test]
fn a_topic_that_is_made_anew_and_is_as_long_as_before_is_noticed() {
    let mut pair = Pair::new(options(), 1);
    pair.append(0, [Some("a"); 3]);
    pair.work(150);
    pair.cluster.make_topic(TOPIC, 1);
    pair.append(0, [Some("b"); 3]);
    pair.clock.advance(Duration::from_secs(5));
    pair.work(10);
    assert_eq!(pair.store.len(), 3);
    for _ in 0..30 {
        pair.clock.advance(Duration::from_secs(1));
        pair.work(1);
    }
    let (outcome, _) = pair.reader.outcome();
    let Ended::Failed(LandError::AnotherTopic { .. }) = outcome.ended else { panic!("{outcome:?}") };
}

#[test]
fn the_last_record_of_a_part_leaves_its_mark() {
    let mut pair = Pair::new(options(), 1);
    pair.append(0, [Some("a"), Some("b"), None]);
    pair.work(150);
    let mark = pair.store.place(&pair.partition()).mark;
    assert_eq!(mark, pair.cluster.mark(TOPIC, 0, 1));
    assert_eq!(mark.and_then(|mark| mark.timestamp), Some(Timestamp::default()));
}
