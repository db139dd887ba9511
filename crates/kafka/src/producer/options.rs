//! What a producer is asked for, and the librdkafka properties that follow.
//!
//! Of two words on the same thing a property that is given wins over the option and the option over the configuration
//! file. Idempotence is on unless something excludes it: asked for together with what excludes it, that is a fault;
//! otherwise it is turned off with a notice.

use std::time::Duration;

use kadence_core::fault::{Fault, Phrase};
use kadence_core::named::Named;
use kadence_core::phrase;
use kadence_core::record::Header;

use crate::contact::{is_topic_name, no_topic_name};
use crate::options::{Connection, Resolved};
use crate::properties::{self, Origin};

/// The moment at which a record counts as sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SendMode {
    /// At hand-over; acknowledgements come in beside.
    #[default]
    Async,
    /// At its acknowledgement, which the next record waits for.
    Sync,
    /// At hand-over; the broker acknowledges nothing.
    Forget,
}

/// Whose word makes a record acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// All replicas that are in sync.
    All,
    /// The leader's.
    One,
    /// Nobody's.
    None,
}

/// A compression of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// A way to choose a record's partition, by librdkafka's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "librdkafka's documentation has them")]
pub enum Partitioner {
    Random,
    Consistent,
    ConsistentRandom,
    Murmur2,
    /// As the Java clients do.
    #[default]
    Murmur2Random,
    Fnv1a,
    Fnv1aRandom,
}

impl Named for SendMode {
    const NAMES: &'static [(&'static str, Self)] =
        &[("async", Self::Async), ("sync", Self::Sync), ("forget", Self::Forget)];
}

/// By Kafka's names.
impl Named for Acks {
    const NAMES: &'static [(&'static str, Self)] = &[("all", Self::All), ("1", Self::One), ("0", Self::None)];
}

/// By librdkafka's names.
impl Named for Compression {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("gzip", Self::Gzip),
        ("snappy", Self::Snappy),
        ("lz4", Self::Lz4),
        ("zstd", Self::Zstd),
    ];
}

/// By librdkafka's names.
impl Named for Partitioner {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("random", Self::Random),
        ("consistent", Self::Consistent),
        ("consistent_random", Self::ConsistentRandom),
        ("murmur2", Self::Murmur2),
        ("murmur2_random", Self::Murmur2Random),
        ("fnv1a", Self::Fnv1a),
        ("fnv1a_random", Self::Fnv1aRandom),
    ];
}

/// Everything about writing to a topic.
#[derive(Clone, Debug, Default)]
pub struct ProducerOptions {
    /// Where the cluster is.
    pub connection: Connection,
    /// The topic to write to.
    pub topic: String,
    /// Headers that each record carries, in order.
    pub headers: Vec<Header>,
    /// When a record counts as sent.
    pub send: SendMode,
    /// Whose acknowledgement counts; all replicas' unless said.
    pub acks: Option<Acks>,
    /// How long to wait for more records before a batch leaves.
    pub linger: Option<Duration>,
    /// How large a batch may get, in bytes.
    pub batch_size: Option<u32>,
    /// How batches are compressed; not at all unless said.
    pub compression: Option<Compression>,
    /// How often a batch is sent again.
    pub retries: Option<u32>,
    /// How a record's partition is chosen.
    pub partitioner: Partitioner,
    /// Records have due times: each leaves at once, and its acknowledgement is timed.
    pub paced: bool,
}

/// Records that wait in the client or for their acknowledgement, at most: about 13 MB beside their bytes, as each
/// costs librdkafka some 200 bytes of its own.
const MOST_IN_FLIGHT: u32 = 1 << 16;
/// Bytes of such records, at most: 32 MiB.
const MOST_KBYTES_IN_FLIGHT: u32 = 1 << 15;

impl ProducerOptions {
    /// Whether somebody acknowledges what is written.
    pub fn is_acknowledged(&self) -> bool {
        let resolved = self.resolve().ok();
        resolved.is_none_or(|resolved| resolved.properties.get("acks") != Some("0"))
    }

    /// Looks for faults without connecting; all are reported together. Returns what the user should know, a line each.
    pub fn check(&self) -> Result<Vec<Phrase>, Vec<Fault>> {
        self.resolve().map(|resolved| resolved.notices)
    }

    pub(crate) fn resolve(&self) -> Result<Resolved, Vec<Fault>> {
        let (mut resolved, mut faults) = self.connection.resolve_what_can_be();
        if !is_topic_name(&self.topic) {
            faults.push(no_topic_name(&self.topic));
        }
        if self.headers.iter().any(|header| header.name.is_empty()) {
            let nameless = Fault::new(phrase![@"header"], "has no name").help("write NAME=VALUE");
            faults.push(nameless.misuse());
        }
        self.apply_flags(&mut resolved, &mut faults);
        self.apply_send_mode(&mut resolved, &mut faults);
        decide_idempotence(&mut resolved, &mut faults);
        refuse_our_own(&resolved, &mut faults);
        self.apply_tuning(&mut resolved);
        if faults.is_empty() { Ok(resolved) } else { Err(faults) }
    }

