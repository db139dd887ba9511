//! What can be said about a broker before it starts, also in Kafka's own property names.
//!
//! | Module | Holds |
//! |---|---|
//! | `listener` | where clients come, and what they are told |
//! | `hooks` | what the broker has to say while it runs |
//! | `properties` | the server properties, by their names in Kafka |
//! | `error` | why an option is refused |

mod error;
mod hooks;
mod listener;
mod properties;

pub use error::OptionsError;
pub use hooks::{FaultHook, FullHook};
pub use listener::Listener;
pub(crate) use properties::{PASSWORD, PROPERTIES, Property, PropertyKind, inert};

use kadence_wire::frame::DEFAULT_MAX_FRAME_BYTES;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Partitions one topic may have; each takes memory before it holds a record.
pub const MAX_PARTITIONS_PER_TOPIC: i32 = 1_000;
/// Partitions all topics may have together.
pub const MAX_PARTITIONS: usize = 10_000;
/// Members a group may have at most.
pub const MAX_GROUP_SIZE: usize = 1_000;

/// How a broker starts. The defaults are those of a throw-away broker on this machine.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Options {
    /// Where to listen. Port 0 takes a free port; other addresses with port 0 share the first one's.
    pub listeners: Vec<Listener>,
    /// The directory that keeps records, topics, offsets and transactions; without one they are in memory.
    pub data_dir: Option<PathBuf>,
    /// Takes up logs in the directory that have no journal any longer, with default settings.
    pub recover: bool,
    /// The number of the only node.
    pub node_id: i32,
    /// Whether a topic comes into being when a client asks for it.
    pub auto_create_topics: bool,
    /// Whether topics may be deleted.
    pub delete_topics: bool,
    /// Partitions of a topic that is created without a number.
    pub default_partitions: i32,
    /// Data in memory beyond this is refused, in bytes. Groups have 4 MiB beside it, so that a full broker can be
    /// read. Records in a directory do not count.
    pub memory_limit_bytes: u64,
    /// The largest request, in bytes.
    pub max_request_bytes: usize,
    /// The most a fetch answers with, in bytes, whatever it asks for.
    pub max_fetch_bytes: usize,
    /// Connections at a time; further ones are closed at once.
    pub max_connections: usize,
    /// A connection without a complete request for this long is closed.
    pub max_idle: Duration,
    /// What topics have that do not set it themselves.
    pub topic_defaults: TopicSettings,
    /// How often records are looked through for those that are too old or too many.
    pub retention_check_interval: Duration,
    /// Whether topics that ask for it are compacted.
    pub compaction: bool,
    /// How often partitions are looked through for those that are to be compacted.
    pub compaction_check_interval: Duration,
    /// What the keys of one partition may take in memory while it is compacted, in bytes.
    pub compaction_memory_bytes: u64,
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
    /// The longest time a producer may ask for its transactions.
    pub max_transaction_timeout: Duration,
    /// Called once, when data is refused for the first time because the memory is used up.
    pub on_full: Option<FullHook>,
    /// Called when a file cannot be written or read.
    pub on_fault: Option<FaultHook>,
}

/// What a topic is kept by; a number below zero is no limit.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicSettings {
    /// The largest record batch, in bytes.
    pub max_message_bytes: usize,
    /// Replicas that have to be in sync for acks=all; there is one.
    pub min_insync_replicas: i64,
    /// Whether records are stamped with the time of arrival.
    pub log_append_time: bool,
    /// How far a record's time may be before the broker's, in milliseconds.
    pub timestamp_before_max_ms: i64,
    /// How far a record's time may be after the broker's, in milliseconds.
    pub timestamp_after_max_ms: i64,
    /// What becomes of old records: `delete`, `compact` (of each key the last one stays), `delete,compact`.
    pub cleanup_policy: String,
    /// Records older than this may be deleted, in milliseconds.
    pub retention_ms: i64,
    /// The oldest records of a partition beyond this size may be deleted, in bytes.
    pub retention_bytes: i64,
    /// A segment of a log has at most this size, in bytes.
    pub segment_bytes: u32,
    /// A segment takes records for at most this time, in milliseconds.
    pub segment_ms: i64,
    /// Bytes of a segment for each entry of its index.
    pub index_interval_bytes: u32,
    /// A partition is compacted when so large a share of it was written since the last time, from 0 to 1.
    pub min_dirty_ratio: f64,
    /// Records stay for at least this time before they are compacted, in milliseconds.
    pub min_compaction_lag_ms: i64,
    /// And for at most this time.
    pub max_compaction_lag_ms: i64,
    /// Tombstones stay for this time when they are compacted, in milliseconds.
    pub delete_retention_ms: i64,
    /// After so many records a partition is written through to the disk.
    pub flush_messages: i64,
    /// After this time a partition is written through to the disk, in milliseconds.
    pub flush_ms: i64,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_588,
            min_insync_replicas: 1,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 60 * 60 * 1000,
            cleanup_policy: "delete".to_owned(),
            // Recordings are replayed with the times they have, which are older than any retention.
            retention_ms: -1,
            retention_bytes: -1,
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * 60 * 60 * 1000,
            index_interval_bytes: 4096,
            min_dirty_ratio: 0.5,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            delete_retention_ms: 24 * 60 * 60 * 1000,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::on(SocketAddr::from(([127, 0, 0, 1], 0)))],
            data_dir: None,
            recover: false,
            node_id: 1,
            auto_create_topics: true,
            delete_topics: true,
            default_partitions: 1,
            memory_limit_bytes: 1 << 30,
            max_request_bytes: DEFAULT_MAX_FRAME_BYTES,
            max_fetch_bytes: 55 * 1024 * 1024,
            max_connections: 5_000,
            max_idle: Duration::from_mins(10),
            topic_defaults: TopicSettings::default(),
            retention_check_interval: Duration::from_mins(5),
            compaction: true,
            compaction_check_interval: Duration::from_secs(15),
            compaction_memory_bytes: 128 << 20,
            group_min_session_timeout: Duration::from_secs(6),
            group_max_session_timeout: Duration::from_mins(30),
            group_initial_rebalance_delay: Duration::ZERO,
            group_max_size: MAX_GROUP_SIZE,
            max_offset_metadata_bytes: 4096,
            max_transaction_timeout: Duration::from_mins(15),
            on_full: None,
            on_fault: None,
        }
    }
}
