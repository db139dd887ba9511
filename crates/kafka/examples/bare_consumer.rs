//! The least that writes a topic's bodies to standard output, a line each, until its end as of now.
//!
//! `bare_consumer BROKERS TOPIC [NAME=VALUE]…`: one partition, and the properties that kadence sets, unless given.
//! Ends with one JSON object on standard error.

#![allow(clippy::print_stderr, reason = "its output is the measurement")]

use std::io::{self, BufWriter, Write as _};
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

const AS_KADENCE: [(&str, &str); 7] = [
    ("group.id", "bare"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("check.crcs", "true"),
    ("fetch.queue.backoff.ms", "5"),
    ("queued.min.messages", "100000"),
    ("queued.max.messages.kbytes", "65536"),
];
const LIMIT: Duration = Duration::from_mins(1);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("usage: bare_consumer BROKERS TOPIC [NAME=VALUE]…");
    let (brokers, topic) = (next(), next());
    let mut config: ClientConfig =
        AS_KADENCE.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    config.set("bootstrap.servers", brokers);
    for property in arguments {
        let (name, value) = property.split_once('=').expect("NAME=VALUE");
        config.set(name, value);
    }

    let start = SystemClock.now();
    let consumer: BaseConsumer = config.create().expect("the properties are good");
    let (first, end) = consumer.fetch_watermarks(&topic, 0, LIMIT).expect("the topic is there");
    let mut partition = TopicPartitionList::new();
    partition.add_partition_offset(&topic, 0, Offset::Offset(first)).expect("a good offset");
    consumer.assign(&partition).expect("assigned");
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let (mut records, mut bytes, mut next) = (0_u64, 0, first);
    while next < end {
        let message = consumer.poll(LIMIT).expect("records come").expect("the broker answers");
        let body = message.payload().unwrap_or_default();
        out.write_all(body).and_then(|()| out.write_all(b"\n")).expect("somebody reads");
        records += 1;
        bytes += body.len();
        next = message.offset() + 1;
    }
    out.flush().expect("somebody reads");
    let seconds = SystemClock.now().saturating_sub(start).as_secs_f64();
    eprintln!("{{\"records\":{records},\"bytes\":{bytes},\"seconds\":{seconds}}}");
}
