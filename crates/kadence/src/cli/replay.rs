//! Recordings to a topic, at their own pace.

mod options;
mod preview;
mod report_file;

use std::collections::HashSet;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kadence_core::codec::{Format, MixedColumn, Shape};
use kadence_core::pipeline::Progress;
use kadence_core::ratio::Ratio;
use kadence_core::schedule::Schedule;
use kadence_core::schema::{Schema, Type};
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, packed};
use kadence_kafka::ProducerOptions;

pub(super) use self::options::ReplayOptions;
use self::options::{Input, PaceOptions};
use self::report_file::{ReportFile, reported};
use super::Exit;
use super::values::Auto;
use crate::fault::Error;
use crate::output::{ProgressLine, Voice, count, print_json, print_report};
use crate::replay::{DEFAULT_TOLERANCE, Replay, Target, kind_of, length};
use crate::signals::Signals;
use crate::{Outcome, Report};

impl ReplayOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        if let Some(records) = self.preview {
            return preview::print(&self.replay(voice)?, records, voice);
        }
        let create = |path: &PathBuf| ReportFile::create(path, &self.file);
        let mut file = self.report.as_ref().map(create).transpose()?;
        match self.attempt(voice) {
            Ok(outcome) => Ok(self.conclude(outcome, file.as_mut(), voice)),
            Err(error) => {
                // A run that did not come about has a report all the same: it must not look like the last one's.
                let report = Report {
                    verb: "replay",
                    acknowledged: Some(0),
                    error: reported(&error),
                    ..Report::default()
                };
                let written = file.as_mut().map_or(Ok(()), |file| file.write(&report));
                if let Err(unwritten) = written {
                    voice.error(&unwritten);
                }
                Err(error)
            }
        }
    }

    /// What is asked for, as one value.
    fn replay(&self, voice: Voice) -> Result<Replay, Error> {
        Ok(Replay {
            recording: self.recording()?,
            target: self.target(voice)?,
            spin: self.timing.spin,
            tolerance: self.timing.tolerance.unwrap_or(DEFAULT_TOLERANCE),
            echo: self.echo,
            path: self.file.clone(),
        })
    }

    /// Replays. An error means that nothing was sent.
    fn attempt(&self, voice: Voice) -> Result<Outcome, Error> {
        let replay = self.replay(voice)?;
        let signals = Signals::listen();
        let Some(mut recording) = open_watching(&replay, &signals)? else {
            return Ok(Outcome::interrupted("replay"));
        };
        for decision in recording.decisions() {
            voice.note(format!("{}: {decision}", self.file.display()));
        }
        let time_column = recording.time_column();
        let mixed = self.watch_mixed_columns(&mut recording, voice);
        let progress = Arc::new(Progress::default());
        let line = self.progress_line(&replay, &progress, voice);
        let outcome = replay.run_recording(recording, &signals.stop, &signals.abandon, &progress);
        drop(line);
        let mut outcome = match outcome {
            Ok(outcome) => outcome,
            // Nothing was sent yet.
            Err(_) if signals.stop.is_raised() => Outcome::interrupted("replay"),
            Err(error) => return Err(error),
        };
        outcome.report.time_column = time_column;
        outcome.report.mixed_columns =
            mixed.lock().map(|mut mixed| std::mem::take(&mut *mixed)).unwrap_or_default();
        Ok(outcome)
    }

    /// Tells of each column that mixes numbers and texts when it is met, and gathers their names.
    fn watch_mixed_columns(&self, recording: &mut Recording, voice: Voice) -> Arc<Mutex<Vec<String>>> {
        let names = Arc::new(Mutex::new(Vec::new()));
        let found = Arc::clone(&names);
        let file = self.file.display().to_string();
        recording.on_mixed_column(move |mixed| {
            let MixedColumn { column, line, cell, is_number } = mixed;
            let (one, other) = if is_number { ("a number", "texts") } else { ("text", "numbers") };
            voice.note(format!(
                "{file}:{line}: column `{column}`: `{cell}` is {one} and {other} came before it; --types \
                '{column}:text' makes all of it text"
            ));
            if let Ok(mut found) = found.lock() {
                found.push(column);
            }
        });
        names
    }

    /// Says how it went to whoever asked, and gives the exit code.
    fn conclude(&self, outcome: Outcome, file: Option<&mut ReportFile>, voice: Voice) -> Exit {
        let Outcome { mut report, failure } = outcome;
        let was_cut = failure.is_some();
        let error = failure.map(Error::from).or_else(|| self.too_late(&report));
        report.error = error.as_ref().and_then(reported);
        let written = file.map_or(Ok(()), |file| file.write(&report));
        let told = self.tell(&report, voice);
        let unsaid = [written, told].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        for error in &unsaid {
            voice.error(error);
        }
        let Some(error) = error else {
            let exit = if report.interrupted { Exit::Interrupted } else { Exit::Done };
            return if exit == Exit::Done && !unsaid.is_empty() { Exit::Failed } else { exit };
        };
        voice.error(&error);
        if was_cut {
            let sent = count(report.accepted);
            voice.note(match report.acknowledged {
                Some(acknowledged) => {
                    format!("kadence: until then {sent} sent, {} acknowledged", count(acknowledged))
                }
                None => format!("kadence: until then {sent} sent"),
            });
        }
        // A fault in the recording is no misuse once records have left.
        Exit::Failed
    }

    /// Hands the report to whoever listens.
    fn tell(&self, report: &Report, voice: Voice) -> Result<(), Error> {
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

    /// The error where more lateness was met than allowed.
    fn too_late(&self, report: &Report) -> Option<Error> {
        let (tolerance, late) = (self.timing.tolerance?, report.lateness_us?);
        let allowed = tolerance.as_secs_f64() * 1e6;
        if report.interrupted || late.p99 <= allowed {
            return None;
        }
        let what = format!("p99 lateness is {} µs, more than the {allowed} µs asked for", late.p99);
        Some(Error::met("--tolerance", what, "allow more, or slow down"))
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
        let mut typed = HashSet::new();
        if let Some((name, _)) = self.input.types.iter().find(|(name, _)| !typed.insert(name)) {
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
            skip_lines: self.input.skip_lines,
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
            Auto::Auto => kind_of(&self.file).ok_or_else(|| self.no_kind())?,
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
        // Blanks around a name are the list's, as in a column list.
        let names = self.input.columns.as_ref();
        options.columns = names.map(|names| names.iter().map(|name| name.trim().into()).collect());
        if options.delimiter == options.quote {
            return Err(Error::misuse("--delimiter", "is the same character as --quote", "choose another"));
        }
        Ok(RecordingKind::Csv(options))
    }

    /// Why the name of the file does not say what it is.
    fn no_kind(&self) -> Error {
        let name = self.file.display().to_string();
        if self.file == Path::new("-") {
            let what = "standard input has no extension to go by";
            return Error::misuse("-", what, "say what it is with --input csv, jsonl or raw");
        }
        if self.file.is_dir() {
            return Error::met(&name, "is a directory", "name a file in it");
        }
        match packed(&name) {
            Some((what, help)) => Error::met(&name, what, &help),
            None => Error::misuse(
                &name,
                "the extension says nothing",
                "say what it is with --input csv, jsonl or raw",
            ),
        }
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
