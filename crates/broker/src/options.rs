//! What can be said about a broker before it starts, also in Kafka's own property names.

use kadence_wire::frame::DEFAULT_MAX_FRAME_BYTES;
use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

/// Partitions one topic may have; each takes memory before it holds a record.
pub const MAX_PARTITIONS_PER_TOPIC: i32 = 1_000;
/// Partitions all topics may have together.
pub const MAX_PARTITIONS: usize = 10_000;
/// Members a group may have at most.
pub const MAX_GROUP_SIZE: usize = 1_000;

/// How a broker starts. The defaults are those of a throw-away broker on this machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0 takes a free port; later addresses with port 0 share the first one's.
    pub listen: Vec<SocketAddr>,
    /// The host name clients are told to connect to; by default the address they reached the broker at.
    pub advertised_host: Option<String>,
    /// Whether a topic comes into being when a client asks for it.
    pub auto_create_topics: bool,
    /// Whether topics may be deleted.
    pub delete_topics: bool,
    /// Partitions of a topic that is created without a number.
    pub default_partitions: i32,
    /// Stored data beyond this is refused, in bytes. Groups have 4 MiB beside it, so that a full broker can be read.
    pub memory_limit_bytes: u64,
    /// The largest record batch, in bytes; a topic may set its own.
    pub max_message_bytes: usize,
    /// The largest request, in bytes.
    pub max_request_bytes: usize,
    /// The most a fetch answers with, in bytes, whatever it asks for.
    pub max_fetch_bytes: usize,
    /// Connections at a time; further ones are closed at once.
    pub max_connections: usize,
    /// A connection without a complete request for this long is closed.
    pub max_idle: Duration,
    /// Whether new topics stamp records with the time of arrival.
    pub log_append_time: bool,
    /// The shortest session timeout a member of a group may have.
    pub group_min_session_timeout: Duration,
    /// The longest session timeout a member of a group may have.
    pub group_max_session_timeout: Duration,
    /// How long a new group waits for more members before its first generation.
    pub group_initial_rebalance_delay: Duration,
    /// Members a group may have.
    pub group_max_size: usize,
    /// What may be kept with an offset, in bytes.
    pub max_offset_metadata_bytes: usize,
    /// The longest time a transaction may be given before it is aborted.
    pub transaction_max_timeout: Duration,
    /// Called once, when data is refused for the first time because the memory is used up.
    pub on_full: Option<FullHook>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            advertised_host: None,
            auto_create_topics: true,
            delete_topics: true,
            default_partitions: 1,
            memory_limit_bytes: 1 << 30,
            max_message_bytes: 1_048_588,
            max_request_bytes: DEFAULT_MAX_FRAME_BYTES,
            max_fetch_bytes: 55 * 1024 * 1024,
            max_connections: 900,
            max_idle: Duration::from_mins(10),
            log_append_time: false,
            group_min_session_timeout: Duration::from_secs(6),
            group_max_session_timeout: Duration::from_mins(30),
            group_initial_rebalance_delay: Duration::ZERO,
            group_max_size: MAX_GROUP_SIZE,
            max_offset_metadata_bytes: 4096,
            transaction_max_timeout: Duration::from_mins(15),
            on_full: None,
        }
    }
}

/// A function called with the limit in bytes when data is refused for the first time.
#[derive(Clone)]
pub struct FullHook(Arc<dyn Fn(u64) + Send + Sync>);

impl FullHook {
    /// Wraps `hook`, which runs on one of the broker's threads and should return quickly.
    pub fn new(hook: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn call(&self, limit_bytes: u64) {
        (self.0)(limit_bytes);
    }
}

impl fmt::Debug for FullHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FullHook")
    }
}

