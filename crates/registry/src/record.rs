//! Records of the log, as registries write them to the topic `_schemas`.

mod key;
mod value;

pub use key::Key;
pub use value::{ConfigValue, DeleteSubjectValue, ModeValue, Reference, SchemaValue};

use crate::level::Level;
use crate::mode::Mode;

/// A record of the log, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A version of a subject; without a value, it is gone for good.
    Schema {
        /// The subject.
        subject: String,
        /// The version, from 1.
        version: i32,
        /// What it holds.
        value: Option<Box<SchemaValue>>,
    },
    /// A compatibility level; without a value, none is set.
    Config {
        /// The subject; `None` for all.
        subject: Option<String>,
        /// The level.
        value: Option<ConfigValue>,
    },
    /// A mode; without a value, none is set.
    Mode {
        /// The subject; `None` for all.
        subject: Option<String>,
        /// The mode.
        value: Option<ModeValue>,
    },
    /// Versions of a subject up to one are deleted, but not for good.
    DeleteSubject {
        /// The subject.
        subject: String,
        /// Up to which version; without a value, the record says nothing any more.
        value: Option<DeleteSubjectValue>,
    },
    /// What is deleted of a subject is gone for good.
    ClearSubject {
        /// The subject.
        subject: String,
    },
    /// Written to find the end of the log.
    Noop,
    /// Of a later registry. It says nothing here.
    Unknown {
        /// Its kind.
        keytype: String,
    },
}

/// Why a record of the log is skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// The key cannot be read.
    #[error("the key of the record is not one of a registry ({0}); skip it")]
    Key(String),
    /// The value cannot be read.
    #[error("the value of the {keytype} record cannot be read ({reason}); skip it")]
    Value {
        /// The kind of record.
        keytype: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A subject of another context than the one that is served.
    #[error("subject `{0}` is of a context that is not served; skip it")]
    Context(String),
}

impl Record {
    /// Understands a record.
    ///
    /// # Errors
    /// Where the record is to be skipped.
    pub fn parse(key: &[u8], value: Option<&[u8]>) -> Result<Self, BadRecord> {
        Ok(match Key::parse(key)? {
            Key::Schema { subject, version } => {
                let value = value.map(|bytes| SchemaValue::parse(bytes, &subject, version)).transpose()?;
                Record::Schema { subject, version, value: value.map(Box::new) }
            }
            Key::Config { subject } => {
                let value = value.map(|bytes| value::parse("CONFIG", bytes)).transpose()?;
                Record::Config { subject, value }
            }
            Key::Mode { subject } => {
                let value = value.map(|bytes| value::parse("MODE", bytes)).transpose()?;
                Record::Mode { subject, value }
            }
            Key::DeleteSubject { subject } => {
                let value = value.map(|bytes| value::parse("DELETE_SUBJECT", bytes)).transpose()?;
                Record::DeleteSubject { subject, value }
            }
            Key::ClearSubject { subject } => Record::ClearSubject { subject },
            Key::Noop => Record::Noop,
            Key::Unknown { keytype } => Record::Unknown { keytype },
        })
    }

    /// The record that sets a level.
    pub(crate) fn config(subject: Option<&str>, level: Option<Level>, before: Option<&ConfigValue>) -> Self {
        let subject = subject.map(str::to_owned);
        let value = level.map(|level| ConfigValue {
            subject: subject.clone(),
            level: Some(level),
            extra: before.map(|before| before.extra.clone()).unwrap_or_default(),
        });
        Record::Config { subject, value }
    }

    /// The record that sets a mode.
    pub(crate) fn mode(subject: Option<&str>, mode: Option<Mode>, before: Option<&ModeValue>) -> Self {
        let subject = subject.map(str::to_owned);
        let value = mode.map(|mode| ModeValue {
            subject: subject.clone(),
            mode,
            extra: before.map(|before| before.extra.clone()).unwrap_or_default(),
        });
        Record::Mode { subject, value }
    }

    /// The bytes of its key, the same in all registries.
    pub fn key_bytes(&self) -> Vec<u8> {
        match self {
            Record::Schema { subject, version, .. } => key::schema(subject, *version),
            Record::Config { subject, .. } => key::about("CONFIG", subject.as_deref()),
            Record::Mode { subject, .. } => key::about("MODE", subject.as_deref()),
            Record::DeleteSubject { subject, .. } => key::about("DELETE_SUBJECT", Some(subject)),
            Record::ClearSubject { subject } => key::about("CLEAR_SUBJECT", Some(subject)),
            Record::Noop => key::bare("NOOP"),
            Record::Unknown { keytype } => key::bare(keytype),
        }
    }

    /// The bytes of its value; `None` for none.
    pub fn value_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Record::Schema { value, .. } => value.as_deref().map(value::bytes),
            Record::Config { value, .. } => value.as_ref().map(value::bytes),
            Record::Mode { value, .. } => value.as_ref().map(value::bytes),
            Record::DeleteSubject { value, .. } => value.as_ref().map(value::bytes),
            Record::ClearSubject { subject } => {
                Some(value::bytes(&serde_json::json!({ "subject": subject })))
            }
            Record::Noop | Record::Unknown { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
