//! Suites in the languages of the clients, the same programs against a real Kafka and against the embedded broker.
//!
//! The programs are in `tests/foreign`, and know nothing of kadence. Each prints a line of JSON that names its client and
//! one for each check.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use kadence_broker::Broker;
use kadence_testing::kafka as real;

use super::program;
use super::tools;
use crate::support::{Bench, Finished, Running, finish, json, root};

/// A suite that takes longer hangs, on a machine that does much else, too.
const MOST: Duration = Duration::from_mins(20);

/// A suite of checks that somebody else's client makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    ConfluentKafka,
    ConfluentKafka210,
    ConfluentKafka20,
    KafkaPython,
    Scripts,
    Java4,
    Java3,
    FranzGo,
    Tools,
}

/// What a suite did to a broker.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The client's name and version, as it says itself.
    pub(super) client: String,
    /// The names of the checks, in their order.
    pub(super) checks: Vec<String>,
    /// What each check that failed says.
    pub(super) failed: Vec<String>,
    /// Each version of an API that the embedded broker was asked for.
    pub(super) asked: BTreeSet<(i16, i16)>,
}

impl Suite {
    pub(super) const ALL: [Self; 9] = [
        Self::ConfluentKafka,
        Self::ConfluentKafka210,
        Self::ConfluentKafka20,
        Self::KafkaPython,
        Self::Scripts,
        Self::Java4,
        Self::Java3,
        Self::FranzGo,
        Self::Tools,
    ];

    /// Runs the suite.
    fn run(self, bench: &Bench) -> Outcome {
        let folder = bench.folder.path();
        let mut command = match self {
            Self::ConfluentKafka => python("KADENCE_TEST_PYTHON", "confluent-kafka"),
            Self::ConfluentKafka210 => python("KADENCE_TEST_OLD_PYTHON", "old-confluent-kafka"),
            Self::ConfluentKafka20 => python("KADENCE_TEST_OLDER_PYTHON", "old-confluent-kafka"),
            Self::KafkaPython => python("KADENCE_TEST_PYTHON", "kafka-python"),
            Self::Scripts => python("KADENCE_TEST_PYTHON", "scripts"),
            Self::Java4 => java(&real::classpath(), folder),
            Self::Java3 => java(&format!("{}/*", program("KADENCE_TEST_OLD_CLIENT").display()), folder),
            Self::FranzGo => Command::new(program("KADENCE_TEST_FRANZ_GO")),
            Self::Tools => return tools::run(bench),
        };
        command.arg(&bench.address).current_dir(folder);
        outcome(command)
    }

    /// What the suite did to an embedded broker of its own; it is run once for all tests that ask.
    pub(super) fn on_embedded(self) -> &'static Outcome {
        static OUTCOMES: [OnceLock<Outcome>; Suite::ALL.len()] =
            [const { OnceLock::new() }; Suite::ALL.len()];
        // Two at a time: rebalances take longer than they may when all suites share two cores.
        static LANES: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];
        let lane = usize::from(!matches!(
            self,
            Self::Tools | Self::Scripts | Self::Java4 | Self::ConfluentKafka210 | Self::ConfluentKafka20
        ));
        OUTCOMES[self as usize].get_or_init(|| {
            let _turn = LANES[lane].lock().unwrap_or_else(PoisonError::into_inner);
            let bench = Bench::new();
            let mut outcome = self.run(&bench);
            let asked = bench.broker.iter().flat_map(Broker::requests);
            outcome.asked = asked
                .filter(|(_, _, count)| *count > 0)
                .map(|(api, version, _)| (api as i16, version))
                .collect();
            outcome
        })
    }
}

fn python(program_at: &str, suite: &str) -> Command {
    let mut command = Command::new(program(program_at));
    // Bytecode of its own is left nowhere.
    command.arg("-B").arg(root().join("crates/kadence/tests/foreign/python/suite.py")).arg(suite);
    command
}

/// The Java suite, compiled against a client and to be run with it.
fn java(client: &str, folder: &Path) -> Command {
    let sources = root().join("crates/kadence/tests/foreign/java");
    let sources = std::fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path());
    let classes = folder.join("classes");
    let mut javac = Command::new("javac");
    javac.args(["-nowarn", "-cp", client, "-d"]).arg(&classes);
    javac.args(sources.filter(|path| path.extension().is_some_and(|extension| extension == "java")));
    finish(javac).ok();
    let mut java = Command::new("java");
    java.args(real::DEFAULT_JVM);
    // One of these is for either client.
    java.args(["-Dorg.apache.logging.log4j.level=OFF", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]);
    java.args(["-cp", &format!("{}:{client}", classes.display()), "foreign.Suite"]);
    java
}

/// Runs a program to its end and reads what it says of its checks.
fn outcome(command: Command) -> Outcome {
    let name = format!("{command:?}");
    let mut running = Running::start(command);
    let Some(status) = running.wait_for(MOST) else {
        let failed = vec![format!("{name} hangs, and said:\n{}", running.said())];
        return Outcome { failed, ..Outcome::default() };
    };
    let finished = Finished { code: status.code(), stdout: running.rest(), stderr: running.stderr() };
    let mut outcome = Outcome::default();
    for line in finished.stdout.lines().map(json) {
        if let Some(client) = line["client"].as_str() {
            client.clone_into(&mut outcome.client);
            continue;
        }
        let check = line["check"].as_str().unwrap();
        if !outcome.checks.iter().any(|known| known == check) {
            outcome.checks.push(check.to_owned());
        }
        if line["ok"] != true {
            outcome.failed.push(line.to_string());
        }
    }
    if finished.code != Some(0) {
        let said: Vec<&str> = finished.stderr.lines().collect();
        let last = said[said.len().saturating_sub(60)..].join("\n");
        outcome.failed.push(format!("{name} ended with {:?}:\n{last}", finished.code));
    }
    outcome
}

fn assert_good(outcome: &Outcome) {
    assert!(outcome.failed.is_empty(), "{}", outcome.failed.join("\n"));
    assert!(outcome.checks.len() > 5, "{outcome:?}");
}

/// A test for each suite and broker.
macro_rules! suites {
    ($($name:ident: $suite:ident,)*) => {
        mod embedded {
            $(#[test] #[ignore = "needs the clients that ./test foreign installs"]
            fn $name() { super::assert_good(super::Suite::$suite.on_embedded()); })*
        }
        mod kafka {
            $(#[test] #[ignore = "needs the clients that ./test kafka installs, and a real Kafka at KADENCE_TEST_KAFKA"]
            fn $name() { super::assert_good(&super::Suite::$suite.run(&crate::support::Bench::on_kafka())); })*
        }
    };
}

suites! {
    confluent_kafka_finds_a_kafka: ConfluentKafka,
    confluent_kafka_2_10_finds_a_kafka: ConfluentKafka210,
    confluent_kafka_2_0_finds_a_kafka: ConfluentKafka20,
    kafka_python_finds_a_kafka: KafkaPython,
    first_scripts_find_a_kafka: Scripts,
    java_4_finds_a_kafka: Java4,
    java_3_finds_a_kafka: Java3,
    franz_go_finds_a_kafka: FranzGo,
    kafkas_tools_find_a_kafka: Tools,
}
