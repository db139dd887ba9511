//! The recordings of the demo, and how they are replayed.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::pipeline::Progress;
use kadence_core::report::Report;
use kadence_core::seal::Manifest;
use kadence_core::source::{
    CsvOptions, LOOKALIKE_ROWS, Lookalike, Recording, RecordingKind, RecordingOptions,
};

use super::Staging;
use super::worker::Worker;
use crate::fault::Error;
use crate::output::{ProgressLine, Voice};
use crate::proof::Proof;
use crate::replay::Replay;
use crate::sending::in_real_time;
use crate::signals::Signals;
use crate::verifying::manifest_at;

/// A week of earthquakes; `data/ORIGIN.md` says where they are from.
const EARTHQUAKES: &str = include_str!("../../../../data/earthquakes.csv");
/// Which accelerometer recording is made up.
const SEED: u64 = 1001;
/// How often it is looked whether it is time to kill the worker.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A recording of the demo.
pub(super) struct Show {
    pub(super) topic: &'static str,
    pub(super) title: &'static str,
    speed: &'static str,
    columns: Option<&'static [&'static str]>,
    /// After how many records the worker is killed.
    kill_after: u64,
    reader: fn() -> Box<dyn Read + Send>,
}

pub(super) const SHOWS: [Show; 2] = [
    Show {
        topic: "accelerometer",
        title: "two minutes of an accelerometer at 20 times its pace",
        speed: "20",
        columns: Some(&["sec", "X", "Y", "Z"]),
        kill_after: 6_000,
        reader: || Box::new(Lookalike::new(SEED, LOOKALIKE_ROWS)),
    },
    Show {
        topic: "earthquakes",
        title: "a week of earthquakes at 100,000 times its pace",
        speed: "100000",
        columns: None,
        kill_after: 900,
        reader: || Box::new(Cursor::new(EARTHQUAKES)),
    },
];

impl Show {
    /// Where its manifest is.
    fn seal(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.seal.json", self.topic))
    }

    /// Where its certificate is.
    pub(super) fn certificate(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.html", self.topic))
    }

    /// Its manifest.
    pub(super) fn manifest(&self, folder: &Path) -> Result<Manifest, Error> {
        manifest_at(&self.seal(folder))
    }

    fn plan(&self, address: &str, folder: &Path) -> Result<Replay, Error> {
        let columns = self.columns.map(|columns| columns.iter().map(|&name| name.into()).collect());
        let kind = RecordingKind::Csv(CsvOptions { columns, ..CsvOptions::default() });
        let mut plan = Replay::of_file(self.topic).into_topic(address, self.topic);
        plan.recording = RecordingOptions::new(kind);
        let mut proof = Proof::new(vec!["demo".into()], format!("{}×", self.speed));
        (proof.seal, proof.certificate) = (Some(self.seal(folder)), Some(self.certificate(folder)));
        plan.proof = Some(proof);
        plan.speed(self.speed).map_err(|error| Error::met("speed", error.to_string(), ""))
    }

    fn recording(&self, plan: &Replay) -> Result<Recording, Error> {
        let reader = (self.reader)();
        let reader = match &plan.proof {
            Some(proof) => proof.watch(self.topic, reader),
            None => reader,
        };
        Ok(Recording::open(self.topic, reader, &plan.recording)?)
    }

    /// Replays it sealed, and kills the worker on the way.
    pub(super) fn replay(
        &self,
        address: &str,
        folder: &Path,
        voice: Voice,
        signals: &Signals,
        staging: &Staging<'_>,
        worker: &mut Worker,
    ) -> Result<Report, Error> {
        let plan = self.plan(address, folder)?;
        let recording = self.recording(&plan)?;
        let control = in_real_time(&signals.stop, &signals.abandon);
        let sending = plan.sending(&recording);
        let mut opened = sending.open(&control)?;
        opened.sink = (staging.around)(opened.sink);
        let line =
            ProgressLine::start(voice, Arc::clone(&control.progress), format!("{}×", self.speed), None);
        let is_over = Stop::new();
        let (outcome, killed) = thread::scope(|scope| {
            let (progress, over) = (&*control.progress, &is_over);
            let killing = scope.spawn(move || self.kill_on_the_way(progress, over, worker));
            let outcome = sending.drive(recording, opened, &control);
            is_over.raise();
            let killed = killing.join().unwrap_or_else(|_| Err(Error::met("demo", "ended unexpectedly", "")));
            (outcome, killed)
        });
        drop(line);
        killed?;
        match outcome.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(outcome.report),
        }
    }

    fn kill_on_the_way(&self, progress: &Progress, is_over: &Stop, worker: &mut Worker) -> Result<(), Error> {
        while progress.position().accepted < self.kill_after {
            if is_over.wait(LOOK_EVERY) {
                return Ok(());
            }
        }
        worker.kill_and_start_again()
    }
}
