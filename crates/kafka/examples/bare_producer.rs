//! The least that writes a file's lines to a topic through librdkafka: no pacing, no encoding, no report. What
//! kadence costs beyond this is its own.
//!
//! `bare_producer BROKERS TOPIC FILE [NAME=VALUE]…`: the properties are those that kadence sets for an unpaced run,
//! unless given. Ends with one JSON object.

#![allow(clippy::print_stdout, reason = "its output is the measurement")]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

const AS_KADENCE: [(&str, &str); 9] = [
    ("enable.idempotence", "true"),
    ("partitioner", "murmur2_random"),
    ("socket.nagle.disable", "true"),
    ("queue.buffering.max.messages", "65536"),
    ("queue.buffering.max.kbytes", "32768"),
    ("message.max.bytes", "1048588"),
    ("statistics.interval.ms", "1000"),
    ("linger.ms", "10"),
    ("batch.num.messages", "100000"),
];
const POLL_EVERY: u64 = 1_000;
const LIMIT: Duration = Duration::from_mins(5);

#[derive(Default)]
struct Reports {
    acknowledged: AtomicU64,
    failed: AtomicU64,
}

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let count = if result.is_ok() { &self.acknowledged } else { &self.failed };
        count.fetch_add(1, Relaxed);
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("usage: bare_producer BROKERS TOPIC FILE [NAME=VALUE]…");
    let (brokers, topic, file) = (next(), next(), next());
    let mut config: ClientConfig =
        AS_KADENCE.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    config.set("bootstrap.servers", brokers);
    for property in arguments {
        let (name, value) = property.split_once('=').expect("NAME=VALUE");
        config.set(name, value);
    }

    let start = SystemClock.now();
    let producer: BaseProducer<Reports> =
        config.create_with_context(Reports::default()).expect("the properties are good");
    // An idempotent producer gets its id half a second earlier when it is asked for metadata first.
    for topic in [None, Some(&*topic)] {
        producer.client().fetch_metadata(topic, LIMIT).expect("a broker answers");
    }
    let mut lines = BufReader::with_capacity(1 << 18, File::open(file).expect("the file is there"));
    let (mut line, mut sent, mut bytes) = (Vec::new(), 0, 0);
    while lines.read_until(b'\n', &mut line).expect("the file can be read") > 0 {
        let body = line.strip_suffix(b"\n").unwrap_or(&line);
        send(&producer, &topic, body);
        sent += 1;
        bytes += body.len();
        if sent % POLL_EVERY == 0 {
            producer.poll(Duration::ZERO);
        }
        line.clear();
    }
    producer.flush(LIMIT).expect("everything is acknowledged");
    let seconds = SystemClock.now().saturating_sub(start).as_secs_f64();
    let reports = producer.client().context();
    let (acknowledged, failed) = (reports.acknowledged.load(Relaxed), reports.failed.load(Relaxed));
    assert!(acknowledged == sent && failed == 0, "{acknowledged} of {sent} acknowledged, {failed} failed");
    println!("{{\"records\":{acknowledged},\"bytes\":{bytes},\"seconds\":{seconds}}}");
}

fn send(producer: &BaseProducer<Reports>, topic: &str, body: &[u8]) {
    let mut record = BaseRecord::<(), [u8]>::to(topic).payload(body);
    while let Err((error, back)) = producer.send(record) {
        assert!(matches!(error, KafkaError::MessageProduction(Code::QueueFull)), "{error}");
        producer.poll(Duration::from_millis(1));
        record = back;
    }
}
