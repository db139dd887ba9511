//! A reader's own clock: when each record of a topic comes in, read as fast as it arrives.
//!
//! `arrivals BROKERS TOPIC RECORDS RATE`: reads partition 0 from the beginning. Prints a line when it listens, and one
//! JSON object when that many records came, or when none came for ten seconds after the first. Its drift is the
//! median delay of the last twentieth of the records minus that of the first, against a schedule of RATE records a
//! second, in percent of the schedule's length.

#![allow(clippy::print_stdout, reason = "its output is the measurement")]

use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

const SETTINGS: [(&str, &str); 6] = [
    ("group.id", "arrivals"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    // An answer leaves the broker with the first record, and is taken at once.
    ("fetch.min.bytes", "1"),
    ("fetch.queue.backoff.ms", "0"),
    ("socket.nagle.disable", "true"),
];
const FIRST_LIMIT: Duration = Duration::from_mins(1);
const NEXT_LIMIT: Duration = Duration::from_secs(10);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("usage: arrivals BROKERS TOPIC RECORDS RATE");
    let (brokers, topic, wanted, rate) = (next(), next(), next(), next());
    let wanted: usize = wanted.parse().expect("RECORDS is a number");
    let rate: f64 = rate.parse().expect("RATE is a number");
    let mut config: ClientConfig =
        SETTINGS.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    config.set("bootstrap.servers", brokers);
    let consumer: BaseConsumer = config.create().expect("the properties are good");
    consumer.fetch_watermarks(&topic, 0, FIRST_LIMIT).expect("the topic is there");
    let mut partition = TopicPartitionList::new();
    partition.add_partition_offset(&topic, 0, Offset::Offset(0)).expect("a good offset");
    consumer.assign(&partition).expect("assigned");
    println!("{{\"listening\":true}}");

    let mut arrivals: Vec<Duration> = Vec::with_capacity(wanted);
    let mut limit = FIRST_LIMIT;
    while arrivals.len() < wanted {
        match consumer.poll(limit) {
            Some(message) => drop(message.expect("the broker answers")),
            None => break,
        }
        arrivals.push(SystemClock.now());
        limit = NEXT_LIMIT;
    }
    println!("{}", report(&arrivals, rate));
}

fn report(arrivals: &[Duration], rate: f64) -> serde_json::Value {
    let (first, last) = (arrivals.first().copied().unwrap_or_default(), arrivals.last().copied());
    let span = last.unwrap_or_default().saturating_sub(first);
    let mut per_second = vec![0_u64; span.as_secs() as usize + 1];
    for arrival in arrivals {
        per_second[arrival.saturating_sub(first).as_secs() as usize] += 1;
    }
    let gaps = arrivals.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let longest = gaps.max().unwrap_or_default();
    serde_json::json!({
        "records": arrivals.len(),
        "span_s": span.as_secs_f64(),
        "per_second": per_second,
        "drift_percent": drift_percent(arrivals, rate),
        "max_gap_ms": longest.as_secs_f64() * 1e3,
    })
}

/// `None` for fewer records than a median of twentieths means something for.
fn drift_percent(arrivals: &[Duration], rate: f64) -> Option<f64> {
    let twentieth = arrivals.len() / 20;
    let delay = |number: usize| arrivals[number].as_secs_f64() - number as f64 / rate;
    let median = |from: usize| {
        let mut delays: Vec<f64> = (from..from + twentieth).map(delay).collect();
        delays.sort_by(f64::total_cmp);
        delays[twentieth / 2]
    };
    let length = (arrivals.len().checked_sub(1)?) as f64 / rate;
    (twentieth >= 100).then(|| (median(arrivals.len() - twentieth) - median(0)) / length * 100.0)
}
