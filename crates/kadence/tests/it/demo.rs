//! The demo, and that it fails where something is lost.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kadence::demo::{DemoReport, Staging, staged};
use kadence_core::clock::Stop;
use kadence_core::fault::Fault;
use kadence_core::report::Deliveries;
use kadence_core::run::Slice;
use kadence_core::seal::Seal;
use kadence_core::sink::Sink;

use crate::support::{Bench, finish};

#[test]
fn all_is_sent_landed_and_verified() {
    let bench = Bench::new();
    let mut command = bench.command(&["demo"]);
    command.env("TMPDIR", bench.folder.path());
    let finished = finish(command);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let last = "\n13,564 sent, 13,564 landed, 0 lost, 0 twice, order kept\ncertificate: ";
    assert!(finished.stderr.contains(last), "{finished:#?}");
    let certificate = finished.stderr.lines().find_map(|line| line.strip_prefix("certificate: ")).unwrap();
    let page = std::fs::read_to_string(certificate).unwrap();
    assert!(page.contains("11,857"), "{page}");
}

/// Runs the demo with something planted.
fn planted(
    around: &dyn Fn(Box<dyn Sink>) -> Box<dyn Sink>,
    meanwhile: &dyn Fn(&Path),
) -> Result<DemoReport, kadence::Error> {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_kadence"));
    staged(&Staging { program, within: folder.path().to_owned(), around, meanwhile })
}

fn error(result: Result<DemoReport, kadence::Error>) -> String {
    result.expect_err("something is planted").to_string()
}

/// Passes everything on but one record, which it claims to have delivered.
struct LosesOne {
    inner: Box<dyn Sink>,
    seen: usize,
    lost: Option<Seal>,
}

const LOST: usize = 700;

impl Sink for LosesOne {
    fn begin(&mut self, anchor: Duration) {
        self.inner.begin(anchor);
    }
    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
        let accepted = match LOST.checked_sub(self.seen) {
            Some(0) => {
                self.lost =
                    records.sealing().zip(records.iter().next()).map(|(run, lost)| Seal::of(run, &lost));
                1
            }
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
        if let Some(seal) = self.lost {
            claimed.acknowledged += 1;
            claimed.sealed.entry(seal.lane).or_default().add(seal, false);
        }
        claimed
    }
}

#[test]
fn a_record_that_is_lost_on_the_way_to_the_topic_fails_it() {
    let found = error(planted(&|inner| Box::new(LosesOne { inner, seen: 0, lost: None }), &|_| {}));
    assert!(found.starts_with("topic accelerometer at 127.0.0.1:") && found.contains(": 1 lost;"), "{found}");
}

#[test]
fn a_row_that_is_lost_fails_it() {
    let lose = |file: &Path| {
        let database = rusqlite::Connection::open(file).unwrap();
        let lost = database.execute("DELETE FROM earthquakes WHERE _sequence = 900", []).unwrap();
        assert_eq!(lost, 1);
    };
    let found = error(planted(&|sink| sink, &lose));
    assert!(found.starts_with("table earthquakes in sqlite:"), "{found}");
    assert!(found.contains("demo.db: 1 lost"), "{found}");
}

#[test]
fn a_row_that_is_there_twice_fails_it() {
    let double = |file: &Path| {
        let database = rusqlite::Connection::open(file).unwrap();
        let copy = "INSERT INTO accelerometer SELECT * FROM accelerometer WHERE _sequence = 9000";
        assert_eq!(database.execute(copy, []).unwrap(), 1);
    };
    let found = error(planted(&|sink| sink, &double));
    assert!(found.contains("demo.db: 1 doubled"), "{found}");
}
