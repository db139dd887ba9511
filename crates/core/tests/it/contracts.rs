//! Our own sources and sinks keep to the contracts.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

use kadence_core::clock::{Clock, ManualClock};
use kadence_core::schedule::Schedule;
use kadence_core::sink::{MemorySink, NullSink, Sink, StoredRecord};
use kadence_core::source::{Lookalike, Recording, RecordingOptions};
use kadence_testing::contract::{Arrived, ExpectedRecord, SinkUnderTest, SourceCase, sink, source};
use kadence_testing::faults::{Faulty, Mishap};

use crate::{csv, csv_without_header, json_lines, raw};

fn check(text: &str, records: &[(&str, u64)], bad: Option<&str>, options: &RecordingOptions) {
    let records = records.iter().map(|&(body, line)| ExpectedRecord { body: body.into(), line }).collect();
    let (text, bad) = (text.into(), bad.map(Into::into));
    source(&SourceCase { name: "data".into(), text, records, bad }, |reader| {
        Box::new(Recording::open("data", reader, options).expect("it opens"))
    });
}

#[test]
fn csv_recordings() {
    let text = "t,v\n1,a\n2,\"b\n\"\"b\"\"\"\r\n3,c\n4,\n";
    let records = [
        (r#"{"t":1,"v":"a"}"#, 2),
        (r#"{"t":2,"v":"b\n\"b\""}"#, 3),
        (r#"{"t":3,"v":"c"}"#, 5),
        (r#"{"t":4,"v":""}"#, 6),
    ];
    let paced = RecordingOptions { schedule: Schedule::Recorded { speed: "1".parse().unwrap() }, ..csv() };
    for bad in ["5\n", "5,a,b\n", "x,a\n", "3,too early\n"] {
        check(text, &records, Some(bad), &paced);
    }
    check(text, &records, Some("\n5,a\n"), &csv());
}

#[test]
fn json_lines_recordings() {
    let text = "{\"t\":1}\n{\"t\": 2, \"v\":[{}]}\r\n  {}\n";
    let records = [(r#"{"t":1}"#, 1), (r#"{"t": 2, "v":[{}]}"#, 2), ("{}", 3)];
    for bad in ["[]\n", "{\n", "\n{}\n", "{} {}\n"] {
        check(text, &records, Some(bad), &json_lines());
    }
}

#[test]
fn raw_recordings() {
    check("a\n\n b \r\n", &[("a", 1), ("", 2), (" b ", 3)], None, &raw());
}

#[test]
fn the_lookalike_as_a_recording() {
    let mut text = String::new();
    Lookalike::new(1, 500).read_to_string(&mut text).unwrap();
    let lines: Vec<(&str, u64)> = text.lines().zip(1..).collect();
    let options = csv_without_header(&["sec", "X", "Y", "Z"]);
    let options = RecordingOptions { format: kadence_core::codec::Format::Csv, ..options };
    check(&text, &lines, Some("9999,0,0\n"), &options);
}

struct Memory<S> {
    sink: S,
    records: Option<Arc<Mutex<Vec<StoredRecord>>>>,
}

impl<S: Sink> SinkUnderTest for Memory<S> {
    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.sink
    }

    fn arrived(&mut self) -> Option<Vec<Arrived>> {
        let records = self.records.as_ref()?.lock().unwrap();
        let arrived = |record: &StoredRecord| Arrived {
            key: record.key.clone(),
            body: record.body.clone().unwrap_or_default(),
            timestamp_ms: record.timestamp.as_millis(),
        };
        Some(records.iter().map(arrived).collect())
    }
}

fn memory() -> (MemorySink, Arc<ManualClock>, Memory<()>) {
    let clock = Arc::new(ManualClock::default());
    let (sink, records) = MemorySink::new(Arc::clone(&clock) as Arc<dyn Clock>);
    (sink, clock, Memory { sink: (), records: Some(records) })
}

#[test]
fn the_memory_sink() {
    sink(|| {
        let (sink, _, Memory { records, .. }) = memory();
        Memory { sink, records }
    });
}

/// A sink that is full now and then, and takes little at a time, is still a good one.
#[test]
fn a_sink_with_little_room() {
    sink(|| {
        let (sink, clock, Memory { records, .. }) = memory();
        let faults: Vec<_> = (0..20_000).step_by(97).map(|at| (at, Mishap::Full { offers: 2 })).collect();
        Memory { sink: Faulty::new(sink, clock, faults).at_most(50), records }
    });
}

#[test]
fn the_null_sink() {
    sink(|| Memory { sink: NullSink::default(), records: None });
}

/// Two runs over the same bodies have the same checksum, however they are sliced.
#[test]
fn the_null_sink_checksums_bodies() {
    let mut checksums = BTreeMap::new();
    for (text, bodies) in [("a\nb\n", "ab"), ("ab\n", "ab"), ("b\na\n", "ba")] {
        let mut source = crate::open(text, &raw()).unwrap();
        let mut null = NullSink::default();
        let mut run = kadence_core::run::Run::new(100, 100);
        while kadence_core::source::Source::fill(&mut source, &mut run).unwrap() {}
        let slice = run.slice(0..run.len(), &[], kadence_core::record::Timestamp::default());
        null.accept(&slice).unwrap();
        let checksum = null.deliveries().crc32c.unwrap();
        assert_eq!(checksum, crc32c::crc32c(bodies.as_bytes()));
        checksums.insert(bodies, checksum);
    }
    assert_ne!(checksums["ab"], checksums["ba"]);
}
