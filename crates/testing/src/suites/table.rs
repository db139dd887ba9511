//! The suites.

use std::process::Command;

use super::counterparts::{
    CARGO_DENY, CARGO_FUZZ, Counterpart, FRANZ_GO, KCAT, MARIADB, MORE_KAFKAS, OLD_JAVA_CLIENT,
    OLD_PYTHON_CLIENT, OLDER_PYTHON_CLIENT, POSTGRES, PYTHON_CLIENTS, REAL_KAFKA, SHELLCHECK,
};
use super::place::{Place, Room};

/// A row of the table.
pub(super) struct Suite {
    pub(super) name: &'static str,
    /// One line, without a full stop.
    pub(super) about: &'static str,
    pub(super) group: Group,
    /// Whether it measures times, and so has the machine for itself.
    pub(super) measures: bool,
    /// Where its first command compiles.
    pub(super) room: Option<Room>,
    pub(super) needs: &'static [Need],
    pub(super) counts: Counts,
    /// What is run, one after the other, until one fails.
    pub(super) commands: fn(&Turn<'_>) -> Vec<Command>,
}

/// Who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// `./test`
    Usual,
    /// `./test NAME` only.
    OnRequest,
    /// `./test --all`
    Long,
}

/// What its row at the end counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// Itself.
    Suite,
    /// Tests, as cargo does. None at all is a failure: green by absence is no green.
    Tests,
    /// As `Tests`, of those that the suite `tests` passes over.
    TestsPassedOver,
}

/// Something of other people's that a suite needs.
pub(super) struct Need {
    pub(super) what: &'static Counterpart,
    pub(super) without: Without,
}

/// What becomes of a suite without it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Without {
    /// It is ignored, and says why.
    Ignored,
    /// Tests with one of these in their names are left out, and it says so.
    LeftOut(&'static [&'static str]),
    /// As `LeftOut`; nothing is fetched or started for this suite's sake.
    LeftOutUnlessThere(&'static [&'static str]),
}

/// What a suite knows when its turn comes.
pub(super) struct Turn<'a> {
    pub(super) place: &'a Place,
    /// `--skip` and what to skip, for what is missing.
    pub(super) skips: Vec<&'static str>,
}

impl Turn<'_> {
    fn cargo(&self, arguments: &str) -> Vec<Command> {
        vec![self.place.cargo(arguments)]
    }

    /// Tests by cargo, less what is left out.
    fn tests(&self, arguments: &str) -> Vec<Command> {
        let mut command = self.place.cargo(arguments);
        command.args(&self.skips);
        vec![command]
    }
}

const fn need(what: &'static Counterpart) -> Need {
    Need { what, without: Without::Ignored }
}

