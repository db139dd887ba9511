//! Records, enums and fixed.

use std::collections::HashSet;

use super::{InvalidAvro, MEANT, Name, Parser, Place, properties};
use crate::avro::name;
use crate::avro::tree::{Enum, Field, Head, Node, Primitive, Record};
use crate::json::Json;

const MEANT_OF_ENUMS: [&str; 11] = [
    "doc",
    "fields",
    "items",
    "name",
    "namespace",
    "size",
    "symbols",
    "values",
    "type",
    "aliases",
    "default",
];
const MEANT_OF_FIELDS: [&str; 6] = ["default", "doc", "name", "order", "type", "aliases"];

impl Parser {
    pub(super) fn record(
        &mut self,
        json: &Json,
        space: Option<&str>,
        is_error: bool,
    ) -> Result<Place, InvalidAvro> {
        let head = head(json, space, &MEANT)?;
        let name = head.name.clone();
        // It is known before its fields are, which may use it.
        let place = self
            .define(Node::Record(head, Record { is_error, fields: Vec::new(), done: usize::MAX }), &name)?;
        let Some(items) = json.get("fields").and_then(Json::list) else {
            return Err(InvalidAvro(format!("record {} has no list of `fields`", name.full())));
        };
        let mut fields = Vec::with_capacity(items.len());
        let mut met = HashSet::new();
        for item in items {
            let field = self.field(item, &name)?;
            if !met.insert(field.name.clone()) {
                return Err(InvalidAvro(format!("record {} has field `{}` twice", name.full(), field.name)));
            }
            fields.push(field);
        }
        let done = self.tick();
        if let Some(Node::Record(_, record)) = self.nodes.get_mut(place) {
            record.fields = fields;
            record.done = done;
        }
        Ok(place)
    }

    fn field(&mut self, json: &Json, record: &Name) -> Result<Field, InvalidAvro> {
        let of = || record.full();
        let Some(name) = json.get("name").and_then(Json::text) else {
            return Err(InvalidAvro(format!("record {} has a field without a name: {json}", of())));
        };
        name::check(name)?;
        let Some(schema) = json.get("type") else {
            return Err(InvalidAvro(format!("field `{name}` of record {} has no `type`", of())));
        };
        let schema = self.schema(schema, record.space.as_deref())?;
        let order = match json.get("order").and_then(Json::text).map(str::to_lowercase).as_deref() {
            None | Some("ascending") => None,
            Some("descending") => Some("descending"),
            Some("ignore") => Some("ignore"),
            Some(other) => {
                return Err(InvalidAvro(format!("field `{name}` of record {} has order `{other}`", of())));
            }
        };
        let node = self.nodes.get(schema);
        let is_float = node.is_some_and(|node| matches!(node.kind(), "float" | "double"));
        let default = json.get("default").map(|default| match default.text().and_then(number) {
            // Java takes numbers in quotes here.
            Some(number) if is_float => Json::Float(number),
            _ => default.clone(),
        });
        Ok(Field {
            name: name.to_owned(),
            schema,
            done: self.tick(),
            doc: text(json, "doc"),
            default,
            order,
            aliases: aliases(json)?.into_iter().map(str::to_owned).collect(),
            properties: properties(json, &MEANT_OF_FIELDS),
        })
    }

    pub(super) fn enumeration(&mut self, json: &Json, space: Option<&str>) -> Result<Place, InvalidAvro> {
        let head = head(json, space, &MEANT_OF_ENUMS)?;
        let name = head.name.clone();
        let Some(items) = json.get("symbols").and_then(Json::list) else {
            return Err(InvalidAvro(format!("enum {} has no list of `symbols`", name.full())));
        };
        let mut symbols = Vec::with_capacity(items.len());
        let mut met = HashSet::new();
        for item in items {
            let symbol = item.text().unwrap_or_default();
            name::check(symbol)?;
            if !met.insert(symbol) {
                return Err(InvalidAvro(format!("enum {} has symbol `{symbol}` twice", name.full())));
            }
            symbols.push(symbol.to_owned());
        }
        let default = text(json, "default");
        if let Some(default) = default.as_ref().filter(|default| !symbols.contains(default)) {
            let name = name.full();
            return Err(InvalidAvro(format!(
                "the default of enum {name}, `{default}`, is none of its symbols"
            )));
        }
        self.define(Node::Enum(head, Enum { symbols, default }), &name)
    }

    pub(super) fn fixed(&mut self, json: &Json, space: Option<&str>) -> Result<Place, InvalidAvro> {
        let head = head(json, space, &MEANT)?;
        let name = head.name.clone();
        let size = match json.get("size") {
            Some(Json::Int(size)) => i32::try_from(*size).ok().and_then(|size| u64::try_from(size).ok()),
            _ => None,
        };
        let Some(size) = size else {
            return Err(InvalidAvro(format!("fixed {} has no `size` in bytes", name.full())));
        };
        self.define(Node::Fixed(head, size), &name)
    }

    fn define(&mut self, node: Node, name: &Name) -> Result<Place, InvalidAvro> {
        let place = self.add(node);
        if self.names.insert(name.clone(), place).is_some() {
            return Err(InvalidAvro(format!("type {} is defined twice", name.full())));
        }
        Ok(place)
    }
}

/// What all named types have.
fn head(json: &Json, space: Option<&str>, meant: &[&str]) -> Result<Head, InvalidAvro> {
    let Some(text_of_name) = json.get("name").and_then(Json::text) else {
        return Err(InvalidAvro(format!("a type has no name: {json}")));
    };
    let own_space = json.get("namespace").and_then(Json::text);
    let name = Name::new(text_of_name, own_space.or(space));
    name::check(&name.simple)?;
    if name.space.is_none() && Primitive::named(&name.simple).is_some() {
        return Err(InvalidAvro(format!(
            "a type cannot have the name of a primitive one, `{}`",
            name.simple
        )));
    }
    let mut distinct = HashSet::new();
    let aliases = aliases(json)?.into_iter().map(|alias| Name::new(alias, name.space.as_deref()));
    let aliases = aliases.filter(|alias| distinct.insert(alias.clone())).collect();
    Ok(Head { doc: text(json, "doc"), aliases, properties: properties(json, meant), name })
}

/// The number that a text is in Java.
fn number(text: &str) -> Option<f64> {
    match text.trim() {
        "NaN" => Some(f64::NAN),
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        other => other.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

fn text(json: &Json, attribute: &str) -> Option<String> {
    json.get(attribute).and_then(Json::text).map(str::to_owned)
}

fn aliases(json: &Json) -> Result<Vec<&str>, InvalidAvro> {
    let bad = || InvalidAvro(format!("`aliases` is a list of names: {json}"));
    let Some(aliases) = json.get("aliases") else { return Ok(Vec::new()) };
    aliases.list().ok_or_else(bad)?.iter().map(|alias| alias.text().ok_or_else(bad)).collect()
}
