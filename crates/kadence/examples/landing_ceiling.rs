//! Rows for `bench/landing`: into a topic, and straight into a database through the driver that `kadence land` uses.
//! What a landing is slower by than the second is its own cost, with Kafka's client and JSON.
//!
//! - `landing_ceiling fill BROKERS TOPIC ROWS json|schema|unfit PARTITIONS` writes them to a topic in their order, as
//!   plain JSON, in the form of Kafka Connect with its schema, or as plain JSON of which every tenth body does not fit.
//! - `landing_ceiling URL TABLE insert|upsert ROWS` writes them to a table that is there, whose first column is the
//!   key. They are made beforehand. Each transaction moves a line of a ledger and has 10,000 rows.
//!
//! Either ends with one JSON object. The rows are the same each time. Every tenth has a negative last number.

#![allow(clippy::print_stdout, reason = "its output is the measurement")]

use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::record::Timestamp;
use kadence_store::{Cell, Change, Database, Mode, Parameter, Rows, Session as _, Table};
use kadence_store_mysql::Mysql;
use kadence_store_postgres::Postgres;
use kadence_store_sqlite::Sqlite;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

/// What `kadence land` has unless told otherwise.
const BATCH: u64 = 10_000;
/// 2026-01-01, in milliseconds.
const START: i64 = 1_767_225_600_000;
const SCHEMA: &str = r#"{"type":"struct","optional":false,"fields":[{"field":"id","type":"string","optional":false},{"field":"a","type":"double","optional":false},{"field":"b","type":"double","optional":false},{"field":"c","type":"double","optional":false},{"field":"at","type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1}]}"#;
const LIMIT: Duration = Duration::from_mins(5);

struct Reading {
    id: String,
    values: [f64; 3],
    millis: i64,
}

/// A number that looks random, and is the same each time.
fn mixed(number: u64) -> u64 {
    let mut value = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn reading(number: u64) -> Reading {
    let [high, low, a, b, c] = [1, 2, 3, 4, 5].map(|place| mixed(number * 8 + place));
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    );
    let mut values = [a, b, c].map(|bits| (bits % 1_000_000_000 + 1) as f64 / 1_000.0);
    if number % 10 == 3 {
        values[2] = -values[2];
    }
    Reading { id, values, millis: START + number as i64 }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["fill", brokers, topic, rows, form, partitions] => {
            let number = |text: &str| text.parse().expect("a number");
            fill(brokers, topic, number(rows), form, number(partitions) as i32);
        }
        [url, table, mode, rows] => {
            let mode = if mode == "upsert" { Mode::Upsert } else { Mode::Insert };
            let rows = rows.parse().expect("a number of rows");
            let fits = "the URL is one that kadence land takes";
            match url.split_once(':').map(|(scheme, _)| scheme) {
                Some("sqlite") => write(&mut Sqlite::from_url(url).expect(fits), table, mode, rows),
                Some("postgres") => write(&mut Postgres::from_url(url, None).expect(fits), table, mode, rows),
                _ => write(&mut Mysql::from_url(url, None).expect(fits), table, mode, rows),
            }
        }
        _ => panic!("usage: landing_ceiling fill BROKERS TOPIC ROWS FORM PARTITIONS, or URL TABLE MODE ROWS"),
    }
}

// --- Into a database -----------------------------------------------------------------------------

