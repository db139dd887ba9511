//! How to reach a cluster.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use kadence_core::fault::{Fault, Phrase};

use crate::config_file;
use crate::properties::{self, Origin, Properties};

/// The address at which a broker is looked for when nobody says.
const DEFAULT_BROKERS: &str = "localhost:9092";

/// How long a start waits for a broker, unless `socket.connection.setup.timeout.ms` says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kafka's protocols, which may stand in front of an address as in the listeners of a broker.
const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

/// The brokers and everything that was said about talking to them.
#[derive(Clone, Default)]
pub struct Connection {
    /// `HOST:PORT,…`; without it the configuration file's `bootstrap.servers` counts, then `localhost:9092`.
    pub brokers: Option<String>,
    /// librdkafka's properties, by name; they win over all else, and a later one over an earlier.
    pub properties: Vec<(String, String)>,
    /// A properties file; the Java clients' names of the common keys are understood.
    pub config_file: Option<PathBuf>,
}

impl Connection {
    /// A connection to `brokers` with nothing special about it.
    pub fn to(brokers: impl Into<String>) -> Self {
        Self { brokers: Some(brokers.into()), ..Self::default() }
    }

    /// The brokers' addresses, wherever they were said.
    pub fn addresses(&self) -> String {
        self.resolve_what_can_be().0.brokers().to_owned()
    }

    /// Looks for faults without connecting, and says what of the configuration file is ignored.
    pub fn check(&self) -> Result<Vec<Phrase>, Vec<Fault>> {
        self.resolve().map(|resolved| resolved.notices)
    }

    /// The properties that follow, for a client to add its own to.
    pub(crate) fn resolve(&self) -> Result<Resolved, Vec<Fault>> {
        let (resolved, faults) = self.resolve_what_can_be();
        if faults.is_empty() { Ok(resolved) } else { Err(faults) }
    }

    /// The faults, and what follows from the rest, so that faults further on are found as well.
    pub(crate) fn resolve_what_can_be(&self) -> (Resolved, Vec<Fault>) {
        let mut resolved = Resolved { properties: common_defaults(), notices: Vec::new() };
        let mut faults = Vec::new();
        if let Some(path) = &self.config_file {
            match config_file::read(path) {
                Ok(file) => {
                    for setting in file.settings {
                        let origin = Origin::File { path: path.clone(), line: setting.line };
                        resolved.properties.set(&setting.name, setting.value, origin);
                    }
                    resolved.notices.extend(file.notices);
                    faults.extend(file.faults);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if let Some(brokers) = &self.brokers {
            resolved.properties.set("bootstrap.servers", brokers, Origin::Option("brokers", ""));
        }
        for (name, value) in &self.properties {
            match properties::check(&Origin::Override, name, value) {
                Ok(()) => resolved.properties.set(name, value, Origin::Override),
                Err(fault) => faults.push(fault),
            }
        }
        if let Some(fault) = fault_in_brokers(&resolved.properties) {
            faults.push(fault);
        }
        trust_the_systems_authorities(&mut resolved.properties);
        (resolved, faults)
    }
}

/// What librdkafka would only find out by trying, or take for something else.
fn fault_in_brokers(properties: &Properties) -> Option<Fault> {
    let brokers = properties.get("bootstrap.servers").unwrap_or_default();
    let wrong = brokers.split(',').find(|broker| !is_address(broker))?;
    let is_url = wrong.contains("://") || wrong.contains('/');
    let what = if is_url { "is a URL; a broker is HOST:PORT" } else { "is no broker's address" };
    let help = match bare_address(wrong) {
        Some(bare) if is_url => format!("write {bare}"),
        _ => "write HOST:PORT, more of them with commas in between".to_owned(),
    };
    let what = format!("`{}` {what}", wrong.escape_debug());
    Some(Fault::new(properties.as_given("bootstrap.servers"), what).help(help).misuse())
}

/// Whether this is `HOST`, `HOST:PORT` or `[IPv6]:PORT`, perhaps with Kafka's name of a protocol in front.
fn is_address(broker: &str) -> bool {
    let address = match broker.trim().split_once("://") {
        Some((protocol, address)) if PROTOCOLS.iter().any(|known| protocol.eq_ignore_ascii_case(known)) => {
            address
        }
        Some(_) => return false,
        None => broker.trim(),
    };
    let is_bare = address.starts_with('[') && address.ends_with(']');
    let (host, port) =
        if is_bare { (address, "9092") } else { address.rsplit_once(':').unwrap_or((address, "9092")) };
    let is_host =
        !host.is_empty() && !host.contains(|letter: char| letter.is_whitespace() || "/?#@".contains(letter));
    is_host
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// The address in a URL.
fn bare_address(url: &str) -> Option<&str> {
    let address = url.trim();
    let address = address.split_once("://").map_or(address, |(_, address)| address);
    let address = address.split(['/', '?', '#']).next()?;
    let address = address.rsplit_once('@').map_or(address, |(_, address)| address);
    is_address(address).then_some(address)
}

/// An OpenSSL that is built in does not know where the system keeps its certificate authorities.
fn trust_the_systems_authorities(properties: &mut Properties) {
    let is_tls = properties.get("security.protocol").is_some_and(|protocol| protocol.contains("ssl"));
    let is_given = properties.is_given("ssl.ca.location") || properties.is_given("ssl.ca.pem");
    if is_tls && !is_given && !cfg!(windows) {
        properties.preset("ssl.ca.location", "probe");
    }
}

/// Property values are left out: any may be a secret.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Connection")
            .field("brokers", &self.brokers)
            .field("properties", &names)
            .field("config_file", &self.config_file)
            .finish()
    }
}

/// A [`Connection`] without faults.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) properties: Properties,
    pub(crate) notices: Vec<Phrase>,
}

impl Resolved {
    pub(crate) fn brokers(&self) -> &str {
        self.properties.get("bootstrap.servers").unwrap_or(DEFAULT_BROKERS)
    }

