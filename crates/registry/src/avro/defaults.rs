//! Whether defaults are values of their fields.

use super::InvalidAvro;
use super::tree::{Node, Place, Primitive, Tree};
use crate::json::Json;

/// How deep a default may go: those that are left out may go on for ever.
const DEEPEST: usize = 200;

/// Checks all defaults of a schema, but not of those that it uses.
pub(super) fn check(tree: &Tree) -> Result<(), InvalidAvro> {
    for node in tree.nodes.iter().skip(tree.own) {
        let Node::Record(head, record) = node else { continue };
        for field in &record.fields {
            let Some(default) = &field.default else { continue };
            if !fits(tree, field.schema, default, DEEPEST) {
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

/// Whether a value is one of a schema.
fn fits(tree: &Tree, schema: Place, value: &Json, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match tree.node(schema) {
        Node::Primitive(primitive, _) => fits_primitive(*primitive, value),
        Node::Enum(..) | Node::Fixed(..) => matches!(value, Json::Text(_)),
        Node::Array(items, _) => {
            value.list().is_some_and(|list| list.iter().all(|item| fits(tree, *items, item, depth)))
        }
        Node::Map(values, _) => match value {
            Json::Object(attributes) => attributes.iter().all(|(_, value)| fits(tree, *values, value, depth)),
            _ => false,
        },
        Node::Union(branches) => branches.iter().any(|branch| fits(tree, *branch, value, depth)),
        Node::Record(_, record) => {
            matches!(value, Json::Object(_))
                && record.fields.iter().all(|field| {
                    let value = value.get(&field.name).or(field.default.as_ref());
                    value.is_some_and(|value| fits(tree, field.schema, value, depth))
                })
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
