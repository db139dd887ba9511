//! kcat, confluent-kafka-python and Kafka's own console tools read what kadence writes, and the other way round; on
//! the embedded broker and on a real Kafka.
//!
//! `./test` fetches them and says where they are.

mod page;
mod seals;
mod suites;
mod times;
mod tools;

use std::path::PathBuf;
use std::process::Command;

use kadence_core::source::{LOOKALIKE_ROWS, Lookalike};

use crate::support::{Bench, finish, on_both_brokers, root};
use seals::a_second_checker_of_seals_agrees;

/// The program that the environment variable `name` points to.
#[expect(clippy::disallowed_methods, reason = "where a test's counterpart is cannot be an option")]
fn program(name: &str) -> PathBuf {
    let path = PathBuf::from(std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set")));
    assert!(path.exists(), "{name}: {} does not exist", path.display());
    path
}

fn kcat(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("KADENCE_TEST_KCAT"));
    // Cargo points there at what it built; with our librdkafka it would be another client.
    command.env_remove("LD_LIBRARY_PATH");
    command.current_dir(bench.folder.path()).args(["-b", &bench.address]).args(arguments);
    command
}

fn python(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("KADENCE_TEST_PYTHON"));
    let script = root().join("crates/kadence/tests/foreign/python/verbs.py");
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

/// One of Kafka's own programs, on the broker.
fn java(bench: &Bench, main_class: &str, arguments: &[&str]) -> Command {
    let mut command = kadence_testing::kafka::java_tool(main_class);
    command.current_dir(bench.folder.path());
    command.args(["--bootstrap-server", &bench.address]).args(arguments);
    command
}

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CONFIGS: &str = "kafka.admin.ConfigCommand";
const GROUPS: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const PRODUCER: &str = "org.apache.kafka.tools.ConsoleProducer";
const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

fn assert_same(found: &str, expected: &[String], reader: &str) {
    assert_eq!(found.lines().count(), expected.len(), "{reader}");
    for (number, (found, expected)) in found.lines().zip(expected).enumerate() {
        assert_eq!(found, expected, "{reader}, record {number}");
    }
}

fn kcat_reads_what_kadence_replays(bench: &Bench) {
    for (topic, bodies) in recordings(bench) {
        let read = finish(kcat(bench, &["-C", "-t", topic, "-e", "-q"])).ok();
        assert_same(&read, &bodies, "kcat");
    }
}

/// So that each line is one that a reader of JSON takes.
fn a_tombstone_is_null_as_json(bench: &Bench) {
    bench.file("records", "k:{\"a\": 1}\nk:\n");
    finish(kcat(bench, &["-P", "-t", "tombstones", "-p", "0", "-Z", "-K:", "-l", "records"])).ok();
    let read = |more: &[&str]| {
        bench.kadence(&[&["consume", "tombstones", "--until-end", "--format", "json"], more].concat()).ok()
    };
    assert_eq!(read(&[]), "{\"a\":1}\nnull\n");
    assert_eq!(read(&["-f", "%k %s %S\\n"]), "k {\"a\":1} 7\nk null -1\n");
    let raw = bench.kadence(&["consume", "tombstones", "--until-end"]).ok();
    assert_eq!(raw, "{\"a\": 1}\n\n");
}

fn confluent_kafka_python_reads_what_kadence_replays(bench: &Bench) {
    for (topic, bodies) in recordings(bench) {
        let read = finish(python(bench, &["read", topic])).ok();
        assert_same(&read, &bodies, "confluent-kafka");
    }
}

fn kadence_consumes_what_kcat_writes(bench: &Bench) {
    let lines: String = (0..5_000).map(|number| format!("key-{number}:body {number}\n")).collect();
    bench.file("lines", &lines);
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let mut producer = kcat(bench, &["-P", "-t", codec, "-K:", "-z", codec, "-H", "a=1", "-p", "0"]);
        producer.stdin(std::fs::File::open(bench.folder.path().join("lines")).unwrap());
        finish(producer).ok();
        let read = bench.kadence(&["consume", codec, "--until-end", "-f", r"%k:%s|%h\n"]).ok();
        let expected = lines.replace('\n', "|a=1\n");
        assert!(read == expected, "{codec}: {} of 5000 lines", read.lines().count());
    }
}

