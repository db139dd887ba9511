//! From a schema that was read to a plan.

use std::collections::HashMap;

use apache_avro::Schema as Parsed;
use apache_avro::schema::{
    DecimalSchema, EnumSchema, FixedSchema, InnerDecimalSchema, Name, RecordField, RecordSchema, UuidSchema,
};
use serde_json::Value as Json;

use super::default::Budget;
use super::{
    Default, Digits, Enumeration, Field, Fixed, Meaning, Named, Node, NodeId, Plan, Record, SET_ASIDE, Unit,
};
use crate::error::SchemaError;

/// A type of so many bytes would be one of hostile schemas.
const MOST_SIZE: usize = 1 << 24;
/// So many digits are more than databases have.
const MOST_DIGITS: usize = 1_000;
/// So many types are more than people write.
const MOST_NODES: usize = 100_000;

impl Plan {
    /// Compiles the last field of a record; those before it define types that it names.
    pub(crate) fn compile(all: &Parsed) -> Result<Self, SchemaError> {
        let mut definitions = Definitions::default();
        definitions.collect(all)?;
        let mut compiler =
            Compiler { definitions, nodes: Vec::new(), ids: HashMap::new(), defaults: Vec::new() };
        let texts: &[RecordField] = if let Parsed::Record(all) = all { &all.fields } else { &[] };
        let mut root = NodeId(0);
        for text in texts {
            root = compiler.node(&text.schema)?;
        }
        let Compiler { nodes, defaults, .. } = compiler;
        let mut plan = Self { nodes, root };
        plan.put_nulls();
        plan.put_defaults(&defaults);
        Ok(plan)
    }

    /// Tells fields of unions with null where null is.
    fn put_nulls(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Record(record) = &self.nodes[at] else { continue };
            let places: Vec<_> = record.fields.iter().map(|field| self.place_of_null(field.node)).collect();
            let Node::Record(record) = &mut self.nodes[at] else { continue };
            for (field, place) in record.fields.iter_mut().zip(places) {
                field.null = place;
            }
        }
    }

    fn place_of_null(&self, id: NodeId) -> Option<u32> {
        let Node::Union(branches) = self.node(id) else { return None };
        let place = branches.iter().position(|branch| matches!(self.node(*branch), Node::Null))?;
        Some(place as u32)
    }

    fn put_defaults(&mut self, defaults: &[(NodeId, usize, &Json)]) {
        let raw: HashMap<(NodeId, usize), &Json> =
            defaults.iter().map(|(record, field, json)| ((*record, *field), *json)).collect();
        let mut budget = Budget::new();
        let made: Vec<_> = defaults
            .iter()
            .map(|(record, place, json)| {
                let Node::Record(of) = self.node(*record) else { return Default::None };
                let Some(field) = of.fields.get(*place) else { return Default::None };
                match budget.bytes(self, &raw, field.node, json) {
                    Ok(bytes) => Default::Bytes(bytes.into()),
                    Err(why) => Default::Invalid(why.into()),
                }
            })
            .collect();
        for ((record, place, _), default) in defaults.iter().zip(made) {
            if let Some(Node::Record(record)) = self.nodes.get_mut(record.index())
                && let Some(field) = record.fields.get_mut(*place)
            {
                field.default = default;
            }
        }
    }
}

/// The types that have names.
#[derive(Default)]
struct Definitions<'s> {
    by_name: HashMap<String, &'s Parsed>,
    by_alias: HashMap<String, &'s Parsed>,
}

impl<'s> Definitions<'s> {
    fn collect(&mut self, schema: &'s Parsed) -> Result<(), SchemaError> {
        if !matches!(schema, Parsed::Ref { .. })
            && let Some(name) = schema.name()
        {
            let name = name.fullname(None);
            for alias in aliases_of(schema) {
                self.by_alias.insert(alias, schema);
            }
            if self.by_name.insert(name.clone(), schema).is_some() {
                return Err(SchemaError::DefinedTwice { name });
            }
        }
        match schema {
            Parsed::Array(array) => self.collect(&array.items),
            Parsed::Map(map) => self.collect(&map.types),
            Parsed::Union(union) => union.variants().iter().try_for_each(|branch| self.collect(branch)),
            Parsed::Record(record) => record.fields.iter().try_for_each(|field| self.collect(&field.schema)),
            _ => Ok(()),
        }
    }

    fn find(&self, name: &Name) -> Result<&'s Parsed, SchemaError> {
        let name = name.fullname(None);
        let found = self.by_name.get(&name).or_else(|| self.by_alias.get(&name)).copied();
        found.ok_or(SchemaError::Undefined { name })
    }
}

struct Compiler<'s> {
    definitions: Definitions<'s>,
    nodes: Vec<Node>,
    ids: HashMap<String, NodeId>,
    /// Which field of which record has a default.
    defaults: Vec<(NodeId, usize, &'s Json)>,
}

