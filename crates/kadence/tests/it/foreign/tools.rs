//! Kafka's own command-line tools against a broker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::suites::Outcome;
use super::{CONFIGS, CONSUMER, GROUPS, PRODUCER, TOPICS, batches, java};
use crate::support::{Bench, Running, eventually, finish, json};

const CLUSTER: &str = "org.apache.kafka.tools.ClusterTool";
const VERSIONS: &str = "org.apache.kafka.tools.BrokerApiVersionsCommand";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const DELETE_RECORDS: &str = "org.apache.kafka.tools.DeleteRecordsCommand";
const TRANSACTIONS: &str = "org.apache.kafka.tools.TransactionsCommand";
const LOG_DIRS: &str = "org.apache.kafka.tools.LogDirsCommand";
const ELECTION: &str = "org.apache.kafka.tools.LeaderElectionCommand";
const QUORUM: &str = "org.apache.kafka.tools.MetadataQuorumCommand";
const REASSIGN: &str = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand";
const ACLS: &str = "org.apache.kafka.tools.AclCommand";
const PRODUCER_PERF: &str = "org.apache.kafka.tools.ProducerPerformance";
const CONSUMER_PERF: &str = "org.apache.kafka.tools.ConsumerPerformance";
const VERIFIABLE_PRODUCER: &str = "org.apache.kafka.tools.VerifiableProducer";
const VERIFIABLE_CONSUMER: &str = "org.apache.kafka.tools.VerifiableConsumer";

type Check = (&'static str, fn(&Bench));

const CHECKS: [Check; 14] = [
    ("the cluster and its versions are shown", shows_the_cluster),
    ("topics are created, listed, described, widened and deleted", administers_topics),
    ("settings are altered and described", administers_settings),
    ("lines go through the console tools with keys and headers", carries_lines),
    ("offsets are shown and records deleted", shows_offsets_and_deletes),
    ("groups are listed, described, reset and deleted", administers_groups),
    ("an open transaction is looked at and ended", ends_a_transaction),
    ("the performance tools write transactions and read them", measures),
    ("the verifiable tools write and read each record once", verifies),
    ("settings of brokers, groups, users and clients are described", describes_other_settings),
    ("the directory of the records is shown with their size", shows_the_log_directory),
    ("leaders stay where they are", leaves_leaders),
    ("the quorum of one node is shown", shows_the_quorum),
    ("there is no access control", has_no_access_control),
];

/// Makes all checks.
pub(super) fn run(bench: &Bench) -> Outcome {
    let mut outcome = Outcome { client: "Kafka 4.3.1's command-line tools".to_owned(), ..Outcome::default() };
    for (name, check) in CHECKS {
        outcome.checks.push(name.to_owned());
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(bench))) {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or(panic.downcast_ref().copied()).unwrap_or("it panicked");
            outcome.failed.push(format!("{name}: {said}"));
        }
    }
    outcome
}

/// What a tool prints, run to its end.
#[track_caller]
fn tool(bench: &Bench, main_class: &str, arguments: &str) -> String {
    finish(command(bench, main_class, arguments)).ok()
}

/// A tool with arguments that have no spaces.
fn command(bench: &Bench, main_class: &str, arguments: &str) -> Command {
    java(bench, main_class, &arguments.split_whitespace().collect::<Vec<_>>())
}

