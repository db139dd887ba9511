//! A replay as one value: what is read, how it is paced, and where it goes.

mod check;
mod length;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kadence_core::pipeline::{Control, Outcome, ReplayOptions};
use kadence_core::ratio::RatioError;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingError, RecordingKind, RecordingOptions};
use kadence_kafka::{Connection, ProducerOptions};

use crate::fault::Error;
use crate::proof::Proof;
use crate::sending::{DEFAULT_TOLERANCE, Destination, Sending, in_real_time};
pub(crate) use length::length;

/// A replay that can be run.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The recording's file; `-` is standard input.
    pub path: PathBuf,
    /// How it becomes records.
    pub recording: RecordingOptions,
    /// Where they go.
    pub destination: Destination,
    /// How much of each wait's end is spent polling the clock.
    pub spin: Duration,
    /// The lateness beyond which a record counts as missed; 10 ms unless said.
    pub tolerance: Option<Duration>,
    /// Whether each record's body is printed to standard output as it is sent.
    pub echo: bool,
    /// What the run leaves behind, if anything.
    pub proof: Option<Proof>,
}

impl Replay {
    /// Makes a replay of the recording at `path` at its own pace, into nowhere. What kind it is follows from the name: `.csv` and `.tsv`,
    /// `.jsonl` and `.ndjson`, anything else is raw lines.
    pub fn of_file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let kind = kind_of(&path).unwrap_or(RecordingKind::Raw);
        Self {
            path,
            recording: RecordingOptions::new(kind),
            destination: Destination::Null,
            spin: Duration::ZERO,
            tolerance: None,
            echo: false,
            proof: None,
        }
    }

    /// Replays `speed` times faster than recorded, a decimal number greater than 0.
    pub fn speed(mut self, speed: &str) -> Result<Self, RatioError> {
        self.recording.schedule = Schedule::Recorded { speed: speed.parse()? };
        Ok(self)
    }

    /// Replays as fast as records can be read and taken.
    #[must_use]
    pub fn unpaced(mut self) -> Self {
        self.recording.schedule = Schedule::Unpaced;
        self
    }

    /// Sends the records to `topic` of the cluster at `brokers` (`HOST:PORT,…`).
    #[must_use]
    pub fn into_topic(mut self, brokers: &str, topic: &str) -> Self {
        self.destination = Destination::Topic(Box::new(ProducerOptions {
            connection: Connection::to(brokers),
            topic: topic.into(),
            ..ProducerOptions::default()
        }));
        self
    }

    /// Runs to the end of the recording. Blocks.
    ///
    /// `Err` means that nothing was sent; what cut a begun run short is in the outcome.
    pub fn run(self) -> Result<Outcome, Error> {
        self.run_under(&in_real_time(&Arc::default(), &Arc::default()))
    }

    /// Runs to the end of the recording, or until `control` asks for a stop.
    pub fn run_under(self, control: &Control) -> Result<Outcome, Error> {
        for notice in self.check()? {
            tracing::info!("{notice}");
        }
        let recording = self.open()?;
        self.sending(&recording).run(recording, control)
    }

    /// Opens the recording and checks the options against its first row.
    pub(crate) fn open(&self) -> Result<Recording, Error> {
        let name = self.path.to_string_lossy();
        let reader = open_reader(&self.path).map_err(|source| {
            Error::from(RecordingError::Read { name: name.clone().into_owned(), source })
        })?;
        let reader = match &self.proof {
            Some(proof) => proof.watch(&name, reader),
            None => reader,
        };
        Ok(Recording::open(&name, reader, &self.recording)?)
    }

    /// Tells how the records of an open recording go on their way.
    pub(crate) fn sending(&self, recording: &Recording) -> Sending {
        let pacing = ReplayOptions {
            verb: "replay",
            schedule: self.recording.schedule,
            spin: self.spin,
            tolerance: self.tolerance.unwrap_or(DEFAULT_TOLERANCE),
            stamps: recording.stamps().to_vec(),
            sealing: None,
        };
        let (destination, proof) = (self.destination.clone(), self.proof.clone());
        Sending { destination, pacing, echo: self.echo, proof }
    }
}

/// Tells the kind of recording by the name of its file.
pub(crate) fn kind_of(path: &Path) -> Option<RecordingKind> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match &*extension {
        "csv" => Some(RecordingKind::Csv(CsvOptions::default())),
        "tsv" => Some(RecordingKind::Csv(CsvOptions { delimiter: b'\t', ..CsvOptions::default() })),
        "jsonl" | "ndjson" => Some(RecordingKind::JsonLines),
        "txt" | "log" => Some(RecordingKind::Raw),
        _ => None,
    }
}

fn open_reader(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(file))
}
