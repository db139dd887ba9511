//! The embedded broker, and a Schema Registry on it, until Ctrl-C.

mod registry;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Mutex;

use kadence_broker::{
    Broker, BrokerError, DirectoryError, Explanation, FaultHook, FullHook, Listener, Options, Stats,
    StorageError,
};

use super::{Exit, values};
use crate::fault::Error;
use crate::output::{Voice, bytes, print_json, print_line, say};
use crate::registry::Running;
use crate::signals::Signals;

/// Start a broker and a Schema Registry in this process, until Ctrl-C
///
/// The broker speaks Kafka's protocol to any client and needs neither Java nor Docker. It is for development, tests, demos
/// and the edge. What it holds is in memory and gone when it stops, unless --data-dir names a directory to keep it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  kadence up\n  kadence up --listen 127.0.0.1:0\n  \
    kadence up --data-dir ./broker --config log.retention.hours=24\n  \
    kadence up --listen 0.0.0.0:9092 --advertise myhost.example:9092\n  \
    kadence up --config auto.create.topics.enable=false --config num.partitions=3")]
pub(crate) struct UpOptions {
    /// Listen here; may be repeated; port 0 takes a free one [default: `127.0.0.1:9092` and `[::1]:9092`]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Vec<String>,
    /// Tell clients to come to this address, such as a name that other machines know; one for each --listen
    ///
    /// Without it clients are told the address they came to.
    #[arg(long, value_name = "HOST[:PORT]", requires = "listen")]
    advertise: Vec<String>,
    /// Keep everything in this directory, and go on with what is there
    ///
    /// Nothing that was acknowledged is lost when the process is killed. What is to survive a loss of power has to
    /// reach the disk: --config log.flush.interval.messages=1.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Take up the logs of a directory that has lost its journal, with default settings, and say what was found
    ///
    /// Group offsets, transactions and settings were in the journal and are gone. A copy of the journal is better.
    #[arg(long, requires = "data_dir")]
    recover: bool,
    /// Serve a Schema Registry here, or not at all: off [default: 127.0.0.1:8081, if nobody else has it]
    #[arg(long, value_name = "HOST:PORT|off")]
    registry_listen: Option<String>,
    /// Refuse data in memory beyond this size
    #[arg(long, value_name = "SIZE", value_parser = values::size, default_value = "1GiB")]
    memory_limit: u64,
    /// Set a server property by Kafka's name; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
    config: Vec<(String, String)>,
}

/// Different faults that are said; a broken disk may have one for each partition.
const MAX_FAULTS: usize = 20;

/// Where Kafka's brokers listen.
const PORT: u16 = 9092;

