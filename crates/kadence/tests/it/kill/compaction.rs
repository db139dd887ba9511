//! Kills while a topic is compacted and written to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kadence_kafka::{Admin, Connection};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tempfile::TempDir;

use super::victim::Victim;
use super::{client, kills, read, wait_until};
use crate::support::PATIENCE;

const KEYS: u64 = 500;
/// New acknowledgements between two kills: more than a segment has.
const BETWEEN: u64 = 6_000;
/// What a record has besides its number.
const PADDING: usize = 250;

/// The last number of each key that was acknowledged.
#[derive(Default)]
struct Acknowledged {
    last: Mutex<BTreeMap<u64, u64>>,
    count: AtomicU64,
}

#[derive(Clone)]
struct Context(Arc<Acknowledged>);

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let message = result.as_ref().expect("a client that never gives up");
        let (key, number) = numbered(std::str::from_utf8(message.payload().unwrap()).unwrap());
        let mut last = self.0.last.lock().unwrap();
        let last = last.entry(key).or_default();
        *last = number.max(*last);
        self.0.count.fetch_add(1, Relaxed);
    }
}

/// Key and number of a record.
fn numbered(text: &str) -> (u64, u64) {
    let mut words = text.split(' ').map(|word| word.parse().unwrap());
    (words.next().unwrap(), words.next().unwrap())
}

fn write(producer: &ThreadedProducer<Context>, stop: &AtomicBool) -> u64 {
    let never = kadence_core::clock::Stop::new();
    let mut number = 0;
    while !stop.load(Relaxed) {
        let key = (number * 7_919 % KEYS).to_string();
        let text = format!("{key} {number} {}", "7".repeat(PADDING));
        match producer.send(BaseRecord::to("compacted").key(&key).payload(&text)) {
            Ok(()) => number += 1,
            Err((KafkaError::MessageProduction(Code::QueueFull), _)) => {
                never.wait(Duration::from_millis(1));
            }
            Err((error, _)) => panic!("{error}"),
        }
    }
    number
}

#[test]
#[ignore = "needs a number of kills in KADENCE_TEST_KILLS"]
fn the_last_record_of_each_key_outlives_kills_of_a_broker_that_compacts() {
    let folder = TempDir::new().unwrap();
    let mut victim = Victim::start_with(folder.path(), &["log.cleaner.backoff.ms=10"]);
    let admin = Admin::connect(&Connection::to(&victim.address)).unwrap();
    let settings = [("cleanup.policy", "compact"), ("segment.bytes", "1048576")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    admin.create("compacted", Some(1), Some(1), &settings).unwrap();
    let (acknowledged, stop) = (Arc::<Acknowledged>::default(), Arc::<AtomicBool>::default());
    let producer: ThreadedProducer<Context> = client(&victim.address)
        .set("enable.idempotence", "true")
        .set("batch.num.messages", "50")
        .set("queue.buffering.max.messages", "1000")
        .set("message.timeout.ms", "0")
        .create_with_context(Context(Arc::clone(&acknowledged)))
        .unwrap();
    let writing = {
        let (producer, stop) = (producer.clone(), Arc::clone(&stop));
        thread::spawn(move || write(&producer, &stop))
    };
    let kills = kills();
    for _ in 0..kills {
        let before = acknowledged.count.load(Relaxed);
        wait_until("more than a segment of acknowledgements", || {
            acknowledged.count.load(Relaxed) >= before + BETWEEN
        });
        victim.restart();
    }
    stop.store(true, Relaxed);
    let written = writing.join().unwrap();
    producer.flush(PATIENCE).expect("everything is acknowledged");
    let last = acknowledged.last.lock().unwrap().clone();
    // On a busy machine it may not have come that far between two kills.
    let count = || read(&victim.address, "compacted", 1, "read_committed").remove(0).len() as u64;
    wait_until("less than half of the records", || count() < written / 2);
    let mut left = 0;
    for _ in 0..2 {
        let found = read(&victim.address, "compacted", 1, "read_committed").remove(0);
        assert!(found.is_sorted_by(|(one, _), (next, _)| one < next));
        let mut newest = BTreeMap::new();
        for (_, text) in &found {
            let (key, number) = numbered(text);
            let before = newest.insert(key, number);
            assert!(before.is_none_or(|before| before < number), "key {key} goes back to {number}");
        }
        assert_eq!(newest, last, "the last record of each key");
        left = found.len();
        victim.restart();
    }
    println!(
        "{kills} kills, {written} records of {KEYS} keys acknowledged, {left} left: the last of each key among them"
    );
}
