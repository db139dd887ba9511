//! A schema as a tree whose named types may be met again further down.

use super::name::Name;
use crate::json::Json;

/// Where a schema is in [`Tree::nodes`].
pub(super) type Place = usize;

/// Attributes that have no meaning here.
pub(super) type Properties = Vec<(String, Json)>;

/// All schemas within one, each at its place. A type that is used by its name is the place of its definition.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Place,
    /// Nodes before this one are of schemas that the root uses.
    pub(super) own: Place,
}

impl Tree {
    /// The schema at a place of this tree.
    pub(super) fn node(&self, place: Place) -> &Node {
        const NONE: &Node = &Node::Primitive(Primitive::Null, Vec::new());
        self.nodes.get(place).unwrap_or(NONE)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Primitive(Primitive, Properties),
    Array(Place, Properties),
    Map(Place, Properties),
    Union(Vec<Place>),
    Record(Head, Record),
    Enum(Head, Enum),
    Fixed(Head, u64),
}

/// What all named types have.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) name: Name,
    pub(super) doc: Option<String>,
    pub(super) aliases: Vec<Name>,
    pub(super) properties: Properties,
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) is_error: bool,
    pub(super) fields: Vec<Field>,
    /// When the last field had been read.
    pub(super) done: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) schema: Place,
    /// When it had been read.
    pub(super) done: usize,
    pub(super) doc: Option<String>,
    pub(super) default: Option<Json>,
    /// `None` for ascending.
    pub(super) order: Option<&'static str>,
    pub(super) aliases: Vec<String>,
    pub(super) properties: Properties,
}

#[derive(Clone, Debug)]
pub(super) struct Enum {
    pub(super) symbols: Vec<String>,
    pub(super) default: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

impl Primitive {
    /// The one with a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Primitive::Null,
            "boolean" => Primitive::Boolean,
            "int" => Primitive::Int,
            "long" => Primitive::Long,
            "float" => Primitive::Float,
            "double" => Primitive::Double,
            "bytes" => Primitive::Bytes,
            "string" => Primitive::String,
            _ => return None,
        })
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Primitive::Null => "null",
            Primitive::Boolean => "boolean",
            Primitive::Int => "int",
            Primitive::Long => "long",
            Primitive::Float => "float",
            Primitive::Double => "double",
            Primitive::Bytes => "bytes",
            Primitive::String => "string",
        }
    }
}

impl Node {
    /// The name of its kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Node::Primitive(primitive, _) => primitive.name(),
            Node::Array(..) => "array",
            Node::Map(..) => "map",
            Node::Union(..) => "union",
            Node::Record(..) => "record",
            Node::Enum(..) => "enum",
            Node::Fixed(..) => "fixed",
        }
    }

    /// What named types have.
    pub(super) fn head(&self) -> Option<&Head> {
        match self {
            Node::Record(head, _) | Node::Enum(head, _) | Node::Fixed(head, _) => Some(head),
            _ => None,
        }
    }

    /// Kind and name, for messages.
    pub(super) fn described(&self) -> String {
        match self.head() {
            Some(head) => format!("{} {}", self.kind(), head.name.full()),
            None => self.kind().to_owned(),
        }
    }
}
