//! Options of a replay that contradict each other or mean nothing together.

use std::collections::HashSet;

use kadence_core::codec::{Format, Shape};
use kadence_core::fault::{Fault, Phrase};
use kadence_core::named::Named as _;
use kadence_core::phrase;
use kadence_core::schedule::OutOfOrder;
use kadence_core::source::{CsvOptions, RecordingKind};

use super::Replay;
use crate::fault::Error;
use crate::sending::faults_of_pace;

impl Replay {
    /// Looks for faults in the options, without reading or connecting; all are reported together. Gives what the
    /// user should know of a replay that can be run, a line each.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        let mut faults = faults_of_pace(self.recording.schedule, self.spin, self.tolerance);
        match &self.recording.kind {
            RecordingKind::Csv(options) => faults_of_csv(options, &mut faults),
            RecordingKind::JsonLines => {}
            RecordingKind::Raw => self.faults_of_raw_lines(&mut faults),
        }
        self.faults_of_records(&mut faults);
        if let Some(proof) = &self.proof {
            faults.extend(proof.faults());
            if proof.seal.is_some() {
                faults.extend(self.destination.fault_of_seal());
            }
        }
        let notices = self.destination.check().unwrap_or_else(|refused| {
            faults.extend(refused);
            Vec::new()
        });
        if faults.is_empty() { Ok(notices) } else { Err(faults.into()) }
    }

    fn faults_of_records(&self, faults: &mut Vec<Fault>) {
        let recording = &self.recording;
        if recording.limit == Some(0) {
            faults.push(misuse(phrase![@"limit"], "nothing would be sent (found: 0)", "take 1 or more"));
        }
        if recording.out_of_order != OutOfOrder::Error && !recording.schedule.needs_event_times() {
            let what = "at this pace no event time has to go forward";
            faults.push(misuse(
                phrase![@"out-of-order"],
                what,
                "leave it out, or replay at the recorded pace",
            ));
        }
        let mut typed = HashSet::new();
        if let Some(name) = recording.types.declared().find(|&name| !typed.insert(name)) {
            faults.push(misuse(phrase![@"types"], format!("`{name}` has two types"), "leave one out"));
        }
        if recording.shape != Shape::Object && recording.format != Format::Json {
            let help = phrase!["leave it out, or use ", @"format", " json"];
            faults.push(misuse(phrase![@"shape"], "only JSON bodies have one", help));
        }
    }

    fn faults_of_raw_lines(&self, faults: &mut Vec<Fault>) {
        let recording = &self.recording;
        if recording.format != Format::Raw && recording.select.is_none() {
            let what = format!("raw lines have no columns to write as {}", recording.format.name());
            let help = phrase!["leave it out, or say what the lines are with ", @"input"];
            faults.push(misuse(phrase![@"format"], what, help));
        }
        if !recording.types.is_silent() {
            let help = phrase!["leave them out, or say what the lines are with ", @"input"];
            let what = "raw lines have no columns, and stay as they are";
            faults.push(misuse(phrase![@"types", ", ", @"text"], what, help));
        }
    }
}

fn faults_of_csv(options: &CsvOptions, faults: &mut Vec<Fault>) {
    let CsvOptions { delimiter, quote, columns } = options;
    for (option, byte) in [(phrase![@"delimiter"], delimiter), (phrase![@"quote"], quote)] {
        if !byte.is_ascii() || matches!(byte, b'\n' | b'\r') {
            let what = format!("`{}` cannot stand between or around cells", byte.escape_ascii());
            faults.push(misuse(option, what, "use another ASCII character"));
        }
    }
    if delimiter == quote {
        let what = phrase!["is the same character as ", @"quote"];
        faults.push(misuse(phrase![@"delimiter"], what, "choose another"));
    }
    if columns.as_ref().is_some_and(Vec::is_empty) {
        faults.push(misuse(phrase![@"columns"], "no column is named", "name them all, or leave it out"));
    }
}

fn misuse(option: Phrase, what: impl Into<Phrase>, help: impl Into<Phrase>) -> Fault {
    Fault::new(option, what).help(help).misuse()
}
