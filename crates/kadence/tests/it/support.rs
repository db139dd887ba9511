//! The binary as a process, a broker, recordings.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use kadence_broker::{Broker, Options};
use kadence_core::clock::{Clock as _, Stop, SystemClock};
use kadence_kafka::{Admin, Connection};
use tempfile::TempDir;

/// Nothing here takes longer unless it hangs, on a machine that does much else. Other people's clients have less, so that
/// they say themselves what they waited for.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// Nine rows of the time-series demo.
pub(crate) const SERIES: &str = "timestamp,value\n\
    2021-01-01 00:00:00,51\n2021-01-01 00:00:04,60\n2021-01-01 00:00:06,82\n\
    2021-01-01 00:00:07,86\n2021-01-01 00:00:11,99\n2021-01-01 00:00:12,23\n\
    2021-01-01 00:00:21,63\n2021-01-01 00:00:23,20\n2021-01-01 00:00:24,32\n";

/// Four rows of the accelerometer tutorial; no header line.
pub(crate) const ACCELEROMETER: &str = "9656.196248,-0.905609,-0.199234,0.144897\n\
    9656.206375,-0.905609,-0.163010,0.181122\n\
    9656.217099,-0.923721,-0.126785,0.217346\n\
    9656.226533,-0.905609,-0.090561,0.144897\n";

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// The standard output of a command that succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.stdout
    }

    /// The last line of standard output, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        json(self.stdout.lines().last().unwrap_or_default())
    }
}

#[track_caller]
pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs each of these functions as a test on the embedded broker, and as an ignored one on a real Kafka.
macro_rules! on_both_brokers {
    ($($name:ident,)*) => {
        mod embedded {
            $(#[test] fn $name() { super::$name(&crate::support::Bench::new()); })*
        }
        mod kafka {
            $(#[test] #[ignore = "needs a real Kafka at KADENCE_TEST_KAFKA"]
            fn $name() { super::$name(&crate::support::Bench::on_kafka()); })*
        }
    };
    (ignored: $reason:literal, $($name:ident,)*) => {
        mod embedded {
            $(#[test] #[ignore = $reason] fn $name() { super::$name(&crate::support::Bench::new()); })*
        }
        mod kafka {
            $(#[test] #[ignore = concat!($reason, ", and a real Kafka at KADENCE_TEST_KAFKA")]
            fn $name() { super::$name(&crate::support::Bench::on_kafka()); })*
        }
    };
}
pub(crate) use on_both_brokers;

/// The real Kafkas that no test uses now. A test has one for itself.
static IDLE: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| Mutex::new(kadence_testing::kafka::addresses()));
static GIVEN_BACK: Condvar = Condvar::new();

/// A real Kafka, by its address, until it is given back.
struct Borrowed(String);

impl Borrowed {
    /// Waits for one.
    fn any() -> Self {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match idle.pop() {
                Some(address) => return Self(address),
                None => idle = GIVEN_BACK.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.0));
        GIVEN_BACK.notify_one();
    }
}

/// A folder of its own, and a broker: in this process, or a real Kafka as long as this lives.
pub(crate) struct Bench {
    pub(crate) broker: Option<Broker>,
    pub(crate) address: String,
    pub(crate) folder: TempDir,
    _kafka: Option<Borrowed>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let broker = Broker::start(options).unwrap();
        let address = broker.addresses()[0].to_string();
        Self { broker: Some(broker), address, folder: TempDir::new().unwrap(), _kafka: None }
    }

    /// A real Kafka, without topics and groups.
    pub(crate) fn on_kafka() -> Self {
        let kafka = Borrowed::any();
        let address = kafka.0.clone();
        let bench = Self { broker: None, address, folder: TempDir::new().unwrap(), _kafka: Some(kafka) };
        bench.warm_up();
        let admin = Admin::connect(&Connection::to(&bench.address)).unwrap();
        // What is deleted is still listed for a moment; the members of a test that failed were killed, and leave when
        // their sessions are over.
        eventually("an empty cluster", || {
            // Nor has a coordinator that still loads anything to say.
            let (Ok(topics), Ok(groups)) = (admin.list(), admin.groups()) else { return None };
            let topics: Vec<_> = topics.into_iter().filter(|topic| !topic.internal).collect();
            for topic in &topics {
                let _ = admin.delete(&[&topic.name]);
            }
            for group in &groups {
                let _ = admin.delete_groups(&[&group.name]);
            }
            (topics.is_empty() && groups.is_empty()).then_some(())
        });
        bench
    }

    /// Of the first topic of a Kafka that has just started, the first record was seen to be acknowledged and not to be
    /// read, whoever is to blame. So each has had one before its first test.
    fn warm_up(&self) {
        static WARM: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        if WARM.lock().unwrap().insert(self.address.clone()) {
            self.file("warm-up.csv", SERIES);
            self.kadence(&["replay", "warm-up.csv", "-t", "warm-up", "--unpaced"]).ok();
            self.bodies("warm-up");
        }
    }

    /// Writes a file into the folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = program();
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("KADENCE_BROKERS", &self.address)
            .env_remove("KADENCE_CONFIG")
            .env("TZ", "Asia/Tokyo")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn kadence(&self, arguments: &[impl AsRef<OsStr>]) -> Finished {
        finish(self.command(arguments))
    }

    /// Runs the binary to its end, with something on standard input.
    pub(crate) fn kadence_reading(&self, input: &str, arguments: &[impl AsRef<OsStr>]) -> Finished {
        self.file("standard-input", input);
        let input = std::fs::File::open(self.folder.path().join("standard-input")).unwrap();
        let mut command = self.command(arguments);
        command.stdin(input);
        finish(command)
    }

    /// Starts the binary, whose output can be followed line by line.
    pub(crate) fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Running {
        Running::start(self.command(arguments))
    }

    /// The bodies in a topic, which was written completely.
    pub(crate) fn bodies(&self, topic: &str) -> Vec<String> {
        self.kadence(&["consume", topic, "--until-end"]).ok().lines().map(Into::into).collect()
    }
}

