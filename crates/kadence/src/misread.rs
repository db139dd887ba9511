//! Values that are not what they should be.

use std::fmt;

use kadence_core::fault::{Explain, Fault};

/// Why a value is not read: what is wrong with it, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) what: String,
    /// May be empty.
    pub(crate) help: String,
}

impl Misread {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into() }
    }

    /// What the error of a value says, which names no options.
    pub(crate) fn of(error: &impl Explain) -> Self {
        let Fault { what, help, .. } = error.explain();
        Self::new(what.to_string(), help.to_string())
    }
}

impl std::error::Error for Misread {}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.help.is_empty() { "" } else { "; " };
        write!(f, "{}{separator}{}", self.what, self.help)
    }
}