/// A kcat that takes the broker for an old one does not compress, and says nothing.
fn what_kcat_compresses_is_stored_so(bench: &Bench) {
    // It leaves a batch as it is that does not become smaller: a single line has to.
    bench.file("lines", (["body "; 50].concat() + "\n").repeat(5_000));
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        finish(kcat(bench, &["-P", "-t", codec, "-z", codec, "-p", "0", "-l", "lines"])).ok();
        let batches = batches(bench, codec, 0);
        assert!(!batches.is_empty() && batches.iter().all(|batch| batch.0 == codec), "{codec}: {batches:?}");
    }
}

/// The codec and the size of each batch of a partition, as they are stored.
fn batches(bench: &Bench, topic: &str, partition: u32) -> Vec<(String, u64)> {
    let said = finish(python(bench, &["batches", topic, &partition.to_string()])).ok();
    let batch = |line: &str| {
        let (codec, size) = line.split_once(' ').unwrap();
        (codec.to_owned(), size.parse().unwrap())
    };
    said.lines().map(batch).collect()
}

/// Header names are text by convention only.
fn kadence_consumes_headers_that_are_not_text(bench: &Bench) {
    use std::os::unix::ffi::OsStrExt as _;
    bench.file("line", "body\n");
    let mut producer = kcat(bench, &["-P", "-t", "odd", "-H"]);
    producer.arg(std::ffi::OsStr::from_bytes(b"\xff\xfe=1"));
    producer.stdin(std::fs::File::open(bench.folder.path().join("line")).unwrap());
    finish(producer).ok();
    let read = bench.kadence(&["consume", "odd", "--until-end", "-f", r"%h %s\n"]).ok();
    assert_eq!(read, "\u{fffd}\u{fffd}=1 body\n");
}

fn kadence_consumes_what_confluent_kafka_python_writes(bench: &Bench) {
    for idempotent in ["true", "false"] {
        finish(python(bench, &["write", idempotent, "5000", idempotent])).ok();
        let read = bench.kadence(&["consume", idempotent, "--until-end", "-f", r"%k:%s|%h\n"]).ok();
        let expected: String = (0..5_000).map(|number| format!("key-{number}:body {number}|a=1\n")).collect();
        assert!(read == expected, "idempotent={idempotent}: {} of 5000 lines", read.lines().count());
    }
}

/// Listing, creating and deleting topics by clients nobody here wrote.
fn clients_administer_topics(bench: &Bench) {
    finish(python(bench, &["create", "made-elsewhere", "3"])).ok();
    let listed = finish(kcat(bench, &["-L", "-t", "made-elsewhere"])).ok();
    assert!(listed.contains("topic \"made-elsewhere\" with 3 partitions"), "{listed}");
    assert_eq!(bench.kadence(&["topics", "list"]).ok(), "made-elsewhere  3 partitions, 1 replica\n");
    finish(python(bench, &["delete", "made-elsewhere"])).ok();
    assert_eq!(bench.kadence(&["topics", "list"]).ok(), "");
}

fn the_console_consumer_reads_what_kadence_replays(bench: &Bench) {
    for (topic, bodies) in recordings(bench) {
        let count = bodies.len().to_string();
        let arguments = ["--topic", topic, "--from-beginning", "--max-messages", &count];
        let read = finish(java(bench, CONSUMER, &arguments)).ok();
        assert_same(&read, &bodies, "kafka-console-consumer");
    }
}

fn kadence_consumes_what_the_console_producer_writes(bench: &Bench) {
    let lines: String = (0..5_000).map(|number| format!("body {number}\n")).collect();
    bench.file("lines", &lines);
    for codec in ["none", "lz4"] {
        let mut producer = java(bench, PRODUCER, &["--topic", codec, "--compression-codec", codec]);
        producer.stdin(std::fs::File::open(bench.folder.path().join("lines")).unwrap());
        finish(producer).ok();
        let read = bench.kadence(&["consume", codec, "--until-end"]).ok();
        assert!(read == lines, "{codec}: {} of 5000 lines", read.lines().count());
    }
}

