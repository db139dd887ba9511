//! What suites need of other people's: a row here, and a file that finds, fetches or starts it.

mod cargo_tools;
mod databases;
mod franz_go;
mod java;
mod kcat;
mod python;
mod real_kafka;

use std::fmt::Write as _;
use std::process::Child;

use super::place::{InRoom, LOOK_AGAIN, Place, Room};

/// Looks that are taken at a process that was asked to end, before it is ended: half a minute.
const LOOKS_AT_ITS_END: u32 = 300;

type Find = fn(&Place) -> Result<Vec<String>, Lack>;
type Start = fn(&Place, Option<InRoom<'_>>) -> Result<Started, Lack>;

/// Something of other people's.
pub(super) struct Counterpart {
    pub(super) name: &'static str,
    /// Finds it, and installs or fetches it where that may be. What it gives are the values of `env`.
    pub(super) find: Find,
    /// Where something is compiled to start it.
    pub(super) room: Option<Room>,
    /// Starts it, where it is a process. It is ended when no suite needs it any more.
    pub(super) start: Option<Start>,
    /// The variables that tell tests where it is.
    pub(super) env: &'static [&'static str],
}

/// What runs until it is dropped.
pub(super) struct Started {
    /// The values of `env`, behind those that were found.
    pub(super) values: Vec<String>,
    /// Each ends with its standard input.
    pub(super) processes: Vec<Process>,
}

/// A process that ends with its standard input.
pub(super) struct Process(pub(super) Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        for _ in 0..LOOKS_AT_ITS_END {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        // Neither can fail in a way that something could be done about.
        let _ = (self.0.kill(), self.0.wait());
    }
}

/// Why a counterpart is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    /// It is missing on this machine.
    Missing(String),
    /// Ours is the fault: whoever needs it fails.
    Broken(String),
}

impl Lack {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Missing(text) | Self::Broken(text) => text,
        }
    }
}

fn missing(text: impl Into<String>) -> Lack {
    Lack::Missing(text.into())
}

/// A program that is no process of ours.
const fn program(name: &'static str, find: Find) -> Counterpart {
    Counterpart { name, find, room: None, start: None, env: &[] }
}

pub(super) static KCAT: Counterpart =
    Counterpart { env: &["KADENCE_TEST_KCAT"], ..program("kcat", kcat::find) };
pub(super) static PYTHON_CLIENTS: Counterpart =
    Counterpart { env: &["KADENCE_TEST_PYTHON"], ..program("Python's clients", python::find) };
pub(super) static OLD_PYTHON_CLIENT: Counterpart = Counterpart {
    env: &["KADENCE_TEST_OLD_PYTHON"],
    ..program("an old client for Python", python::find_old)
};
pub(super) static OLDER_PYTHON_CLIENT: Counterpart = Counterpart {
    env: &["KADENCE_TEST_OLDER_PYTHON"],
    ..program("an older client for Python", python::find_older)
};
pub(super) static OLD_JAVA_CLIENT: Counterpart = Counterpart {
    env: &["KADENCE_TEST_OLD_CLIENT"],
    ..program("Kafka 3's client for Java", java::find_old_client)
};
pub(super) static FRANZ_GO: Counterpart =
    Counterpart { env: &["KADENCE_TEST_FRANZ_GO"], ..program("franz-go", franz_go::find) };
pub(super) static REAL_KAFKA: Counterpart = Counterpart {
    room: Some(Room::Debug),
    start: Some(real_kafka::start),
    env: &["KADENCE_TEST_KAFKA", "KADENCE_TEST_KAFKA_CLASSPATH", "KADENCE_TEST_KAFKA_LOG4J"],
    ..program("real Kafka", real_kafka::find)
};
/// Beside the one, so that tests which need a cluster of their own need not wait for each other.
pub(super) static MORE_KAFKAS: Counterpart = Counterpart {
    start: Some(real_kafka::start_more),
    env: &["KADENCE_TEST_MORE_KAFKAS"],
    ..program("more Kafkas", real_kafka::find)
};
pub(super) static POSTGRES: Counterpart =
    Counterpart { env: &["KADENCE_TEST_POSTGRES"], ..program("PostgreSQL", databases::find_postgres) };
pub(super) static MARIADB: Counterpart =
    Counterpart { env: &["KADENCE_TEST_MARIADB"], ..program("MariaDB", databases::find_mariadb) };
pub(super) static CARGO_FUZZ: Counterpart = program("cargo-fuzz", cargo_tools::find_fuzz);
pub(super) static CARGO_DENY: Counterpart = program("cargo-deny", cargo_tools::find_deny);
pub(super) static SHELLCHECK: Counterpart = program("shellcheck", cargo_tools::find_shellcheck);

/// FNV-1a, in hexadecimal: names a folder after what is in it.
fn fingerprint(text: &[u8]) -> String {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let mut name = String::new();
    let _ = write!(name, "{:016x}", text.iter().fold(0xcbf2_9ce4_8422_2325, fold));
    name
}
