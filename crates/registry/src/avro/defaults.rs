//! Whether defaults are values of their fields.

use super::InvalidAvro;
use super::tree::{Node, Place, Primitive, Tree};
use crate::json::Json;

/// How deep a default may go: those that are left out may go on for ever.
const DEEPEST: usize = 200;
/// How many values are looked at for one default.
const MOST_VALUES: usize = 100_000;

/// Checks all defaults of a schema, but not of those that it uses.
pub(super) fn check(tree: &Tree) -> Result<(), InvalidAvro> {
    for node in tree.nodes.iter().skip(tree.own) {
        let Node::Record(head, record) = node else { continue };
        for field in &record.fields {
            let Some(default) = &field.default else { continue };
            let mut look = Look { tree, now: field.done, depth: 0, values: 0, is_early: false };
            if !look.fits(field.schema, default) || look.is_early {
                return Err(InvalidAvro(format!(
                    "the default of field `{}` of record {} is {default}, which is no {}",
                    field.name,
                    head.name.full(),
                    tree.node(field.schema).described(),
                )));
            }
        }
    }
    Ok(())
}

struct Look<'t> {
    tree: &'t Tree,
    /// When the field was read, whose default it is.
    now: usize,
    depth: usize,
    values: usize,
    /// Whether the default is of a record that was not read to its end at that time, which Java refuses.
    is_early: bool,
}

impl<'t> Look<'t> {
    /// Whether a value is one of a schema.
    fn fits(&mut self, schema: Place, value: &'t Json) -> bool {
        self.values += 1;
        if self.depth >= DEEPEST || self.values > MOST_VALUES {
            return false;
        }
        self.depth += 1;
        let fits = self.fits_node(self.tree.node(schema), value);
        self.depth -= 1;
        fits
    }

    fn fits_node(&mut self, node: &'t Node, value: &'t Json) -> bool {
        match node {
            Node::Primitive(primitive, _) => fits_primitive(*primitive, value),
            Node::Enum(..) | Node::Fixed(..) => matches!(value, Json::Text(_)),
            Node::Array(items, _) => {
                value.list().is_some_and(|list| list.iter().all(|item| self.fits(*items, item)))
            }
            Node::Map(values, _) => match value {
                Json::Object(attributes) => attributes.iter().all(|(_, value)| self.fits(*values, value)),
                _ => false,
            },
            Node::Union(branches) => branches.iter().any(|branch| self.fits(*branch, value)),
            Node::Record(_, record) => {
                self.is_early |= matches!(value, Json::Object(_)) && record.done > self.now;
                matches!(value, Json::Object(_))
                    && record.fields.iter().all(|field| {
                        let value = value.get(&field.name).or(field.default.as_ref());
                        value.is_some_and(|value| self.fits(field.schema, value))
                    })
            }
        }
    }
}

fn fits_primitive(primitive: Primitive, value: &Json) -> bool {
    match (primitive, value) {
        (Primitive::Null, Json::Null)
        | (Primitive::Boolean, Json::Bool(_))
        | (Primitive::Bytes | Primitive::String, Json::Text(_))
        | (Primitive::Long, Json::Int(_))
        | (Primitive::Float | Primitive::Double, Json::Int(_) | Json::Big(_) | Json::Float(_)) => true,
        (Primitive::Int, Json::Int(number)) => i32::try_from(*number).is_ok(),
        _ => false,
    }
}
