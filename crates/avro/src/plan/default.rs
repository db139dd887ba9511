//! Defaults of fields, from JSON to binary form.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{Fixed, Node, NodeId, Plan, Record};
use crate::wire::{write_bytes, write_long};

/// The bytes of all defaults of a schema.
const MOST_BYTES: usize = 1 << 20;
/// The values in all defaults of a schema.
const MOST_VALUES: usize = 1 << 20;
/// How deep values stand in each other.
const MOST_DEPTH: usize = 64;

/// Which field of which record has which default.
type Raw<'j> = HashMap<(NodeId, usize), &'j Json>;

/// What is left of the room for defaults: records that default to records that default to records grow fast.
pub(super) struct Budget {
    bytes: usize,
    values: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { bytes: MOST_BYTES, values: MOST_VALUES }
    }

    /// The binary form of a default, or why it is none.
    pub(super) fn bytes(
        &mut self,
        plan: &Plan,
        raw: &Raw<'_>,
        node: NodeId,
        json: &Json,
    ) -> Result<Vec<u8>, String> {
        let mut maker = Maker { plan, raw, into: Vec::new(), budget: self };
        maker.value(node, json, 0)?;
        let into = maker.into;
        self.bytes = self.bytes.checked_sub(into.len()).ok_or_else(too_large)?;
        Ok(into)
    }
}

fn too_large() -> String {
    "the defaults take too much room".into()
}

struct Maker<'m> {
    plan: &'m Plan,
    raw: &'m Raw<'m>,
    into: Vec<u8>,
    budget: &'m mut Budget,
}

impl Maker<'_> {
    fn value(&mut self, id: NodeId, json: &Json, depth: usize) -> Result<(), String> {
        self.budget.values = self.budget.values.checked_sub(1).ok_or_else(too_large)?;
        if depth > MOST_DEPTH || self.into.len() > self.budget.bytes {
            return Err(too_large());
        }
        let misfit = || {
            let found: String = json.to_string().chars().take(40).collect();
            format!("the default {found} is no {}", self.plan.describe(id))
        };
        match (self.plan.node(id), json) {
            (Node::Null, Json::Null) => {}
            (Node::Boolean, Json::Bool(value)) => self.into.push((*value).into()),
            (Node::Int | Node::Date | Node::TimeMillis, json) => {
                let number = json.as_i64().and_then(|number| i32::try_from(number).ok());
                write_long(number.ok_or_else(misfit)?.into(), &mut self.into);
            }
            (Node::Long | Node::TimeMicros | Node::Timestamp(_) | Node::LocalTimestamp(_), json) => {
                write_long(json.as_i64().ok_or_else(misfit)?, &mut self.into);
            }
            (Node::Float, json) => {
                let number = json.as_f64().ok_or_else(misfit)? as f32;
                self.into.extend_from_slice(&number.to_le_bytes());
            }
            (Node::Double, json) => {
                self.into.extend_from_slice(&json.as_f64().ok_or_else(misfit)?.to_le_bytes());
            }
            (Node::Text | Node::Uuid, Json::String(text)) => write_bytes(text.as_bytes(), &mut self.into),
            (Node::Bytes | Node::Decimal(_), Json::String(text)) => {
                write_bytes(&bytes_of(text).ok_or_else(misfit)?, &mut self.into);
            }
            (Node::Fixed(Fixed { size, .. }), Json::String(text)) => {
                let bytes = bytes_of(text).filter(|bytes| bytes.len() == *size).ok_or_else(misfit)?;
                self.into.extend_from_slice(&bytes);
            }
            (Node::Enum(of), Json::String(text)) => {
                let place = of.places.get(text.as_str()).ok_or_else(misfit)?;
                write_long((*place).into(), &mut self.into);
            }
            (Node::Array(_) | Node::Map(_), json) => self.items(id, json, depth)?,
            (Node::Union(branches), json) => self.union(branches, json, depth).ok_or_else(misfit)?,
            (Node::Record(record), Json::Object(_)) => self.record(id, record, json, depth)?,
            _ => return Err(misfit()),
        }
        Ok(())
    }

    fn items(&mut self, id: NodeId, json: &Json, depth: usize) -> Result<(), String> {
        let count = match (self.plan.node(id), json) {
            (Node::Array(items), Json::Array(values)) => {
                if !values.is_empty() {
                    write_long(values.len() as i64, &mut self.into);
                }
                values.iter().try_for_each(|value| self.value(*items, value, depth + 1))
            }
            (Node::Map(of), Json::Object(members)) => {
                if !members.is_empty() {
                    write_long(members.len() as i64, &mut self.into);
                }
                members.iter().try_for_each(|(name, value)| {
                    write_bytes(name.as_bytes(), &mut self.into);
                    self.value(*of, value, depth + 1)
                })
            }
            _ => Err(format!("the default is no {}", self.plan.describe(id))),
        };
        write_long(0, &mut self.into);
        count
    }

    /// The first branch that the value is of; older versions ask for the first of all.
    fn union(&mut self, branches: &[NodeId], json: &Json, depth: usize) -> Option<()> {
        let start = self.into.len();
        for (place, branch) in (0..).zip(branches) {
            write_long(place, &mut self.into);
            if self.value(*branch, json, depth + 1).is_ok() {
                return Some(());
            }
            self.into.truncate(start);
        }
        None
    }

    fn record(&mut self, id: NodeId, record: &Record, json: &Json, depth: usize) -> Result<(), String> {
        for (place, field) in record.fields.iter().enumerate() {
            let value = json.get(&*field.name).or_else(|| self.raw.get(&(id, place)).copied());
            let value = value.ok_or_else(|| format!("the default has no field `{}`", field.name))?;
            self.value(field.node, value, depth + 1)?;
        }
        Ok(())
    }
}

/// Bytes stand in JSON as a text of characters up to 255.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect()
}
