//! Recordings to a topic, at their own pace.

mod options;
mod preview;

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use kadence_core::codec::{Format, Shape};
use kadence_core::pipeline::Progress;
use kadence_core::ratio::Ratio;
use kadence_core::schedule::Schedule;
use kadence_core::schema::{Schema, Type};
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions};
use kadence_kafka::ProducerOptions;

pub(super) use self::options::ReplayOptions;
use self::options::{Input, PaceOptions};
use super::Exit;
use super::values::Auto;
use crate::fault::Error;
use crate::output::{ProgressLine, Voice, count, print_json, print_report};
use crate::replay::{DEFAULT_TOLERANCE, Replay, Target, kind_of, length};
use crate::signals::Signals;
use crate::{Outcome, Report};

impl ReplayOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let replay = Replay {
            recording: self.recording()?,
            target: self.target(voice)?,
            spin: self.timing.spin,
            tolerance: self.timing.tolerance.unwrap_or(DEFAULT_TOLERANCE),
            echo: self.echo,
            path: self.file.clone(),
        };
        if let Some(records) = self.preview {
            return preview::print(&replay, records, voice);
        }
        let signals = Signals::listen();
        let mut report_file = self.report.as_deref().map(|path| self.create_report(path)).transpose()?;
        let Some(recording) = open_watching(&replay, &signals)? else {
            let outcome = Outcome::interrupted("replay");
            self.tell(&outcome.report, report_file.as_mut(), voice)?;
            return Ok(Exit::Interrupted);
        };
        for decision in recording.decisions() {
            voice.note(format!("{}: {decision}", self.file.display()));
        }
        let progress = Arc::new(Progress::default());
        let line = self.progress_line(&replay, &progress, voice);
        let outcome = replay.run_recording(recording, &signals.stop, &signals.abandon, &progress);
        drop(line);
        let outcome = match outcome {
            Ok(outcome) => outcome,
            // Nothing was sent yet.
            Err(_) if signals.stop.is_raised() => Outcome::interrupted("replay"),
            Err(error) => return Err(error),
        };
        let told = self.tell(&outcome.report, report_file.as_mut(), voice);
        let exit = self.exit(outcome, voice)?;
        match told {
            Err(error) => {
                let failed = voice.error(&error);
                Ok(if exit == Exit::Done { failed } else { exit })
            }
            Ok(()) => Ok(exit),
        }
    }

    /// Hands the report to whoever asked for it.
    fn tell(&self, report: &Report, file: Option<&mut File>, voice: Voice) -> Result<(), Error> {
        if let Some(file) = file {
            write_report(file, report)?;
        }
        if voice.json {
            print_json(report, self.echo)?;
        } else if !voice.quiet {
            print_report(report, self.timing.tolerance.unwrap_or(DEFAULT_TOLERANCE));
        }
        Ok(())
    }

    fn progress_line(&self, replay: &Replay, progress: &Arc<Progress>, voice: Voice) -> Option<ProgressLine> {
        // Bodies on the same terminal would tear the line apart.
        let is_torn = self.echo && io::stdout().is_terminal();
        if is_torn || !voice.is_watched() {
            return None;
        }
        let length = length(&self.file, &replay.recording);
        Some(ProgressLine::start(voice, Arc::clone(progress), self.pace_in_words(), length))
    }

    /// Makes the file for the report, so that a run is not made in vain. What it held stays until there is a report.
    fn create_report(&self, path: &Path) -> Result<File, Error> {
        let same = |one: &Path, other: &Path| {
            one == other
                || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
        };
        if same(path, &self.file) {
            let what = format!("`{}` is the recording itself", path.display());
            return Err(Error::misuse("--report", what, "name another file"));
        }
        File::options().write(true).create(true).truncate(false).open(path).map_err(|error| {
            Error::met(&path.display().to_string(), format!("the report cannot be written ({error})"), "")
        })
    }

    /// What the outcome means for scripts.
    fn exit(&self, outcome: Outcome, voice: Voice) -> Result<Exit, Error> {
        let report = outcome.report;
        if let Some(failure) = outcome.failure {
            let exit = voice.error(&failure.into());
            let sent = count(report.accepted);
            voice.note(match report.acknowledged {
                Some(acknowledged) => {
                    format!("kadence: until then {sent} sent, {} acknowledged", count(acknowledged))
                }
                None => format!("kadence: until then {sent} sent"),
            });
            // A fault in the recording is no misuse once records have left.
            return Ok(if exit == Exit::Misused { Exit::Failed } else { exit });
        }
        if report.interrupted {
            return Ok(Exit::Interrupted);
        }
        if let (Some(tolerance), Some(late)) = (self.timing.tolerance, report.lateness_us) {
            let allowed = tolerance.as_secs_f64() * 1e6;
            if late.p99 > allowed {
                let what = format!("p99 lateness is {} µs, more than the {allowed} µs asked for", late.p99);
                return Err(Error::met("--tolerance", what, "allow more, or slow down"));
            }
        }
        Ok(Exit::Done)
    }

    fn target(&self, voice: Voice) -> Result<Target, Error> {
        let Some(topic) = &self.target.topic else { return Ok(Target::Null) };
        let producer = ProducerOptions {
            connection: self.connection.connection(),
            topic: topic.clone(),
            headers: self.body.header.clone(),
            send: self.delivery.send,
            acks: self.delivery.acks,
            linger: self.delivery.linger,
            batch_size: self.delivery.batch_size,
            compression: self.delivery.compression,
            retries: self.delivery.retries,
            partitioner: self.delivery.partitioner,
            paced: self.schedule().is_paced(),
        };
        match producer.check() {
            Ok(notices) => notices.iter().for_each(|notice| voice.note(notice)),
            Err(faults) => return Err(Error::of_options(faults)),
        }
        Ok(Target::Topic(Box::new(producer)))
    }

    fn recording(&self) -> Result<RecordingOptions, Error> {
        let kind = self.kind()?;
        let twice =
            self.input.types.iter().enumerate().find(|(index, (name, _))| {
                self.input.types[..*index].iter().any(|(before, _)| before == name)
            });
        if let Some((_, (name, _))) = twice {
            return Err(Error::misuse("--types", format!("`{name}` has two types"), "leave one out"));
        }
        let is_raw = matches!(kind, RecordingKind::Raw);
        let otherwise = if self.input.text { Type::Verbatim } else { Type::Auto };
        let format = match self.body.format {
            Auto::Said(format) => format,
            Auto::Auto if is_raw => Format::Raw,
            Auto::Auto => Format::Json,
        };
        if is_raw && format != Format::Raw && self.body.select.is_none() {
            let what = format!("raw lines have no columns to write as {format:?}").to_lowercase();
            return Err(Error::misuse(
                "--format",
                what,
                "leave it out, or say what the lines are with --input",
            ));
        }
        let shape = self.body.shape;
        if shape != Shape::Object && format != Format::Json {
            return Err(Error::misuse(
                "--shape",
                "only JSON bodies have one",
                "leave it out, or use --format json",
            ));
        }
        Ok(RecordingOptions {
            select: self.body.select.clone(),
            schema: Schema::new(self.input.types.clone(), otherwise),
            time: self.input.time.clone(),
            time_format: self.input.time_format.clone(),
            time_zone: self.input.time_zone.clone(),
            schedule: self.schedule(),
            out_of_order: self.timing.out_of_order,
            limit: self.input.limit,
            format,
            shape,
            key: self.body.key.clone(),
            ..RecordingOptions::new(kind)
        })
    }

    fn kind(&self) -> Result<RecordingKind, Error> {
        let kind = match self.input.input {
            Auto::Said(Input::Csv) => RecordingKind::Csv(CsvOptions::default()),
            Auto::Said(Input::JsonLines) => RecordingKind::JsonLines,
            Auto::Said(Input::Raw) => RecordingKind::Raw,
            Auto::Auto => kind_of(&self.file).ok_or_else(|| {
                let (place, what) = if self.file == Path::new("-") {
                    ("-".into(), "standard input has no extension to go by")
                } else {
                    (self.file.display().to_string(), "the extension says nothing")
                };
                Error::misuse(&place, what, "say what it is with --input csv, jsonl or raw")
            })?,
        };
        let RecordingKind::Csv(mut options) = kind else {
            if self.input.columns.is_some() || self.input.delimiter.is_some() {
                return Err(Error::misuse(
                    "--columns, --delimiter",
                    "only CSV recordings take them",
                    "leave them out, or use --input csv",
                ));
            }
            return Ok(kind);
        };
        options.delimiter = self.input.delimiter.unwrap_or(options.delimiter);
        options.quote = self.input.quote;
        options.columns.clone_from(&self.input.columns);
        if options.delimiter == options.quote {
            return Err(Error::misuse("--delimiter", "is the same character as --quote", "choose another"));
        }
        Ok(RecordingKind::Csv(options))
    }

    fn schedule(&self) -> Schedule {
        match &self.pace {
            PaceOptions { rate: Some(per_second), .. } => Schedule::Rate { per_second: *per_second },
            PaceOptions { interval: Some(interval), .. } => Schedule::Interval(*interval),
            PaceOptions { unpaced: true, .. } => Schedule::Unpaced,
            PaceOptions { speed, .. } => Schedule::Recorded { speed: speed.unwrap_or(Ratio::ONE) },
        }
    }

    fn pace_in_words(&self) -> String {
        match self.schedule() {
            Schedule::Recorded { speed } => format!("{}×", speed.as_f64()),
            Schedule::Rate { per_second } => format!("{}/s", per_second.as_f64()),
            Schedule::Interval(interval) => format!("one each {}", crate::output::duration(interval)),
            Schedule::Unpaced => "unpaced".into(),
        }
    }
}

