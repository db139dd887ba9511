//! A replay as one value: what is read, how it is paced, and where it goes.

mod echo;
mod outlook;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use kadence_core::fault::Fault;
use kadence_core::pipeline::{self, Outcome, Progress, ReplayOptions};
use kadence_core::ratio::RatioError;
use kadence_core::schedule::Schedule;
use kadence_core::sink::{NullSink, Sink};
use kadence_core::source::{CsvOptions, Recording, RecordingError, RecordingKind, RecordingOptions};
use kadence_kafka::{Connection, ProducerOptions, TopicSink};

use crate::fault::Error;
pub(crate) use echo::EchoSink;
pub(crate) use outlook::length;

/// What a record counts as missed beyond, unless said.
pub(crate) const DEFAULT_TOLERANCE: Duration = Duration::from_millis(10);

/// Where records go.
#[derive(Clone, Debug)]
pub enum Target {
    /// A topic.
    Topic(Box<ProducerOptions>),
    /// Nowhere: every body is checksummed.
    Null,
}

/// A replay that can be run.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The recording's file; `-` is standard input.
    pub path: PathBuf,
    /// How it becomes records.
    pub recording: RecordingOptions,
    /// Where they go.
    pub target: Target,
    /// How much of each wait's end is spent polling the clock.
    pub spin: Duration,
    /// A record later than this counts as missed.
    pub tolerance: Duration,
    /// Each record's body is printed to standard output as it is sent.
    pub echo: bool,
}

impl Replay {
    /// The recording at `path` at its own pace, into nowhere. What kind it is follows from the name: `.csv` and `.tsv`,
    /// `.jsonl` and `.ndjson`, anything else is raw lines.
    pub fn of_file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let kind = kind_of(&path).unwrap_or(RecordingKind::Raw);
        Self {
            path,
            recording: RecordingOptions::new(kind),
            target: Target::Null,
            spin: Duration::ZERO,
            tolerance: DEFAULT_TOLERANCE,
            echo: false,
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
        self.target = Target::Topic(Box::new(ProducerOptions {
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
        let never = Arc::new(Stop::new());
        self.run_until(&never, &never, &Progress::default())
    }

    /// Runs until the end of the recording or until `stop` is raised; raising `abandon` ends the wait for
    /// acknowledgements as well.
    pub fn run_until(self, stop: &Arc<Stop>, abandon: &Stop, progress: &Progress) -> Result<Outcome, Error> {
        let recording = self.open()?;
        self.run_recording(recording, stop, abandon, progress)
    }

    /// Opens the recording and checks the options against its first row.
    pub(crate) fn open(&self) -> Result<Recording, Error> {
        let name = self.path.to_string_lossy();
        let reader = open_reader(&self.path).map_err(|source| {
            Error::from(RecordingError::Read { name: name.clone().into_owned(), source })
        })?;
        Recording::open(&name, reader, &self.recording).map_err(|faults| all_faults(&faults))
    }

    /// Runs with a recording that is already open.
    pub(crate) fn run_recording(
        &self,
        recording: Recording,
        stop: &Arc<Stop>,
        abandon: &Stop,
        progress: &Progress,
    ) -> Result<Outcome, Error> {
        let mut sink = self.sink(stop)?;
        if self.echo {
            sink = Box::new(EchoSink::new(sink, io::stdout()));
        }
        Ok(self.drive(recording, &mut *sink, stop, abandon, progress))
    }

    /// Opens the target.
    pub(crate) fn sink(&self, stop: &Arc<Stop>) -> Result<Box<dyn Sink>, Error> {
        Ok(match &self.target {
            Target::Null => Box::new(NullSink::default()),
            Target::Topic(producer) => {
                let paced = self.recording.schedule.is_paced();
                let producer = ProducerOptions { paced, ..(**producer).clone() };
                Box::new(TopicSink::open(&producer, Arc::new(SystemClock), Arc::clone(stop))?)
            }
        })
    }

    /// Replays an open recording into an open target.
    pub(crate) fn drive(
        &self,
        recording: Recording,
        sink: &mut dyn Sink,
        stop: &Stop,
        abandon: &Stop,
        progress: &Progress,
    ) -> Outcome {
        let options = ReplayOptions {
            verb: "replay",
            schedule: self.recording.schedule,
            spin: self.spin,
            tolerance: self.tolerance,
            stamps: recording.stamps().to_vec(),
        };
        pipeline::replay(recording, sink, &options, &SystemClock, stop, abandon, progress)
    }
}

/// All faults of a recording as one error.
pub(crate) fn all_faults(faults: &[Fault]) -> Error {
    Error::all(faults.iter().map(Into::into))
        .unwrap_or_else(|| Error::met("recording", "cannot be opened", ""))
}

/// The kind of recording that `path` is called.
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