/// The binary.
fn program() -> Command {
    hearing(env!("CARGO_BIN_EXE_kadence"))
}

/// A program. Where the tests themselves run with signals ignored, as behind `nohup` or a script's `&`, it would stay
/// deaf to them, so it starts as from a terminal.
pub(crate) fn hearing(program: &str) -> Command {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    // SIGHUP, SIGINT, SIGTERM.
    if ignored & (1 | 1 << 1 | 1 << 14) == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP,INT,TERM", program]);
    command
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn finish(command: Command) -> Finished {
    let mut running = Running::start(command);
    let status = running.wait();
    Finished { code: status.code(), stdout: running.rest(), stderr: running.stderr() }
}

/// A command under way; it is ended when dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Arc<Mutex<Vec<u8>>>,
    errors: Option<thread::JoinHandle<()>>,
}

impl Running {
    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = BufReader::new(child.stdout.take().unwrap());
        // Room for whatever a test prints, so that the command never waits for its reader.
        let (give, lines) = sync_channel(1 << 20);
        thread::spawn(move || {
            for line in stdout.split(b'\n') {
                let Ok(line) = line else { return };
                if give.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let errors = thread::spawn(move || {
            let mut piece = [0; 4_096];
            while let Ok(length @ 1..) = stderr.read(&mut piece) {
                heard.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Self { child, lines, said, errors: Some(errors) }
    }

    /// Starts a command whose standard input is a pipe, and writes `text` to it; the pipe stays open as long as what
    /// is given back.
    #[track_caller]
    pub(crate) fn start_fed(mut command: Command, text: &[u8]) -> (Self, std::io::PipeWriter) {
        let (reader, mut writer) = std::io::pipe().unwrap();
        command.stdin(reader);
        let running = Self::start(command);
        std::io::Write::write_all(&mut writer, text).unwrap();
        (running, writer)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the command says nothing more")
    }

    /// The next line of standard output; none if it has ended.
    #[track_caller]
    pub(crate) fn line_or_end(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the command says nothing"),
        }
    }

    /// The next line of standard output, if there is one by now.
    pub(crate) fn line_at_hand(&self) -> Option<String> {
        self.lines.recv_timeout(Duration::from_millis(100)).ok()
    }

    pub(crate) fn interrupt(&self) {
        signal(self.pid(), rustix::process::Signal::INT);
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.wait_for(PATIENCE).expect("the command does not end")
    }

    pub(crate) fn wait_for(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let (never, deadline) = (Stop::new(), SystemClock.now() + at_most);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if SystemClock.now() > deadline {
                return None;
            }
            never.wait(Duration::from_millis(5));
        }
    }

    /// What is left of standard output, of a command that has ended.
    pub(crate) fn rest(&mut self) -> String {
        self.lines.iter().map(|line| line + "\n").collect()
    }

    /// Standard error up to now.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }

    /// Standard error, of a command that has ended.
    pub(crate) fn stderr(&mut self) -> String {
        if let Some(errors) = self.errors.take() {
            errors.join().unwrap();
        }
        self.said()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let (never, deadline) = (Stop::new(), SystemClock.now() + PATIENCE);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(SystemClock.now() < deadline, "{what}: not in time");
        never.wait(Duration::from_millis(50));
    }
}

pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
