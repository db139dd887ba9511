//! What went wrong, for people and machines.

use std::fmt;

use kadence_broker::{BrokerError, Explanation};
use kadence_core::fault::{Disposition, Fault, Phrase, Spelling};
use kadence_core::pipeline::Failure;
use kadence_core::report::ReportedError;
use kadence_core::source::RecordingError;
use kadence_kafka::KafkaError;

use crate::plain::Plain;

/// The reason why something was not done. Shown, options and commands are spelled as on the command line.
#[derive(Clone, Debug)]
pub struct Error {
    /// All that is wrong; never empty.
    pub faults: Vec<Fault>,
}

/// How the command line spells options and commands.
pub(crate) struct CommandLine;

impl Spelling for CommandLine {
    fn option(&self, name: &str) -> String {
        match name {
            "brokers" => "-b".into(),
            "property" => "-X".into(),
            "topic" => "-t".into(),
            _ => format!("--{name}"),
        }
    }

    fn command(&self, words: &str) -> String {
        format!("kadence {words}")
    }
}

impl Error {
    /// A fault in how kadence was called.
    pub(crate) fn misuse(place: impl Into<Phrase>, what: impl Into<Phrase>, help: impl Into<Phrase>) -> Self {
        Fault::new(place, what).help(help).misuse().into()
    }

    /// A fault in what kadence met.
    pub(crate) fn met(place: impl Into<Phrase>, what: impl Into<Phrase>, help: impl Into<Phrase>) -> Self {
        Fault::new(place, what).help(help).into()
    }

    /// Why a broker does not start.
    pub(crate) fn of_broker(error: &BrokerError) -> Self {
        let Explanation { place, what, help } = error.explain();
        let what = with_causes(what, error);
        Self::met(place, what, help)
    }

    /// The same, with what to do about it.
    pub(crate) fn helped(mut self, help: &str) -> Self {
        self.faults = self.faults.into_iter().map(|fault| fault.help(help)).collect();
        self
    }

    /// All of `errors`, if there are any.
    pub(crate) fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let faults: Vec<Fault> = errors.into_iter().flat_map(|error| error.faults).collect();
        (!faults.is_empty()).then_some(Self { faults })
    }

    /// Whether the fault is in how kadence was called.
    pub fn is_misuse(&self) -> bool {
        self.faults.iter().any(|fault| fault.disposition == Disposition::Misuse)
    }
}

/// Writes a fault as machines read it.
pub(crate) fn reported(fault: &Fault) -> ReportedError {
    let Fault { place, what, help, .. } = fault;
    let [place, what, help] = [place, what, help].map(|part| part.spelled(&CommandLine));
    ReportedError { place, what: with_causes(what, fault), help }
}

/// What is wrong with all that led to it, each in brackets behind what it caused.
fn with_causes(what: String, error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |source| source.source());
    causes.fold(what, |what, source| {
        let source = format!("({source})");
        // What is wrong may be the cause itself.
        if what.ends_with(&source) { what } else { format!("{what} {source}") }
    })
}

/// Writes a fault as people read it, on one line.
pub(crate) fn line(fault: &Fault) -> String {
    let ReportedError { place, what, help } = reported(fault);
    let (colon, semicolon) =
        (if place.is_empty() { "" } else { ": " }, if help.is_empty() { "" } else { "; " });
    [&*place, colon, &*what, semicolon, &*help].map(|part| Plain(part).to_string()).concat()
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault] }
    }
}

/// None is no error: there has to be one.
impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults }
    }
}

impl From<KafkaError> for Error {
    fn from(error: KafkaError) -> Self {
        Fault::from(error).into()
    }
}

impl From<RecordingError> for Error {
    fn from(error: RecordingError) -> Self {
        Fault::from(error).into()
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Fault::from(failure).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let fault =
            Fault::new("group g", "no answer (timed out)").because(std::io::Error::other("timed out"));
        assert_eq!(line(&fault), "group g: no answer (timed out)");
        let fault = Fault::new("group g", "no answer").because(std::io::Error::other("timed out"));
        assert_eq!(line(&fault), "group g: no answer (timed out)");
    }

    #[test]
    fn a_fault_is_shown_in_three_parts_and_on_one_line() {
        let error = Error::from(RecordingError::BlankLine { name: "a.csv".into(), line: 3 });
        let ReportedError { place, what, help } = reported(&error.faults[0]);
        assert_eq!([&*place, &*what, &*help], ["a.csv:3", "blank line", "remove it"]);
        assert_eq!(error.to_string(), "a.csv:3: blank line; remove it");
    }

    #[test]
    fn a_cause_stands_behind_what_it_caused() {
        let fault = Fault::new("a.csv", "cannot be read").because(std::io::Error::other("the disk"));
        assert_eq!(line(&fault), "a.csv: cannot be read (the disk)");
    }
}
