//! Schemas as texts, with those that they name from other texts.

mod defaults;
mod order;

use std::fmt;
use std::sync::Arc;

use apache_avro::Schema as Parsed;
use serde_json::Value as Json;

use crate::error::SchemaError;
use crate::plan::Plan;

/// All texts of a schema together may be nested this deep, so that a short stack suffices for types that lead to each
/// other.
const MOST_NESTING: usize = 2_000;

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

    /// Reads a schema that names types of other texts, which may name types of each other, though not in a
    /// circle.
    pub fn parse_with(text: &str, references: &[impl AsRef<str>]) -> Result<Self, SchemaError> {
        let mut kept: Vec<Arc<str>> = Vec::new();
        for reference in references {
            if !kept.iter().any(|other| **other == *reference.as_ref()) {
                kept.push(reference.as_ref().into());
            }
        }
        let mut nesting = 0;
        let main = prepared(text, &mut nesting)?;
        let others = kept.iter().map(|other| prepared(other, &mut nesting)).collect::<Result<Vec<_>, _>>()?;
        let all = Parsed::parse(&in_one(main, others))
            .map_err(|error| SchemaError::Unreadable(error.to_string()))?;
        let plan = Plan::compile(&all)?;
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

/// All texts as the fields of one record, in the order in which they can be read, and the main one last. A type is then
/// known before it is named, however many texts lead to each other.
fn in_one(main: Json, others: Vec<Json>) -> Json {
    let places = order::order(&others);
    let mut others: Vec<Option<Json>> = others.into_iter().map(Some).collect();
    let ordered = places.into_iter().filter_map(|place| others.get_mut(place).and_then(Option::take));
    let texts: Vec<Json> = ordered.chain([main]).collect();
    let field =
        |(place, text): (usize, Json)| serde_json::json!({ "name": format!("text{place}"), "type": text });
    let fields: Vec<Json> = texts.into_iter().enumerate().map(field).collect();
    serde_json::json!({ "type": "record", "name": "all_texts_of_a_schema", "fields": fields })
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
