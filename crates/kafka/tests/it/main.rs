//! Everything here runs against the embedded broker on a free port.
//!
//! `produce` holds what a sink promises, `faults` the one-line errors, `consume` where reading starts and stops,
//! `feed` partitions given, held back and lost; `unreadable` what a reader says of records that it cannot get, by answers that `liar` has falsified; `groups` what a
//! member commits; `admin` the administration of topics; `contract` is the one that every sink keeps; `writer` one record after the other by one writer at a time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin;
mod consume;
mod contract;
mod faults;
mod feed;
mod groups;
mod liar;
mod produce;
mod unreadable;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use kadence_broker::{Broker, Options};
use kadence_core::clock::{Clock as _, Stop, SystemClock};
use kadence_core::fault::Fault;
use kadence_core::record::Facts;
use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_core::sink::Sink;
use kadence_kafka::{
    Connection, KafkaError, Next, ProducerOptions, ReaderOptions, StopAt, TopicReader, TopicSink,
};

/// Longer than anything here takes, on a machine that does much else, too; a test that waits this long has failed.
const LONG: Duration = Duration::from_mins(2);

fn broker() -> Broker {
    Broker::start(Options::default()).unwrap()
}

fn connection(broker: &Broker) -> Connection {
    Connection::to(broker.addresses()[0].to_string())
}

fn producing(broker: &Broker, topic: &str) -> ProducerOptions {
    ProducerOptions { connection: connection(broker), topic: topic.into(), ..ProducerOptions::default() }
}

fn reading(broker: &Broker, topic: &str) -> ReaderOptions {
    let connection = connection(broker);
    ReaderOptions { connection, topics: vec![topic.into()], until: StopAt::End, ..ReaderOptions::default() }
}

fn open(options: &ProducerOptions) -> Result<TopicSink, KafkaError> {
    TopicSink::open(options, Arc::new(SystemClock), Arc::new(Stop::new()))
}

/// A record to send: key, body, timestamp in milliseconds.
type Sent<'a> = (Option<&'a str>, &'a [u8], i64);

/// Hands `records` over one after the other, each as its own slice, and flushes.
fn send(sink: &mut TopicSink, records: &[Sent<'_>]) -> Result<(), Fault> {
    let mut run = Run::new(1 << 24, records.len().max(1));
    for ((key, body, _), line) in records.iter().zip(2..) {
        let mut draft = run.draft();
        if let Some(key) = key {
            draft.bytes().extend_from_slice(key.as_bytes());
            draft.end_key();
        }
        draft.bytes().extend_from_slice(body);
        draft.finish(Facts { line, ..Facts::default() });
    }
    sink.begin(SystemClock.now());
    for (index, (_, _, millis)) in records.iter().enumerate() {
        let at = Timestamp::from_nanos(millis * 1_000_000);
        while sink.accept(&run.slice(index..index + 1, &[], at))? == 0 {
            sink.wait_for_room(LONG)?;
        }
    }
    sink.flush(&Stop::new())
}

/// Writes bodies without a key, in order, their numbers being their timestamps in seconds from 1.
fn fill(broker: &Broker, topic: &str, bodies: &[&str]) {
    let mut sink = open(&producing(broker, topic)).unwrap();
    let records: Vec<Sent<'_>> =
        bodies.iter().zip(1..).map(|(body, second)| (None, body.as_bytes(), second * 1_000)).collect();
    send(&mut sink, &records).unwrap();
    assert_eq!(sink.deliveries().acknowledged, bodies.len() as u64);
}

/// A record as read.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    partition: i32,
    offset: i64,
    millis: Option<i64>,
    key: Option<String>,
    body: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Opens a reader that does not have to wait for its topic.
fn reader(options: &ReaderOptions) -> Result<TopicReader, KafkaError> {
    let reader =
        TopicReader::open(options, Arc::new(SystemClock), Arc::new(Stop::new()), |text| panic!("{text}"))?;
    Ok(reader.expect("nobody stopped it"))
}

/// Reads all there is to read.
fn read_all(options: &ReaderOptions) -> Vec<Read> {
    read_to_end(&mut reader(options).unwrap())
}

fn read_to_end(reader: &mut TopicReader) -> Vec<Read> {
    let deadline = SystemClock.now() + LONG;
    let mut records = Vec::new();
    loop {
        match reader.next(Duration::from_millis(200)).unwrap() {
            Next::Record(record) => records.push(Read {
                partition: record.partition(),
                offset: record.offset(),
                millis: record.timestamp().map(Timestamp::as_millis),
                key: record.key().map(|key| String::from_utf8_lossy(key).into_owned()),
                body: record.body().map(<[u8]>::to_vec),
                headers: record
                    .headers()
                    .map(|(name, value)| {
                        (String::from_utf8_lossy(name).into_owned(), value.map(<[u8]>::to_vec))
                    })
                    .collect(),
            }),
            Next::Finished => return records,
            Next::PartitionEnd { .. } | Next::Nothing => {}
        }
        assert!(SystemClock.now() < deadline, "still not at the end after {} records", records.len());
    }
}

fn bodies(records: &[Read]) -> Vec<String> {
    records
        .iter()
        .map(|record| String::from_utf8_lossy(record.body.as_deref().unwrap_or_default()).into_owned())
        .collect()
}