fn write(database: &mut impl Database, name: &str, mode: Mode, all: u64) {
    let dialect = database.dialect();
    let mut session = database.connect().expect("the database answers");
    let found = session.find(name).expect("the table can be looked up").expect("the table is there");
    let key = if mode == Mode::Upsert { vec![0] } else { Vec::new() };
    let table = Table { name: name.to_owned(), columns: found.columns, key, mode, version: 1 };
    let ledger = format!("{name}_ledger");
    session
        .define(&format!("CREATE TABLE {ledger} (name varchar(36) PRIMARY KEY, next bigint)"))
        .expect("a ledger");
    session.prepare(&table).expect("the table is as it was found");
    session.begin().expect("a transaction");
    session.execute(&format!("INSERT INTO {ledger} VALUES ('n', 0)"), &[]).expect("a line");
    session.commit().expect("a commit");
    let [first, second, third] = [1, 2, 3].map(|place| dialect.parameter(place));
    let advance = format!("UPDATE {ledger} SET next = {first} WHERE name = {second} AND next = {third}");
    let batches: Vec<Rows> =
        (0..all).step_by(BATCH as usize).map(|at| rows(at..all.min(at + BATCH))).collect();

    let start = SystemClock.now();
    let mut next = 0;
    for rows in &batches {
        session.begin().expect("a transaction");
        let moved = next + rows.len() as i64;
        let parameters = [Parameter::Int(moved), Parameter::Text("n"), Parameter::Int(next)];
        assert_eq!(session.execute(&advance, &parameters).expect("the ledger moves on"), 1);
        session.set_savepoint().expect("a savepoint");
        session.write(&table, rows, 0..rows.len()).expect("rows");
        session.commit().expect("a commit");
        next = moved;
    }
    let seconds = SystemClock.now().saturating_sub(start).as_secs_f64();
    println!("{{\"rows\":{next},\"seconds\":{seconds}}}");
}

fn rows(numbers: std::ops::Range<u64>) -> Rows {
    let mut rows = Rows::default();
    rows.clear(5);
    for (place, number) in numbers.enumerate() {
        let Reading { id, values, millis } = reading(number);
        let [a, b, c] = values.map(Cell::Double);
        let at = Cell::Timestamp(Timestamp::from_nanos(millis * 1_000_000));
        rows.push(place, Change::Put, &[Cell::Text(&id), a, b, c, at]);
    }
    rows
}

// --- Into a topic --------------------------------------------------------------------------------

struct Reports;

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        result.as_ref().expect("each record is acknowledged");
    }
}

fn fill(brokers: &str, topic: &str, all: u64, form: &str, partitions: i32) {
    let mut config = ClientConfig::new();
    for (name, value) in [
        ("bootstrap.servers", brokers),
        ("enable.idempotence", "true"),
        ("queue.buffering.max.messages", "65536"),
        ("linger.ms", "10"),
        ("batch.num.messages", "100000"),
    ] {
        config.set(name, value);
    }
    let producer: BaseProducer<Reports> =
        config.create_with_context(Reports).expect("the properties are good");
    let mut bytes = 0;
    for number in 0..all {
        let reading = reading(number);
        let body = body(&reading, form, number);
        bytes += body.len();
        let partition = (number % partitions as u64) as i32;
        let mut record = BaseRecord::to(topic).partition(partition).key(&reading.id).payload(&body);
        while let Err((error, back)) = producer.send(record) {
            assert!(matches!(error, KafkaError::MessageProduction(Code::QueueFull)), "{error}");
            producer.poll(Duration::from_millis(1));
            record = back;
        }
        if number % 1_000 == 0 {
            producer.poll(Duration::ZERO);
        }
    }
    producer.flush(LIMIT).expect("everything is acknowledged");
    let [first, last] = [0, all - 1].map(|number| reading(number).id);
    println!("{{\"records\":{all},\"bytes\":{bytes},\"first\":\"{first}\",\"last\":\"{last}\"}}");
}

fn body(Reading { id, values: [a, b, c], millis }: &Reading, form: &str, number: u64) -> String {
    if form == "schema" {
        let payload = format!(r#"{{"id":"{id}","a":{a},"b":{b},"c":{c},"at":{millis}}}"#);
        return format!(r#"{{"schema":{SCHEMA},"payload":{payload}}}"#);
    }
    let at = Timestamp::from_nanos(millis * 1_000_000).to_rfc3339();
    if form == "unfit" && number % 10 == 3 {
        return format!(r#"{{"id":"{id}","a":"none","b":{b},"c":{c},"at":"{at}"}}"#);
    }
    format!(r#"{{"id":"{id}","a":{a},"b":{b},"c":{c},"at":"{at}"}}"#)
}
