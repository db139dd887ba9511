//! Errors for people, in three parts.

use std::fmt;

/// What an error means. How options and commands are written is not in it: that is for whoever starts the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The file, address or part of the broker.
    pub place: String,
    /// What is wrong, with what was found. What the error's source says is not in it.
    pub what: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl Explanation {
    pub(crate) fn new(place: impl fmt::Display, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: place.to_string(), what: what.into(), help: help.into() }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, help } = self;
        write!(f, "{place}: {what}")?;
        if help.is_empty() { Ok(()) } else { write!(f, "; {help}") }
    }
}