impl UpOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        allow_many_files();
        let broker = Broker::start(self.options(voice)?).map_err(|error| not_started(&error))?;
        let addresses: Vec<String> = broker.addresses().iter().map(ToString::to_string).collect();
        let registry = registry::start(self.registry_listen.as_deref(), &broker, voice)?;
        let url = registry.as_ref().map(Running::url);
        if voice.json {
            let ready = serde_json::json!({
                "verb": "up", "ready": true, "brokers": addresses, "cluster_id": broker.cluster_id(),
                "registry": url,
            });
            print_json(&ready, false)?;
        } else {
            let kept = match &self.data_dir {
                Some(dir) => format!("in {}", dir.display()),
                None => format!("in memory, up to {}", binary_size(self.memory_limit)),
            };
            print_line(&format!("broker ready at {} ({kept}; Ctrl-C stops it)", addresses.join(" and ")))?;
            if let Some(url) = url {
                print_line(&format!("registry ready at {url}"))?;
            }
        }
        while !signals.stop.wait(std::time::Duration::from_hours(1)) {}
        drop(registry);
        let stats = broker.stats();
        broker.shutdown();
        if voice.json {
            let stopped = serde_json::json!({
                "verb": "up", "ready": false, "topics": stats.topics, "memory_used_bytes": stats.memory_used_bytes,
            });
            print_json(&stopped, false)?;
        } else {
            voice.note(self.farewell(&stats));
        }
        Ok(Exit::Done)
    }

    fn options(&self, voice: Voice) -> Result<Options, Error> {
        let mut options = Options {
            listeners: self.listeners()?,
            data_dir: self.data_dir.clone(),
            recover: self.recover,
            memory_limit_bytes: self.memory_limit,
            on_full: Some(FullHook::new(move |limit| memory_full(voice, limit))),
            on_fault: Some(faults(voice)),
            ..Options::default()
        };
        let listens = |name: &str| matches!(name, "listeners" | "advertised.listeners");
        if !self.listen.is_empty() && self.config.iter().any(|(name, _)| listens(name)) {
            return Err(Error::misuse(
                "--listen",
                "listeners are given with --config as well",
                "give them once",
            ));
        }
        let faults = self.config.iter().filter_map(|(name, value)| {
            let error = options.set(name, value).err()?;
            Some(Error::misuse("--config", error.what(), error.help()))
        });
        match Error::all(faults) {
            Some(error) => Err(error),
            None => Ok(options),
        }
    }

    fn farewell(&self, stats: &Stats) -> String {
        let topics = if stats.topics == 1 { "topic" } else { "topics" };
        if let Some(dir) = &self.data_dir {
            return format!("stopped; {} {topics} kept in {}", stats.topics, dir.display());
        }
        let gone = if stats.topics == 1 { "is" } else { "are" };
        format!("stopped; {} {topics} {gone} gone ({})", stats.topics, bytes(stats.memory_used_bytes))
    }

    fn listeners(&self) -> Result<Vec<Listener>, Error> {
        if self.listen.is_empty() {
            let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Ok(both.map(|ip| Listener::on(SocketAddr::new(ip, PORT))).into());
        }
        if !self.advertise.is_empty() && self.advertise.len() != self.listen.len() {
            let what = format!("{} for {} of --listen", self.advertise.len(), self.listen.len());
            return Err(Error::misuse("--advertise", what, "give one for each, in the same order"));
        }
        let mut listeners = Vec::new();
        for (at, listen) in self.listen.iter().enumerate() {
            let found = listen.to_socket_addrs().map_err(|error| {
                let what = format!("`{listen}` is no address ({error})");
                Error::misuse("--listen", what, "write it as HOST:PORT, such as 127.0.0.1:9092 or [::1]:0")
            })?;
            for address in found {
                listeners.push(match self.advertise.get(at) {
                    Some(told) => Listener::on(address).advertising(told).map_err(|_| {
                        let what = format!("`{told}` is no address");
                        Error::misuse(
                            "--advertise",
                            what,
                            "write it as HOST:PORT, such as myhost.example:9092",
                        )
                    })?,
                    None => Listener::on(address),
                });
            }
        }
        Ok(listeners)
    }
}

/// Lets the process have as many files and connections open as it may.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Where that is refused, what there is has to do.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

fn not_started(error: &BrokerError) -> Error {
    match error {
        BrokerError::Overlap { address, other } => Error::misuse(
            "--listen",
            format!("{address} is taken by {other}, which this broker listens on as well"),
            "give each address once",
        ),
        BrokerError::Listen { address, source } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Error::met(
                address.to_string(),
                "the port is taken by another program",
                "stop it, or choose another with --listen 127.0.0.1:0",
            )
        }
        BrokerError::Directory(error @ DirectoryError::NoJournal { .. }) => {
            let Explanation { place, what, .. } = error.explain();
            let help = "restore the file from a copy, take the logs up again with --recover, or move the directory \
                        away to start anew";
            Error::met(place, what, help)
        }
        BrokerError::Directory(error @ DirectoryError::HasJournal { .. }) => {
            let Explanation { place, what, .. } = error.explain();
            Error::met(place, what, "start without --recover")
        }
        other => Error::of_broker(other),
    }
}

/// Says each fault of a file once, however often it comes.
fn faults(voice: Voice) -> FaultHook {
    let said = Mutex::new(HashSet::new());
    FaultHook::new(move |fault| {
        let mut text = fault.to_string();
        let mut cause = fault.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        let new = said.lock().is_ok_and(|mut said| said.len() < MAX_FAULTS && said.insert(text.clone()));
        if new {
            let of_a_log = fault.is::<StorageError>();
            let help = if of_a_log { "what is there and whole can be read" } else { "" };
            let fault = Error::met("broker", text, help);
            if voice.json {
                voice.error(&fault);
            } else {
                say(&format!("kadence: {fault}"));
            }
        }
    })
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
