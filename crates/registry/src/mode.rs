//! Modes: what may be written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What may be written to a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Everything, but for ids.
    #[default]
    Readwrite,
    /// Nothing.
    Readonly,
    /// Nothing. For all subjects, it stands above the modes of each.
    ReadonlyOverride,
    /// Schemas with their ids.
    Import,
}

const NAMES: [(Mode, &str); 4] = [
    (Mode::Readwrite, "READWRITE"),
    (Mode::Readonly, "READONLY"),
    (Mode::ReadonlyOverride, "READONLY_OVERRIDE"),
    (Mode::Import, "IMPORT"),
];

impl Mode {
    /// Whether nothing may be written.
    pub fn is_read_only(self) -> bool {
        matches!(self, Mode::Readonly | Mode::ReadonlyOverride)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(mode, _)| *mode == self).map_or("READWRITE", |(_, name)| name)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = ();

    /// In capitals or not.
    fn from_str(text: &str) -> Result<Self, ()> {
        NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(mode, _)| *mode).ok_or(())
    }
}
