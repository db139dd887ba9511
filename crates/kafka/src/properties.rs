//! librdkafka's properties: which there are, and who set what.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use kadence_core::fault::{Fault, Phrase, name_only};
use kadence_core::phrase;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError as ClientError;

/// The names that can be set as text, as of the librdkafka this is built with.
const NAMES: &str = include_str!("librdkafka-properties.txt");

/// Second names, and the one each is kept under: a client set up with both would take either.
const ALIASES: [(&str, &str); 11] = [
    ("metadata.broker.list", "bootstrap.servers"),
    ("request.required.acks", "acks"),
    ("message.send.max.retries", "retries"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("compression.codec", "compression.type"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    ("sasl.mechanism", "sasl.mechanisms"),
    ("sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.id"),
    ("sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.client.secret"),
];

/// Who set a property. Later ones win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// Ours.
    Default,
    /// A properties file.
    File { path: PathBuf, line: usize },
    /// An option with a meaning of its own, and what was said there where that is worth a word.
    Option(&'static str, &'static str),
    /// The option for any property.
    Override,
}

impl Origin {
    /// How somebody says it; the properties of a file are said there.
    pub(crate) fn phrase(&self) -> Phrase {
        match self {
            Self::Default => Phrase::default(),
            Self::File { path, line } => format!("{}:{line}", path.display()).into(),
            Self::Option(name, value) => {
                let mut phrase = Phrase::default();
                phrase.option(name);
                if !value.is_empty() {
                    phrase.add(" ").add(value);
                }
                phrase
            }
            Self::Override => phrase![@"property"],
        }
    }
}

/// What a client will be made with.
#[derive(Clone, Default)]
pub(crate) struct Properties(BTreeMap<String, (String, Origin)>);

impl Properties {
    /// Sets a property, unless something stronger has set it.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>, origin: Origin) {
        let name = canonical(name);
        if self.0.get(name).is_none_or(|(_, earlier)| origin >= *earlier) {
            self.0.insert(name.to_owned(), (value.into(), origin));
        }
    }

    /// Sets a property, whoever has set it before.
    pub(crate) fn overrule(&mut self, name: &str, value: &str) {
        self.0.insert(canonical(name).to_owned(), (value.to_owned(), Origin::Override));
    }

    /// Sets a property of ours, which anything else wins over.
    pub(crate) fn preset(&mut self, name: &str, value: impl Into<String>) {
        self.set(name, value, Origin::Default);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(canonical(name)).map(|(value, _)| value.as_str())
    }

    /// The value as a number; librdkafka has seen that it is one.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.trim().parse().ok()
    }

    /// Whether it is switched off, in any of the words that librdkafka takes for that.
    pub(crate) fn is_false(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "false" | "f" | "0"))
    }

    /// Whether somebody else than us set it.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.0.get(canonical(name)).is_some_and(|(_, origin)| *origin != Origin::Default)
    }

    /// How a property was given, for a message.
    pub(crate) fn as_given(&self, name: &str) -> Phrase {
        let Some((value, origin)) = self.0.get(canonical(name)) else { return name.into() };
        let value = if is_secret(name) { "…" } else { value.as_str() };
        let pair = format!("{name}={value}");
        match origin {
            Origin::Default => pair.into(),
            Origin::Option(..) => origin.phrase(),
            Origin::File { .. } | Origin::Override => phrase![origin.phrase(), " ", pair],
        }
    }

    pub(crate) fn to_config(&self) -> ClientConfig {
        let mut config: ClientConfig =
            self.0.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
        // With `debug` asked for, what it says reaches the log; otherwise librdkafka's notices do.
        let level = if self.is_given("debug") { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info };
        config.set_log_level(level);
        config
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, (value, _)): (&String, &(String, Origin))| {
            (name.clone(), if is_secret(name) { "…".to_owned() } else { value.clone() })
        };
        f.debug_map().entries(self.0.iter().map(shown)).finish()
    }
}

/// The name a property is kept under.
pub(crate) fn canonical(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, kept)| kept)
}

pub(crate) fn is_known(name: &str) -> bool {
    NAMES.lines().any(|known| known == name)
}

/// Whether the value must never be shown. Private keys and URLs with credentials in them count.
pub fn is_secret(name: &str) -> bool {
    ["password", "secret", "passphrase", "jaas.config", "key.pem", "private.key", "oauthbearer.config"]
        .iter()
        .any(|part| name.contains(part))
}

