//! Topic configuration: the names Kafka knows, what they are by default here, and what a topic sets.
//!
//! All of Kafka's names are taken and kept, so that programs written for a cluster run; the table in `known` says
//! which the broker acts on. Nothing is deleted by age unless that is said: `retention.ms` is -1 by default, as a
//! recording that is replayed is older than any retention.

mod known;

pub(crate) use known::{KNOWN, Kind, Known};

use crate::options::TopicSettings;
use std::collections::BTreeMap;

/// What a configuration changes here.
#[derive(Debug, Clone, Copy)]
enum Acts {
    /// Nothing; it is kept and shown.
    Kept,
    /// A number, and the least it may be.
    Number(fn(&TopicSettings) -> i64, fn(&mut TopicSettings, i64), i64),
    /// A number from 0 to 1.
    Ratio(fn(&TopicSettings) -> f64, fn(&mut TopicSettings, f64)),
    Text(fn(&TopicSettings) -> String, fn(&mut TopicSettings, &str)),
    /// One of two words, for false and true.
    Flag(fn(&mut TopicSettings) -> &mut bool, [&'static str; 2]),
}

/// A value is kept up to this length; it has to fit into every version of the answers.
const MAX_VALUE_BYTES: usize = 1024;

/// What one topic sets for itself.
#[derive(Debug, Default, Clone)]
pub(crate) struct TopicConfig {
    set: BTreeMap<&'static str, String>,
}

impl TopicConfig {
    /// Checks one setting as Kafka does and keeps it; the error is the text for the client.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        let known = find(name)?;
        let value = check(known, value.ok_or_else(|| null(name))?)?;
        self.set.insert(known.name, value);
        Ok(())
    }

    /// Goes back to the default of one setting.
    pub(crate) fn unset(&mut self, name: &str) -> Result<(), String> {
        self.set.remove(find(name)?.name);
        Ok(())
    }

    /// Adds words to a list, or takes them out of it.
    pub(crate) fn change_list(
        &mut self,
        name: &str,
        words: Option<&str>,
        change: ListChange,
        defaults: &TopicSettings,
    ) -> Result<(), String> {
        let known = find(name)?;
        if known.kind != Kind::List {
            return Err(format!("Can't {change:?} to key {name} because its type is not LIST."));
        }
        let words = words.ok_or_else(|| null(name))?;
        // Before the words are compared with each other, which takes time by their square.
        check_length(known, words)?;
        let current = self.own(name).map_or_else(|| known.default_of(defaults), ToOwned::to_owned);
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

    /// What the topic is kept by: its own settings, and `defaults` for the others.
    pub(crate) fn settings(&self, defaults: &TopicSettings) -> TopicSettings {
        let mut settings = defaults.clone();
        for (name, value) in &self.set {
            match find(name).map(|known| known.acts) {
                // Values are checked before they are kept.
                Ok(Acts::Number(_, put, _)) => value.parse().into_iter().for_each(|v| put(&mut settings, v)),
                Ok(Acts::Ratio(_, put)) => value.parse().into_iter().for_each(|v| put(&mut settings, v)),
                Ok(Acts::Text(_, put)) => put(&mut settings, value),
                Ok(Acts::Flag(field, words)) => *field(&mut settings) = value == words[1],
                Ok(Acts::Kept) | Err(_) => {}
            }
        }
        settings
    }

    /// The topic's own value of a setting.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }

    /// All that the topic sets.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.set.iter().map(|(name, value)| (*name, value.as_str()))
    }
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
    let kept = kept.ok_or_else(|| format!("Invalid value {value} for configuration {}", known.name))?;
    match known.acts {
        Acts::Number(.., least) if kept.parse().is_ok_and(|number: i64| number < least) => Err(format!(
            "Invalid value {value} for configuration {}: Value must be at least {least}",
            known.name
        )),
        Acts::Ratio(..) if !kept.parse().is_ok_and(|ratio: f64| (0.0..=1.0).contains(&ratio)) => Err(
            format!("Invalid value {value} for configuration {}: Value must be between 0 and 1", known.name),
        ),
        _ => Ok(kept),
    }
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
            ("segment.bytes", "+1048576".to_owned(), "1048576"),
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
            config.change_list("cleanup.policy", Some(words), change, &TopicSettings::default())?;
            Ok::<_, String>(config.own("cleanup.policy").unwrap_or_default().to_owned())
        };
        assert_eq!(change("compact,delete", ListChange::Append).as_deref(), Ok("delete,compact"));
        assert_eq!(change("delete", ListChange::Subtract).as_deref(), Ok("compact"));
        assert!(change("burn", ListChange::Append).is_err());
        let list =
            config.change_list("retention.ms", Some("1"), ListChange::Append, &TopicSettings::default());
        assert!(list.is_err());
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        for known in KNOWN {
            assert_eq!(known.default_of(&TopicSettings::default()), known.default, "{}", known.name);
        }
    }

    #[test]
    fn a_setting_that_is_unset_has_its_default_again() {
        let (mut config, defaults) = (TopicConfig::default(), TopicSettings::default());
        for (name, value) in [
            ("max.message.bytes", "7"),
            ("message.timestamp.type", "LogAppendTime"),
            ("min.insync.replicas", "2"),
            ("cleanup.policy", "compact"),
        ] {
            config.set(name, Some(value)).unwrap();
        }
        let settings = config.settings(&defaults);
        assert!(settings.max_message_bytes == 7 && settings.log_append_time);
        assert!(settings.min_insync_replicas == 2 && settings.cleanup_policy == "compact");
        for name in ["max.message.bytes", "message.timestamp.type", "min.insync.replicas", "cleanup.policy"] {
            config.unset(name).unwrap();
            assert_eq!(config.own(name), None);
        }
        assert_eq!(config.settings(&defaults), defaults);
        assert!(config.unset("retention.mss").is_err());
    }
}
