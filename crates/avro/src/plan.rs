//! A schema as it is walked: types in one arena, names looked up, defaults in binary form.

mod compile;
mod default;

use std::collections::HashMap;
use std::fmt::Write as _;

/// The member of a field's JSON that has its default, where a schema was made ready to be compiled.
pub(crate) const SET_ASIDE: &str = "\u{0}default";

/// The field of a row whose outermost type is no record.
pub(crate) const ONLY_FIELD: &str = "value";

/// How deep values stand in each other, at most.
pub(crate) const MOST_DEPTH: usize = 64;

/// The place of a type in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The types of a schema.
#[derive(Debug)]
pub(crate) struct Plan {
    nodes: Vec<Node>,
    root: NodeId,
}

/// A type.
#[derive(Debug)]
pub(crate) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Date,
    TimeMillis,
    TimeMicros,
    Timestamp(Unit),
    LocalTimestamp(Unit),
    /// A UUID as text.
    Uuid,
    /// A decimal number as bytes.
    Decimal(Digits),
    Fixed(Fixed),
    Enum(Enumeration),
    Array(NodeId),
    Map(NodeId),
    Union(Box<[NodeId]>),
    Record(Record),
}

/// What a timestamp counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    /// How many nanoseconds it has.
    pub(crate) const fn nanos(self) -> i64 {
        match self {
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Millis => "millis",
            Self::Micros => "micros",
            Self::Nanos => "nanos",
        }
    }
}

/// How many digits a decimal number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    /// In all.
    pub(crate) precision: u32,
    /// Behind the point.
    pub(crate) scale: u32,
}

/// A full name, and others that count as well.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: Box<str>,
    pub(crate) aliases: Box<[Box<str>]>,
}

impl Named {
    /// The name without the namespace.
    pub(crate) fn short(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) named: Named,
    pub(crate) size: usize,
    pub(crate) meaning: Meaning,
}

/// What bytes of a fixed number stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Bytes,
    Uuid,
    Duration,
    Decimal(Digits),
}

#[derive(Debug)]
pub(crate) struct Enumeration {
    pub(crate) named: Named,
    pub(crate) symbols: Box<[Box<str>]>,
    pub(crate) places: HashMap<Box<str>, u32>,
    pub(crate) default: Option<Box<str>>,
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) named: Named,
    pub(crate) fields: Box<[Field]>,
    pub(crate) places: HashMap<Box<str>, u32>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) aliases: Box<[Box<str>]>,
    pub(crate) node: NodeId,
    pub(crate) default: Default,
    /// The place of null in the field's union, if it is one that has null.
    pub(crate) null: Option<u32>,
}

/// The value of a field that is not there.
#[derive(Debug)]
pub(crate) enum Default {
    None,
    /// In binary form.
    Bytes(Box<[u8]>),
    /// It is none, for this reason.
    Invalid(Box<str>),
}

impl Plan {
    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[inline]
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        // Ids are made with their nodes, and a plan keeps all of them.
        &self.nodes[id.index()]
    }

    /// The full name of a type, if it has one.
    pub(crate) fn name_of(&self, id: NodeId) -> Option<&str> {
        self.named(id).map(|named| &*named.name)
    }

    pub(crate) fn named(&self, id: NodeId) -> Option<&Named> {
        match self.node(id) {
            Node::Fixed(Fixed { named, .. })
            | Node::Enum(Enumeration { named, .. })
            | Node::Record(Record { named, .. }) => Some(named),
            _ => None,
        }
    }

    /// The type in words.
    pub(crate) fn describe(&self, id: NodeId) -> String {
        let decimal = |Digits { precision, scale }| format!("decimal({precision},{scale})");
        match self.node(id) {
            Node::Null => "null".into(),
            Node::Boolean => "boolean".into(),
            Node::Int => "int".into(),
            Node::Long => "long".into(),
            Node::Float => "float".into(),
            Node::Double => "double".into(),
            Node::Bytes => "bytes".into(),
            Node::Text => "string".into(),
            Node::Date => "date".into(),
            Node::TimeMillis => "time-millis".into(),
            Node::TimeMicros => "time-micros".into(),
            Node::Timestamp(unit) => format!("timestamp-{}", unit.name()),
            Node::LocalTimestamp(unit) => format!("local-timestamp-{}", unit.name()),
            Node::Uuid => "uuid".into(),
            Node::Decimal(digits) => decimal(*digits),
            Node::Fixed(Fixed { named, size, meaning }) => match meaning {
                Meaning::Bytes => format!("fixed {} of {size} bytes", named.name),
                Meaning::Uuid => "uuid".into(),
                Meaning::Duration => "duration".into(),
                Meaning::Decimal(digits) => decimal(*digits),
            },
            Node::Enum(Enumeration { named, .. }) => format!("enum {}", named.name),
            Node::Array(items) => format!("array of {}", self.briefly(*items)),
            Node::Map(values) => format!("map of {}", self.briefly(*values)),
            Node::Record(Record { named, .. }) => format!("record {}", named.name),
            Node::Union(branches) => {
                let mut text = String::new();
                for (place, branch) in branches.iter().enumerate() {
                    // Writing to a string does not fail.
                    let _ = write!(text, "{}{}", if place == 0 { "" } else { " or " }, self.briefly(*branch));
                }
                if text.is_empty() { "a union of nothing".into() } else { text }
            }
        }
    }

    /// Types within types may go on for long.
    fn briefly(&self, id: NodeId) -> String {
        match self.node(id) {
            Node::Array(_) => "array".into(),
            Node::Map(_) => "map".into(),
            Node::Union(_) => "union".into(),
            _ => self.describe(id),
        }
    }
}
