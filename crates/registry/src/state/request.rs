//! What can be asked for that changes something, and what comes of it.

use std::str::FromStr;

use uuid::Uuid;

use crate::error::RegistryError;
use crate::level::Level;
use crate::mode::Mode;
use crate::record::{Record, Reference};

/// A schema as a client sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The text.
    pub schema: String,
    /// The name of its kind; `None` for Avro.
    pub kind: Option<String>,
    /// The schemas that it uses. Version -1 is the latest.
    pub references: Vec<Reference>,
    /// The id it is to have, where ids are imported.
    pub id: Option<i32>,
    /// The version it is to be.
    pub version: Option<i32>,
    /// Whether schemas that differ only in the order of properties, aliases and references are one.
    pub normalize: bool,
}

/// A version as a client names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionName {
    /// The last one.
    Latest,
    /// By its number, from 1.
    Number(i32),
}

impl FromStr for VersionName {
    type Err = RegistryError;

    /// A number, `latest`, or `-1` for the same.
    fn from_str(text: &str) -> Result<Self, RegistryError> {
        match (text, text.parse::<i32>()) {
            ("latest", _) | (_, Ok(-1)) => Ok(VersionName::Latest),
            (_, Ok(number)) if number > 0 => Ok(VersionName::Number(number)),
            _ => Err(RegistryError::InvalidVersion(text.to_owned())),
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Register a schema.
    Register {
        /// Under which subject.
        subject: String,
        /// The schema.
        proposal: Proposal,
    },
    /// Delete all versions of a subject.
    DeleteSubject {
        /// The subject.
        subject: String,
        /// Whether for good.
        permanent: bool,
    },
    /// Delete a version of a subject.
    DeleteVersion {
        /// The subject.
        subject: String,
        /// The version.
        version: VersionName,
        /// Whether for good.
        permanent: bool,
    },
    /// Set a level.
    SetLevel {
        /// The subject; `None` for all.
        subject: Option<String>,
        /// The level.
        level: Level,
    },
    /// Let a level be as if it had never been set.
    DeleteLevel {
        /// The subject; `None` for all.
        subject: Option<String>,
    },
    /// Set a mode.
    SetMode {
        /// The subject; `None` for all.
        subject: Option<String>,
        /// The mode.
        mode: Mode,
        /// Whether to import where schemas are already.
        force: bool,
    },
    /// Let a mode be as if it had never been set.
    DeleteMode {
        /// The subject; `None` for all.
        subject: Option<String>,
    },
}

/// What a request comes to: records for the log, in order, and what is answered once they are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The records; none where all is as it was asked for.
    pub records: Vec<Record>,
    /// The answer.
    pub answer: Answer,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Where the schema is.
    Registered {
        /// Its id.
        id: i32,
        /// Its version.
        version: i32,
        /// Its id in all registries.
        guid: Uuid,
    },
    /// The versions that were deleted.
    Deleted(Vec<i32>),
    /// The version that was deleted.
    DeletedVersion(i32),
    /// The level that is set, or was.
    Level(Level),
    /// The mode that is set, or was.
    Mode(Mode),
}
