//! Compacted topics: what is left of a history, of the embedded broker and of a real Kafka.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kadence_broker::Options;
use kadence_core::clock::Stop;
use kadence_kafka::{Admin, Connection};
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

use crate::support::{Bench, PATIENCE, eventually};

const TOPIC: &str = "compacted";
const CHUNKS: u64 = 60;
const CHUNK: u64 = 100;
const KEYS: u64 = 150;
/// What a record has, so that a history has some segments.
const PADDING: usize = 400;

/// A record as a reader has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    offset: i64,
    key: String,
    value: Option<String>,
    timestamp: Option<i64>,
    headers: usize,
}

impl Read {
    fn of(message: &impl Message) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            offset: message.offset(),
            key: text(message.key().unwrap()),
            value: message.payload().map(text),
            timestamp: message.timestamp().to_millis(),
            headers: message.headers().map_or(0, rdkafka::message::Headers::count),
        }
    }
}

/// Where records were stored.
#[derive(Clone, Default)]
struct Delivered(Arc<Mutex<Vec<Read>>>);

impl ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        // What is aborted may not be delivered.
        if let Ok(message) = result {
            self.0.lock().unwrap().push(Read::of(message));
        }
    }
}

fn producer(bench: &Bench, codec: &str, transactional: Option<&str>) -> (BaseProducer<Delivered>, Delivered) {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &bench.address)
        .set("enable.idempotence", "true")
        .set("compression.type", codec)
        .set("linger.ms", "5");
    if let Some(id) = transactional {
        config.set("transactional.id", id);
    }
    let delivered = Delivered::default();
    let producer: BaseProducer<Delivered> = config.create_with_context(delivered.clone()).unwrap();
    if transactional.is_some() {
        producer.init_transactions(PATIENCE).unwrap();
    }
    (producer, delivered)
}

/// Writes a history of updates and deletes by several producers, some in transactions of which some are aborted. Gives
/// what is committed, in its order.
fn write(bench: &Bench) -> Vec<Read> {
    let producers: Vec<_> = ["none", "gzip", "snappy", "lz4", "zstd"]
        .into_iter()
        .map(|codec| producer(bench, codec, None))
        .chain(["one", "two"].map(|id| producer(bench, "lz4", Some(id))))
        .collect();
    let mut seed = 7_u64;
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let mut committed = Vec::new();
    for chunk in 0..CHUNKS {
        let at = below(producers.len() as u64) as usize;
        let (producer, delivered) = &producers[at];
        let (is_transactional, is_aborted) = (at >= 5, below(2) == 0);
        if is_transactional {
            producer.begin_transaction().unwrap();
        }
        for number in 0..CHUNK {
            let key = format!("key {}", below(KEYS));
            let value = format!("{chunk} {number} {}", "x".repeat(PADDING));
            let headers = OwnedHeaders::new().insert(Header { key: "a", value: Some("b") });
            let mut record = BaseRecord::to(TOPIC)
                .key(&key)
                .timestamp(1_700_000_000_000 + (chunk * CHUNK + number) as i64);
            if below(10) > 0 {
                record = record.payload(&value);
            }
            if below(3) == 0 {
                record = record.headers(headers);
            }
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
        match (is_transactional, is_aborted) {
            (true, true) => producer.abort_transaction(PATIENCE).unwrap(),
            (true, false) => producer.commit_transaction(PATIENCE).unwrap(),
            (false, _) => {}
        }
        let mut delivered = delivered.0.lock().unwrap();
        if !(is_transactional && is_aborted) {
            committed.append(&mut delivered);
        }
        delivered.clear();
    }
    committed
}

/// Other keys, so that the history's segments are finished.
fn fill(bench: &Bench, round: usize) {
    let (producer, _) = producer(bench, "none", None);
    for number in 0..5_000 {
        let key = format!("filler {round} {number}");
        let value = "y".repeat(PADDING);
        producer.send(BaseRecord::to(TOPIC).key(&key).payload(&value)).map_err(|(error, _)| error).unwrap();
        producer.poll(Duration::ZERO);
    }
    producer.flush(Timeout::After(PATIENCE)).unwrap();
}

/// What a reader finds of the history.
fn found(bench: &Bench) -> Vec<Read> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &bench.address)
        .set("group.id", "reader")
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed")
        .create()
        .unwrap();
    let mut places = TopicPartitionList::new();
    places.add_partition_offset(TOPIC, 0, Offset::Beginning).unwrap();
    consumer.assign(&places).unwrap();
    let mut found = Vec::new();
    loop {
        match consumer.poll(PATIENCE).expect("the broker answers") {
            Ok(message) => found.push(Read::of(&message)),
            Err(KafkaError::PartitionEOF(_)) => break,
            Err(error) => panic!("{error}"),
        }
    }
    found.retain(|record| record.key.starts_with("key "));
    found
}

/// Of a history the last record of each key is left, where it was and as it was, and no other.
fn the_survivors_are_the_last_of_their_keys(bench: &Bench) {
    let admin = Admin::connect(&Connection::to(&bench.address)).unwrap();
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.bytes", "1048576"),
        ("min.cleanable.dirty.ratio", "0.01"),
        // Records of long ago are not overdue.
        ("delete.retention.ms", "86400000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    admin.create(TOPIC, Some(1), Some(1), &settings).unwrap();
    let committed = write(bench);
    let mut expected: BTreeMap<String, Read> = BTreeMap::new();
    for record in committed {
        expected.insert(record.key.clone(), record);
    }
    let mut expected: Vec<Read> = expected.into_values().collect();
    expected.sort_by_key(|record| record.offset);
    assert!(expected.iter().any(|record| record.value.is_none()), "some are deleted");
    let mut round = 0;
    let (never, pause) = (Stop::new(), Duration::from_millis(200));
    let left = eventually("one record of each key", || {
        // A segment is finished by what comes behind it.
        if round < 3 {
            fill(bench, round);
            round += 1;
        }
        let found = found(bench);
        let keys: BTreeSet<&str> = found.iter().map(|record| record.key.as_str()).collect();
        let is_compact = keys.len() == found.len();
        if !is_compact {
            never.wait(pause);
        }
        is_compact.then_some(found)
    });
    assert_eq!(left, expected);
}

fn quick() -> Options {
    Options { compaction_check_interval: Duration::from_millis(20), ..Options::default() }
}

#[test]
fn in_memory_the_survivors_are_the_last_of_their_keys() {
    the_survivors_are_the_last_of_their_keys(&Bench::with(quick()));
}

#[test]
fn in_a_directory_the_survivors_are_the_last_of_their_keys() {
    let folder = TempDir::new().unwrap();
    let options = Options { data_dir: Some(folder.path().join("data")), ..quick() };
    the_survivors_are_the_last_of_their_keys(&Bench::with(options));
}

mod kafka {
    #[test]
    #[ignore = "needs a real Kafka at KADENCE_TEST_KAFKA"]
    fn the_survivors_are_the_last_of_their_keys() {
        super::the_survivors_are_the_last_of_their_keys(&crate::support::Bench::on_kafka());
    }
}