const fn without(what: &'static Counterpart, left_out: &'static [&'static str]) -> Need {
    Need { what, without: Without::LeftOut(left_out) }
}

/// A suite that needs nothing, compiles nothing and counts itself.
const PLAIN: Suite = Suite {
    name: "",
    about: "",
    group: Group::Usual,
    measures: false,
    room: None,
    needs: &[],
    counts: Counts::Suite,
    commands: |_| Vec::new(),
};

/// All of them, in the order in which they are shown.
///
/// Where the whole workspace is named, or two packages of it, nothing is built a second time with fewer features.
pub(super) const SUITES: [Suite; 16] = [
    Suite {
        name: "fmt",
        about: "cargo fmt --check",
        commands: |turn| {
            let mut command = turn.place.command("cargo");
            command.args(["fmt", "--all", "--check"]);
            vec![command]
        },
        ..PLAIN
    },
    Suite {
        name: "clippy",
        about: "cargo clippy, warnings are errors",
        room: Some(Room::Debug),
        commands: |turn| turn.cargo("clippy --workspace --all-targets -- -D warnings"),
        ..PLAIN
    },
    Suite {
        name: "tests",
        about: "unit, integration and documentation tests of all crates",
        room: Some(Room::Debug),
        counts: Counts::Tests,
        commands: |turn| turn.cargo("test --workspace --no-fail-fast"),
        ..PLAIN
    },
    Suite {
        name: "foreign",
        about: "other people's Kafka clients against the embedded broker",
        room: Some(Room::Debug),
        needs: &[
            need(&KCAT),
            need(&PYTHON_CLIENTS),
            need(&REAL_KAFKA),
            need(&OLD_JAVA_CLIENT),
            without(&FRANZ_GO, &["franz_go", "the_compatibility_page"]),
            without(&OLD_PYTHON_CLIENT, &["confluent_kafka_2_10", "the_compatibility_page"]),
            without(&OLDER_PYTHON_CLIENT, &["confluent_kafka_2_0", "the_compatibility_page"]),
        ],
        counts: Counts::TestsPassedOver,
        commands: |turn| {
            turn.tests("test --workspace --no-fail-fast --test it -- --ignored foreign:: --skip kafka:: --skip write_the")
        },
        ..PLAIN
    },
    Suite {
        name: "kafka",
        about: "the end-to-end tests and those clients against a real Kafka",
        room: Some(Room::Debug),
        needs: &[
            need(&REAL_KAFKA),
            without(&MORE_KAFKAS, &[]),
            without(&KCAT, &["foreign::"]),
            without(&PYTHON_CLIENTS, &["foreign::"]),
            without(&OLD_JAVA_CLIENT, &["foreign::"]),
            without(&FRANZ_GO, &["franz_go"]),
            without(&OLD_PYTHON_CLIENT, &["confluent_kafka_2_10"]),
            without(&OLDER_PYTHON_CLIENT, &["confluent_kafka_2_0"]),
        ],
        counts: Counts::TestsPassedOver,
        // They wait most of the time: more of them than there are cores, on a Kafka each.
        commands: |turn| {
            turn.tests(
                "test --workspace --no-fail-fast --lib --test it -- --ignored kafka:: --skip punctuality:: --test-threads=6",
            )
        },
        ..PLAIN
    },
    Suite {
        name: "databases",
        about: "landings in PostgreSQL and MariaDB, each started by the tests",
        room: Some(Room::Debug),
        needs: &[without(&POSTGRES, &["postgres::"]), without(&MARIADB, &["mariadb::"])],
        counts: Counts::TestsPassedOver,
        commands: |turn| {
            turn.tests("test --workspace --no-fail-fast --test it -- --ignored databases:: --skip kill:: --skip mysql::")
        },
        ..PLAIN
    },
    Suite {
        name: "docs",
        about: "cargo doc, warnings are errors",
        room: Some(Room::Debug),
        commands: |turn| {
            let mut command = turn.place.cargo("doc --no-deps --workspace");
            command.env("RUSTDOCFLAGS", "-Dwarnings");
            vec![command]
        },
        ..PLAIN
    },
    Suite {
        name: "fuzz",
        about: "the fuzz targets compile",
        room: Some(Room::Fuzz),
        commands: |turn| {
            let mut command = turn.place.command("cargo");
            command.args(["check", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
            // Some targets reach what only a build for fuzzing has.
            command.args(["--target-dir", "fuzz/target/check"]).env("RUSTFLAGS", "--cfg fuzzing");
            vec![command]
        },
        ..PLAIN
    },
    Suite {
        name: "demo",
        about: "cargo run --release -- demo, with the OpenSSL that all suites share",
        room: Some(Room::Release),
        commands: |turn| turn.cargo("run --release -- demo"),
        ..PLAIN
    },
    Suite {
        name: "punctuality",
        about: "how late records leave, in a release build, with the machine for itself",
        measures: true,
        room: Some(Room::Release),
        needs: &[Need { what: &REAL_KAFKA, without: Without::LeftOutUnlessThere(&["kafka::"]) }],
        counts: Counts::TestsPassedOver,
        commands: |turn| {
            let tests = "test --release -p kadence -p kadence-broker --test it";
            // Built first: a compiler beside them would make records late.
            let mut commands = turn.cargo(&format!("{tests} --no-run"));
            commands.extend(
                turn.tests(&format!("{tests} -- --ignored punctuality:: --test-threads=1 --nocapture")),
            );
            commands
        },
        ..PLAIN
    },
    Suite {
        name: "kill",
        about: "kill -9 while clients produce and commit transactions; 200 times each with --all",
        room: Some(Room::Debug),
        counts: Counts::TestsPassedOver,
        commands: |turn| {
            let mut commands =
                turn.cargo("test --workspace --test it -- --ignored kill:: --test-threads=1 --nocapture");
            commands[0].env("KADENCE_TEST_KILLS", turn.place.kills.to_string());
            commands
        },
        ..PLAIN
    },
    Suite {
        name: "hostile",
        about: "what strangers may send the embedded broker, in a release build",
        room: Some(Room::Release),
        counts: Counts::Tests,
        commands: |turn| turn.cargo("test --release -p kadence -p kadence-broker --test it -- hostile"),
        ..PLAIN
    },
    Suite {
        name: "compatibility",
        about: "writes docs/reference/compatibility.md from a run of other people's clients",
        group: Group::OnRequest,
        room: Some(Room::Debug),
        needs: &[
            need(&KCAT),
            need(&PYTHON_CLIENTS),
            need(&REAL_KAFKA),
            need(&OLD_JAVA_CLIENT),
            need(&FRANZ_GO),
            need(&OLD_PYTHON_CLIENT),
            need(&OLDER_PYTHON_CLIENT),
        ],
        commands: |turn| turn.cargo("test --workspace --test it -- --ignored write_the_compatibility_page"),
        ..PLAIN
    },
    Suite {
        name: "fuzzing",
        about: "each fuzz target for a minute, where cargo-fuzz and a nightly Rust are installed",
        group: Group::Long,
        room: Some(Room::Fuzz),
        needs: &[need(&CARGO_FUZZ)],
        commands: fuzz_each,
        ..PLAIN
    },
    Suite {
        name: "deny",
        about: "cargo deny check, where cargo-deny is installed",
        group: Group::Long,
        needs: &[need(&CARGO_DENY)],
        commands: |turn| {
            let mut command = turn.place.command("cargo");
            command.args(["deny", "--locked", "check"]);
            vec![command]
        },
        ..PLAIN
    },
    Suite {
        name: "shellcheck",
        about: "shellcheck of the scripts, where it is installed",
        group: Group::Long,
        needs: &[need(&SHELLCHECK)],
        commands: |turn| {
            let mut command = turn.place.command("shellcheck");
            command.args(["test", ".ci/run", "bench/run"]);
            vec![command]
        },
        ..PLAIN
    },
];

/// A minute for each target. What is found goes to the first folder, which is nobody else's.
fn fuzz_each(turn: &Turn<'_>) -> Vec<Command> {
    let folder = turn.place.root.join("fuzz/fuzz_targets");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut targets: Vec<String> = files
        .filter_map(|file| file.file_name().to_string_lossy().strip_suffix(".rs").map(ToOwned::to_owned))
        .collect();
    targets.sort();
    let run = |target: &String| {
        let corpus = format!("fuzz/corpus/{target}");
        // Without the folder cargo-fuzz says so.
        let _ = std::fs::create_dir_all(turn.place.root.join(&corpus));
        let mut command = turn.place.command("cargo");
        command.args(["+nightly", "fuzz", "run", target, &corpus, &format!("fuzz/seeds/{target}"), "--"]);
        command.args(["-max_total_time=60", "-max_len=16384", "-rss_limit_mb=1500"]);
        command
    };
    targets.iter().map(run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_fit_the_table() {
        for (at, suite) in SUITES.iter().enumerate() {
            assert!((1..14).contains(&suite.name.len()), "{}", suite.name);
            assert!(!suite.about.is_empty() && !suite.about.ends_with('.'), "{}", suite.name);
            assert!(SUITES[..at].iter().all(|other| other.name != suite.name), "{}", suite.name);
        }
    }
}
