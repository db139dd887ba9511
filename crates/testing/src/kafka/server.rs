//! One node of Kafka on this machine.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::error::KafkaError;
use super::files::{KafkaFiles, last_lines};
use super::metadata::brokers;
use crate::proxy::DelayProxy;

/// Options of the virtual machine for short runs: it starts in a third of the time it takes with the full compiler.
pub const DEFAULT_JVM: [&str; 3] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"];

/// A start that lasts longer has failed, on a busy machine too.
const START_LIMIT: Duration = Duration::from_mins(5);
/// How long a clean end may take.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// Between two looks at something that another process does.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Ports that were free may be taken by the time Kafka asks for them: then others are tried.
const ATTEMPTS: u32 = 3;
const CLUSTER_ID: &str = "kadenceTestClusterAAAAAA";

/// How a [`RealKafka`] is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Options of the Java virtual machine.
    pub jvm: Vec<String>,
    /// Properties of the server, which win over those that are set here.
    pub properties: Vec<(String, String)>,
    /// Whether there is a second way in that leads through a [`DelayProxy`].
    pub delayed: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { jvm: DEFAULT_JVM.map(ToOwned::to_owned).into(), properties: Vec::new(), delayed: false }
    }
}

/// A running Kafka: broker and controller in one process, with its data in a temporary folder.
///
/// It ends, and the folder goes, when this is dropped or when the process that holds it dies.
pub struct RealKafka {
    server: Child,
    watchdog: Child,
    files: KafkaFiles,
    address: SocketAddr,
    delayed: Option<DelayProxy>,
    // Dropped last: the server writes to it.
    folder: TempDir,
}

