//! What went wrong, for people and machines.

use std::fmt;

use kadence_core::fault::{Disposition, Explain as _, Fault as CoreFault};
use kadence_core::pipeline::Failure;
use kadence_core::source::RecordingError;
use kadence_kafka::KafkaError;
use serde::Serialize;

use crate::plain::Plain;

/// One thing that is wrong: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file and line, topic, server or option.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, with what was found.
    pub what: String,
    /// What to do about it; may be empty.
    pub help: String,
    /// The faulty text with a mark under the place, for people.
    #[serde(skip)]
    pub excerpt: Option<String>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// All that is wrong; never empty.
    pub faults: Vec<Fault>,
    /// Whether the fault is in how kadence was called.
    pub is_misuse: bool,
}

impl Error {
    /// A fault in how kadence was called.
    pub(crate) fn misuse(place: &str, what: impl Into<String>, help: &str) -> Self {
        let fault = Fault { place: place.into(), what: what.into(), help: help.into(), excerpt: None };
        Self { faults: vec![fault], is_misuse: true }
    }

    /// A fault in what kadence met.
    pub(crate) fn met(place: &str, what: impl Into<String>, help: &str) -> Self {
        Self { is_misuse: false, ..Self::misuse(place, what, help) }
    }

    /// The error whose text follows the convention `where: what (found); what to do`, with its causes.
    pub(crate) fn from_text(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            text = format!("{text}: {source}");
            cause = source.source();
        }
        let (place, rest) = text.split_once(": ").unwrap_or(("", &text));
        let (what, help) = rest.rsplit_once("; ").unwrap_or((rest, ""));
        Self::met(place, what, help)
    }

    /// All that is wrong with options for Kafka.
    pub(crate) fn of_options(faults: Vec<KafkaError>) -> Self {
        let all = Self::all(faults.into_iter().map(Self::from));
        all.unwrap_or_else(|| Self::misuse("options", "are at odds with each other", ""))
    }

    /// All of `errors`, if there are any.
    pub(crate) fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut all = errors.next()?;
        for error in errors {
            all.faults.extend(error.faults);
            all.is_misuse |= error.is_misuse;
        }
        Some(all)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, help, .. } = self;
        let (colon, semicolon) =
            (if place.is_empty() { "" } else { ": " }, if help.is_empty() { "" } else { "; " });
        [place, colon, what, semicolon, help].into_iter().try_for_each(|part| Plain(part).fmt(f))
    }
}

impl From<KafkaError> for Error {
    fn from(error: KafkaError) -> Self {
        let (place, mut what, help) = error.parts();
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            what = format!("{what} ({source})");
            cause = source.source();
        }
        let fault = Fault { place, what, help, excerpt: None };
        Self { faults: vec![fault], is_misuse: error.is_misuse() }
    }
}

/// How the command line spells an option.
pub(crate) fn spell(option: &str) -> String {
    format!("--{option}")
}

impl From<&CoreFault> for Error {
    fn from(fault: &CoreFault) -> Self {
        let CoreFault { place, what, help, excerpt, disposition } = fault;
        let excerpt = excerpt.as_ref().map(|(text, span)| span.caret(text));
        let [place, what, help] = [place, what, help].map(|part| part.spelled(spell));
        let fault = Fault { place, what, help, excerpt };
        Self { faults: vec![fault], is_misuse: *disposition == Disposition::Misuse }
    }
}

impl From<RecordingError> for Error {
    fn from(error: RecordingError) -> Self {
        let mut all = Self::from(&error.explain());
        if let Some(source) = std::error::Error::source(&error) {
            let what = &mut all.faults[0].what;
            *what = format!("{what} ({source})");
        }
        all
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Source(error) => error.into(),
            Failure::Sink(error) => {
                let what = match &error.source {
                    Some(source) => format!("{} ({source})", error.what),
                    None => error.what.clone(),
                };
                Self::met(&error.place, what, &error.help)
            }
            Failure::Delivery(lost) => Self::met(&lost.place, lost.what, &lost.help),
            Failure::Unaccounted { records } => {
                let what = format!("{records} records were neither acknowledged nor given up");
                Self::met("", what, "this is a defect of kadence")
            }
            Failure::Reader => {
                Self::met("", "the reader stopped unexpectedly", "this is a defect of kadence")
            }
            other => Self::met("", other.to_string(), ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_by_the_convention_comes_apart_and_together_again() {
        let error = RecordingError::BlankLine { name: "a.csv".into(), line: 3 };
        let split = Error::from(error);
        let Fault { place, what, help, .. } = &split.faults[0];
        assert_eq!([place, what, help], ["a.csv:3", "blank line", "remove it"]);
        assert_eq!(split.to_string(), "a.csv:3: blank line; remove it");
    }
}
