//! Compatibility levels.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which schemas of a subject have to read which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Nobody reads anything.
    None,
    /// A new one reads what the latest one wrote.
    #[default]
    Backward,
    /// A new one reads what all before wrote.
    BackwardTransitive,
    /// The latest one reads what a new one writes.
    Forward,
    /// All before read what a new one writes.
    ForwardTransitive,
    /// Backward and forward.
    Full,
    /// Backward and forward, with all before.
    FullTransitive,
}

const NAMES: [(Level, &str); 7] = [
    (Level::None, "NONE"),
    (Level::Backward, "BACKWARD"),
    (Level::BackwardTransitive, "BACKWARD_TRANSITIVE"),
    (Level::Forward, "FORWARD"),
    (Level::ForwardTransitive, "FORWARD_TRANSITIVE"),
    (Level::Full, "FULL"),
    (Level::FullTransitive, "FULL_TRANSITIVE"),
];

impl Level {
    /// Whether a new schema has to read old ones.
    pub fn is_backward(self) -> bool {
        !matches!(self, Level::None | Level::Forward | Level::ForwardTransitive)
    }

    /// Whether old schemas have to read a new one.
    pub fn is_forward(self) -> bool {
        !matches!(self, Level::None | Level::Backward | Level::BackwardTransitive)
    }

    /// Whether it is about all versions, and not only the latest.
    pub fn is_transitive(self) -> bool {
        matches!(self, Level::BackwardTransitive | Level::ForwardTransitive | Level::FullTransitive)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(level, _)| *level == self).map_or("NONE", |(_, name)| name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = ();

    /// In capitals or not.
    fn from_str(text: &str) -> Result<Self, ()> {
        NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(level, _)| *level).ok_or(())
    }
}
