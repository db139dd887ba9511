//! The server properties, by their names in Kafka.

use super::{Listener, MAX_GROUP_SIZE, MAX_PARTITIONS_PER_TOPIC, Options, OptionsError};
use std::time::Duration;

/// A server property: its name in Kafka, what it does, and how it is read and written.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) kind: PropertyKind,
}

#[derive(Clone, Copy)]
pub(crate) enum PropertyKind {
    Bool(fn(&mut Options) -> &mut bool),
    /// A number with its range.
    Number(fn(&Options) -> i64, fn(&mut Options, i64), i64, i64),
    /// A text, or why it is refused.
    Text(fn(&Options) -> String, fn(&mut Options, &str) -> Result<(), String>),
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const GIB: i64 = 1 << 30;
const MIB: i64 = 1 << 20;
const INT_MAX: i64 = i32::MAX as i64;
/// The smallest segment Kafka allows.
const LEAST_SEGMENT_BYTES: i64 = 1 << 20;

const fn bool(name: &'static str, doc: &'static str, field: fn(&mut Options) -> &mut bool) -> Property {
    Property { name, doc, kind: PropertyKind::Bool(field) }
}

const fn number(
    name: &'static str,
    doc: &'static str,
    (least, most): (i64, i64),
    get: fn(&Options) -> i64,
    put: fn(&mut Options, i64),
) -> Property {
    Property { name, doc, kind: PropertyKind::Number(get, put, least, most) }
}

const fn text(
    name: &'static str,
    doc: &'static str,
    get: fn(&Options) -> String,
    put: fn(&mut Options, &str) -> Result<(), String>,
) -> Property {
    Property { name, doc, kind: PropertyKind::Text(get, put) }
}

/// Every property that is understood.
pub(crate) const PROPERTIES: &[Property] = &[
    text(
        "advertised.listeners",
        "The addresses clients are told, one for each of the listeners, which are set before.",
        |o| list(o, |l| (l.advertised_host.clone(), l.advertised_port)),
        |o, v| Listener::advertise_list(&mut o.listeners, v),
    ),
    bool("auto.create.topics.enable", "Create a topic when a client asks for it.", |o| {
        &mut o.auto_create_topics
    }),
    number(
        "connections.max.idle.ms",
        "Close a connection that sent no complete request for this long.",
        (1, DAY_MS),
        |o| ms(o.max_idle),
        |o, v| o.max_idle = duration(v),
    ),
    number(
        "default.replication.factor",
        "Copies of each partition; a single node keeps one.",
        (1, 1),
        |_| 1,
        |_, _| {},
    ),
    bool("delete.topic.enable", "Allow topics to be deleted.", |o| &mut o.delete_topics),
    number(
        "fetch.max.bytes",
        "The most a fetch answers with.",
        (1024, GIB),
        |o| o.max_fetch_bytes as i64,
        |o, v| o.max_fetch_bytes = v as usize,
    ),
    number(
        "group.initial.rebalance.delay.ms",
        "How long a new group waits for more members.",
        (0, DAY_MS),
        |o| ms(o.group_initial_rebalance_delay),
        |o, v| o.group_initial_rebalance_delay = duration(v),
    ),
    number(
        "group.max.session.timeout.ms",
        "The longest session timeout of a group's member.",
        (1, DAY_MS),
        |o| ms(o.group_max_session_timeout),
        |o, v| o.group_max_session_timeout = duration(v),
    ),
    number(
        "group.max.size",
        "Members a group may have.",
        (1, MAX_GROUP_SIZE as i64),
        |o| o.group_max_size as i64,
        |o, v| o.group_max_size = v as usize,
    ),
    number(
        "group.min.session.timeout.ms",
        "The shortest session timeout of a group's member.",
        (1, DAY_MS),
        |o| ms(o.group_min_session_timeout),
        |o, v| o.group_min_session_timeout = duration(v),
    ),
    text(
        "listeners",
        "Where to listen.",
        |o| list(o, |l| (Some(l.bind.ip().to_string()), None)),
        |o, v| {
            o.listeners = Listener::parse_list(v)?;
            Ok(())
        },
    ),
    number(
        "log.cleaner.backoff.ms",
        "How often partitions are looked through for those that are to be compacted.",
        (1, DAY_MS),
        |o| ms(o.compaction_check_interval),
        |o, v| o.compaction_check_interval = duration(v),
    ),
    number(
        "log.cleaner.dedupe.buffer.size",
        "What the keys of one partition may take in memory while it is compacted.",
        (MIB, i64::MAX),
        |o| o.compaction_memory_bytes as i64,
        |o, v| o.compaction_memory_bytes = v as u64,
    ),
    number(
        "log.cleaner.delete.retention.ms",
        "Tombstones stay for this time when they are compacted.",
        (0, i64::MAX),
        |o| o.topic_defaults.delete_retention_ms,
        |o, v| o.topic_defaults.delete_retention_ms = v,
    ),
    bool("log.cleaner.enable", "Compact the topics that ask for it.", |o| &mut o.compaction),
    number(
        "log.cleaner.max.compaction.lag.ms",
        "Records stay for at most this time before they are compacted.",
        (1, i64::MAX),
        |o| o.topic_defaults.max_compaction_lag_ms,
        |o, v| o.topic_defaults.max_compaction_lag_ms = v,
    ),
    text(
        "log.cleaner.min.cleanable.ratio",
        "A partition is compacted when so large a share of it was written since the last time.",
        |o| format!("{:?}", o.topic_defaults.min_dirty_ratio),
        |o, v| {
            let ratio = v.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
            o.topic_defaults.min_dirty_ratio = ratio.ok_or("a number from 0 to 1")?;
            Ok(())
        },
    ),
    number(
        "log.cleaner.min.compaction.lag.ms",
        "Records stay for at least this time before they are compacted.",
        (0, i64::MAX),
        |o| o.topic_defaults.min_compaction_lag_ms,
        |o, v| o.topic_defaults.min_compaction_lag_ms = v,
    ),
    text(
        "log.cleanup.policy",
        "What becomes of old records: delete, compact (of each key the last one stays), or both.",
        |o| o.topic_defaults.cleanup_policy.clone(),
        |o, v| {
            let known = |word: &str| matches!(word.trim(), "delete" | "compact");
            if !v.split(',').all(known) {
                return Err("delete, compact or delete,compact".to_owned());
            }
            v.clone_into(&mut o.topic_defaults.cleanup_policy);
            Ok(())
        },
    ),
    number(
        "log.flush.interval.messages",
        "After so many records a partition is written through to the disk; 1 is after every batch.",
        (1, i64::MAX),
        |o| o.topic_defaults.flush_messages,
        |o, v| o.topic_defaults.flush_messages = v,
    ),
    number(
        "log.flush.interval.ms",
        "After this time a partition is written through to the disk.",
        (0, i64::MAX),
        |o| o.topic_defaults.flush_ms,
        |o, v| o.topic_defaults.flush_ms = v,
    ),
    number(
        "log.index.interval.bytes",
        "Bytes of a segment for each entry of its index.",
        (0, INT_MAX),
        |o| i64::from(o.topic_defaults.index_interval_bytes),
        |o, v| o.topic_defaults.index_interval_bytes = v as u32,
    ),
    number(
        "log.message.timestamp.after.max.ms",
        "How far a record's time may be after the broker's.",
        (0, i64::MAX),
        |o| o.topic_defaults.timestamp_after_max_ms,
        |o, v| o.topic_defaults.timestamp_after_max_ms = v,
    ),
    number(
        "log.message.timestamp.before.max.ms",
        "How far a record's time may be before the broker's.",
        (0, i64::MAX),
        |o| o.topic_defaults.timestamp_before_max_ms,
        |o, v| o.topic_defaults.timestamp_before_max_ms = v,
    ),
    text(
        "log.message.timestamp.type",
        "Whether new topics keep the producer's time or stamp the time of arrival.",
        |o| if o.topic_defaults.log_append_time { "LogAppendTime" } else { "CreateTime" }.to_owned(),
        |o, v| {
            o.topic_defaults.log_append_time = match v {
                "CreateTime" => false,
                "LogAppendTime" => true,
                _ => return Err("CreateTime or LogAppendTime".to_owned()),
            };
            Ok(())
        },
    ),
    number(
        "log.retention.bytes",
        "The oldest records of a partition beyond this size are deleted; -1 for no limit.",
        (-1, i64::MAX),
        |o| o.topic_defaults.retention_bytes,
        |o, v| o.topic_defaults.retention_bytes = v,
    ),
    number(
        "log.retention.check.interval.ms",
        "How often records are looked through for those that are too old or too many.",
        (1, DAY_MS),
        |o| ms(o.retention_check_interval),
        |o, v| o.retention_check_interval = duration(v),
    ),
    number(
        "log.retention.hours",
        "Records older than this are deleted; -1 for no limit.",
        (-1, INT_MAX),
        |o| whole(o.topic_defaults.retention_ms, 60 * 60 * 1000),
        |o, v| o.topic_defaults.retention_ms = times(v, 60 * 60 * 1000),
    ),
    number(
        "log.retention.minutes",
        "Records older than this are deleted; -1 for no limit.",
        (-1, INT_MAX),
        |o| whole(o.topic_defaults.retention_ms, 60 * 1000),
        |o, v| o.topic_defaults.retention_ms = times(v, 60 * 1000),
    ),
    number(
        "log.retention.ms",
        "Records older than this are deleted; -1 for no limit.",
        (-1, i64::MAX),
        |o| o.topic_defaults.retention_ms,
        |o, v| o.topic_defaults.retention_ms = v,
    ),
    number(
        "log.roll.hours",
        "A segment takes records for at most this time.",
        (1, INT_MAX),
        |o| whole(o.topic_defaults.segment_ms, 60 * 60 * 1000),
        |o, v| o.topic_defaults.segment_ms = times(v, 60 * 60 * 1000),
    ),
    number(
        "log.roll.ms",
        "A segment takes records for at most this time.",
        (1, i64::MAX),
        |o| o.topic_defaults.segment_ms,
        |o, v| o.topic_defaults.segment_ms = v,
    ),
    number(
        "log.segment.bytes",
        "The most a segment of a log has.",
        (LEAST_SEGMENT_BYTES, INT_MAX),
        |o| i64::from(o.topic_defaults.segment_bytes),
        |o, v| o.topic_defaults.segment_bytes = v as u32,
    ),
    number(
        "max.connections",
        "Connections at a time.",
        (1, 100_000),
        |o| o.max_connections as i64,
        |o, v| o.max_connections = v as usize,
    ),
    number(
        "message.max.bytes",
        "The largest record batch.",
        (0, INT_MAX),
        |o| o.topic_defaults.max_message_bytes as i64,
        |o, v| o.topic_defaults.max_message_bytes = v as usize,
    ),
    number(
        "min.insync.replicas",
        "Above 1, records produced with acks=all are refused.",
        (1, INT_MAX),
        |o| o.topic_defaults.min_insync_replicas,
        |o, v| o.topic_defaults.min_insync_replicas = v,
    ),
    number(
        "node.id",
        "The number of the only node.",
        (0, INT_MAX),
        |o| i64::from(o.node_id),
        |o, v| o.node_id = v as i32,
    ),
    number(
        "num.partitions",
        "Partitions of a topic that is created without a number.",
        (1, MAX_PARTITIONS_PER_TOPIC as i64),
        |o| i64::from(o.default_partitions),
        |o, v| o.default_partitions = v as i32,
    ),
    number(
        "offset.metadata.max.bytes",
        "What may be kept with an offset.",
        (0, i16::MAX as i64),
        |o| o.max_offset_metadata_bytes as i64,
        |o, v| o.max_offset_metadata_bytes = v as usize,
    ),
    number(
        "socket.request.max.bytes",
        "The largest request.",
        (1024, GIB),
        |o| o.max_request_bytes as i64,
        |o, v| o.max_request_bytes = v as usize,
    ),
    number(
        "transaction.max.timeout.ms",
        "The longest time a producer may ask for its transactions.",
        (1, DAY_MS),
        |o| ms(o.max_transaction_timeout),
        |o, v| o.max_transaction_timeout = duration(v),
    ),
];

/// A setting of Kafka's that nothing here acts on.
pub(crate) struct Inert {
    pub(crate) name: &'static str,
    /// As `DescribeConfigs` numbers it.
    pub(crate) kind: i8,
    pub(crate) default: Option<&'static str>,
}

/// The types of passwords, whose values are never shown.
pub(crate) const PASSWORD: i8 = 9;

/// Every broker setting of Kafka's that nothing here acts on.
pub(crate) fn inert() -> impl Iterator<Item = Inert> {
    let lines = include_str!("kafka-settings.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.splitn(3, ' ');
        let (name, kind) = (words.next()?, words.next()?.parse().ok()?);
        let default = words.next().unwrap_or_default();
        Some(Inert { name, kind, default: (default != "\\N").then_some(default) })
    })
}