/// A tool whose first argument is what to do.
fn command_of(bench: &Bench, main_class: &str, verb: &str, arguments: &str) -> Command {
    let mut command = kadence_testing::kafka::java_tool(main_class);
    command.current_dir(bench.folder.path()).arg(verb).args(["--bootstrap-server", &bench.address]);
    command.args(arguments.split_whitespace());
    command
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

fn create(bench: &Bench, topic: &str, partitions: u32) {
    tool(
        bench,
        TOPICS,
        &format!("--create --topic {topic} --partitions {partitions} --replication-factor 1"),
    );
}

fn write(bench: &Bench, topic: &str, lines: &str, more: &str) {
    bench.file("lines", lines);
    let mut producer = command(bench, PRODUCER, &format!("--topic {topic} {more}"));
    producer.stdin(std::fs::File::open(bench.folder.path().join("lines")).unwrap());
    finish(producer).ok();
}

fn shows_the_cluster(bench: &Bench) {
    let shown = finish(command_of(bench, CLUSTER, "cluster-id", "")).ok();
    assert_says(&shown, &["Cluster ID: "]);
    let shown = tool(bench, VERSIONS, "");
    assert_says(&shown, &["(id: 1 rack: null", "Produce(0): ", "Fetch(1): ", "ApiVersions(18): 0 to 4"]);
}

fn administers_topics(bench: &Bench) {
    create(bench, "listed", 2);
    assert_says(&tool(bench, TOPICS, "--list"), &["listed\n"]);
    tool(bench, TOPICS, "--alter --topic listed --partitions 3");
    let described = tool(bench, TOPICS, "--describe --topic listed");
    assert_says(&described, &["PartitionCount: 3", "ReplicationFactor: 1", "Partition: 2\tLeader: 1"]);
    tool(bench, TOPICS, "--delete --topic listed");
    eventually("it is gone", || (!tool(bench, TOPICS, "--list").contains("listed")).then_some(()));
}

fn administers_settings(bench: &Bench) {
    create(bench, "set", 1);
    let topic = "--entity-type topics --entity-name set";
    tool(bench, CONFIGS, &format!("--alter {topic} --add-config retention.ms=60000,max.message.bytes=2000"));
    tool(bench, CONFIGS, &format!("--alter {topic} --delete-config max.message.bytes"));
    let described = tool(bench, CONFIGS, &format!("--describe {topic}"));
    assert_says(&described, &["Dynamic configs for topic set are:\n", "retention.ms=60000"]);
    assert!(!described.contains("max.message.bytes=2000"), "{described}");
    let all = tool(bench, CONFIGS, "--describe --all --entity-type brokers --entity-name 1");
    assert_says(&all, &["message.max.bytes=1048588", "auto.create.topics.enable=true"]);
}

fn carries_lines(bench: &Bench) {
    create(bench, "lines", 1);
    let properties = "--reader-property parse.key=true --reader-property parse.headers=true";
    write(bench, "lines", "a:1\tkey\tvalue\na:2\tkey\tother\n", properties);
    let shown = "--formatter-property print.key=true --formatter-property print.headers=true \
        --formatter-property print.offset=true";
    let read = tool(
        bench,
        CONSUMER,
        &format!("--topic lines --from-beginning --max-messages 2 --isolation-level read_committed {shown}"),
    );
    assert_eq!(read, "Offset:0\ta:1\tkey\tvalue\nOffset:1\ta:2\tkey\tother\n");
    let last = tool(bench, CONSUMER, "--topic lines --partition 0 --offset 1 --max-messages 1");
    assert_eq!(last, "other\n");
}

fn shows_offsets_and_deletes(bench: &Bench) {
    create(bench, "offsets", 1);
    // One batch each, so that records can be told apart by it.
    write(bench, "offsets", "0\n1\n2\n", "--sync");
    let offset = |time: &str| tool(bench, OFFSETS, &format!("--topic offsets --time {time}"));
    assert_eq!(
        (offset("earliest"), offset("latest")),
        ("offsets:0:0\n".to_owned(), "offsets:0:3\n".to_owned())
    );
    assert_eq!(offset("max-timestamp"), "offsets:0:2\n");
    let wanted = r#"{"partitions": [{"topic": "offsets", "partition": 0, "offset": 2}], "version": 1}"#;
    bench.file("wanted.json", wanted);
    let said = tool(bench, DELETE_RECORDS, "--offset-json-file wanted.json");
    assert_says(&said, &["partition: offsets-0\tlow_watermark: 2"]);
    assert_eq!(offset("earliest"), "offsets:0:2\n");
}

fn administers_groups(bench: &Bench) {
    create(bench, "grouped", 1);
    write(bench, "grouped", "0\n1\n2\n", "");
    let read = tool(bench, CONSUMER, "--topic grouped --group tools --max-messages 3 --from-beginning");
    assert_eq!(read, "0\n1\n2\n");
    assert_says(&tool(bench, GROUPS, "--list --state"), &["tools", "Empty"]);
    let state = tool(bench, GROUPS, "--describe --group tools --state");
    assert_says(&state, &["Empty"]);
    let reset = "--reset-offsets --to-offset 1 --topic grouped --group tools --execute";
    assert_says(&tool(bench, GROUPS, reset), &["grouped"]);
    let described = tool(bench, GROUPS, "--describe --group tools");
    let row: Vec<&str> =
        described.lines().find(|line| line.contains("grouped")).unwrap().split_whitespace().collect();
    assert_eq!(row[1..6], ["grouped", "0", "1", "3", "2"], "{described}");

    // It is heard of while others look at it, and is not missed for long.
    let property = "--command-property session.timeout.ms=6000 --command-property heartbeat.interval.ms=300";
    let member =
        Running::start(command(bench, CONSUMER, &format!("--topic grouped --group tools {property}")));
    let members = eventually("a member", || {
        let shown = tool(bench, GROUPS, "--describe --group tools --members --verbose");
        shown.contains("grouped").then_some(shown)
    });
    assert_says(&members, &["console-consumer", "grouped"]);
    // It is killed, and leaves when its session is over.
    drop(member);
    eventually("nobody is left", || {
        let listed = tool(bench, GROUPS, "--list --state");
        listed.lines().any(|line| line.starts_with("tools ") && line.contains("Empty")).then_some(())
    });
    tool(bench, GROUPS, "--delete-offsets --group tools --topic grouped");
    tool(bench, GROUPS, "--delete --group tools");
    let listed = tool(bench, GROUPS, "--list");
    assert!(!listed.lines().any(|group| group == "tools"), "{listed}");
}

fn ends_a_transaction(bench: &Bench) {
    create(bench, "open", 1);
    let endless = "--topic open --num-records 1000000 --record-size 10 --throughput 50 \
        --transactional-id endless --transaction-duration-ms 600000 --reporting-interval 100 \
        --command-property transaction.timeout.ms=60000 linger.ms=0";
    let producer = Running::start(command(bench, PRODUCER_PERF, endless));
    let look = |what: &str| {
        let mut command = java(bench, TRANSACTIONS, &[]);
        command.args(what.split_whitespace());
        finish(command).ok()
    };
    eventually("an open transaction", || {
        look("list").lines().any(|line| line.contains("endless") && line.contains("Ongoing")).then_some(())
    });
    assert_says(&look("describe --transactional-id endless"), &["Ongoing", "60000", "open-0"]);
    assert_eq!(look("describe-producers --topic open --partition 0").lines().count(), 2);
    look("find-hanging --broker-id 1");
    look("forceTerminateTransaction --transactionalId endless");
    drop(producer);
    let described = look("describe --transactional-id endless");
    assert!(!described.contains("Ongoing"), "{described}");
}

fn measures(bench: &Bench) {
    create(bench, "measured", 2);
    let write = "--topic measured --num-records 20000 --record-size 100 --throughput -1 \
        --transaction-duration-ms 100 --command-property compression.type=lz4";
    assert_says(&tool(bench, PRODUCER_PERF, write), &["20000 records sent"]);
    bench.file("committed", "isolation.level=read_committed\n");
    let read = "--topic measured --num-records 20000 --hide-header --command-config committed";
    let row = tool(bench, CONSUMER_PERF, read);
    let count = row.split(", ").nth(4).unwrap();
    assert_eq!(count, "20000", "{row}");
}

fn verifies(bench: &Bench) {
    create(bench, "verified", 1);
    let written = tool(bench, VERIFIABLE_PRODUCER, "--topic verified --max-messages 1000 --acks -1");
    let sent = json(written.lines().last().unwrap());
    assert_eq!((&sent["sent"], &sent["acked"]), (&1000.into(), &1000.into()), "{sent}");
    let read = tool(bench, VERIFIABLE_CONSUMER, "--topic verified --group-id verifies --max-messages 1000");
    let count: u64 = read
        .lines()
        .map(json)
        .filter(|line| line["name"] == "records_consumed")
        .map(|line| line["count"].as_u64().unwrap())
        .sum();
    assert_eq!(count, 1000);
}

/// As `create`, by a program that starts faster.
fn prepare(bench: &Bench, topic: &str, partitions: &str) {
    bench.kadence(&["topics", "create", topic, "--partitions", partitions]).ok();
}

fn describes_other_settings(bench: &Bench) {
    let describe = |entity: &str| tool(bench, CONFIGS, &format!("--describe --entity-type {entity}"));
    let all = describe("brokers --entity-name 1 --all");
    let by_default = |name: &str, value: &str| {
        format!("  {name}={value} sensitive=false synonyms={{DEFAULT_CONFIG:{name}={value}}}\n")
    };
    assert_says(&all, &["All configs for broker 1 are:\n", "  node.id=1 ", "  log.dirs=", "  listeners="]);
    let defaults =
        [("compression.type", "producer"), ("num.partitions", "1"), ("log.segment.bytes", "1073741824")];
    for (name, value) in defaults {
        assert_says(&all, &[&by_default(name, value)]);
    }
    prepare(bench, "described", "1");
    bench.kadence(&["consume", "described", "-g", "described", "--until-end"]).ok();
    let dynamic = describe("groups --entity-name described");
    assert_eq!(dynamic, "Dynamic configs for group described are:\n");
    let all = describe("groups --entity-name described --all");
    assert_says(&all, &["All configs for group described are:\n", "  consumer.session.timeout.ms=45000 "]);
    for entity in ["users", "clients"] {
        assert_eq!(describe(entity), "", "quotas of {entity}");
    }
}

/// Writes some batches.
fn fill(bench: &Bench, topic: &str) {
    bench.file("lines", "body\n".repeat(1_000));
    bench
        .kadence(&["replay", "lines", "--input", "raw", "-t", topic, "--unpaced", "--compression", "lz4"])
        .ok();
}

fn shows_the_log_directory(bench: &Bench) {
    prepare(bench, "sized", "2");
    fill(bench, "sized");
    let written: Vec<u64> =
        [0, 1].map(|partition| batches(bench, "sized", partition).iter().map(|(_, size)| size).sum()).into();
    assert!(written.iter().sum::<u64>() > 100, "{written:?}");
    let (_, sizes) = log_directory(bench, "sized");
    assert_eq!(sizes, written);
}

#[test]
#[ignore = "needs Kafka's tools at KADENCE_TEST_KAFKA_CLASSPATH"]
fn the_log_directory_holds_files_of_the_size_that_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().canonicalize().unwrap();
    let bench = Bench::with(kadence_broker::Options {
        data_dir: Some(data_dir.clone()),
        ..kadence_broker::Options::default()
    });
    prepare(&bench, "sized", "1");
    fill(&bench, "sized");
    let (said, sizes) = log_directory(&bench, "sized");
    assert_eq!(Path::new(&said), data_dir);
    let held = bytes_of_logs(&data_dir);
    assert!(held > 100, "{held}");
    assert_eq!(sizes, [held]);
}