impl<'s> Compiler<'s> {
    fn node(&mut self, schema: &'s Parsed) -> Result<NodeId, SchemaError> {
        let schema = match schema {
            Parsed::Ref { name } => self.definitions.find(name)?,
            schema => schema,
        };
        let name = schema.name().map(|name| name.fullname(None));
        if let Some(id) = name.as_ref().and_then(|name| self.ids.get(name)) {
            return Ok(*id);
        }
        if self.nodes.len() >= MOST_NODES {
            let what = "more types than can be counted".to_owned();
            return Err(SchemaError::TooLarge { what, most: MOST_NODES });
        }
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node::Null);
        if let Some(name) = name {
            self.ids.insert(name, id);
        }
        let node = match schema {
            Parsed::Array(array) => Node::Array(self.node(&array.items)?),
            Parsed::Map(map) => Node::Map(self.node(&map.types)?),
            Parsed::Union(union) => {
                let branches: Result<_, _> =
                    union.variants().iter().map(|branch| self.node(branch)).collect();
                Node::Union(branches?)
            }
            Parsed::Record(record) => self.record(id, record)?,
            schema => leaf(schema)?,
        };
        self.nodes[id.index()] = node;
        Ok(id)
    }

    fn record(&mut self, id: NodeId, record: &'s RecordSchema) -> Result<Node, SchemaError> {
        let mut fields = Vec::with_capacity(record.fields.len());
        for (place, field) in record.fields.iter().enumerate() {
            let RecordField { name, aliases, default, schema, custom_attributes, .. } = field;
            let node = self.node(schema)?;
            if let Some(default) = custom_attributes.get(SET_ASIDE).or(default.as_ref()) {
                self.defaults.push((id, place, default));
            }
            fields.push(Field {
                name: name.as_str().into(),
                aliases: aliases.iter().map(|alias| alias.as_str().into()).collect(),
                node,
                default: Default::None,
                null: None,
            });
        }
        let places = (0..).zip(&fields).map(|(place, field)| (field.name.clone(), place)).collect();
        let named = Named { name: record.name.fullname(None).into(), aliases: aliases_of_record(record) };
        Ok(Node::Record(Record { named, fields: fields.into(), places }))
    }
}

/// A type that holds no others.
fn leaf(schema: &Parsed) -> Result<Node, SchemaError> {
    Ok(match schema {
        Parsed::Boolean => Node::Boolean,
        Parsed::Int => Node::Int,
        Parsed::Long => Node::Long,
        Parsed::Float => Node::Float,
        Parsed::Double => Node::Double,
        // Logical types that the specification does not know for these types are left aside, as it says.
        Parsed::Bytes | Parsed::BigDecimal | Parsed::Uuid(UuidSchema::Bytes) => Node::Bytes,
        Parsed::String => Node::Text,
        Parsed::Uuid(UuidSchema::String) => Node::Uuid,
        Parsed::Uuid(UuidSchema::Fixed(of)) => fixed(of, Meaning::Uuid)?,
        Parsed::Duration(of) => fixed(of, Meaning::Duration)?,
        Parsed::Fixed(of) => fixed(of, Meaning::Bytes)?,
        Parsed::Decimal(DecimalSchema { precision, scale, inner }) => {
            if *precision > MOST_DIGITS || *scale > MOST_DIGITS {
                let what = format!("a decimal of {precision} digits");
                return Err(SchemaError::TooLarge { what, most: MOST_DIGITS });
            }
            let digits = Digits { precision: *precision as u32, scale: *scale as u32 };
            match inner {
                InnerDecimalSchema::Bytes => Node::Decimal(digits),
                InnerDecimalSchema::Fixed(of) => fixed(of, Meaning::Decimal(digits))?,
            }
        }
        Parsed::Date => Node::Date,
        Parsed::TimeMillis => Node::TimeMillis,
        Parsed::TimeMicros => Node::TimeMicros,
        Parsed::TimestampMillis => Node::Timestamp(Unit::Millis),
        Parsed::TimestampMicros => Node::Timestamp(Unit::Micros),
        Parsed::TimestampNanos => Node::Timestamp(Unit::Nanos),
        Parsed::LocalTimestampMillis => Node::LocalTimestamp(Unit::Millis),
        Parsed::LocalTimestampMicros => Node::LocalTimestamp(Unit::Micros),
        Parsed::LocalTimestampNanos => Node::LocalTimestamp(Unit::Nanos),
        Parsed::Enum(of) => enumeration(of),
        Parsed::Null
        | Parsed::Array(_)
        | Parsed::Map(_)
        | Parsed::Union(_)
        | Parsed::Record(_)
        | Parsed::Ref { .. } => Node::Null,
    })
}

fn fixed(of: &FixedSchema, meaning: Meaning) -> Result<Node, SchemaError> {
    if of.size > MOST_SIZE {
        let what = format!("a fixed of {} bytes ({})", of.size, of.name.fullname(None));
        return Err(SchemaError::TooLarge { what, most: MOST_SIZE });
    }
    let aliases =
        of.aliases.iter().flatten().map(|alias| alias.fullname(of.name.namespace()).into()).collect();
    let named = Named { name: of.name.fullname(None).into(), aliases };
    Ok(Node::Fixed(Fixed { named, size: of.size, meaning }))
}

fn enumeration(of: &EnumSchema) -> Node {
    let aliases =
        of.aliases.iter().flatten().map(|alias| alias.fullname(of.name.namespace()).into()).collect();
    let symbols: Box<[Box<str>]> = of.symbols.iter().map(|symbol| symbol.as_str().into()).collect();
    let places = symbols.iter().cloned().zip(0..).collect();
    let default = of.default.as_deref().map(Into::into);
    Node::Enum(Enumeration {
        named: Named { name: of.name.fullname(None).into(), aliases },
        symbols,
        places,
        default,
    })
}

fn aliases_of_record(record: &RecordSchema) -> Box<[Box<str>]> {
    let aliases = record.aliases.iter().flatten();
    aliases.map(|alias| alias.fullname(record.name.namespace()).into()).collect()
}

fn aliases_of(schema: &Parsed) -> Vec<String> {
    let namespace = schema.name().and_then(Name::namespace);
    schema.aliases().into_iter().flatten().map(|alias| alias.fullname(namespace)).collect()
}
