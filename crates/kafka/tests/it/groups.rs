//! What a member of a group reads and commits.

use std::time::Duration;

use kadence_broker::{Broker, Options};
use kadence_core::clock::{Clock as _, SystemClock};
use kadence_kafka::{Next, ReaderOptions, StopAt, TopicReader};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::{LONG, bodies, broker, fill, open, producing, read_to_end, reader, reading, send};

fn member(broker: &Broker, topic: &str, until: StopAt) -> ReaderOptions {
    ReaderOptions { group: Some("g".into()), until, ..reading(broker, topic) }
}

/// A client nobody here wrote, in the same group.
fn outsider(broker: &Broker) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", broker.addresses()[0].to_string())
        .set("group.id", "g")
        .create()
        .unwrap()
}

fn committed(broker: &Broker, topic: &str, partition: i32) -> Option<i64> {
    let mut wanted = TopicPartitionList::new();
    wanted.add_partition(topic, partition);
    let found = outsider(broker).committed_offsets(wanted, LONG).unwrap();
    match found.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

/// Reads up to the next record.
fn next_body(reader: &mut TopicReader) -> String {
    let deadline = SystemClock.now() + LONG;
    while SystemClock.now() < deadline {
        if let Next::Record(record) = reader.next(Duration::from_millis(50)).unwrap() {
            return String::from_utf8_lossy(record.body().unwrap()).into_owned();
        }
    }
    panic!("no record came");
}

#[test]
fn only_what_was_passed_on_is_committed() {
    let broker = broker();
    fill(&broker, "t", &["a", "b", "c"]);
    let mut first = reader(&member(&broker, "t", StopAt::Never)).unwrap();
    assert_eq!(next_body(&mut first) + &next_body(&mut first), "ab");
    first.take_back();
    first.passed_on();
    first.close().unwrap();
    assert_eq!(committed(&broker, "t", 0), Some(1), "b was taken back");

    let mut second = reader(&member(&broker, "t", StopAt::Never)).unwrap();
    assert_eq!(next_body(&mut second), "b");
    drop(second);
    assert_eq!(committed(&broker, "t", 0), Some(1), "nothing was passed on");

    let mut third = reader(&member(&broker, "t", StopAt::End)).unwrap();
    assert_eq!(bodies(&read_to_end(&mut third)).concat(), "bc");
    third.passed_on();
    third.close().unwrap();
    assert_eq!(committed(&broker, "t", 0), Some(3));
}

/// What is written while a member reads is not behind it, whether it has reached that partition's end before or not.
#[test]
fn records_that_come_while_a_member_reads_are_left_to_the_next() {
    let broker = Broker::start(Options { default_partitions: 2, ..Options::default() }).unwrap();
    let many: Vec<String> = (0..2_000).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    // Records without a key stay on one partition for a batch; the other is empty, and its end comes early.
    fill(&broker, "t", &many);
    let before: i64 = (0..2).map(|partition| latest(&broker, partition)).sum();
    let mut first = reader(&member(&broker, "t", StopAt::End)).unwrap();
    next_body(&mut first);
    let mut sink = open(&producing(&broker, "t")).unwrap();
    let keys: Vec<String> = (0..50).map(|number| format!("key {number}")).collect();
    let more: Vec<_> = keys.iter().map(|key| (Some(key.as_str()), b"more".as_slice(), 1_i64)).collect();
    send(&mut sink, &more).unwrap();
    let read = read_to_end(&mut first);
    assert_eq!(read.len() + 1, 2_000);
    first.passed_on();
    first.close().unwrap();
    let done: i64 = (0..2).filter_map(|partition| committed(&broker, "t", partition)).sum();
    assert_eq!(done, before);

    let mut second = reader(&member(&broker, "t", StopAt::End)).unwrap();
    assert_eq!(read_to_end(&mut second).len(), 50);
}

fn latest(broker: &Broker, partition: i32) -> i64 {
    outsider(broker).fetch_watermarks("t", partition, LONG).unwrap().1
}

/// An offset that the log does not have is not jumped over.
#[test]
fn a_committed_offset_that_is_gone_is_an_error_with_the_way_on() {
    let broker = broker();
    fill(&broker, "t", &["a", "b", "c"]);
    let mut beyond = TopicPartitionList::new();
    beyond.add_partition_offset("t", 0, Offset::Offset(99)).unwrap();
    outsider(&broker).commit(&beyond, CommitMode::Sync).unwrap();
    let mut reader = reader(&member(&broker, "t", StopAt::Never)).unwrap();
    let deadline = SystemClock.now() + LONG;
    let error = loop {
        match reader.next(Duration::from_millis(50)) {
            Ok(_) => assert!(SystemClock.now() < deadline, "nothing was said"),
            Err(error) => break error,
        }
    };
    assert_eq!(
        error.to_string(),
        "t[0]: group g goes on at 99, which is gone (the log has 0 to 3); retention overtook it; groups reset \
         g topic t partition 0 to beginning"
    );
}

/// A bounded read beyond the log's end stops there once it is written.
#[test]
fn an_end_that_is_not_written_yet_is_waited_for() {
    for group in [None, Some("g".to_owned())] {
        let broker = broker();
        fill(&broker, "t", &["a", "b"]);
        let options = ReaderOptions { group, until: StopAt::Offset(3), ..reading(&broker, "t") };
        let mut reader = reader(&options).unwrap();
        assert_eq!(next_body(&mut reader) + &next_body(&mut reader), "ab");
        fill(&broker, "t", &["c", "d"]);
        assert_eq!(bodies(&read_to_end(&mut reader)), ["c"], "{options:?}");
    }
}