/// The bytes in all files of records below a folder.
fn bytes_of_logs(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bytes = |path: PathBuf| match path.is_dir() {
        true => bytes_of_logs(&path),
        false if path.extension().is_some_and(|extension| extension == "log") => {
            path.metadata().unwrap().len()
        }
        false => 0,
    };
    entries.map(bytes).sum()
}

/// Where a topic's records are said to be, and how many bytes of them there are in each partition.
fn log_directory(bench: &Bench, topic: &str) -> (String, Vec<u64>) {
    let said = tool(bench, LOG_DIRS, &format!("--describe --topic-list {topic}"));
    let found = json(said.lines().last().unwrap());
    let directory = &found["brokers"][0]["logDirs"][0];
    assert_eq!((&found["brokers"][0]["broker"], &directory["error"]), (&1.into(), &().into()), "{found}");
    let mut partitions: Vec<(&str, u64)> = directory["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            assert_eq!((&part["offsetLag"], &part["isFuture"]), (&0.into(), &false.into()), "{part}");
            (part["partition"].as_str().unwrap(), part["size"].as_u64().unwrap())
        })
        .collect();
    partitions.sort_unstable();
    for (number, (name, _)) in partitions.iter().enumerate() {
        assert_eq!(*name, format!("{topic}-{number}"));
    }
    (directory["logDir"].as_str().unwrap().to_owned(), partitions.into_iter().map(|(_, size)| size).collect())
}

