//! Idempotent producers of librdkafka, one for each codec, that number what they write to each partition.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};

use super::{Sequences, client, read};
use crate::support::PATIENCE;

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
pub(super) const PARTITIONS: i32 = 4;

/// What the broker said of one writer's records.
#[derive(Default)]
struct Reports {
    /// By partition, the offset of each number; negative where the client was not told. Reports of batches that were
    /// sent again may overtake each other.
    offsets: Mutex<[BTreeMap<usize, i64>; PARTITIONS as usize]>,
    count: AtomicU64,
    faults: Mutex<Vec<String>>,
}

impl Reports {
    fn fault(&self, what: String) {
        self.faults.lock().unwrap().push(what);
    }
}

#[derive(Clone)]
struct Context(Arc<Reports>);

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let message = match result {
            Ok(message) => message,
            Err((error, _)) => return self.0.fault(format!("not delivered: {error}")),
        };
        let number = numbered(std::str::from_utf8(message.payload().unwrap()).unwrap()).1;
        let mut offsets = self.0.offsets.lock().unwrap();
        if offsets[message.partition() as usize].insert(number, message.offset()).is_some() {
            self.0.fault(format!("{number} is acknowledged twice"));
        }
        self.0.count.fetch_add(1, Relaxed);
    }
}

fn reach(offsets: &BTreeMap<usize, i64>) -> usize {
    offsets.last_key_value().map_or(0, |(last, _)| last + 1)
}

/// Writer and number of a record.
fn numbered(text: &str) -> (&str, usize) {
    let mut words = text.split(' ');
    let (Some(writer), Some(number)) = (words.next(), words.next()) else {
        panic!("a foreign record: {text}")
    };
    (writer, number.parse().unwrap())
}

struct Writer {
    codec: &'static str,
    reports: Arc<Reports>,
    producer: ThreadedProducer<Context>,
    thread: JoinHandle<()>,
}

/// They write to `topic` until they are stopped.
pub(super) struct Writers {
    topic: String,
    stop: Arc<AtomicBool>,
    each: Vec<Writer>,
}

/// How far each writer's records were acknowledged in each partition: all up to this number have to be there.
pub(super) type Acknowledged = Vec<(&'static str, [usize; PARTITIONS as usize])>;

impl Writers {
    pub(super) fn start(address: &str, topic: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let each = CODECS.map(|codec| {
            let reports = Arc::new(Reports::default());
            let producer: ThreadedProducer<Context> = client(address)
                .set("enable.idempotence", "true")
                .set("compression.type", codec)
                .set("linger.ms", "2")
                .set("batch.num.messages", "50")
                .set("queue.buffering.max.messages", "1000")
                .set("message.timeout.ms", "0")
                .create_with_context(Context(Arc::clone(&reports)))
                .unwrap();
            let (stop, topic, own) = (Arc::clone(&stop), topic.to_owned(), producer.clone());
            let thread = thread::spawn(move || write(&own, &topic, codec, &stop));
            Writer { codec, reports, producer, thread }
        });
        Self { topic: topic.to_owned(), stop, each: each.into() }
    }

    /// Records acknowledged up to now.
    pub(super) fn count(&self) -> u64 {
        self.each.iter().map(|w| w.reports.count.load(Relaxed)).sum()
    }

    /// Whether every writer waits for an acknowledgement.
    pub(super) fn wait_for_answers(&self) -> bool {
        self.each.iter().all(|w| w.producer.in_flight_count() > 0)
    }

    pub(super) fn acknowledged(&self) -> Acknowledged {
        self.each.iter().map(|w| (w.codec, w.reports.offsets.lock().unwrap().each_ref().map(reach))).collect()
    }

    /// Stops writing, and returns when all is acknowledged.
    #[track_caller]
    pub(super) fn finish(&mut self) {
        self.stop.store(true, Relaxed);
        for writer in &self.each {
            super::wait_until("the writer's end", || writer.thread.is_finished());
            writer.producer.flush(PATIENCE).expect("everything is acknowledged");
            let faults = writer.reports.faults.lock().unwrap();
            assert!(faults.is_empty(), "{}: {:#?}", writer.codec, &faults[..faults.len().min(10)]);
        }
    }

    /// Every record that was acknowledged is where it was said to be, and all are there once and in order.
    #[track_caller]
    pub(super) fn check(&self, address: &str) -> usize {
        self.check_at_least(address, &self.acknowledged())
    }

    /// As `check`, for a broker that may have lost what was acknowledged after `least`.
    #[track_caller]
    pub(super) fn check_at_least(&self, address: &str, least: &Acknowledged) -> usize {
        let mut found = 0;
        for (partition, records) in
            read(address, &self.topic, PARTITIONS, "read_uncommitted").into_iter().enumerate()
        {
            let place = format!("{} {partition}", self.topic);
            let mut sequences = Sequences::default();
            for (offset, text) in records {
                let (name, number) = numbered(&text);
                sequences.take(name, number, &place);
                let writer = self.each.iter().find(|w| w.codec == name).expect("a writer of ours");
                let offsets = writer.reports.offsets.lock().unwrap();
                let said = offsets[partition].get(&number).copied().filter(|said| *said >= 0);
                assert_eq!(said.unwrap_or(offset), offset, "{place}: record {number} of {name}");
                found += 1;
            }
            for (name, counts) in least {
                let (there, least) = (sequences.count(name), counts[partition]);
                assert!(there >= least, "{place}: {there} of {least} acknowledged records of {name}");
            }
        }
        found
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

fn write(producer: &ThreadedProducer<Context>, topic: &str, codec: &str, stop: &AtomicBool) {
    for number in 0.. {
        for partition in 0..PARTITIONS {
            let text = format!("{codec} {number} {}", "x".repeat(number % 64));
            let mut record = BaseRecord::<(), str>::to(topic).partition(partition).payload(&text);
            while let Err((error, back)) = producer.send(record) {
                assert!(matches!(error, KafkaError::MessageProduction(Code::QueueFull)), "{error}");
                if stop.load(Relaxed) {
                    return;
                }
                producer.poll(Duration::from_millis(5));
                record = back;
            }
        }
        if stop.load(Relaxed) {
            return;
        }
    }
}
