//! The demo: an embedded broker, two recordings, and every record compared with what was recorded.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::Duration;

use kadence_broker::{Broker, Options};
use kadence_core::clock::SystemClock;
use kadence_core::report::Report;
use kadence_core::run::Run;
use kadence_core::sink::Sink;
use kadence_core::source::{
    CsvOptions, LOOKALIKE_ROWS, Lookalike, Recording, RecordingKind, RecordingOptions, Source as _,
};
use kadence_kafka::{Connection, Next, ReaderOptions, StopAt, TopicReader};
use serde::Serialize;

use crate::fault::Error;
use crate::output::{ProgressLine, Voice, count, print_report, say};
use crate::replay::Replay;
use crate::sending::{DEFAULT_TOLERANCE, Opened, in_real_time};
use crate::signals::Signals;

/// A week of earthquakes; `data/ORIGIN.md` says where they are from.
const EARTHQUAKES: &str = include_str!("../../../data/earthquakes.csv");
/// Which accelerometer recording is made up.
const SEED: u64 = 1001;
/// How long the broker may take to give the next record back.
const PATIENCE: Duration = Duration::from_secs(5);

/// A recording of the demo.
struct Show {
    topic: &'static str,
    title: &'static str,
    speed: &'static str,
    columns: Option<&'static [&'static str]>,
    reader: fn() -> Box<dyn Read + Send>,
}

const SHOWS: [Show; 2] = [
    Show {
        topic: "accelerometer",
        title: "two minutes of an accelerometer at 20 times its pace",
        speed: "20",
        columns: Some(&["sec", "X", "Y", "Z"]),
        reader: || Box::new(Lookalike::new(SEED, LOOKALIKE_ROWS)),
    },
    Show {
        topic: "earthquakes",
        title: "a week of earthquakes at 100,000 times its pace",
        speed: "100000",
        columns: None,
        reader: || Box::new(Cursor::new(EARTHQUAKES)),
    },
];

/// What the demo found.
#[derive(Debug, Serialize)]
pub(crate) struct DemoReport {
    verb: &'static str,
    replays: Vec<Report>,
    sent: u64,
    read: u64,
    order_kept: bool,
}

/// A sink, possibly with something around it.
type Wrapped = Result<Box<dyn Sink>, Error>;

/// Runs the demo; `wrap` may put something around each sink, which is how tests lose a record.
pub(crate) fn run(
    voice: Voice,
    signals: &Signals,
    wrap: impl Fn(Box<dyn Sink>) -> Wrapped,
) -> Result<DemoReport, Error> {
    let broker = Broker::start(Options::default()).map_err(|error| Error::of_broker(&error))?;
    let address = broker.addresses()[0].to_string();
    voice.note(format!("a broker runs in this process, at {address}"));
    let mut report = DemoReport { verb: "demo", replays: Vec::new(), sent: 0, read: 0, order_kept: true };
    for show in &SHOWS {
        voice.note(format!("\nreplaying {}", show.title));
        let replayed = show.replay(&address, voice, signals, &wrap)?;
        if !voice.json && !voice.quiet {
            print_report(&replayed, DEFAULT_TOLERANCE);
        }
        if replayed.interrupted {
            report.replays.push(replayed);
            return Ok(report);
        }
        let read = show.compare(&address, signals)?;
        voice.note(format!("  compared   {} bodies, each as recorded, in order", count(read)));
        report.sent += replayed.accepted;
        report.read += read;
        report.replays.push(replayed);
    }
    broker.shutdown();
    if !voice.json && !voice.quiet {
        say(&format!("\n{} sent, {} read, order kept", count(report.sent), count(report.read)));
    }
    voice.note(
        "\nNext: `kadence up` starts a broker that stays; in another terminal,\n      \
         `kadence consume quakes --received` and, in a third,\n      \
         `kadence replay data/earthquakes.csv -t quakes --speed 10000`",
    );
    Ok(report)
}

impl Show {
    fn plan(&self, address: &str) -> Result<Replay, Error> {
        let columns = self.columns.map(|columns| columns.iter().map(|&name| name.into()).collect());
        let kind = RecordingKind::Csv(CsvOptions { columns, ..CsvOptions::default() });
        let mut plan = Replay::of_file(self.topic).into_topic(address, self.topic);
        plan.recording = RecordingOptions::new(kind);
        plan.speed(self.speed).map_err(|error| Error::met("speed", error.to_string(), ""))
    }

    fn recording(&self, plan: &Replay) -> Result<Recording, Error> {
        Ok(Recording::open(self.topic, (self.reader)(), &plan.recording)?)
    }