impl Options {
    /// Sets a server property by its name in Kafka, such as `num.partitions`.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionsError> {
        let Some(property) = PROPERTIES.iter().find(|p| p.name == name) else {
            let known = PROPERTIES.iter().map(|p| p.name).collect();
            return Err(OptionsError::Unknown { name: name.to_owned(), known });
        };
        let refuse =
            |wanted: String| OptionsError::Value { name: property.name, value: value.to_owned(), wanted };
        match property.kind {
            PropertyKind::Bool(field) => {
                *field(self) =
                    value.to_ascii_lowercase().parse().map_err(|_| refuse("true or false".to_owned()))?;
            }
            PropertyKind::Number(_, put, least, most) => {
                let number = value.parse().ok().filter(|n| (least..=most).contains(n));
                put(self, number.ok_or_else(|| refuse(format!("a number from {least} to {most}")))?);
            }
            PropertyKind::Text(_, put) => put(self, value).map_err(refuse)?,
        }
        Ok(())
    }

    /// The value of a property as text.
    pub(crate) fn get(&self, kind: PropertyKind) -> String {
        match kind {
            PropertyKind::Bool(field) => field(&mut self.clone()).to_string(),
            PropertyKind::Number(get, ..) => get(self).to_string(),
            PropertyKind::Text(get, _) => get(self),
        }
    }
}

