//! Topic configuration: the names Kafka knows, what they are by default here, and what a topic sets.
//!
//! All of Kafka's names are taken and kept, so that programs written for a cluster run; the broker acts on
//! `max.message.bytes`, `message.timestamp.type` and `min.insync.replicas`. Nothing is deleted by age or size:
//! `retention.ms` and `retention.bytes` are -1 by default, and the memory limit is the end.

use crate::options::Options;
use std::collections::BTreeMap;

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
    default: &'static str,
    /// The words it may be; empty for any.
    words: &'static [&'static str],
    /// The server property that sets the default, where there is one here.
    pub(crate) server: Option<&'static str>,
    pub(crate) doc: &'static str,
}

const fn known(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Known {
    Known { name, kind, default, words: &[], server: None, doc }
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

const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
const TIMESTAMP_TYPE: &str = "message.timestamp.type";
const MIN_INSYNC: &str = "min.insync.replicas";
const FOREVER: &str = "9223372036854775807";

/// Every topic configuration, by name.
pub(crate) const KNOWN: &[Known] = &[
    known("cleanup.policy", Kind::List, "delete", "Kept; nothing is compacted or deleted.")
        .of(&["delete", "compact"]),
    known("compression.gzip.level", Kind::Int, "-1", "Kept; batches stay as they were produced."),
    known("compression.lz4.level", Kind::Int, "9", "Kept; batches stay as they were produced."),
    known("compression.type", Kind::Text, "producer", "Kept; batches stay as they were produced.").of(&[
        "producer",
        "uncompressed",
        "gzip",
        "snappy",
        "lz4",
        "zstd",
    ]),
    known("compression.zstd.level", Kind::Int, "3", "Kept; batches stay as they were produced."),
    known("delete.retention.ms", Kind::Long, "86400000", "Kept; tombstones stay."),
    known("file.delete.delay.ms", Kind::Long, "60000", "Kept; there are no files."),
    known("flush.messages", Kind::Long, FOREVER, "Kept; there are no files."),
    known("flush.ms", Kind::Long, FOREVER, "Kept; there are no files."),
    known("follower.replication.throttled.replicas", Kind::List, "", "Kept; there are no followers."),
    known("index.interval.bytes", Kind::Int, "4096", "Kept; every batch is indexed."),
    known("leader.replication.throttled.replicas", Kind::List, "", "Kept; there are no followers."),
    known("local.retention.bytes", Kind::Long, "-2", "Kept; there is no tiered storage."),
    known("local.retention.ms", Kind::Long, "-2", "Kept; there is no tiered storage."),
    known("max.compaction.lag.ms", Kind::Long, FOREVER, "Kept; nothing is compacted."),
    known(MAX_MESSAGE_BYTES, Kind::Int, "1048588", "The largest record batch, in bytes.")
        .by_server("message.max.bytes"),
    known("message.downconversion.enable", Kind::Bool, "true", "Kept; only the current format is stored."),
    known("message.timestamp.after.max.ms", Kind::Long, FOREVER, "Kept; any timestamp is taken."),
    known("message.timestamp.before.max.ms", Kind::Long, FOREVER, "Kept; any timestamp is taken."),
    known(TIMESTAMP_TYPE, Kind::Text, "CreateTime", "The producer's time, or the time of arrival.")
        .of(&["CreateTime", "LogAppendTime"])
        .by_server("log.message.timestamp.type"),
    known("min.cleanable.dirty.ratio", Kind::Double, "0.5", "Kept; nothing is compacted."),
    known("min.compaction.lag.ms", Kind::Long, "0", "Kept; nothing is compacted."),
    known(MIN_INSYNC, Kind::Int, "1", "Above 1, records produced with acks=all are refused."),
    known("preallocate", Kind::Bool, "false", "Kept; there are no files."),
    known("remote.storage.enable", Kind::Bool, "false", "Kept; there is no tiered storage."),
    known("retention.bytes", Kind::Long, "-1", "Kept; nothing is deleted by size."),
    known("retention.ms", Kind::Long, "-1", "Kept; nothing is deleted by age."),
    known("segment.bytes", Kind::Int, "1073741824", "Kept; there are no files."),
    known("segment.index.bytes", Kind::Int, "10485760", "Kept; there are no files."),
    known("segment.jitter.ms", Kind::Long, "0", "Kept; there are no files."),
    known("segment.ms", Kind::Long, "604800000", "Kept; there are no files."),
    known("unclean.leader.election.enable", Kind::Bool, "false", "Kept; there is one node."),
];

/// A value is kept up to this length; it has to fit into every version of the answers.
const MAX_VALUE_BYTES: usize = 1024;

/// What one topic sets for itself.
#[derive(Debug, Default, Clone)]
pub(crate) struct TopicConfig {
    set: BTreeMap<&'static str, String>,
    /// The settings that a request needs, read once.
    max_message_bytes: Option<usize>,
    log_append_time: Option<bool>,
    min_insync: Option<i64>,
}

impl TopicConfig {
    /// Checks one setting as Kafka does and keeps it; the error is the text for the client.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        let known = find(name)?;
        let value = value.ok_or_else(|| null(name))?;
        let value = check(known, value)?;
        match known.name {
            MAX_MESSAGE_BYTES => self.max_message_bytes = Some(number(known, &value, 0)? as usize),
            TIMESTAMP_TYPE => self.log_append_time = Some(value == "LogAppendTime"),
            MIN_INSYNC => self.min_insync = Some(number(known, &value, 1)?),
            _ => {}
        }
        self.set.insert(known.name, value);
        Ok(())
    }

    /// Goes back to the default of one setting.
    pub(crate) fn unset(&mut self, name: &str) -> Result<(), String> {
        let known = find(name)?;
        match known.name {
            MAX_MESSAGE_BYTES => self.max_message_bytes = None,
            TIMESTAMP_TYPE => self.log_append_time = None,
            MIN_INSYNC => self.min_insync = None,
            _ => {}
        }
        self.set.remove(known.name);
        Ok(())
    }

    /// Adds words to a list, or takes them out of it.
    pub(crate) fn change_list(
        &mut self,
        name: &str,
        words: Option<&str>,
        change: ListChange,
        options: &Options,
    ) -> Result<(), String> {
        let known = find(name)?;
        if known.kind != Kind::List {
            return Err(format!("Can't {change:?} to key {name} because its type is not LIST."));
        }
        let words = words.ok_or_else(|| null(name))?;
        // Before the words are compared with each other, which takes time by their square.
        check_length(known, words)?;
        let current = self.own(name).map_or_else(|| default_value(known, options), ToOwned::to_owned);
        let mut list = split(&current);
        for word in split(words) {
            match change {
                ListChange::Append if !list.contains(&word) => list.push(word),
                ListChange::Append => {}
                ListChange::Subtract => list.retain(|own| *own != word),
            }
        }
        self.set(name, Some(&list.join(",")))
    }

    /// The largest batch the topic takes.
    pub(crate) fn max_message_bytes(&self, options: &Options) -> usize {
        self.max_message_bytes.unwrap_or(options.max_message_bytes)
    }

    /// Whether records are stamped on arrival.
    pub(crate) fn log_append_time(&self, options: &Options) -> bool {
        self.log_append_time.unwrap_or(options.log_append_time)
    }

    /// Copies that have to be in sync for acks=all; there is one.
    pub(crate) fn min_insync(&self) -> i64 {
        self.min_insync.unwrap_or(1)
    }

    /// The topic's own value of a setting.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }
}

/// The value of a setting that no topic sets.
pub(crate) fn default_value(known: &Known, options: &Options) -> String {
    match known.name {
        MAX_MESSAGE_BYTES => options.max_message_bytes.to_string(),
        TIMESTAMP_TYPE if options.log_append_time => "LogAppendTime".to_owned(),
        _ => known.default.to_owned(),
    }
}

/// The value of a setting in a broker that was told nothing.
pub(crate) fn factory_value(known: &Known) -> &'static str {
    known.default
}

