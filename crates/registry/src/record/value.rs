//! The value of a record. What is not known of it stays with it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::BadRecord;
use crate::level::Level;
use crate::mode::Mode;

/// A schema that another one uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The name by which it is used.
    pub name: String,
    /// The subject under which it is registered.
    pub subject: String,
    /// The version, from 1.
    pub version: i32,
}

/// A version of a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaValue {
    /// The subject.
    pub subject: String,
    /// The version, from 1.
    pub version: i32,
    /// The id of the schema.
    pub id: i32,
    /// The type; `None` for Avro.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<String>,
    /// The schemas that it uses.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The text of the schema.
    pub schema: String,
    /// Whether it is deleted, but not for good.
    #[serde(default, deserialize_with = "null_is_default")]
    pub deleted: bool,
    /// What else was written with it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A compatibility level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigValue {
    /// The subject; `None` for all.
    #[serde(default)]
    pub subject: Option<String>,
    /// The level; `None` where only other things are set.
    #[serde(rename = "compatibilityLevel", default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What else was written with it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModeValue {
    /// The subject; `None` for all.
    #[serde(default)]
    pub subject: Option<String>,
    /// The mode.
    pub mode: Mode,
    /// What else was written with it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How far a subject is deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeleteSubjectValue {
    /// The subject.
    pub subject: String,
    /// The last version that is deleted.
    pub version: i32,
    /// What else was written with it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl SchemaValue {
    /// Reads the value of a key's subject and version.
    pub(super) fn parse(bytes: &[u8], subject: &str, version: i32) -> Result<Self, BadRecord> {
        let value: Self = parse("SCHEMA", bytes)?;
        let bad = |reason: String| Err(BadRecord::Value { keytype: "SCHEMA", reason });
        if value.subject != subject || value.version != version {
            return bad(format!(
                "its key says `{subject}` {version}, its value `{}` {}",
                value.subject, value.version
            ));
        }
        if value.id < 0 {
            return bad(format!("id {} is below 0", value.id));
        }
        Ok(value)
    }
}

/// Reads a value.
pub(super) fn parse<T: DeserializeOwned>(keytype: &'static str, bytes: &[u8]) -> Result<T, BadRecord> {
    serde_json::from_slice(bytes).map_err(|error| BadRecord::Value { keytype, reason: error.to_string() })
}

/// Writes a value.
pub(super) fn bytes(value: &impl Serialize) -> Vec<u8> {
    // All that values hold has a form in JSON.
    serde_json::to_vec(value).unwrap_or_default()
}

fn null_is_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