/// Sees to it that `name` exists and takes `value`. The place is where it was given, without the value.
pub(crate) fn check(origin: &Origin, name: &str, value: &str) -> Result<(), Fault> {
    if !is_known(name) {
        let help = match nearest(name) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "librdkafka's CONFIGURATION.md lists them all".to_owned(),
        };
        return Err(Fault::new(origin.phrase(), format!("unknown property `{}`", name_only(name)))
            .help(help)
            .misuse());
    }
    let what = match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) if !is_missing_file(name, value) => return Ok(()),
        Ok(_) => format!("`{name}` names `{value}`, which is not there"),
        Err(_) if is_secret(name) => format!("`{name}` does not take this value"),
        Err(ClientError::ClientConfig(_, said, ..)) => {
            format!("`{name}` does not take `{}`{}", value.escape_debug(), allowed(&said))
        }
        Err(_) => format!("`{name}` does not take `{}`", value.escape_debug()),
    };
    Err(Fault::new(origin.phrase(), what).misuse())
}

/// What a property takes instead, as far as librdkafka tells.
fn allowed(said: &str) -> String {
    if let Some((_, range)) = said.split_once("outside allowed range ") {
        return format!(" (allowed: {})", range.trim());
    }
    if said.contains("Expected bool") {
        return " (allowed: true, false)".to_owned();
    }
    if said.contains("not available at build time") {
        return " (not built in)".to_owned();
    }
    String::new()
}

fn is_missing_file(name: &str, value: &str) -> bool {
    name.starts_with("ssl.") && name.ends_with(".location") && value != "probe" && !Path::new(value).exists()
}

/// The known name that takes the fewest edits, if they are few enough to be a slip.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let close = |candidate: &&'static str| edits(name, candidate);
    let best = NAMES.lines().min_by_key(close)?;
    (edits(name, best) <= (name.len() / 3).max(2)).then_some(best)
}

fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, from) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (left, to) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[left + 1];
            row[left + 1] = replaced.min(diagonal + 1).min(row[left] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use kadence_core::fault::Disposition;

    use super::*;

    /// The list is a copy of another project's; a name that librdkafka dropped must not linger in it.
    #[test]
    fn librdkafka_knows_each_name_in_the_list() {
        let config = ClientConfig::new().create_native_config().unwrap();
        for name in NAMES.lines() {
            if let Err(ClientError::ClientConfig(_, what, ..)) = config.get(name) {
                // Properties of topics are not found among a client's; setting one to nonsense tells them apart.
                let set = ClientConfig::new().set(name, "\u{1}").create_native_config();
                let unknown =
                    matches!(set, Err(ClientError::ClientConfig(_, text, ..)) if text.contains("No such"));
                assert!(!unknown, "{name}: {what}");
            }
        }
    }

    #[test]
    fn a_slip_names_the_property_it_came_from() {
        assert_eq!(nearest("lingerms"), Some("linger.ms"));
        assert_eq!(nearest("batch.siez"), Some("batch.size"));
        assert_eq!(nearest("completely.unrelated.words"), None);
        let fault = check(&Origin::Override, "lingerms", "5").unwrap_err();
        assert_eq!(fault.to_string(), "property: unknown property `lingerms`; did you mean `linger.ms`?");
        assert_eq!(fault.disposition, Disposition::Misuse);
        let fault = check(&Origin::Override, "sasl.password:HUSH", "").unwrap_err().to_string();
        assert!(fault.contains("unknown property `sasl.password…`") && !fault.contains("HUSH"), "{fault}");
    }

    #[test]
    fn a_value_out_of_range_is_refused_and_a_secret_one_is_not_shown() {
        for (name, value, text) in [
            ("batch.size", "0", "property: `batch.size` does not take `0` (allowed: 1..2147483647)"),
            ("acks", "seven", "property: `acks` does not take `seven`"),
            (
                "enable.idempotence",
                "maybe",
                "property: `enable.idempotence` does not take `maybe` (allowed: true, false)",
            ),
        ] {
            assert_eq!(check(&Origin::Override, name, value).unwrap_err().to_string(), text);
        }
        let error = check(&Origin::Override, "ssl.key.password", "\0hunter2").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn the_stronger_origin_wins_under_either_name() {
        let mut properties = Properties::default();
        properties.set("request.required.acks", "1", Origin::Override);
        properties.set("acks", "all", Origin::Option("acks", "all"));
        properties.preset("acks", "-1");
        assert_eq!(properties.get("acks"), Some("1"));
        assert_eq!(properties.as_given("acks").to_string(), "property acks=1");
    }

    #[test]
    fn debugging_shows_no_secret() {
        let mut properties = Properties::default();
        properties.set("sasl.password", "hunter2", Origin::Override);
        assert!(!format!("{properties:?}").contains("hunter2"));
    }
}