fn leaves_leaders(bench: &Bench) {
    prepare(bench, "led", "1");
    let elected = tool(bench, ELECTION, "--election-type preferred --topic led --partition 0");
    assert_eq!(elected, "Valid replica already elected for partitions led-0\n");
    assert_eq!(tool(bench, REASSIGN, "--list"), "No partition reassignments found.\n");
}

fn shows_the_quorum(bench: &Bench) {
    let look = |what: &str| {
        let mut command = java(bench, QUORUM, &[]);
        command.args(["describe", what]);
        finish(command).ok()
    };
    let status = look("--status");
    let value = |name: &str| {
        let line =
            status.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {status}"));
        line[name.len()..].trim().to_owned()
    };
    assert_eq!(
        ["LeaderId:", "MaxFollowerLag:", "CurrentObservers:"].map(value),
        ["1", "0", "[]"],
        "{status}"
    );
    assert_says(&value("CurrentVoters:"), &["[{\"id\": 1"]);
    let replication = look("--replication");
    let rows: Vec<Vec<&str>> = replication.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 2, "{replication}");
    assert_eq!(
        (rows[0][0], rows[1][0], rows[1][3], rows[1][6]),
        ("NodeId", "1", "0", "Leader"),
        "{replication}"
    );
}

fn has_no_access_control(bench: &Bench) {
    let listed = finish(command(bench, ACLS, "--list"));
    assert_eq!(listed.code, Some(1), "{listed:?}");
    let said = listed.stdout + &listed.stderr;
    assert_says(&said, &["SecurityDisabledException: No Authorizer is configured on the broker"]);
}
