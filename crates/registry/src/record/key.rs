//! The key of a record: its kind, and what it is about.

use serde::{Deserialize, Serialize};

use super::BadRecord;

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A version of a subject.
    Schema {
        /// The subject.
        subject: String,
        /// The version, from 1.
        version: i32,
    },
    /// The compatibility level of a subject, or of all.
    Config {
        /// The subject; `None` for all.
        subject: Option<String>,
    },
    /// The mode of a subject, or of all.
    Mode {
        /// The subject; `None` for all.
        subject: Option<String>,
    },
    /// The deletion of a subject.
    DeleteSubject {
        /// The subject.
        subject: String,
    },
    /// The end of what is deleted of a subject.
    ClearSubject {
        /// The subject.
        subject: String,
    },
    /// Nothing.
    Noop,
    /// What a later registry knows.
    Unknown {
        /// The kind.
        keytype: String,
    },
}

#[derive(Deserialize)]
struct Read {
    keytype: String,
    subject: Option<String>,
    version: Option<i32>,
}

/// In the order in which registries write it: the topic is compacted by these bytes.
#[derive(Serialize)]
struct About<'k> {
    keytype: &'k str,
    subject: Option<&'k str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    magic: u8,
}

/// The key of a record that is about nothing.
#[derive(Serialize)]
struct Bare<'k> {
    keytype: &'k str,
    magic: u8,
}

impl Key {
    /// Understands a key.
    ///
    /// # Errors
    /// Where it is no key of a registry.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadRecord> {
        let read: Read = serde_json::from_slice(bytes).map_err(|error| BadRecord::Key(error.to_string()))?;
        if let Some(subject) = read.subject.as_deref().filter(|subject| subject.starts_with(":.")) {
            return Err(BadRecord::Context(subject.to_owned()));
        }
        let Read { keytype, subject, version } = read;
        let missing = || BadRecord::Key(format!("{keytype} without a subject"));
        Ok(match keytype.as_str() {
            "SCHEMA" => {
                let version = version
                    .filter(|version| *version > 0)
                    .ok_or_else(|| BadRecord::Key("SCHEMA without a version from 1".to_owned()))?;
                Key::Schema { subject: subject.ok_or_else(missing)?, version }
            }
            "CONFIG" => Key::Config { subject },
            "MODE" => Key::Mode { subject },
            "DELETE_SUBJECT" => Key::DeleteSubject { subject: subject.ok_or_else(missing)? },
            "CLEAR_SUBJECT" => Key::ClearSubject { subject: subject.ok_or_else(missing)? },
            "NOOP" => Key::Noop,
            _ => Key::Unknown { keytype },
        })
    }
}

/// The key of a version.
pub(super) fn schema(subject: &str, version: i32) -> Vec<u8> {
    bytes(&About { keytype: "SCHEMA", subject: Some(subject), version: Some(version), magic: 1 })
}

/// Any other key about a subject; `None` for all.
pub(super) fn about(keytype: &str, subject: Option<&str>) -> Vec<u8> {
    bytes(&About { keytype, subject, version: None, magic: 0 })
}

/// A key that is about nothing.
pub(super) fn bare(keytype: &str) -> Vec<u8> {
    bytes(&Bare { keytype, magic: 0 })
}

fn bytes(key: &impl Serialize) -> Vec<u8> {
    // Texts and numbers always have a form in JSON.
    serde_json::to_vec(key).unwrap_or_default()
}
