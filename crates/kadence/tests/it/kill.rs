//! kill -9, over and over, while clients of librdkafka work: what was acknowledged stays, once and in order.
//!
//! Ignored unless asked for: `./test kill` sets how often each test kills.

mod compaction;
mod copies;
mod outcome;
mod produce;
mod transactions;
mod victim;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use crate::support::PATIENCE;

/// How often to kill.
#[expect(clippy::disallowed_methods, reason = "the script that runs the tests says it")]
fn kills() -> usize {
    let given = std::env::var("KADENCE_TEST_KILLS").expect("KADENCE_TEST_KILLS is set");
    given.parse().expect("KADENCE_TEST_KILLS is a number")
}

/// Waits for something that others do; a kill comes right behind it, so it is looked at often.
#[track_caller]
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let (never, deadline) = (Stop::new(), SystemClock.now() + PATIENCE);
    while !done() {
        assert!(SystemClock.now() < deadline, "{what}: not in time");
        never.wait(Duration::from_millis(1));
    }
}

/// A client that comes back quickly to a broker that was away.
fn client(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", address)
        .set("reconnect.backoff.ms", "5")
        .set("reconnect.backoff.max.ms", "50")
        .set("retry.backoff.ms", "10")
        .set("retry.backoff.max.ms", "100")
        .set("topic.metadata.refresh.fast.interval.ms", "20");
    config
}

/// Offset and text of each record of a partition.
type Records = Vec<(i64, String)>;

/// All that the first `partitions` partitions of a topic hold.
fn read(address: &str, topic: &str, partitions: i32, isolation: &str) -> Vec<Records> {
    let consumer: BaseConsumer = client(address)
        .set("group.id", "check")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation)
        // The end of a partition is told when a fetch has waited in vain.
        .set("fetch.wait.max.ms", "5")
        .create()
        .unwrap();
    let mut places = TopicPartitionList::new();
    for partition in 0..partitions {
        places.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&places).unwrap();
    let mut records = vec![Records::new(); partitions as usize];
    let mut ended = BTreeSet::new();
    while ended.len() < records.len() {
        match consumer.poll(PATIENCE).expect("the broker answers") {
            Ok(message) => {
                let text = std::str::from_utf8(message.payload().unwrap()).unwrap().to_owned();
                records[message.partition() as usize].push((message.offset(), text));
            }
            Err(KafkaError::PartitionEOF(partition)) => {
                ended.insert(partition);
            }
            // Right after a start it may be away for a moment.
            Err(KafkaError::MessageConsumption(_)) => {}
            Err(error) => panic!("{topic}: {error}"),
        }
    }
    records
}

/// Small, seeded, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The next number of each sequence in a partition: whoever repeats or leaves out one is found.
#[derive(Default)]
struct Sequences(BTreeMap<String, usize>);

impl Sequences {
    #[track_caller]
    fn take(&mut self, name: &str, number: usize, place: &str) {
        let next = self.0.entry(name.to_owned()).or_default();
        assert_eq!(number, *next, "{place}: the next record of {name}");
        *next += 1;
    }

    fn count(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or_default()
    }
}
