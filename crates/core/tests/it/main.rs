//! The core through its public face: recordings in, records out, on a clock that only tests move.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]
#![expect(clippy::float_cmp, reason = "simulated time is exact")]
#![expect(clippy::format_collect, reason = "a recording of a test is short")]

mod bodies;
mod contracts;
mod csv;
mod formats;
mod json_lines;
mod pacing;
mod properties;
mod refused;
mod rows;
mod seal;
mod seal_rows;
mod select;
mod simulation;
mod time_column;
mod times;

use std::io::{Cursor, Read};

use kadence_core::fault::{Explain as _, Fault, Phrase, Spelling};
use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source};

/// A CSV recording with a header line, as fast as it can be read.
fn csv() -> RecordingOptions {
    unpaced(RecordingKind::Csv(CsvOptions::default()))
}

/// A CSV recording without a header line.
fn csv_without_header(columns: &[&str]) -> RecordingOptions {
    let columns = Some(columns.iter().map(|&column| column.into()).collect());
    unpaced(RecordingKind::Csv(CsvOptions { columns, ..CsvOptions::default() }))
}

fn json_lines() -> RecordingOptions {
    unpaced(RecordingKind::JsonLines)
}

fn raw() -> RecordingOptions {
    unpaced(RecordingKind::Raw)
}

fn unpaced(kind: RecordingKind) -> RecordingOptions {
    RecordingOptions { schedule: Schedule::Unpaced, ..RecordingOptions::new(kind) }
}

fn selecting(select: &str, options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { select: Some(select.into()), ..options }
}

fn reader(text: impl Into<Vec<u8>>) -> Box<dyn Read + Send> {
    Box::new(Cursor::new(text.into()))
}

/// Spells as the command line does.
struct CommandLine;

impl Spelling for CommandLine {
    fn option(&self, name: &str) -> String {
        format!("--{name}")
    }
    fn command(&self, words: &str) -> String {
        format!("kadence {words}")
    }
}

/// A text as the command line spells its options.
fn spelled(phrase: &Phrase) -> String {
    phrase.spelled(&CommandLine)
}

/// A fault as the command line shows it.
fn shown(fault: &Fault) -> String {
    let [place, what, help] = [&fault.place, &fault.what, &fault.help].map(spelled);
    format!("{place}: {what}{}{help}", if help.is_empty() { "" } else { "; " })
}

/// Opens `text` as the recording `data`; the faults are shown as people see them.
fn open(text: impl Into<Vec<u8>>, options: &RecordingOptions) -> Result<Recording, String> {
    Recording::open("data", reader(text), options)
        .map_err(|faults| faults.iter().map(shown).collect::<Vec<_>>().join("\n"))
}

/// What a source gave, record by record.
#[derive(Debug, Default, PartialEq)]
struct Given {
    keys: Vec<Option<String>>,
    bodies: Vec<String>,
    facts: Vec<Facts>,
    /// Why it ended early.
    error: Option<String>,
}

fn drain(mut source: impl Source) -> Given {
    let mut given = Given::default();
    loop {
        let mut run = Run::new(1 << 20, 1_000);
        let result = source.fill(&mut run);
        for record in run.records() {
            given.keys.push(record.key.map(|key| String::from_utf8_lossy(key).into_owned()));
            given.bodies.push(String::from_utf8_lossy(record.body.unwrap()).into_owned());
            given.facts.push(record.facts);
        }
        match result {
            Ok(true) => {}
            Ok(false) => return given,
            Err(error) => {
                given.error = Some(shown(&error.explain()));
                return given;
            }
        }
    }
}

/// All that comes of `text`; faults found while opening count as its error.
fn read(text: impl Into<Vec<u8>>, options: &RecordingOptions) -> Given {
    match open(text, options) {
        Ok(recording) => drain(recording),
        Err(error) => Given { error: Some(error), ..Given::default() },
    }
}

/// The bodies of a good recording.
fn bodies(text: impl Into<Vec<u8>>, options: &RecordingOptions) -> Vec<String> {
    let given = read(text, options);
    assert_eq!(given.error, None);
    given.bodies
}

/// Why a recording is refused.
fn error(text: impl Into<Vec<u8>>, options: &RecordingOptions) -> String {
    read(text, options).error.expect("the recording should be refused")
}
