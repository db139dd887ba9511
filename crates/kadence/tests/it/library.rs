//! The library refuses what the command line refuses.

use std::time::Duration;

use kadence::{Destination, Replay};
use kadence_core::codec::{Format, Shape};
use kadence_core::schedule::{OutOfOrder, Schedule};
use kadence_core::source::{CsvOptions, RecordingKind, RecordingOptions};
use kadence_core::text::{CellType, ColumnTypes};
use kadence_kafka::{Acks, ProducerOptions, SendMode};

use crate::support::Bench;

/// A replay with a fault of each kind that a CSV recording can have.
fn faulty() -> Replay {
    let csv = CsvOptions { delimiter: b'"', quote: b'"', columns: Some(Vec::new()) };
    let types = [("a", CellType::Int), ("a", CellType::Text)].map(|(name, ty)| (name.to_owned(), ty));
    Replay {
        recording: RecordingOptions {
            types: ColumnTypes::new(types.into(), CellType::Auto),
            schedule: Schedule::Unpaced,
            limit: Some(0),
            format: Format::Csv,
            shape: Shape::Array,
            ..RecordingOptions::new(RecordingKind::Csv(csv))
        },
        destination: Destination::Topic(Box::new(ProducerOptions {
            topic: "no topic".into(),
            send: SendMode::Forget,
            acks: Some(Acks::All),
            ..ProducerOptions::default()
        })),
        spin: Duration::from_micros(100),
        tolerance: Some(Duration::from_millis(1)),
        ..Replay::of_file("absent.csv")
    }
}