/// Opens the recording; `None` when a stop was asked for before its first row came.
fn open_watching(replay: &Replay, signals: &Signals) -> Result<Option<Recording>, Error> {
    let (give, take) = sync_channel(1);
    let opened = replay.clone();
    let work = move || {
        // Nobody may be left to take it.
        let _ = give.send(opened.open());
    };
    thread::Builder::new()
        .name("opener".into())
        .spawn(work)
        .map_err(|error| Error::met("replay", format!("no thread can be started ({error})"), ""))?;
    loop {
        match take.recv_timeout(PATIENCE) {
            Ok(opened) => return opened.map(Some),
            Err(_) if signals.stop.is_raised() => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::met(
                    "replay",
                    "the recording could not be opened",
                    "this is a defect of kadence",
                ));
            }
        }
    }
}

/// How long one wait for a recording's first row lasts before a stop request is looked for.
const PATIENCE: Duration = Duration::from_millis(20);

fn write_report(file: &mut File, report: &Report) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(report).unwrap_or_default() + "\n";
    let is_file = file.metadata().is_ok_and(|data| data.is_file());
    // A pipe or device has no length to cut.
    let emptied = if is_file { file.set_len(0) } else { Ok(()) };
    emptied
        .and_then(|()| file.write_all(text.as_bytes()))
        .map_err(|error| Error::met("--report", format!("the report cannot be written ({error})"), ""))
}