    /// How long to wait for a broker at the start, and whether somebody chose that.
    pub(crate) fn patience(&self) -> (Duration, bool) {
        const NAME: &str = "socket.connection.setup.timeout.ms";
        let patience = self.properties.number(NAME).map_or(PATIENCE, Duration::from_millis);
        (patience, self.properties.is_given(NAME))
    }
}

fn common_defaults() -> Properties {
    let mut properties = Properties::default();
    properties.preset("bootstrap.servers", DEFAULT_BROKERS);
    properties.preset("client.id", "kadence");
    properties.preset("socket.connection.setup.timeout.ms", PATIENCE.as_millis().to_string());
    // A broker that comes back is found within a second rather than within ten.
    properties.preset("reconnect.backoff.max.ms", "1000");
    // A topic that somebody deleted is gone once a broker says so. Without this that is not believed during the first
    // half minute, for brokers may be late to hear of a topic that was just created; that takes less than this.
    properties.preset("topic.metadata.propagation.max.ms", "2000");
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_reported_together() {
        let connection = Connection {
            properties: vec![("lingerms".into(), "1".into()), ("batch.size".into(), "0".into())],
            ..Connection::default()
        };
        assert_eq!(connection.check().unwrap_err().len(), 2);
    }

    #[test]
    fn addresses_are_those_that_count() {
        assert_eq!(Connection::default().addresses(), DEFAULT_BROKERS);
        let property = ("bootstrap.servers".to_owned(), "a:1,b:2".to_owned());
        let connection = Connection { properties: vec![property], ..Connection::to("c:3") };
        assert_eq!(connection.addresses(), "a:1,b:2");
    }

    #[test]
    fn brokers_are_addresses() {
        let fault = |brokers: &str| Connection::to(brokers).check().err().map(|faults| faults[0].to_string());
        for good in ["localhost", "a:1,b:2", "PLAINTEXT://a:9092", "[::1]:9092", "[::1]", "10.0.0.1:9092"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in
            ["", "a:99999", "a:0", "a:+1", "a:x", "a:1,", ",a:1", "a:1,,b:2", "a b:1", "a\tb:1", ":9092"]
        {
            let text = fault(bad).unwrap();
            assert!(
                text.starts_with("brokers: `") && text.contains("` is no broker's address; write HOST:PORT"),
                "{text}"
            );
        }
        for (url, bare) in [
            ("http://localhost:9092", "localhost:9092"),
            ("kafka://a", "a"),
            ("https://u:p@a:9092/x?y", "a:9092"),
            ("localhost:9092/path", "localhost:9092"),
            ("PLAINTEXT://a:9092/", "a:9092"),
            ("a:1,tcp://b:2", "b:2"),
        ] {
            let text = fault(url).unwrap();
            let end = format!("` is a URL; a broker is HOST:PORT; write {bare}");
            assert!(text.starts_with("brokers: `") && text.ends_with(&end), "{text}");
        }
    }

    #[test]
    fn tls_looks_for_the_systems_authorities_unless_told_whom_to_trust() {
        let location = |more: &[(&str, &str)]| {
            let given = [&[("security.protocol", "ssl")], more].concat();
            let properties = given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            let connection = Connection { properties, ..Connection::default() };
            connection.resolve().unwrap().properties.get("ssl.ca.location").map(str::to_owned)
        };
        assert_eq!(location(&[]).as_deref(), Some("probe"));
        assert_eq!(location(&[("ssl.ca.pem", "x")]), None);
    }

    #[test]
    fn the_last_override_wins() {
        let twice = |first: &str, second: &str| {
            vec![
                ("linger.ms".to_owned(), first.to_owned()),
                ("queue.buffering.max.ms".to_owned(), second.to_owned()),
            ]
        };
        let connection = Connection { properties: twice("1", "2"), ..Connection::default() };
        assert_eq!(connection.resolve().unwrap().properties.get("linger.ms"), Some("2"));
    }
}
