//! The embedded broker, until Ctrl-C.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use kadence_broker::{Broker, BrokerError, FullHook, Options};

use super::{Exit, values};
use crate::fault::Error;
use crate::output::{Voice, bytes, print_json, print_line, say};
use crate::signals::Signals;

/// Start a broker in this process, in memory, until Ctrl-C
///
/// It speaks Kafka's protocol to any client and needs neither Java nor Docker. It is for development, tests and
/// demos: what it holds is gone when it stops.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  kadence up\n  kadence up --listen 127.0.0.1:0\n  \
    kadence up --config auto.create.topics.enable=false --config num.partitions=3")]
pub(crate) struct UpOptions {
    /// Listen here; may be repeated; port 0 takes a free one [default: `127.0.0.1:9092` and `[::1]:9092`]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Vec<String>,
    /// Refuse data beyond this size
    #[arg(long, value_name = "SIZE", value_parser = values::size, default_value = "1GiB")]
    memory_limit: u64,
    /// Set a server property by Kafka's name; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
    config: Vec<(String, String)>,
}

/// Where Kafka's brokers listen.
const PORT: u16 = 9092;

impl UpOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let broker = Broker::start(self.options(voice)?).map_err(|error| not_started(&error))?;
        let addresses: Vec<String> = broker.addresses().iter().map(ToString::to_string).collect();
        if voice.json {
            let ready = serde_json::json!({
                "verb": "up", "ready": true, "brokers": addresses, "cluster_id": broker.cluster_id(),
            });
            print_json(&ready, false)?;
        } else {
            print_line(&format!(
                "broker ready at {} (in memory, up to {}; Ctrl-C stops it)",
                addresses.join(" and "),
                binary_size(self.memory_limit)
            ))?;
        }
        while !signals.stop.wait(std::time::Duration::from_hours(1)) {}
        let stats = broker.stats();
        broker.shutdown();
        if voice.json {
            let stopped = serde_json::json!({
                "verb": "up", "ready": false, "topics": stats.topics, "memory_used_bytes": stats.memory_used_bytes,
            });
            print_json(&stopped, false)?;
        } else {
            let gone = if stats.topics == 1 { "topic is" } else { "topics are" };
            voice.note(format!("stopped; {} {gone} gone ({})", stats.topics, bytes(stats.memory_used_bytes)));
        }
        Ok(Exit::Done)
    }

    fn options(&self, voice: Voice) -> Result<Options, Error> {
        let mut options = Options {
            listen: self.addresses()?,
            memory_limit_bytes: self.memory_limit,
            on_full: Some(FullHook::new(move |limit| memory_full(voice, limit))),
            ..Options::default()
        };
        let faults = self.config.iter().filter_map(|(name, value)| {
            let error = options.set(name, value).err()?;
            Some(Error::misuse("--config", error.to_string(), ""))
        });
        match Error::all(faults) {
            Some(error) => Err(error),
            None => Ok(options),
        }
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, Error> {
        if self.listen.is_empty() {
            let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Ok(both.map(|ip| SocketAddr::new(ip, PORT)).into());
        }
        let mut addresses = Vec::new();
        for listen in &self.listen {
            let found = listen.to_socket_addrs().map_err(|error| {
                let what = format!("`{listen}` is no address ({error})");
                Error::misuse("--listen", what, "write it as HOST:PORT, such as 127.0.0.1:9092 or [::1]:0")
            })?;
            addresses.extend(found);
        }
        Ok(addresses)
    }
}

fn not_started(error: &BrokerError) -> Error {
    match error {
        BrokerError::Listen { address, source } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Error::met(
                &address.to_string(),
                "the port is taken by another program",
                "stop it, or choose another with --listen 127.0.0.1:0",
            )
        }
        other => Error::from_text(other),
    }
}

fn memory_full(voice: Voice, limit: u64) {
    let fault = Error::met(
        "broker",
        format!("the memory limit of {} is reached; records are refused from now on", binary_size(limit)),
        "delete topics with kadence topics delete, or start with a larger --memory-limit",
    );
    if voice.json {
        voice.error(&fault);
    } else {
        say(&format!("kadence: {fault}"));
    }
}

fn binary_size(size: u64) -> String {
    match size {
        whole if whole > 0 && whole.is_multiple_of(1 << 30) => format!("{} GiB", whole >> 30),
        whole if whole > 0 && whole.is_multiple_of(1 << 20) => format!("{} MiB", whole >> 20),
        other => bytes(other),
    }
}