/// Each goes on where the one before it stopped, whoever that was.
fn a_group_is_handed_from_client_to_client(bench: &Bench) {
    bench.file("numbers", (0..12).map(|number| format!("{number}\n")).collect::<String>());
    bench.kadence(&["replay", "numbers", "--input", "raw", "-t", "numbers", "--unpaced"]).ok();
    let ours = || bench.kadence(&["consume", "numbers", "-g", "relay", "-c", "2"]).ok();
    assert_eq!(ours(), "0\n1\n");
    assert_eq!(finish(python(bench, &["member", "numbers", "relay", "2"])).ok(), "2\n3\n");
    assert_eq!(ours(), "4\n5\n");
    let read = finish(kcat(bench, &["-G", "relay", "-c", "2", "-q", "numbers"])).ok();
    assert_eq!(read, "6\n7\n");
    let theirs = ["--topic", "numbers", "--group", "relay", "--max-messages", "2"];
    assert_eq!(finish(java(bench, CONSUMER, &theirs)).ok(), "8\n9\n");
    assert_eq!(ours(), "10\n11\n");
    assert_eq!(finish(python(bench, &["groups"])).ok(), "relay EMPTY 0 numbers[0]=12\n");
}

/// What kadence changes, Kafka's tools see, and the other way round.
fn kafkas_tools_administer_what_kadence_does(bench: &Bench) {
    finish(java(bench, TOPICS, &["--create", "--topic", "shared", "--partitions", "2"])).ok();
    bench
        .kadence(&["topics", "alter", "shared", "--config", "retention.ms=1000000", "--partitions", "3"])
        .ok();
    let set = ["--alter", "--entity-type", "topics", "--entity-name", "shared"];
    finish(java(bench, CONFIGS, &[&set[..], &["--add-config", "max.message.bytes=2000"]].concat())).ok();
    let described = bench.kadence(&["topics", "describe", "shared", "--json"]).json();
    let topic = &described["topics"][0];
    let configs = serde_json::json!({ "retention.ms": "1000000", "max.message.bytes": "2000" });
    assert_eq!((topic["partitions"].as_array().unwrap().len(), &topic["configs"]), (3, &configs));
    let seen = finish(java(bench, TOPICS, &["--describe", "--topic", "shared"])).ok();
    let id = topic["id"].as_str().unwrap();
    for part in
        [&format!("TopicId: {id}"), "PartitionCount: 3", "retention.ms=1000000", "max.message.bytes=2000"]
    {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    bench.kadence(&["topics", "alter", "shared", "--delete-config", "max.message.bytes"]).ok();
    let seen = finish(java(bench, TOPICS, &["--describe", "--topic", "shared"])).ok();
    assert!(seen.contains("retention.ms=1000000") && !seen.contains("max.message.bytes"), "{seen}");

    bench.file("lines", "a\nb\nc\n");
    bench
        .kadence(&["replay", "lines", "--input", "raw", "-t", "shared", "--unpaced", "--key", "const:k"])
        .ok();
    bench.kadence(&["consume", "shared", "-g", "readers", "--until-end"]).ok();
    let reset = ["--reset-offsets", "--to-earliest", "--topic", "shared", "--group", "readers", "--execute"];
    finish(java(bench, GROUPS, &reset)).ok();
    let lag = bench.kadence(&["groups", "describe", "readers", "--json"]).json()["groups"][0]["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|partition| partition["lag"].as_u64().unwrap())
        .sum::<u64>();
    assert_eq!(lag, 3);
    bench.kadence(&["groups", "reset", "readers", "--to", "end"]).ok();
    let seen = finish(java(bench, GROUPS, &["--describe", "--group", "readers"])).ok();
    let lags: Vec<&str> = seen
        .lines()
        .filter(|line| line.contains("shared"))
        .map(|line| line.split_whitespace().nth(5).unwrap())
        .collect();
    assert_eq!(lags, ["0", "0", "0"], "{seen}");
    finish(java(bench, GROUPS, &["--delete", "--group", "readers"])).ok();
    assert_eq!(bench.kadence(&["groups", "list"]).ok(), "");
}

on_both_brokers! {
    ignored: "needs kcat at KADENCE_TEST_KCAT, confluent-kafka at KADENCE_TEST_PYTHON and Kafka's tools at KADENCE_TEST_KAFKA_CLASSPATH",
    kcat_reads_what_kadence_replays,
    a_tombstone_is_null_as_json,
    confluent_kafka_python_reads_what_kadence_replays,
    kadence_consumes_what_kcat_writes,
    what_kcat_compresses_is_stored_so,
    kadence_consumes_headers_that_are_not_text,
    kadence_consumes_what_confluent_kafka_python_writes,
    clients_administer_topics,
    the_console_consumer_reads_what_kadence_replays,
    kadence_consumes_what_the_console_producer_writes,
    a_group_is_handed_from_client_to_client,
    a_second_checker_of_seals_agrees,
    kafkas_tools_administer_what_kadence_does,
}
