//! From rows to bodies: exactly, or not at all.
//!
//! | Type | Takes |
//! |---|---|
//! | boolean | booleans |
//! | int, long | whole numbers in its range, also as `27.0` |
//! | float | floats that read the same in 32 bits, and whole numbers that it has exactly |
//! | double | floats, and whole numbers that it has exactly |
//! | decimal | numbers that have room, with no more digits behind the point than it has |
//! | string | texts; decimals and JSON as their text, UUIDs in their usual form |
//! | bytes, fixed | bytes |
//! | enum | texts that are one of its symbols |
//! | uuid | UUIDs, and texts that are one |
//! | date, time, timestamp | themselves, in whole units of the type |
//! | local-timestamp | texts in ISO 8601 without a zone |
//! | duration | structs of `months`, `days` and `millis` |
//! | array | lists |
//! | map, record | maps and structs |
//! | union | what one of its branches takes: first as it is, then changed in form |

mod refusal;
mod rows;
mod scalars;
mod unions;

use std::sync::Arc;

use kadence_core::codec::{EncodeError, Encoder};
use kadence_core::data::{Row, Value};

use crate::logical::decimal::Scratch;
use crate::logical::float::narrow;
use crate::plan::{Node, NodeId, ONLY_FIELD, Plan};
use crate::schema::Schema;
use crate::wire::{MAGIC, Stop, write_bytes, write_long};
use refusal::{Refusal, Step};
use rows::Order;

/// Writes rows as Avro.
///
/// ```
/// use kadence_avro::{AvroEncoder, Schema};
/// use kadence_core::codec::Encoder;
/// use kadence_core::data::RowBuffer;
/// let schema = Schema::parse(r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#)?;
/// let mut encoder = AvroEncoder::new(&schema, 7);
/// let mut rows = RowBuffer::new();
/// let mut row = rows.build();
/// row.name("id").int(2);
/// row.finish()?;
/// let mut body = Vec::new();
/// encoder.encode(rows.row(0), &mut body)?;
/// assert_eq!(body, [0, 0, 0, 0, 7, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AvroEncoder {
    plan: Arc<Plan>,
    id: Option<u32>,
    ignores_unknown: bool,
    memory: Memory,
}

/// Memory that is used again.
#[derive(Debug)]
struct Memory {
    /// In which order the fields of each record came the last time, by the record's place in the plan.
    orders: Vec<Order>,
    slots: Vec<Option<Value<'static>>>,
    path: Vec<Step<'static>>,
    scratch: Scratch,
    text: String,
}

impl AvroEncoder {
    /// Writes rows behind the prefix that names the schema by its id in the registry.
    pub fn new(schema: &Schema, id: u32) -> Self {
        Self { id: Some(id), ..Self::bare(schema) }
    }

    /// Writes rows without a prefix, for records that name their schema in a header.
    pub fn bare(schema: &Schema) -> Self {
        let plan = Arc::clone(schema.plan());
        let mut orders = Vec::new();
        orders.resize_with(plan.len(), Order::default);
        let memory = Memory {
            orders,
            slots: Vec::new(),
            path: Vec::new(),
            scratch: Scratch::default(),
            text: String::new(),
        };
        Self { plan, id: None, ignores_unknown: false, memory }
    }

    /// Says whether fields that the schema has not are left out; else they are errors.
    #[must_use]
    pub fn ignore_unknown(self, ignores_unknown: bool) -> Self {
        Self { ignores_unknown, ..self }
    }
}

impl Encoder for AvroEncoder {
    fn encode(&mut self, row: Row<'_>, into: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = into.len();
        if let Some(id) = self.id {
            into.push(MAGIC);
            into.extend_from_slice(&id.to_be_bytes());
        }
        let Self { plan, memory, ignores_unknown, .. } = self;
        let mut writer = Writer {
            plan,
            orders: &mut memory.orders,
            slots: std::mem::take(&mut memory.slots),
            path: std::mem::take(&mut memory.path),
            scratch: &mut memory.scratch,
            text: &mut memory.text,
            into,
            ignores_unknown: *ignores_unknown,
            is_strict: false,
            depth: 0,
            failures: 0,
            refusal: None,
        };
        let written = writer.row(row);
        let failed = written.is_err().then(|| writer.error());
        let Writer { slots, path, .. } = writer;
        memory.slots = emptied(slots);
        memory.path = emptied_path(path);
        match failed {
            None => Ok(()),
            Some(error) => {
                into.truncate(start);
                Err(error)
            }
        }
    }
}