fn ms(duration: Duration) -> i64 {
    duration.as_millis() as i64
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

/// A number of larger units in milliseconds; no limit stays none.
fn times(units: i64, each: i64) -> i64 {
    if units < 0 { units } else { units.saturating_mul(each) }
}

/// As [`times`], back.
fn whole(ms: i64, each: i64) -> i64 {
    if ms < 0 { ms } else { ms / each }
}

/// Listeners in Kafka's form.
fn list(options: &Options, address: fn(&Listener) -> (Option<String>, Option<u16>)) -> String {
    let entry = |listener: &Listener| {
        let (host, port) = address(listener);
        let host = host.unwrap_or_else(|| listener.bind.ip().to_string());
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        match port.unwrap_or(listener.bind.port()) {
            // A free port, which is not known before the broker listens.
            0 => format!("PLAINTEXT://{host}"),
            port => format!("PLAINTEXT://{host}:{port}"),
        }
    };
    options.listeners.iter().map(entry).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_takes_back_its_own_value() {
        let mut options = Options::default();
        for property in PROPERTIES {
            let value = options.get(property.kind);
            options.set(property.name, &value).unwrap();
            assert_eq!(options.get(property.kind), value, "{}", property.name);
        }
    }

    #[test]
    fn an_unknown_property_is_refused_with_the_known_ones() {
        let error = Options::default().set("num.partition", "3").unwrap_err().to_string();
        assert!(error.contains("num.partition is unknown") && error.contains("num.partitions"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_is_refused() {
        for (name, value) in [
            ("num.partitions", "0"),
            ("num.partitions", "1000000"),
            ("num.partitions", "x"),
            ("auto.create.topics.enable", "yes"),
            ("default.replication.factor", "3"),
            ("log.message.timestamp.type", "createtime"),
        ] {
            assert!(Options::default().set(name, value).is_err(), "{name}={value}");
        }
    }
}
