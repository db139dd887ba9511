//! Schemas as texts, with those that they name from other texts.

mod defaults;

use std::fmt;
use std::sync::Arc;

use apache_avro::Schema as Parsed;
use serde_json::Value as Json;

use crate::error::SchemaError;
use crate::plan::Plan;

/// All texts of a schema together may be nested this deep, so that a short stack suffices for them.
const MOST_NESTING: usize = 600;

/// A schema that was read, checked and compiled. Copies share it.
#[derive(Clone)]
pub struct Schema {
    text: Arc<str>,
    references: Arc<[Arc<str>]>,
    plan: Arc<Plan>,
}

impl Schema {
    /// Reads a schema that stands by itself.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        Self::parse_with(text, &[] as &[&str])
    }

    /// Reads a schema that names types of other texts, which may name each other. Each of them is one named type.
    pub fn parse_with(text: &str, references: &[impl AsRef<str>]) -> Result<Self, SchemaError> {
        let mut kept: Vec<Arc<str>> = Vec::new();
        for reference in references {
            if !kept.iter().any(|other| **other == *reference.as_ref()) {
                kept.push(reference.as_ref().into());
            }
        }
        let mut nesting = 0;
        let main = prepared(text, &mut nesting)?;
        let others = kept.iter().map(|other| named(other, &mut nesting)).collect::<Result<Vec<_>, _>>()?;
        let unreadable = |error: apache_avro::Error| SchemaError::Unreadable(error.to_string());
        let (root, others) = if others.is_empty() {
            (Parsed::parse(&main).map_err(unreadable)?, Vec::new())
        } else {
            let others: Vec<String> = others.iter().map(Json::to_string).collect();
            Parsed::parse_str_with_list(&main.to_string(), &others).map_err(unreadable)?
        };
        let plan = Plan::compile(&root, &others)?;
        Ok(Self { text: text.into(), references: kept.into(), plan: Arc::new(plan) })
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The texts that it was read with.
    pub fn references(&self) -> impl ExactSizeIterator<Item = &str> {
        self.references.iter().map(AsRef::as_ref)
    }

    /// The full name of the outermost type, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.plan.name_of(self.plan.root())
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("text", &self.text)
            .field("references", &self.references)
            .finish_non_exhaustive()
    }
}

/// Schemas are the same if their texts are.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.references == other.references
    }
}

/// The JSON of a text, with its defaults set aside. A text that is no JSON but a bare name is that name.
fn prepared(text: &str, nesting: &mut usize) -> Result<Json, SchemaError> {
    let mut json = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(_) if is_bare_name(text.trim()) => Json::String(text.trim().to_owned()),
        Err(error) => return Err(SchemaError::Unreadable(format!("it is no JSON: {error}"))),
    };
    *nesting += depth(&json);
    if *nesting > MOST_NESTING {
        return Err(SchemaError::TooDeep { most: MOST_NESTING });
    }
    defaults::set_aside(&mut json);
    Ok(json)
}

/// A text of a type that others name. It may be wrapped as the `type` of objects without another meaning.
fn named(text: &str, nesting: &mut usize) -> Result<Json, SchemaError> {
    let mut json = prepared(text, nesting)?;
    while let Some(inner) = json.get_mut("type").filter(|inner| inner.is_object()).map(Json::take) {
        json = inner;
    }
    let kind = json.get("type").and_then(Json::as_str);
    let text = || text.chars().take(60).collect();
    match kind {
        Some("record") if json.get("fields").is_some() => Ok(json),
        Some("enum") if json.get("symbols").is_some() => Ok(json),
        Some("fixed") if json.get("size").is_some() => Ok(json),
        _ => Err(SchemaError::ReferenceWithoutName { text: text() }),
    }
}

fn is_bare_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.'))
}

/// How deep lists and objects are nested; `serde_json` reads none that is deeper than 128.
fn depth(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
