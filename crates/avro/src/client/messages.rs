//! What is said to a registry, and what it answers.

use std::fmt;

use kadence_core::named::Named;
use serde::{Deserialize, Serialize};

/// A schema as it is registered: a text, and where the types are that it names and does not define.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaText {
    /// The text.
    pub schema: String,
    /// Where the types are that it names.
    pub references: Vec<Reference>,
}

impl SchemaText {
    /// A text that names nothing which it does not define.
    pub fn new(schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), references: Vec::new() }
    }
}

/// Where a type is that a schema names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The full name of the type.
    pub name: String,
    /// The subject that it is registered under.
    pub subject: String,
    /// The version of the subject.
    pub version: u32,
}

/// A version of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredSchema {
    /// The subject.
    pub subject: String,
    /// The version, counted from 1.
    pub version: u32,
    /// The schema's id.
    pub id: u32,
    /// The schema's text.
    pub schema: String,
    /// What kind of schema it is; none is Avro.
    #[serde(default)]
    pub schema_type: Option<String>,
    /// Where the types are that it names.
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// Which version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The latest one.
    Latest,
    /// This one.
    Number(u32),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// What new schemas of a subject are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Compatibility {
    /// Nothing.
    None,
    /// The new one reads what the last one wrote.
    Backward,
    /// The new one reads what any before it wrote.
    BackwardTransitive,
    /// The last one reads what the new one writes.
    Forward,
    /// Any before it reads what the new one writes.
    ForwardTransitive,
    /// Both ways, with the last one.
    Full,
    /// Both ways, with any before it.
    FullTransitive,
}

impl Named for Compatibility {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("backward", Self::Backward),
        ("backward-transitive", Self::BackwardTransitive),
        ("forward", Self::Forward),
        ("forward-transitive", Self::ForwardTransitive),
        ("full", Self::Full),
        ("full-transitive", Self::FullTransitive),
    ];
}

/// Whether schemas may be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// They may.
    Readwrite,
    /// They may not.
    Readonly,
    /// They may not, and nothing stands above that.
    ReadonlyOverride,
    /// They may, with their ids.
    Import,
    /// They are passed on.
    Forward,
}

impl Named for Mode {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("readwrite", Self::Readwrite),
        ("readonly", Self::Readonly),
        ("readonly-override", Self::ReadonlyOverride),
        ("import", Self::Import),
        ("forward", Self::Forward),
    ];
}

#[derive(Debug, Serialize)]
pub(super) struct SchemaBody<'s> {
    schema: &'s str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'s [Reference],
}

impl<'s> SchemaBody<'s> {
    pub(super) fn of(text: &'s SchemaText) -> Self {
        Self { schema: &text.schema, references: &text.references }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaAnswer {
    pub(super) schema: String,
    #[serde(default)]
    pub(super) schema_type: Option<String>,
    #[serde(default)]
    pub(super) references: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IdAnswer {
    pub(super) id: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct CompatibilityAnswer {
    pub(super) is_compatible: bool,
    #[serde(default)]
    pub(super) messages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigAnswer {
    #[serde(rename = "compatibilityLevel")]
    pub(super) compatibility: Compatibility,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConfigBody {
    pub(super) compatibility: Compatibility,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModeAnswer {
    pub(super) mode: Mode,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ModeBody {
    pub(super) mode: Mode,
}

/// What a registry says of a request that it does not answer.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorAnswer {
    #[serde(default)]
    pub(super) error_code: Option<u32>,
    #[serde(default)]
    pub(super) message: String,
}