    fn apply_flags(&self, resolved: &mut Resolved, faults: &mut Vec<Fault>) {
        let mut set = |origin: Origin, name: &str, value: String| {
            if let Err(fault) = properties::check(&origin, name, &value) {
                faults.push(fault);
            }
            resolved.properties.set(name, value, origin);
        };
        if let Some(acks) = self.acks {
            set(Origin::Option("acks", acks.name()), "acks", acks.name().to_owned());
        }
        if let Some(linger) = self.linger {
            set(Origin::Option("linger", ""), "linger.ms", (linger.as_secs_f64() * 1e3).to_string());
        }
        if let Some(size) = self.batch_size {
            set(Origin::Option("batch-size", ""), "batch.size", size.to_string());
        }
        if let Some(compression) = self.compression {
            set(Origin::Option("compression", ""), "compression.type", compression.name().to_owned());
        }
        if let Some(retries) = self.retries {
            let said = if retries == 0 { "0" } else { "" };
            set(Origin::Option("retries", said), "retries", retries.to_string());
        }
        if self.partitioner == Partitioner::default() {
            resolved.properties.preset("partitioner", self.partitioner.name());
        } else {
            set(Origin::Option("partitioner", ""), "partitioner", self.partitioner.name().to_owned());
        }
    }

    fn apply_send_mode(&self, resolved: &mut Resolved, faults: &mut Vec<Fault>) {
        let properties = &mut resolved.properties;
        let acknowledged = properties.get("acks").is_none_or(|acks| acks != "0");
        match self.send {
            SendMode::Forget if properties.is_given("acks") && acknowledged => faults.push(contradiction(
                phrase![said(self.send), " and ", properties.as_given("acks")],
                "the one waits for no acknowledgement, the other asks for it",
            )),
            SendMode::Forget => properties.set("acks", "0", Origin::Option("send", self.send.name())),
            SendMode::Sync if !acknowledged => faults.push(contradiction(
                phrase![said(self.send), " and ", properties.as_given("acks")],
                "the one waits for the acknowledgement that the other does without",
            )),
            SendMode::Sync | SendMode::Async => {}
        }
    }

    fn apply_tuning(&self, resolved: &mut Resolved) {
        let properties = &mut resolved.properties;
        properties.preset("socket.nagle.disable", "true");
        properties.preset("queue.buffering.max.messages", MOST_IN_FLIGHT.to_string());
        properties.preset("queue.buffering.max.kbytes", MOST_KBYTES_IN_FLIGHT.to_string());
        // As much as Kafka's brokers take unless told otherwise.
        properties.preset("message.max.bytes", "1048588");
        properties.preset("statistics.interval.ms", "1000");
        if self.paced || self.send == SendMode::Sync {
            properties.preset("linger.ms", "0");
        } else {
            properties.preset("linger.ms", "10");
            properties.preset("batch.num.messages", "100000");
        }
    }
}

fn said(mode: SendMode) -> Phrase {
    phrase![@"send", " ", mode.name()]
}

fn contradiction(place: Phrase, what: &str) -> Fault {
    Fault::new(place, what).help("leave one of them out").misuse()
}

/// Turns idempotence on, or off with a notice, or finds it contradicted.
fn decide_idempotence(resolved: &mut Resolved, faults: &mut Vec<Fault>) {
    let properties = &mut resolved.properties;
    let asked = properties.get("enable.idempotence").map(|value| matches!(value, "true" | "t" | "1"));
    let mut excluded_by = Vec::new();
    if properties.get("acks").is_some_and(|acks| !matches!(acks, "all" | "-1")) {
        excluded_by.push("acks");
    }
    if properties.number("retries") == Some(0) {
        excluded_by.push("retries");
    }
    if properties.number("max.in.flight.requests.per.connection").is_some_and(|requests| requests > 5) {
        excluded_by.push("max.in.flight.requests.per.connection");
    }
    if properties.get("queuing.strategy").is_some_and(|strategy| strategy != "fifo") {
        excluded_by.push("queuing.strategy");
    }
    match asked {
        Some(true) => faults.extend(excluded_by.iter().map(|name| {
            let place =
                phrase![properties.as_given("enable.idempotence"), " and ", properties.as_given(name)];
            contradiction(
                place,
                "idempotence needs acks=all, retries, and at most 5 requests in flight, in order",
            )
        })),
        Some(false) => {}
        None if excluded_by.is_empty() => properties.preset("enable.idempotence", "true"),
        None => {
            let mut notice = Phrase::from("idempotence is off because of ");
            for (at, name) in excluded_by.iter().enumerate() {
                notice.add(if at > 0 { " and " } else { "" }).add(&properties.as_given(name));
            }
            let cost = if properties.number("retries") == Some(0) || properties.get("acks") == Some("0") {
                "a record may be lost"
            } else {
                "a record sent again may be stored twice or out of order"
            };
            notice.add(": ").add(cost);
            resolved.notices.push(notice);
            properties.preset("enable.idempotence", "false");
        }
    }
}

/// What would make the sink's own accounting wrong.
fn refuse_our_own(resolved: &Resolved, faults: &mut Vec<Fault>) {
    for name in ["delivery.report.only.error", "transactional.id"] {
        if resolved.properties.is_given(name) {
            let place = resolved.properties.as_given(name);
            faults.push(Fault::new(place, "cannot be chosen here").help("leave it out").misuse());
        }
    }
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
