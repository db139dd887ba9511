//! Recordings to a topic, at their own pace.

mod meaning;
mod options;
mod preview;
mod report_file;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kadence_core::codec::MixedColumn;
use kadence_core::pipeline::Progress;
use kadence_core::source::Recording;

pub(super) use self::options::ReplayOptions;
use self::report_file::{ReportFile, reported};
use super::Exit;
use crate::fault::Error;
use crate::output::{ProgressLine, Voice, count, print_json, print_report};
use crate::replay::{DEFAULT_TOLERANCE, Replay, in_real_time, length};
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
        let control = in_real_time(&signals.stop, &signals.abandon);
        let line = self.progress_line(&replay, &control.progress, voice);
        let outcome = replay.run_recording(recording, &control);
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
            let Ok(mut found) = found.lock() else { return };
            found.push(column.clone());
            match found.len() {
                ..=MOST_MIXED => {}
                count if count == MOST_MIXED + 1 => {
                    return voice.note(format!(
                        "{file}: numbers and texts mix in further columns; --text keeps all as text"
                    ));
                }
                _ => return,
            }
            let (one, other) = if is_number { ("a number", "texts") } else { ("text", "numbers") };
            voice.note(format!(
                "{file}:{line}: column `{column}`: `{cell}` is {one} and {other} came before it; --types \
                '{column}:text' makes all of it text"
            ));
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
}

/// How many columns that mix are said one by one.
const MOST_MIXED: usize = 10;

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