    fn replay(
        &self,
        address: &str,
        voice: Voice,
        signals: &Signals,
        wrap: impl Fn(Box<dyn Sink>) -> Wrapped,
    ) -> Result<Report, Error> {
        let plan = self.plan(address)?;
        let recording = self.recording(&plan)?;
        let control = in_real_time(&signals.stop, &signals.abandon);
        let sending = plan.sending(&recording);
        let Opened { sink, sealing } = sending.open(&control)?;
        let opened = Opened { sink: wrap(sink)?, sealing };
        let line =
            ProgressLine::start(voice, Arc::clone(&control.progress), format!("{}×", self.speed), None);
        let outcome = sending.drive(recording, opened, &control);
        drop(line);
        match outcome.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(outcome.report),
        }
    }

    /// Reads the topic from its beginning and compares each body with the recording's.
    fn compare(&self, address: &str, signals: &Signals) -> Result<u64, Error> {
        let options = ReaderOptions {
            connection: Connection::to(address),
            topics: vec![self.topic.into()],
            until: StopAt::End,
            skips_headers: true,
            ..ReaderOptions::default()
        };
        let absent = || Error::met(self.topic, "is gone before it was read", "");
        let mut reader =
            TopicReader::open(&options, Arc::new(SystemClock), Arc::clone(&signals.stop), |_| {})?
                .ok_or_else(absent)?;
        let mut recording = self.recording(&self.plan(address)?)?;
        let mut run = Run::new(64 * 1024, 1_024);
        let mut read = 0;
        loop {
            run.clear();
            let more = recording.fill(&mut run)?;
            for expected in run.records() {
                self.expect(&mut reader, expected.body.unwrap_or_default(), read)?;
                read += 1;
            }
            if !more {
                break;
            }
        }
        loop {
            match reader.next(PATIENCE)? {
                Next::Finished => return Ok(read),
                Next::PartitionEnd { .. } => {}
                Next::Record(_) | Next::Nothing => {
                    let what = format!("holds more than the {} records sent", count(read));
                    return Err(Error::met(self.topic, what, ""));
                }
            }
        }
    }

    /// The next record of the topic has to be `expected`, which is number `index` of the recording.
    fn expect(&self, reader: &mut TopicReader, expected: &[u8], index: u64) -> Result<(), Error> {
        let lost = |what: String| Error::met(self.topic, what, "this is a defect of kadence");
        loop {
            match reader.next(PATIENCE)? {
                Next::Record(record) if record.body() == Some(expected) => return Ok(()),
                Next::Record(record) => {
                    let found = String::from_utf8_lossy(record.body().unwrap_or_default()).into_owned();
                    let expected = String::from_utf8_lossy(expected);
                    return Err(lost(format!(
                        "record {index} is not as recorded (found {found}, sent {expected})"
                    )));
                }
                Next::PartitionEnd { .. } => {}
                Next::Nothing => return Err(lost(format!("record {index} did not come back"))),
                Next::Finished => return Err(lost(format!("ends before record {index}; a record was lost"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kadence_core::clock::Stop;
    use kadence_core::fault::Fault;
    use kadence_core::report::Deliveries;
    use kadence_core::run::Slice;

    use super::*;

    /// Passes everything on but one record, which it claims to have delivered.
    struct LosesOne {
        inner: Box<dyn Sink>,
        seen: usize,
    }

    const LOST: usize = 700;

    impl Sink for LosesOne {
        fn begin(&mut self, anchor: Duration) {
            self.inner.begin(anchor);
        }
        fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
            let accepted = match LOST.checked_sub(self.seen) {
                Some(0) => 1,
                Some(before) if before < records.len() => self.inner.accept(&records.part(0..before))?,
                _ => self.inner.accept(records)?,
            };
            self.seen += accepted;
            Ok(accepted)
        }
        fn wait_for_room(&mut self, at_most: Duration) -> Result<(), Fault> {
            self.inner.wait_for_room(at_most)
        }
        fn flush(&mut self, stop: &Stop) -> Result<(), Fault> {
            self.inner.flush(stop)
        }
        fn deliveries(&self) -> Deliveries {
            let mut claimed = self.inner.deliveries();
            claimed.acknowledged += u64::from(self.seen > LOST);
            claimed
        }
    }

    #[test]
    fn a_lost_record_fails_the_demo() {
        let signals = Signals { stop: Arc::default(), abandon: Arc::default() };
        let voice = Voice { json: false, quiet: true };
        let error = run(voice, &signals, |inner| Ok(Box::new(LosesOne { inner, seen: 0 }))).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("accelerometer: record 700 is not as recorded"), "{text}");
    }
}