/// Why an option is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OptionsError {
    #[error("broker property {name} is unknown; known are {}", known.join(", "))]
    Unknown { name: String, known: Vec<&'static str> },
    #[error("broker property {name}: {value:?} is not {wanted}")]
    Value { name: &'static str, value: String, wanted: String },
}

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
    Number(fn(&Options) -> u64, fn(&mut Options, u64), u64, u64),
    /// `CreateTime` or `LogAppendTime`.
    TimestampType,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Every property that is understood.
pub(crate) const PROPERTIES: &[Property] = &[
    Property {
        name: "auto.create.topics.enable",
        doc: "Create a topic when a client asks for it.",
        kind: PropertyKind::Bool(|o| &mut o.auto_create_topics),
    },
    Property {
        name: "connections.max.idle.ms",
        doc: "Close a connection that sent no complete request for this long.",
        kind: PropertyKind::Number(
            |o| o.max_idle.as_millis() as u64,
            |o, v| o.max_idle = Duration::from_millis(v),
            1,
            DAY_MS,
        ),
    },
    Property {
        name: "default.replication.factor",
        doc: "Copies of each partition; a single node keeps one.",
        kind: PropertyKind::Number(|_| 1, |_, _| {}, 1, 1),
    },
    Property {
        name: "delete.topic.enable",
        doc: "Allow topics to be deleted.",
        kind: PropertyKind::Bool(|o| &mut o.delete_topics),
    },
    Property {
        name: "fetch.max.bytes",
        doc: "The most a fetch answers with.",
        kind: PropertyKind::Number(
            |o| o.max_fetch_bytes as u64,
            |o, v| o.max_fetch_bytes = v as usize,
            1024,
            1 << 30,
        ),
    },
    Property {
        name: "group.initial.rebalance.delay.ms",
        doc: "How long a new group waits for more members.",
        kind: PropertyKind::Number(
            |o| o.group_initial_rebalance_delay.as_millis() as u64,
            |o, v| o.group_initial_rebalance_delay = Duration::from_millis(v),
            0,
            DAY_MS,
        ),
    },
    Property {
        name: "group.max.session.timeout.ms",
        doc: "The longest session timeout of a group's member.",
        kind: PropertyKind::Number(
            |o| o.group_max_session_timeout.as_millis() as u64,
            |o, v| o.group_max_session_timeout = Duration::from_millis(v),
            1,
            DAY_MS,
        ),
    },
    Property {
        name: "group.max.size",
        doc: "Members a group may have.",
        kind: PropertyKind::Number(
            |o| o.group_max_size as u64,
            |o, v| o.group_max_size = v as usize,
            1,
            MAX_GROUP_SIZE as u64,
        ),
    },
    Property {
        name: "group.min.session.timeout.ms",
        doc: "The shortest session timeout of a group's member.",
        kind: PropertyKind::Number(
            |o| o.group_min_session_timeout.as_millis() as u64,
            |o, v| o.group_min_session_timeout = Duration::from_millis(v),
            1,
            DAY_MS,
        ),
    },
    Property {
        name: "log.message.timestamp.type",
        doc: "Whether new topics keep the producer's time or stamp the time of arrival.",
        kind: PropertyKind::TimestampType,
    },
    Property {
        name: "max.connections",
        doc: "Connections at a time.",
        kind: PropertyKind::Number(
            |o| o.max_connections as u64,
            |o, v| o.max_connections = v as usize,
            1,
            100_000,
        ),
    },
    Property {
        name: "message.max.bytes",
        doc: "The largest record batch.",
        kind: PropertyKind::Number(
            |o| o.max_message_bytes as u64,
            |o, v| o.max_message_bytes = v as usize,
            0,
            i32::MAX as u64,
        ),
    },
    Property {
        name: "num.partitions",
        doc: "Partitions of a topic that is created without a number.",
        kind: PropertyKind::Number(
            |o| o.default_partitions as u64,
            |o, v| o.default_partitions = v as i32,
            1,
            MAX_PARTITIONS_PER_TOPIC as u64,
        ),
    },
    Property {
        name: "offset.metadata.max.bytes",
        doc: "What may be kept with an offset.",
        kind: PropertyKind::Number(
            |o| o.max_offset_metadata_bytes as u64,
            |o, v| o.max_offset_metadata_bytes = v as usize,
            0,
            i16::MAX as u64,
        ),
    },
    Property {
        name: "socket.request.max.bytes",
        doc: "The largest request.",
        kind: PropertyKind::Number(
            |o| o.max_request_bytes as u64,
            |o, v| o.max_request_bytes = v as usize,
            1024,
            1 << 30,
        ),
    },
    Property {
        name: "transaction.max.timeout.ms",
        doc: "The longest time a transaction may be given.",
        kind: PropertyKind::Number(
            |o| o.transaction_max_timeout.as_millis() as u64,
            |o, v| o.transaction_max_timeout = Duration::from_millis(v),
            1,
            i32::MAX as u64,
        ),
    },
];

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
                *field(self) = value.parse().map_err(|_| refuse("true or false".to_owned()))?;
            }
            PropertyKind::Number(_, put, least, most) => {
                let number = value.parse().ok().filter(|n| (least..=most).contains(n));
                put(self, number.ok_or_else(|| refuse(format!("a number from {least} to {most}")))?);
            }
            PropertyKind::TimestampType => match value {
                "CreateTime" => self.log_append_time = false,
                "LogAppendTime" => self.log_append_time = true,
                _ => return Err(refuse("CreateTime or LogAppendTime".to_owned())),
            },
        }
        Ok(())
    }

    /// The value of a property as text.
    pub(crate) fn get(&self, kind: PropertyKind) -> String {
        match kind {
            PropertyKind::Bool(field) => field(&mut self.clone()).to_string(),
            PropertyKind::Number(get, ..) => get(self).to_string(),
            PropertyKind::TimestampType => {
                if self.log_append_time { "LogAppendTime" } else { "CreateTime" }.to_owned()
            }
        }
    }
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
