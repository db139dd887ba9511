//! Every topic configuration that Kafka knows.

use super::Acts::{self, Flag, Kept, Number, Ratio, Text};
use crate::options::TopicSettings;

/// The types of `DescribeConfigs`, as Kafka numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool = 1,
    Text = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// A topic configuration that Kafka knows.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(super) default: &'static str,
    /// The words it may be; empty for any.
    pub(super) words: &'static [&'static str],
    /// The server property that sets the default, where there is one here.
    pub(crate) server: Option<&'static str>,
    pub(crate) doc: &'static str,
    pub(super) acts: Acts,
}

const fn kept(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Known {
    Known { name, kind, default, words: &[], server: None, doc, acts: Kept }
}

const fn acts(name: &'static str, kind: Kind, default: &'static str, doc: &'static str, acts: Acts) -> Known {
    Known { name, kind, default, words: &[], server: None, doc, acts }
}

impl Known {
    const fn of(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    const fn by_server(mut self, property: &'static str) -> Self {
        self.server = Some(property);
        self
    }
}

const FOREVER: &str = "9223372036854775807";
const MIB: i64 = 1 << 20;

/// Every topic configuration, by name.
pub(crate) const KNOWN: &[Known] = &[
    acts(
        "cleanup.policy",
        Kind::List,
        "delete",
        "What becomes of old records: delete, compact (of each key the last one stays), or both.",
        Text(|s| s.cleanup_policy.clone(), |s, v| v.clone_into(&mut s.cleanup_policy)),
    )
    .of(&["delete", "compact"])
    .by_server("log.cleanup.policy"),
    kept("compression.gzip.level", Kind::Int, "-1", "Kept; batches stay as they were produced."),
    kept("compression.lz4.level", Kind::Int, "9", "Kept; batches stay as they were produced."),
    kept("compression.type", Kind::Text, "producer", "Kept; batches stay as they were produced.").of(&[
        "producer",
        "uncompressed",
        "gzip",
        "snappy",
        "lz4",
        "zstd",
    ]),
    kept("compression.zstd.level", Kind::Int, "3", "Kept; batches stay as they were produced."),
    acts(
        "delete.retention.ms",
        Kind::Long,
        "86400000",
        "Tombstones stay for this time when they are compacted.",
        Number(|s| s.delete_retention_ms, |s, v| s.delete_retention_ms = v, 0),
    )
    .by_server("log.cleaner.delete.retention.ms"),
    kept("file.delete.delay.ms", Kind::Long, "60000", "Kept; files are deleted at once."),
    acts(
        "flush.messages",
        Kind::Long,
        FOREVER,
        "After so many records a partition is written through to the disk.",
        Number(|s| s.flush_messages, |s, v| s.flush_messages = v, 1),
    )
    .by_server("log.flush.interval.messages"),
    acts(
        "flush.ms",
        Kind::Long,
        FOREVER,
        "After this time a partition is written through to the disk.",
        Number(|s| s.flush_ms, |s, v| s.flush_ms = v, 0),
    )
    .by_server("log.flush.interval.ms"),
    kept("follower.replication.throttled.replicas", Kind::List, "", "Kept; there are no followers."),
    acts(
        "index.interval.bytes",
        Kind::Int,
        "4096",
        "Bytes of a segment for each entry of its index.",
        Number(|s| i64::from(s.index_interval_bytes), |s, v| s.index_interval_bytes = v as u32, 0),
    )
    .by_server("log.index.interval.bytes"),
    kept("leader.replication.throttled.replicas", Kind::List, "", "Kept; there are no followers."),
    kept("local.retention.bytes", Kind::Long, "-2", "Kept; there is no tiered storage."),
    kept("local.retention.ms", Kind::Long, "-2", "Kept; there is no tiered storage."),
    acts(
        "max.compaction.lag.ms",
        Kind::Long,
        FOREVER,
        "Records stay for at most this time before they are compacted.",
        Number(|s| s.max_compaction_lag_ms, |s, v| s.max_compaction_lag_ms = v, 1),
    )
    .by_server("log.cleaner.max.compaction.lag.ms"),
    acts(
        "max.message.bytes",
        Kind::Int,
        "1048588",
        "The largest record batch, in bytes.",
        Number(|s| s.max_message_bytes as i64, |s, v| s.max_message_bytes = v as usize, 0),
    )
    .by_server("message.max.bytes"),
    kept("message.downconversion.enable", Kind::Bool, "true", "Kept; only the current format is stored."),
    acts(
        "message.timestamp.after.max.ms",
        Kind::Long,
        "3600000",
        "How far a record's time may be after the broker's.",
        Number(|s| s.timestamp_after_max_ms, |s, v| s.timestamp_after_max_ms = v, 0),
    )
    .by_server("log.message.timestamp.after.max.ms"),
    acts(
        "message.timestamp.before.max.ms",
        Kind::Long,
        FOREVER,
        "How far a record's time may be before the broker's.",
        Number(|s| s.timestamp_before_max_ms, |s, v| s.timestamp_before_max_ms = v, 0),
    )
    .by_server("log.message.timestamp.before.max.ms"),
    acts(
        "message.timestamp.type",
        Kind::Text,
        "CreateTime",
        "The producer's time, or the time of arrival.",
        Flag(|s| &mut s.log_append_time, ["CreateTime", "LogAppendTime"]),
    )
    .of(&["CreateTime", "LogAppendTime"])
    .by_server("log.message.timestamp.type"),
    acts(
        "min.cleanable.dirty.ratio",
        Kind::Double,
        "0.5",
        "A partition is compacted when so large a share of it was written since the last time.",
        Ratio(|s| s.min_dirty_ratio, |s, v| s.min_dirty_ratio = v),
    )
    .by_server("log.cleaner.min.cleanable.ratio"),
    acts(
        "min.compaction.lag.ms",
        Kind::Long,
        "0",
        "Records stay for at least this time before they are compacted.",
        Number(|s| s.min_compaction_lag_ms, |s, v| s.min_compaction_lag_ms = v, 0),
    )
    .by_server("log.cleaner.min.compaction.lag.ms"),
    acts(
        "min.insync.replicas",
        Kind::Int,
        "1",
        "Above 1, records produced with acks=all are refused.",
        Number(|s| s.min_insync_replicas, |s, v| s.min_insync_replicas = v, 1),
    )
    .by_server("min.insync.replicas"),
    kept("preallocate", Kind::Bool, "false", "Kept; files grow as records come."),
    kept("remote.storage.enable", Kind::Bool, "false", "Kept; there is no tiered storage."),
    acts(
        "retention.bytes",
        Kind::Long,
        "-1",
        "The oldest records of a partition beyond this size are deleted; -1 for no limit.",
        Number(|s| s.retention_bytes, |s, v| s.retention_bytes = v, -1),
    )
    .by_server("log.retention.bytes"),
    acts(
        "retention.ms",
        Kind::Long,
        "-1",
        "Records older than this are deleted; -1 for no limit.",
        Number(|s| s.retention_ms, |s, v| s.retention_ms = v, -1),
    )
    .by_server("log.retention.ms"),
    acts(
        "segment.bytes",
        Kind::Int,
        "1073741824",
        "The most a segment of a log has.",
        Number(|s| i64::from(s.segment_bytes), |s, v| s.segment_bytes = v as u32, MIB),
    )
    .by_server("log.segment.bytes"),
    kept("segment.index.bytes", Kind::Int, "10485760", "Kept; an index is as large as its segment needs."),
    kept("segment.jitter.ms", Kind::Long, "0", "Kept; segments end when they are due."),
    acts(
        "segment.ms",
        Kind::Long,
        "604800000",
        "A segment takes records for at most this time.",
        Number(|s| s.segment_ms, |s, v| s.segment_ms = v, 1),
    )
    .by_server("log.roll.ms"),
    kept("unclean.leader.election.enable", Kind::Bool, "false", "Kept; there is one node."),
];

impl Known {
    /// The value of a topic that does not set it.
    pub(crate) fn default_of(&self, defaults: &TopicSettings) -> String {
        match self.acts {
            Kept => self.default.to_owned(),
            Number(get, ..) => get(defaults).to_string(),
            Ratio(get, _) => format!("{:?}", get(defaults)),
            Text(get, _) => get(defaults),
            Flag(field, words) => words[usize::from(*field(&mut defaults.clone()))].to_owned(),
        }
    }

    /// The value in a broker that was told nothing.
    pub(crate) fn factory_value(&self) -> &'static str {
        self.default
    }
}