impl RealKafka {
    /// Fetches what is missing, starts one, and returns once it answers.
    pub fn start(options: &Options) -> Result<Self, KafkaError> {
        let files = KafkaFiles::prepare()?;
        let mut attempt = 1;
        loop {
            match Self::attempt(files.clone(), options) {
                Err(KafkaError::Died { said })
                    if attempt < ATTEMPTS && said.iter().any(|line| line.contains("already in use")) =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(files: KafkaFiles, options: &Options) -> Result<Self, KafkaError> {
        let folder = tempfile::Builder::new().prefix("kadence-kafka-").tempdir();
        let folder = folder.map_err(|source| KafkaError::Write { path: std::env::temp_dir(), source })?;
        let [broker, controller, behind] = free_ports().map_err(|source| KafkaError::Port { source })?;
        let delayed = options.delayed.then(|| DelayProxy::start(behind, Duration::ZERO)).transpose();
        let delayed = delayed.map_err(|source| KafkaError::Port { source })?;
        let advertised = delayed.as_ref().map(|proxy| (behind, proxy.address()));
        let path = folder.path().join("server.properties");
        let text = properties(&folder, broker, controller, advertised, &options.properties);
        std::fs::write(&path, text).map_err(|source| KafkaError::Write { path: path.clone(), source })?;
        format(&files, &path)?;

        let (server, watchdog) = spawn(&files, options, &folder, path)?;
        let mut kafka = Self { server, watchdog, files, address: broker, delayed, folder };
        kafka.wait_until_ready()?;
        Ok(kafka)
    }

    fn wait_until_ready(&mut self) -> Result<(), KafkaError> {
        let deadline = SystemClock.now() + START_LIMIT;
        while !brokers(self.address).is_ok_and(|brokers| !brokers.is_empty()) {
            if !self.is_running() {
                return Err(KafkaError::Died { said: self.last_words() });
            }
            if SystemClock.now() > deadline {
                return Err(KafkaError::Silent { limit: START_LIMIT, said: self.last_words() });
            }
            Stop::new().wait(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Where clients find it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way in through a delay, if it was asked for. Who comes by it stays on it.
    pub fn delayed(&self) -> Option<&DelayProxy> {
        self.delayed.as_ref()
    }

    /// The programs it is run from.
    pub fn files(&self) -> &KafkaFiles {
        &self.files
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Whether the process is there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.server.try_wait(), Ok(None))
    }

    /// The end of its log.
    pub fn last_words(&self) -> Vec<String> {
        last_lines(&std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default())
    }
}

impl Drop for RealKafka {
    fn drop(&mut self) {
        signal(&self.server, Signal::TERM);
        let deadline = SystemClock.now() + STOP_LIMIT;
        while self.is_running() && SystemClock.now() < deadline {
            Stop::new().wait(LOOK_AGAIN);
        }
        // Neither can fail in a way that something could be done about.
        for process in [&mut self.watchdog, &mut self.server] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn signal(process: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Addresses that are free now, all different.
fn free_ports() -> io::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners = [bind()?, bind()?, bind()?];
    let [one, two, three] = listeners.each_ref().map(TcpListener::local_addr);
    Ok([one?, two?, three?])
}

/// The server's settings. `delayed` is an address to listen at, and the one that leads there with a delay.
fn properties(
    folder: &TempDir,
    broker: SocketAddr,
    controller: SocketAddr,
    delayed: Option<(SocketAddr, SocketAddr)>,
    more: &[(String, String)],
) -> String {
    let mut listeners = vec![format!("PLAINTEXT://{broker}"), format!("CONTROLLER://{controller}")];
    let mut advertised = vec![format!("PLAINTEXT://{broker}")];
    if let Some((behind, proxy)) = delayed {
        listeners.push(format!("DELAYED://{behind}"));
        advertised.push(format!("DELAYED://{proxy}"));
    }
    let (listeners, advertised) = (listeners.join(","), advertised.join(","));
    let (voter, data) = (format!("1@{controller}"), folder.path().join("data").display().to_string());
    let ours = [
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("controller.quorum.voters", &voter),
        ("controller.listener.names", "CONTROLLER"),
        ("listeners", &listeners),
        ("advertised.listeners", &advertised),
        ("inter.broker.listener.name", "PLAINTEXT"),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,DELAYED:PLAINTEXT,CONTROLLER:PLAINTEXT"),
        ("log.dirs", &data),
        ("offsets.topic.replication.factor", "1"),
        ("offsets.topic.num.partitions", "4"),
        ("transaction.state.log.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
        ("transaction.state.log.num.partitions", "4"),
        ("share.coordinator.state.topic.replication.factor", "1"),
        ("share.coordinator.state.topic.min.isr", "1"),
        ("group.initial.rebalance.delay.ms", "0"),
        ("log.cleaner.backoff.ms", "200"),
        ("broker.heartbeat.interval.ms", "500"),
        // The usual 128 MB are a quarter of the heap.
        ("log.cleaner.dedupe.buffer.size", "10485760"),
    ];
    // Of two lines with one name Java takes the later one.
    let more = more.iter().map(|(name, value)| (&**name, &**value));
    let lines: Vec<String> =
        ours.into_iter().chain(more).map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.concat()
}

fn format(files: &KafkaFiles, properties: &PathBuf) -> Result<(), KafkaError> {
    let output = files
        .java(&DEFAULT_JVM.map(ToOwned::to_owned), "kafka.tools.StorageTool")
        .args(["format", "-t", CLUSTER_ID, "-c"])
        .arg(properties)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| KafkaError::Run { what: "kafka.tools.StorageTool", source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(KafkaError::Format { said: last_lines(&String::from_utf8_lossy(&said)) })
}

/// Starts the server, and a shell that ends it and removes its folder if this process dies without doing so: the
/// shell's standard input ends then.
fn spawn(
    files: &KafkaFiles,
    options: &Options,
    folder: &TempDir,
    properties: PathBuf,
) -> Result<(Child, Child), KafkaError> {
    let path = folder.path().join("log");
    let log = File::create(&path).and_then(|log| Ok((log.try_clone()?, log)));
    let (out, err) = log.map_err(|source| KafkaError::Write { path, source })?;
    // In process groups of their own they do not see a Ctrl-C that is meant for this process.
    let mut server = files
        .java(&options.jvm, "kafka.Kafka")
        .arg(properties)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0)
        .spawn()
        .map_err(|source| KafkaError::Run { what: "kafka.Kafka", source })?;
    let watchdog = Command::new("sh")
        .args(["-c", r#"read -r _; kill -KILL "$1"; sleep 1; rm -rf -- "$2""#, "watchdog"])
        .arg(server.id().to_string())
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    match watchdog {
        Ok(watchdog) => Ok((server, watchdog)),
        Err(source) => {
            let _ = server.kill();
            let _ = server.wait();
            Err(KafkaError::Run { what: "sh", source })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs Java, and Maven or a filled cache: ./test kafka"]
    fn a_kafka_answers_both_ways_and_leaves_nothing() {
        let mut kafka = RealKafka::start(&Options { delayed: true, ..Options::default() }).unwrap();
        let delayed = kafka.delayed().unwrap().address();
        assert_eq!(brokers(kafka.address()).unwrap(), [kafka.address().to_string()]);
        assert_eq!(brokers(delayed).unwrap(), [delayed.to_string()]);
        assert!(kafka.is_running());
        let (folder, address) = (kafka.folder.path().to_owned(), kafka.address());
        drop(kafka);
        assert!(!folder.exists());
        assert!(brokers(address).is_err());
    }

    #[test]
    #[ignore = "needs Java, and Maven or a filled cache: ./test kafka"]
    fn a_kafka_that_does_not_start_says_why() {
        for (name, value, said_by) in [
            ("num.io.threads", "none", "Kafka's data folder was not formatted"),
            ("metric.reporters", "no.such.Reporter", "Kafka ended while it started"),
        ] {
            let properties = vec![(name.to_owned(), value.to_owned())];
            let error = RealKafka::start(&Options { properties, ..Options::default() }).err().unwrap();
            let error = error.to_string();
            assert!(error.starts_with(said_by) && error.contains(value), "{error}");
        }
    }
}
