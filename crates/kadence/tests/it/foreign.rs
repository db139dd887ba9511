//! kcat and confluent-kafka-python read what kadence writes, and the other way round.
//!
//! `./test` installs both and says where they are.

use std::path::PathBuf;
use std::process::Command;

use kadence_core::source::{LOOKALIKE_ROWS, Lookalike};

use crate::support::{Bench, finish, root};

/// The program that the environment variable `name` points to.
#[expect(clippy::disallowed_methods, reason = "where a test's counterpart is cannot be an option")]
fn program(name: &str) -> PathBuf {
    let path = PathBuf::from(std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set")));
    assert!(path.exists(), "{name}: {} does not exist", path.display());
    path
}

fn kcat(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("KADENCE_TEST_KCAT"));
    command.current_dir(bench.folder.path()).args(["-b", &bench.address]).args(arguments);
    command
}

fn python(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("KADENCE_TEST_PYTHON"));
    let script = root().join("crates/kadence/tests/it/foreign.py");
    command.current_dir(bench.folder.path()).arg(script).arg(&bench.address).args(arguments);
    command
}

/// Both recordings, replayed into one topic each: the bodies that a preview promises.
fn recordings(bench: &Bench) -> [(&'static str, Vec<String>); 2] {
    let mut lookalike = Vec::new();
    std::io::copy(&mut Lookalike::new(1001, LOOKALIKE_ROWS), &mut lookalike).unwrap();
    bench.file("HASC1001.csv", lookalike);
    bench.file("earthquakes.csv", std::fs::read(root().join("data/earthquakes.csv")).unwrap());
    [
        ("HASC1001.csv", "accelerometer", "--columns=sec,X,Y,Z"),
        ("earthquakes.csv", "earthquakes", "--key=file"),
    ]
    .map(|(file, topic, more)| {
        bench.kadence(&["replay", file, "-t", topic, "--speed", "200000", "--compression", "lz4", more]).ok();
        let shown = bench.kadence(&["replay", file, "-t", topic, more, "--preview", "20000", "--json"]).ok();
        let body = |line: &str| crate::support::json(line)["body"].as_str().unwrap().to_owned();
        (topic, shown.lines().map(body).collect())
    })
}

fn assert_same(found: &str, expected: &[String], reader: &str) {
    assert_eq!(found.lines().count(), expected.len(), "{reader}");
    for (number, (found, expected)) in found.lines().zip(expected).enumerate() {
        assert_eq!(found, expected, "{reader}, record {number}");
    }
}

#[test]
#[ignore = "needs kcat at KADENCE_TEST_KCAT"]
fn kcat_reads_what_kadence_replays() {
    let bench = Bench::new();
    for (topic, bodies) in recordings(&bench) {
        let read = finish(kcat(&bench, &["-C", "-t", topic, "-e", "-q"])).ok();
        assert_same(&read, &bodies, "kcat");
    }
}

#[test]
#[ignore = "needs confluent-kafka at KADENCE_TEST_PYTHON"]
fn confluent_kafka_python_reads_what_kadence_replays() {
    let bench = Bench::new();
    for (topic, bodies) in recordings(&bench) {
        let read = finish(python(&bench, &["read", topic])).ok();
        assert_same(&read, &bodies, "confluent-kafka");
    }
}

#[test]
#[ignore = "needs kcat at KADENCE_TEST_KCAT"]
fn kadence_consumes_what_kcat_writes() {
    let bench = Bench::new();
    let lines: String = (0..5_000).map(|number| format!("key-{number}:body {number}\n")).collect();
    bench.file("lines", &lines);
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let mut producer = kcat(&bench, &["-P", "-t", codec, "-K:", "-z", codec, "-H", "a=1", "-p", "0"]);
        producer.stdin(std::fs::File::open(bench.folder.path().join("lines")).unwrap());
        finish(producer).ok();
        let read = bench.kadence(&["consume", codec, "--until-end", "-f", r"%k:%s|%h\n"]).ok();
        let expected = lines.replace('\n', "|a=1\n");
        assert!(read == expected, "{codec}: {} of 5000 lines", read.lines().count());
    }
}

/// Header names are text by convention only.
#[test]
#[ignore = "needs kcat at KADENCE_TEST_KCAT"]
fn kadence_consumes_headers_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    bench.file("line", "body\n");
    let mut producer = kcat(&bench, &["-P", "-t", "odd", "-H"]);
    producer.arg(std::ffi::OsStr::from_bytes(b"\xff\xfe=1"));
    producer.stdin(std::fs::File::open(bench.folder.path().join("line")).unwrap());
    finish(producer).ok();
    let read = bench.kadence(&["consume", "odd", "--until-end", "-f", r"%h %s\n"]).ok();
    assert_eq!(read, "\u{fffd}\u{fffd}=1 body\n");
}

#[test]
#[ignore = "needs confluent-kafka at KADENCE_TEST_PYTHON"]
fn kadence_consumes_what_confluent_kafka_python_writes() {
    let bench = Bench::new();
    for idempotent in ["true", "false"] {
        finish(python(&bench, &["write", idempotent, "5000", idempotent])).ok();
        let read = bench.kadence(&["consume", idempotent, "--until-end", "-f", r"%k:%s|%h\n"]).ok();
        let expected: String = (0..5_000).map(|number| format!("key-{number}:body {number}|a=1\n")).collect();
        assert!(read == expected, "idempotent={idempotent}: {} of 5000 lines", read.lines().count());
    }
}

/// Listing, creating and deleting topics by clients nobody here wrote.
#[test]
#[ignore = "needs kcat at KADENCE_TEST_KCAT and confluent-kafka at KADENCE_TEST_PYTHON"]
fn foreign_clients_administer_the_embedded_broker() {
    let bench = Bench::new();
    finish(python(&bench, &["create", "made-elsewhere", "3"])).ok();
    let listed = finish(kcat(&bench, &["-L", "-t", "made-elsewhere"])).ok();
    assert!(listed.contains("topic \"made-elsewhere\" with 3 partitions"), "{listed}");
    assert_eq!(bench.kadence(&["topics", "list"]).ok(), "made-elsewhere  3 partitions, 1 replica\n");
    finish(python(&bench, &["delete", "made-elsewhere"])).ok();
    assert_eq!(bench.kadence(&["topics", "list"]).ok(), "");
}
