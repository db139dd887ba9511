//! Faults: where, what is wrong, what to do, and what is to become of the work.
//!
//! A [`Fault`] is the error for people, in every room of the house. Rooms whose callers tell errors apart have one of
//! their own for them; it is explained, as a fault, by the one `match` of that room's [`Explain`]. What a fault names
//! of options and commands is spelled by whoever shows it: see [`Phrase`].

mod phrase;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use kadence_kcql::Span;

pub use phrase::{Phrase, Spelling, Words};

/// The further course of the work that met a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It may go well the next time.
    Retry,
    /// This record cannot be dealt with; those around it can.
    Reject,
    /// Nothing more can be done until somebody does something about it.
    Stop,
    /// What was asked for makes no sense.
    Misuse,
}

/// One thing that is wrong, explained.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The file and line, topic, server or option; may be empty.
    pub place: Phrase,
    /// What is wrong, with what was found.
    pub what: Phrase,
    /// What to do about it; may be empty.
    pub help: Phrase,
    /// The text that is to blame, and which part of it.
    pub excerpt: Option<Box<Excerpt>>,
    /// What is to become of the work.
    pub disposition: Disposition,
    /// The cause, where another layer has more to say. Nothing of it is in the texts.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

/// A text with the part of it that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// The part.
    pub span: Span,
}

/// Says what an error means, for people.
pub trait Explain: Error {
    /// Where, what, and what to do. What the error's sources say is not in it.
    fn explain(&self) -> Fault;
}

impl Fault {
    /// A fault that ends the work, without advice.
    pub fn new(place: impl Into<Phrase>, what: impl Into<Phrase>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
            help: Phrase::default(),
            excerpt: None,
            disposition: Disposition::Stop,
            source: None,
        }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(self, help: impl Into<Phrase>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// Says that the fault is in what was asked for.
    #[must_use]
    pub fn misuse(self) -> Self {
        self.disposed(Disposition::Misuse)
    }

    /// Says that it may go well the next time.
    #[must_use]
    pub fn retry(self) -> Self {
        self.disposed(Disposition::Retry)
    }

    /// Says that it is one record's, around which others are dealt with.
    #[must_use]
    pub fn reject(self) -> Self {
        self.disposed(Disposition::Reject)
    }

    /// Says what is to become of the work.
    #[must_use]
    pub fn disposed(self, disposition: Disposition) -> Self {
        Self { disposition, ..self }
    }

    /// Adds a text and the part of it that is to blame.
    #[must_use]
    pub fn excerpt(self, text: &str, span: Span) -> Self {
        Self { excerpt: Some(Box::new(Excerpt { text: text.to_owned(), span })), ..self }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Options and commands go by their names.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, help, .. } = self;
        let (colon, semicolon) =
            (if place.is_empty() { "" } else { ": " }, if help.is_empty() { "" } else { "; " });
        write!(f, "{place}{colon}{what}{semicolon}{help}")
    }
}

/// Shows of a text that should begin with a name and may hold a secret only the name, and `…` for the rest.
/// Names have letters, digits, `.`, `_` and `-`.
pub fn name_only(text: &str) -> Cow<'_, str> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    match text.find(|character| !is_name(character)) {
        Some(end) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl Excerpt {
    /// The text with a mark under the part.
    pub fn marked(&self) -> String {
        self.span.caret(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase;

    struct CommandLine;

    impl Spelling for CommandLine {
        fn option(&self, name: &str) -> String {
            format!("--{name}")
        }
        fn command(&self, words: &str) -> String {
            format!("kadence {words}")
        }
    }

    #[test]
    fn options_and_commands_are_spelled_by_whoever_shows_them() {
        let fault = Fault::new(phrase![@"select", ", character 1"], format!("no column {}", "`--x`"))
            .help(phrase!["name it with ", @"time", " and ", @"time-format"])
            .misuse();
        assert_eq!(
            fault.to_string(),
            "select, character 1: no column `--x`; name it with time and time-format"
        );
        assert_eq!(fault.help.spelled(&CommandLine), "name it with --time and --time-format");
        assert_eq!(fault.what.spelled(&CommandLine), "no column `--x`", "what was found is no option");
        assert_eq!(Fault::new("", "what").to_string(), "what");
        let help = phrase!["start one with ", !"up", ", or ", phrase!["name one with ", @"brokers"]];
        assert_eq!(help.spelled(&CommandLine), "start one with kadence up, or name one with --brokers");
        assert_eq!(help.to_string(), "start one with up, or name one with brokers");
    }

    #[test]
    fn a_cause_is_in_the_source_and_not_in_the_text() {
        let fault = Fault::new("a.csv", "cannot be read").because(std::io::Error::other("the disk"));
        assert_eq!(fault.to_string(), "a.csv: cannot be read");
        assert_eq!(fault.source().map(ToString::to_string).as_deref(), Some("the disk"));
    }

    #[test]
    fn of_a_text_that_may_hold_a_secret_the_name_is_shown() {
        for (text, shown) in [
            ("sasl.password HUSH", "sasl.password…"),
            ("Authorization: Bearer HUSH", "Authorization…"),
            ("linger_ms-2", "linger_ms-2"),
            ("=HUSH", "…"),
            ("größe", "gr…"),
            ("", ""),
        ] {
            assert_eq!(name_only(text), shown);
        }
    }

    #[test]
    fn a_fault_is_small_enough_to_be_returned() {
        assert!(size_of::<Fault>() <= 104, "{}", size_of::<Fault>());
    }
}
