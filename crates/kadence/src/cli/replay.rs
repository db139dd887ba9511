//! Recordings to a topic, at their own pace.

mod meaning;
mod options;
mod preview;

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kadence_core::codec::MixedColumn;
use kadence_core::source::Recording;

pub(super) use self::options::ReplayOptions;
use super::Exit;
use super::producing::{Opened, Production};
use crate::Report;
use crate::fault::{CommandLine, Error};
use crate::output::Voice;
use crate::replay::{Replay, length};
use crate::signals::Signals;

impl ReplayOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        if let Some(records) = self.preview {
            return preview::print(&self.replay(voice)?, records, voice);
        }
        let production = Production {
            verb: "replay",
            reads: Some(&self.file),
            output: &self.output,
            punctuality: &self.punctuality,
            voice,
        };
        production.run(|signals| self.open(signals, voice))
    }

    /// Opens the recording, and says what was decided about it; nothing when a stop was asked for before its first
    /// row came.
    fn open(&self, signals: &Signals, voice: Voice) -> Result<Option<Opened<Recording>>, Error> {
        let replay = self.replay(voice)?;
        let Some(mut recording) = open_watching(&replay, signals)? else { return Ok(None) };
        for decision in recording.decisions() {
            voice.note(format!("{}: {}", self.file.display(), decision.spelled(&CommandLine)));
        }
        let time_column = recording.time_column();
        let mixed = self.watch_mixed_columns(&mut recording, voice);
        let found = move |report: &mut Report| {
            report.time_column = time_column;
            report.mixed_columns =
                mixed.lock().map(|mut mixed| std::mem::take(&mut *mixed)).unwrap_or_default();
        };
        Ok(Some(Opened {
            sending: replay.sending(&recording),
            source: recording,
            pace: self.pace_in_words(),
            length: Box::new(move || length(&replay.path, &replay.recording)),
            found: Box::new(found),
        }))
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
}

/// The most columns that mix which are said one by one.
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
