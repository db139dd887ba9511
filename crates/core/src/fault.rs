//! Faults: where, what is wrong, what to do, and what is to become of the work.
//!
//! Each room of the house has an error of its own, for programs. For people it is explained, as a [`Fault`], by the
//! one `match` of that room's [`Explain`]. Options have names here and no spelling: on a command line `time-format` is
//! `--time-format`, in a connector's properties it is something else. Whoever shows a fault spells them.

use std::error::Error;
use std::fmt;

use kadence_kcql::Span;

/// What is to become of the work that met a fault.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file and line, topic, server or option; may be empty.
    pub place: Phrase,
    /// What is wrong, with what was found.
    pub what: Phrase,
    /// What to do about it; may be empty.
    pub help: Phrase,
    /// The text that is to blame, and which part of it.
    pub excerpt: Option<(String, Span)>,
    /// What is to become of the work.
    pub disposition: Disposition,
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
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<Phrase>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The same, met in what was asked for.
    #[must_use]
    pub fn misuse(self) -> Self {
        Self { disposition: Disposition::Misuse, ..self }
    }

    /// The same for a text and the part of it that is to blame.
    #[must_use]
    pub fn excerpt(self, text: &str, span: Span) -> Self {
        Self { excerpt: Some((text.to_owned(), span)), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, help, .. } = self;
        let (colon, semicolon) =
            (if place.is_empty() { "" } else { ": " }, if help.is_empty() { "" } else { "; " });
        write!(f, "{place}{colon}{what}{semicolon}{help}")
    }
}

/// A text that may name options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Option(&'static str),
}

impl Phrase {
    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
        self
    }

    /// Appends an option, by its name in words with hyphens between them.
    pub fn option(&mut self, name: &'static str) -> &mut Self {
        self.pieces.push(Piece::Option(name));
        self
    }

    /// Appends all of another one.
    pub fn phrase(&mut self, other: &Self) -> &mut Self {
        for piece in &other.pieces {
            match piece {
                Piece::Text(text) => self.text(text),
                Piece::Option(name) => self.option(name),
            };
        }
        self
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The text, with options as `spell` has them.
    pub fn spelled(&self, spell: impl Fn(&str) -> String) -> String {
        let spelled = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Option(name) => spell(name),
        };
        self.pieces.iter().map(spelled).collect()
    }
}

/// Options go by their names.
impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Option(name) => f.write_str(name),
        })
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        let mut phrase = Self::default();
        phrase.text(text);
        phrase
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// A [`Phrase`] in pieces: texts, and options behind an `@`.
///
/// ```
/// use kadence_core::phrase;
/// let format = "%Y";
/// let help = phrase!["state it with ", @"time-format", " ", format];
/// assert_eq!(help.spelled(|option| format!("--{option}")), "state it with --time-format %Y");
/// ```
#[macro_export]
macro_rules! phrase {
    (@into $phrase:ident $(,)?) => {};
    (@into $phrase:ident, @$option:literal $(, $($rest:tt)*)?) => {
        $phrase.option($option);
        $($crate::phrase!(@into $phrase, $($rest)*);)?
    };
    (@into $phrase:ident, $text:expr $(, $($rest:tt)*)?) => {
        $phrase.text(&$text);
        $($crate::phrase!(@into $phrase, $($rest)*);)?
    };
    ($($pieces:tt)*) => {{
        let mut phrase = $crate::fault::Phrase::default();
        $crate::phrase!(@into phrase, $($pieces)*);
        phrase
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_spelled_by_whoever_shows_them() {
        let fault = Fault::new(phrase![@"select", ", character 1"], format!("no column {}", "`--x`"))
            .help(phrase!["name it with ", @"time", " and ", @"time-format"])
            .misuse();
        assert_eq!(
            fault.to_string(),
            "select, character 1: no column `--x`; name it with time and time-format"
        );
        let spell = |option: &str| format!("--{option}");
        assert_eq!(fault.help.spelled(spell), "name it with --time and --time-format");
        assert_eq!(fault.what.spelled(spell), "no column `--x`", "what was found is no option");
        assert_eq!(Fault::new("", "what").to_string(), "what");
    }
}