/// A change of a setting that is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListChange {
    Append,
    Subtract,
}

fn find(name: &str) -> Result<&'static Known, String> {
    KNOWN.iter().find(|k| k.name == name).ok_or_else(|| format!("Unknown topic config name: {name}"))
}

fn null(name: &str) -> String {
    format!("Null value not supported for topic configs: {name}")
}

fn split(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

fn check_length(known: &Known, value: &str) -> Result<(), String> {
    let found = value.len();
    if found <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(format!("Value of {} has {found} bytes, more than {MAX_VALUE_BYTES}", known.name))
}

/// The value as it is kept: numbers without what they could do without.
fn check(known: &Known, value: &str) -> Result<String, String> {
    check_length(known, value)?;
    let same = |fits: bool| fits.then(|| value.to_owned());
    let kept = match known.kind {
        Kind::Bool => same(value == "true" || value == "false"),
        Kind::Int => value.parse::<i32>().ok().map(|number| number.to_string()),
        Kind::Long => value.parse::<i64>().ok().map(|number| number.to_string()),
        Kind::Double => value.parse::<f64>().ok().map(|number| format!("{number:?}")),
        Kind::Text => same(known.words.is_empty() || known.words.contains(&value)),
        Kind::List => {
            same(known.words.is_empty() || split(value).iter().all(|word| known.words.contains(word)))
        }
    };
    kept.ok_or_else(|| format!("Invalid value {value} for configuration {}", known.name))
}

fn number(known: &Known, value: &str, least: i64) -> Result<i64, String> {
    value.parse().ok().filter(|n| *n >= least).ok_or_else(|| {
        format!("Invalid value {value} for configuration {}: Value must be at least {least}", known.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_valid_value() {
        for known in KNOWN {
            if !known.default.is_empty() {
                TopicConfig::default().set(known.name, Some(known.default)).unwrap();
            }
        }
    }

    #[test]
    fn numbers_are_kept_in_their_shortest_form() {
        let mut config = TopicConfig::default();
        for (name, value, kept) in [
            ("retention.ms", format!("{}7", "0".repeat(1000)), "7"),
            ("segment.bytes", "+8".to_owned(), "8"),
            ("min.cleanable.dirty.ratio", format!("0.5{}", "0".repeat(1000)), "0.5"),
        ] {
            config.set(name, Some(&value)).unwrap();
            assert_eq!(config.own(name), Some(kept));
        }
    }

    #[test]
    fn wrong_settings_are_refused() {
        for (name, value) in [
            ("retention.mss", Some("1")),
            ("retention.ms", None),
            ("retention.ms", Some("soon")),
            ("cleanup.policy", Some("burn")),
            ("max.message.bytes", Some("-1")),
            ("message.timestamp.type", Some("Whenever")),
            ("preallocate", Some("1")),
            ("retention.ms", Some(&"0".repeat(MAX_VALUE_BYTES + 1))),
        ] {
            assert!(TopicConfig::default().set(name, value).is_err(), "{name}={value:?}");
        }
    }

    #[test]
    fn a_list_grows_and_shrinks_from_its_default() {
        let mut config = TopicConfig::default();
        let mut change = |words, change| {
            config.change_list("cleanup.policy", Some(words), change, &Options::default())?;
            Ok::<_, String>(config.own("cleanup.policy").unwrap_or_default().to_owned())
        };
        assert_eq!(change("compact,delete", ListChange::Append).as_deref(), Ok("delete,compact"));
        assert_eq!(change("delete", ListChange::Subtract).as_deref(), Ok("compact"));
        assert!(change("burn", ListChange::Append).is_err());
        let list = config.change_list("retention.ms", Some("1"), ListChange::Append, &Options::default());
        assert!(list.is_err());
    }

    #[test]
    fn a_setting_that_is_unset_has_its_default_again() {
        let (mut config, options) = (TopicConfig::default(), Options::default());
        for (name, value) in [
            ("max.message.bytes", "7"),
            ("message.timestamp.type", "LogAppendTime"),
            ("min.insync.replicas", "2"),
        ] {
            config.set(name, Some(value)).unwrap();
        }
        assert!(config.max_message_bytes(&options) == 7 && config.log_append_time(&options));
        for name in ["max.message.bytes", "message.timestamp.type", "min.insync.replicas"] {
            config.unset(name).unwrap();
            assert_eq!(config.own(name), None);
        }
        assert_eq!(config.max_message_bytes(&options), options.max_message_bytes);
        assert!(!config.log_append_time(&options) && config.min_insync() == 1);
        assert!(config.unset("retention.mss").is_err());
    }
}