#[test]
fn all_faults_of_a_replay_are_reported_together() {
    insta::assert_snapshot!(faulty().check().unwrap_err(), @r"
    --spin: without a pace no record is waited for; leave it out, or choose a pace
    --tolerance: without a pace no record is late; leave it out, or choose a pace
    --delimiter: is the same character as --quote; choose another
    --columns: no column is named; name them all, or leave it out
    --limit: nothing would be sent (found: 0); take 1 or more
    --types: `a` has two types; leave one out
    --shape: only JSON bodies have one; leave it out, or use --format json
    topic no topic: not a topic name; use letters, digits, `.`, `_` and `-`, at most 249, and not just `.` or `..`
    --send forget and --acks all: the one waits for no acknowledgement, the other asks for it; leave one of them out
    ");
    let [run, checked] = [faulty().run().unwrap_err(), faulty().check().unwrap_err()];
    assert_eq!(run.to_string(), checked.to_string(), "nothing is opened before");
    assert!(checked.is_misuse());
    let mut raw = Replay::of_file("absent.txt");
    raw.recording.schedule = Schedule::Interval(Duration::ZERO);
    raw.recording.format = Format::Json;
    raw.recording.types = ColumnTypes::new(Vec::new(), CellType::Verbatim);
    raw.recording.out_of_order = OutOfOrder::Clamp;
    insta::assert_snapshot!(raw.check().unwrap_err(), @r"
    --interval: there is no time between records (found: 0 s); leave some time, or use --unpaced
    --format: raw lines have no columns to write as json; leave it out, or say what the lines are with --input
    --types, --text: raw lines have no columns, and stay as they are; leave them out, or say what the lines are with --input
    --out-of-order: at this pace no event time has to go forward; leave it out, or replay at the recorded pace
    ");
}

#[test]
fn a_replay_that_can_be_run_has_notices() {
    let replay = Replay::of_file("data.csv").into_topic("localhost:9092", "sensor");
    assert!(replay.check().unwrap().is_empty());
    let Destination::Topic(producer) = replay.destination else { unreachable!() };
    let destination = Destination::Topic(Box::new(ProducerOptions { retries: Some(0), ..*producer }));
    let notices = Replay { destination, ..Replay::of_file("data.csv") }.check().unwrap();
    assert_eq!(notices, ["idempotence is off because of --retries 0: a record may be lost"]);
}

/// What a replay checks, the command line does not check again: it says the same.
#[test]
fn the_command_line_says_what_the_library_says() {
    let bench = Bench::new();
    bench.file("data.csv", "a,b\n1,2\n").file("lines.txt", "one\n");
    let said = |arguments: &str| {
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(finished.code, Some(2), "{finished:?}");
        finished.stderr
    };
    insta::assert_snapshot!(said("replay data.csv -t x --limit 0 --interval 0s --types a:int,a:text --format raw --shape array --send forget --acks 1"), @r"
    kadence: --interval: there is no time between records (found: 0 s); leave some time, or use --unpaced
    kadence: --limit: nothing would be sent (found: 0); take 1 or more
    kadence: --types: `a` has two types; leave one out
    kadence: --shape: only JSON bodies have one; leave it out, or use --format json
    kadence: --send forget and --acks 1: the one waits for no acknowledgement, the other asks for it; leave one of them out
    ");
    insta::assert_snapshot!(said("replay data.csv --to null --unpaced --out-of-order clamp"), @"kadence: --out-of-order: at this pace no event time has to go forward; leave it out, or replay at the recorded pace");
    insta::assert_snapshot!(said("replay data.csv --to null --unpaced --time-format s --time-zone UTC --select a"), @r"
    kadence: --time-format: no event time is read here; leave it out, or name a column to read with --time
    kadence: --time-zone: no event time is read here; leave it out, or name a column to read with --time
    ");
    insta::assert_snapshot!(said("replay data.csv --to null --unpaced --acks 1 -b a -H a=b").lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    error: the argument '--to <TARGET>' cannot be used with:
      --acks <ACKS>
      --brokers <HOST:PORT,…>
      --header <NAME=VALUE>
    ");
    insta::assert_snapshot!(said("replay lines.txt --to null --unpaced --text --format csv"), @r"
    kadence: --format: raw lines have no columns to write as csv; leave it out, or say what the lines are with --input
    kadence: --types, --text: raw lines have no columns, and stay as they are; leave them out, or say what the lines are with --input
    ");
    insta::assert_snapshot!(said("replay lines.txt --to null --unpaced --quote '"), @"kadence: --columns, --delimiter, --quote: only CSV recordings take them; leave them out, or use --input csv");
    insta::assert_snapshot!(said("replay data.csv --to null --unpaced --tolerance 1ms --spin 1us").lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    error: the argument '--unpaced' cannot be used with:
      --tolerance <DURATION>
      --spin <DURATION>
    ");
}

/// All that is wrong with a reading is said at once, before anybody is asked.
#[test]
fn the_command_line_reports_all_faults_of_a_reading_together() {
    let bench = Bench::new();
    let said = |arguments: &str| {
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(finished.code, Some(2), "{finished:?}");
        finished.stderr
    };
    insta::assert_snapshot!(said("consume ^( --group g -X lingerms=1 --from 7 --until 3 -c 0"), @r"
    kadence: -X: unknown property `lingerms`; did you mean `linger.ms`?
    kadence: topic ^(: is no regular expression (found open group without closing ')'); a topic that begins with ^ is a pattern
    kadence: --limit: nothing would be read (found: 0); take 1 or more
    kadence: --until: is before --from, so that there is nothing to read; exchange them, or leave one out
    kadence: --group: a group goes on where it has come to; --from takes beginning or end; move the group with kadence groups reset g -t ^( --to …
    ");
    insta::assert_snapshot!(said("topics list -b http://a -X lingerms=1 -X acks=seven"), @r"
    kadence: -X: unknown property `lingerms`; did you mean `linger.ms`?
    kadence: -X: `acks` does not take `seven`
    kadence: -b: `http://a` is a URL; a broker is HOST:PORT; write a
    ");
    assert!(said("consume t --ends -q").contains("'--ends' cannot be used with '--quiet'"));
}
