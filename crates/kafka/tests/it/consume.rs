//! Where reading starts and stops.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use kadence_broker::{Broker, Listener, Options};
use kadence_core::clock::{Clock as _, Stop, SystemClock};
use kadence_core::record::Timestamp;
use kadence_kafka::{Next, ReaderOptions, StartAt, StopAt, TopicReader};

use crate::{LONG, bodies, broker, fill, read_all, read_to_end, reader, reading};

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(seconds * 1_000_000_000)
}

/// Record `a` has the timestamp 1 s, `e` 5 s.
#[test]
fn reading_starts_and_stops_where_asked() {
    let broker = broker();
    fill(&broker, "five", &FIVE);
    let cases = [
        (StartAt::Beginning, StopAt::End, "abcde"),
        (StartAt::End, StopAt::End, ""),
        (StartAt::Offset(3), StopAt::End, "de"),
        (StartAt::Offset(5), StopAt::End, ""),
        (StartAt::Last(2), StopAt::End, "de"),
        (StartAt::Last(99), StopAt::End, "abcde"),
        (StartAt::Last(0), StopAt::End, ""),
        (StartAt::At(at(3)), StopAt::End, "cde"),
        (StartAt::At(Timestamp::from_nanos(3_000_000_001)), StopAt::End, "de"),
        (StartAt::At(at(99)), StopAt::End, ""),
        (StartAt::Beginning, StopAt::Offset(2), "ab"),
        (StartAt::Offset(1), StopAt::Offset(1), ""),
        (StartAt::Offset(1), StopAt::Offset(5), "bcde"),
        (StartAt::Beginning, StopAt::At(at(4)), "abc"),
        (StartAt::Beginning, StopAt::At(at(99)), "abcde"),
        (StartAt::At(at(2)), StopAt::At(at(4)), "bc"),
    ];
    for (from, until, expected) in cases {
        let options = ReaderOptions { from, until, ..reading(&broker, "five") };
        assert_eq!(bodies(&read_all(&options)).concat(), expected, "{from:?} {until:?}");
    }
}

#[test]
fn reading_ends_after_as_many_records_as_were_asked_for() {
    let broker = broker();
    fill(&broker, "five", &FIVE);
    let options = ReaderOptions { until: StopAt::Never, limit: Some(2), ..reading(&broker, "five") };
    let mut reader = reader(&options).unwrap();
    assert_eq!(bodies(&read_to_end(&mut reader)).concat(), "ab");
    assert_eq!(next_offsets(&reader)[&0], 2);
    assert!(matches!(reader.next(Duration::ZERO).unwrap(), Next::Finished));
    let all = ReaderOptions { limit: Some(9), ..reading(&broker, "five") };
    assert_eq!(bodies(&read_all(&all)).concat(), "abcde");
}

/// The offset that comes next, in the partitions of the only topic.
fn next_offsets(reader: &TopicReader) -> BTreeMap<i32, i64> {
    reader.next_offsets().pop_first().unwrap().1
}

#[test]
fn a_reader_knows_the_offsets_that_come_next() {
    let broker = Broker::start(Options { default_partitions: 2, ..Options::default() }).unwrap();
    fill(&broker, "pair", &FIVE);
    let mut reader = reader(&reading(&broker, "pair")).unwrap();
    assert_eq!(next_offsets(&reader), [(0, 0), (1, 0)].into());
    let read = read_to_end(&mut reader);
    assert_eq!(read.len(), 5);
    assert_eq!(next_offsets(&reader).values().sum::<i64>(), 5);
    for record in read {
        assert!(record.offset < next_offsets(&reader)[&record.partition]);
    }
}

/// The end of each partition is reported once the reader is there, and what is written afterwards is read too.
#[test]
fn an_unbounded_read_reports_the_end_and_goes_on() {
    let broker = broker();
    fill(&broker, "live", &["a"]);
    let options = ReaderOptions { until: StopAt::Never, ..reading(&broker, "live") };
    let mut reader = reader(&options).unwrap();
    let mut seen = String::new();
    let deadline = SystemClock.now() + LONG;
    while SystemClock.now() < deadline && !seen.ends_with("b$") {
        match reader.next(Duration::from_millis(100)).unwrap() {
            Next::Record(record) => seen.push_str(&String::from_utf8_lossy(record.body().unwrap())),
            Next::PartitionEnd { partition, offset, .. } => {
                assert_eq!((partition, offset), (0, i64::try_from(seen.replace('$', "").len()).unwrap()));
                if seen == "a" {
                    fill(&broker, "live", &["b"]);
                }
                seen.push('$');
            }
            Next::Nothing => {}
            Next::Finished => panic!("it has no end"),
        }
    }
    assert_eq!(seen, "a$b$");
}

#[test]
fn an_absent_topic_is_said_once_and_waited_for() {
    let broker = broker();
    let options = ReaderOptions { until: StopAt::Offset(1), ..reading(&broker, "later") };
    let (said, hear) = sync_channel(8);
    let waiting = thread::spawn(move || {
        let reader = TopicReader::open(&options, Arc::new(SystemClock), Arc::new(Stop::new()), |text| {
            said.send(text.to_owned()).unwrap();
        });
        read_to_end(&mut reader.unwrap().unwrap())
    });
    assert_eq!(hear.recv_timeout(LONG).unwrap(), "topic later does not exist yet; waiting for it");
    assert_eq!(broker.stats().topics, 0, "asking must not create it");
    fill(&broker, "later", &["here"]);
    assert_eq!(bodies(&waiting.join().unwrap()), ["here"]);
    assert!(hear.try_recv().is_err(), "it was said twice");
}

#[test]
fn a_stop_ends_the_wait_for_a_topic() {
    let broker = broker();
    let options = ReaderOptions { until: StopAt::Never, ..reading(&broker, "never") };
    let stop = Arc::new(Stop::new());
    let raised = Arc::clone(&stop);
    let opened = TopicReader::open(&options, Arc::new(SystemClock), stop, |_| raised.raise());
    assert!(opened.unwrap().is_none());
}

/// The broker goes away and comes back on the same port, with the same topic; the reader notices neither.
#[test]
fn a_reader_survives_a_broker_that_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let first = Broker::start(kept()).unwrap();
    fill(&first, "back", &["a", "b"]);
    let options = ReaderOptions { until: StopAt::Offset(3), ..reading(&first, "back") };
    let mut reader = reader(&options).unwrap();
    let address = first.addresses()[0];
    let mut read = 0;
    let deadline = SystemClock.now() + LONG;
    while read < 2 && SystemClock.now() < deadline {
        if let Next::Record(_) = reader.next(Duration::from_millis(100)).unwrap() {
            read += 1;
        }
    }
    first.shutdown();
    for _ in 0..3 {
        assert!(matches!(
            reader.next(Duration::from_millis(50)).unwrap(),
            Next::Nothing | Next::PartitionEnd { .. }
        ));
    }
    let second = Broker::start(Options { listeners: vec![Listener::on(address)], ..kept() }).unwrap();
    fill(&second, "back", &["c"]);
    assert_eq!(bodies(&read_to_end(&mut reader)), ["c"]);
}