/// A row that is being written.
struct Writer<'w, 'r> {
    plan: &'w Plan,
    orders: &'w mut [Order],
    /// The values of the records that are being written, in the order of their fields.
    slots: Vec<Option<Value<'r>>>,
    /// Where the value stands that was refused, innermost first.
    path: Vec<Step<'r>>,
    scratch: &'w mut Scratch,
    text: &'w mut String,
    into: &'w mut Vec<u8>,
    ignores_unknown: bool,
    /// Whether a value is taken only as the kind that it is read as.
    is_strict: bool,
    depth: usize,
    /// How many branches of unions were tried in vain for values that hold others.
    failures: usize,
    refusal: Option<Refusal<'r>>,
}

impl<'r> Writer<'_, 'r> {
    fn row(&mut self, row: Row<'r>) -> Result<(), Stop> {
        let root = self.plan.root();
        match self.plan.node(root) {
            Node::Record(record) => self.record(root, record, row.fields()),
            _ => self.only_field(root, row),
        }
    }

    /// The row of an outermost type that is no record has one field.
    fn only_field(&mut self, root: NodeId, row: Row<'r>) -> Result<(), Stop> {
        let others = row.fields().find(|(name, _)| *name != ONLY_FIELD);
        if let Some((name, value)) = others
            && !self.ignores_unknown
        {
            return Err(self.refuse_unknown(root, name, value));
        }
        let written = match row.get(ONLY_FIELD) {
            Some(value) => self.value(root, &value),
            None => Err(self.refuse_missing(root, None)),
        };
        written.map_err(|stop| self.within(stop, Step::Name(ONLY_FIELD)))
    }

    #[inline]
    fn value(&mut self, id: NodeId, value: &Value<'r>) -> Result<(), Stop> {
        let plan = self.plan;
        match (plan.node(id), value) {
            // What most values are stands first.
            (Node::Long, Value::Int(number)) => write_long(*number, self.into),
            (Node::Double, Value::Float(number)) => self.into.extend_from_slice(&number.to_le_bytes()),
            (Node::Text, Value::Text(text)) => write_bytes(text.as_bytes(), self.into),
            (Node::Float, Value::Float(number)) if let Some(number) = narrow(*number) => {
                self.into.extend_from_slice(&number.to_le_bytes());
            }
            (Node::Union(branches), value) => return self.union(id, branches, value),
            (Node::Record(record), Value::Struct(fields) | Value::Map(fields)) => {
                return self.record(id, record, fields.clone());
            }
            (Node::Array(items), Value::List(list)) => {
                return self.items(*items, list.clone());
            }
            (Node::Map(values), Value::Map(fields) | Value::Struct(fields)) => {
                return self.entries(*values, fields.clone());
            }
            (node, value) => {
                return self.scalar(node, value).map_err(|why| self.refuse(id, value, why));
            }
        }
        Ok(())
    }
}

/// The same memory, without what was in it, for the next row. Nothing is left to be taken over, and a vector of the
/// same size takes over the memory.
fn emptied(mut slots: Vec<Option<Value<'_>>>) -> Vec<Option<Value<'static>>> {
    slots.clear();
    slots.into_iter().map(|_| None).collect()
}

fn emptied_path(mut path: Vec<Step<'_>>) -> Vec<Step<'static>> {
    path.clear();
    path.into_iter().map(|_| Step::Item(0)).collect()
}

#[cfg(test)]
mod tests {
    use kadence_core::data::RowBuffer;

    use super::*;

    #[test]
    fn memory_is_used_again() {
        let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":["long","string"]},
            {"name":"b","type":{"type":"bytes","logicalType":"decimal","precision":60,"scale":2}}]}"#;
        let mut encoder = AvroEncoder::new(&Schema::parse(schema).unwrap(), 1);
        let mut rows = RowBuffer::new();
        for _ in 0..3 {
            let mut row = rows.build();
            row.name("a").text("x");
            row.name("b").decimal("-1234567890123456789012345678901234567890.12");
            row.finish().unwrap();
        }
        let mut into = Vec::with_capacity(1_000);
        let mut places = Vec::new();
        for row in rows.iter() {
            encoder.encode(row, &mut into).unwrap();
            let Memory { slots, orders, .. } = &encoder.memory;
            assert!(slots.capacity() >= 2);
            places.push((slots.as_ptr().addr(), slots.capacity(), orders[0].memory()));
        }
        assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{places:?}");
    }
}
