//! What is answered where a request is not done.

use crate::level::Level;
use crate::schema::Kind;

/// Why a request is not done. Each has its number in the interface.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Nothing is registered under it.
    #[error("subject `{0}` not found; GET /subjects lists those that are there")]
    SubjectNotFound(String),
    /// The subject has no such version.
    #[error("version {version} of subject `{subject}` not found")]
    VersionNotFound {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
    },
    /// No schema has this id.
    #[error("schema {0} not found")]
    SchemaNotFound(String),
    /// The subject is deleted already.
    #[error("subject `{0}` is deleted, but not for good; say permanent=true to do so")]
    SubjectDeleted(String),
    /// The subject is still there.
    #[error("subject `{0}` is still there; delete it once before it is deleted for good")]
    SubjectNotDeleted(String),
    /// The version is deleted already.
    #[error(
        "version {version} of subject `{subject}` is deleted, but not for good; say permanent=true to do so"
    )]
    VersionDeleted {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
    },
    /// The version is still there.
    #[error(
        "version {version} of subject `{subject}` is still there; delete it once before it is deleted for good"
    )]
    VersionNotDeleted {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
    },
    /// The subject has no level of its own.
    #[error(
        "subject `{0}` has no compatibility level of its own; say defaultToGlobal=true for the one of all"
    )]
    NoLevel(String),
    /// The subject has no mode of its own.
    #[error("subject `{0}` has no mode of its own; say defaultToGlobal=true for the one of all")]
    NoMode(String),
    /// The schema does not go with an earlier one.
    #[error("the schema is incompatible with an earlier one of subject `{subject}` at level {level}: {}", reasons.join("; "))]
    Incompatible {
        /// The subject.
        subject: String,
        /// The level.
        level: Level,
        /// What does not go together.
        reasons: Vec<String>,
    },
    /// The text is no schema.
    #[error("invalid schema: {0}")]
    InvalidSchema(String),
    /// Schemas of this kind are not compared.
    #[error(
        "schemas of schemaType {kind} are not compared here, and the level of subject `{subject}` is {level}; set it to NONE to register another version"
    )]
    NotCompared {
        /// The kind.
        kind: Kind,
        /// The subject.
        subject: String,
        /// The level.
        level: Level,
    },
    /// The body of a request is not what is asked for.
    #[error("the body cannot be read: {0}")]
    InvalidBody(String),
    /// It is no version.
    #[error("`{0}` is no version; versions are numbers from 1 to 2147483647, or `latest`")]
    InvalidVersion(String),
    /// It is no level.
    #[error(
        "`{0}` is no compatibility level; levels are NONE, BACKWARD, FORWARD, FULL, and each but NONE with _TRANSITIVE"
    )]
    InvalidLevel(String),
    /// It is no mode.
    #[error("`{0}` is no mode; modes are READWRITE, READONLY, READONLY_OVERRIDE and IMPORT")]
    InvalidMode(String),
    /// It is no subject.
    #[error("`{0}` is no subject; subjects have at least one character, none for control, and no context")]
    InvalidSubject(String),
    /// The mode forbids it, or it would change what must not change.
    #[error("{0}")]
    NotPermitted(String),
    /// Other schemas use it.
    #[error("version {version} of subject `{subject}` is used by schemas {ids:?}; delete those first")]
    Referenced {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
        /// The ids of those that use it.
        ids: Vec<i32>,
    },
    /// The log did not take it, or what it said was lost.
    #[error("the log did not take the record: {0}")]
    Store(String),
    /// Another server writes.
    #[error("this server does not write{}", at.as_ref().map_or_else(|| "; send the request to the one that does".to_owned(), |at| format!("; send the request to {at}")))]
    NotWriter {
        /// Where the one that writes is.
        at: Option<String>,
    },
}

impl RegistryError {
    /// The `error_code` of the interface.
    pub fn code(&self) -> u32 {
        match self {
            RegistryError::SubjectNotFound(_) => 40401,
            RegistryError::VersionNotFound { .. } => 40402,
            RegistryError::SchemaNotFound(_) => 40403,
            RegistryError::SubjectDeleted(_) => 40404,
            RegistryError::SubjectNotDeleted(_) => 40405,
            RegistryError::VersionDeleted { .. } => 40406,
            RegistryError::VersionNotDeleted { .. } => 40407,
            RegistryError::NoLevel(_) => 40408,
            RegistryError::NoMode(_) => 40409,
            RegistryError::Incompatible { .. } => 409,
            RegistryError::InvalidSchema(_) | RegistryError::NotCompared { .. } => 42201,
            RegistryError::InvalidBody(_) => 400,
            RegistryError::InvalidVersion(_) => 42202,
            RegistryError::InvalidLevel(_) => 42203,
            RegistryError::InvalidMode(_) => 42204,
            RegistryError::NotPermitted(_) => 42205,
            RegistryError::Referenced { .. } => 42206,
            RegistryError::InvalidSubject(_) => 42208,
            RegistryError::Store(_) => 50001,
            RegistryError::NotWriter { .. } => 50003,
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        let code = self.code();
        // The code of an error begins with its status.
        (if code < 1000 { code } else { code / 100 }) as u16
    }
}
