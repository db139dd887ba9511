//! Values that do not go into their type.
//!
//! A branch of a union that refuses a value is no error, so that nothing is made of a refusal until it is one.

use kadence_core::codec::{EncodeError, write_json};
use kadence_core::data::{DataType, Value};

use super::Writer;
use crate::plan::{MOST_DEPTH, Node, NodeId};
use crate::wire::Stop;

/// A value in an error is shown up to here.
const MOST_SHOWN: usize = 40;

/// A step to a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'r> {
    /// A field of a record in the schema: the record, and the field's number.
    Field(NodeId, usize),
    /// The item of a list, counted from 0.
    Item(usize),
    /// A field as the row has it.
    Name(&'r str),
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is of another kind.
    Kind,
    /// It is beyond what the type has.
    Range,
    /// The type would change it.
    Inexact,
    /// It has more digits behind the point.
    Scale,
    /// It has more digits.
    Precision,
    /// It is no symbol of the enum.
    Symbol,
    /// It has not as many bytes.
    Size(usize),
    /// It is no text of this form.
    Form,
    /// It is not there.
    Missing,
    /// The schema has no such field.
    Unknown,
    /// It stands too deep.
    Deep,
    /// It was tried with too many branches.
    Attempts,
}

/// A value that does not go into its type.
#[derive(Clone, Debug)]
pub(super) struct Refusal<'r> {
    node: NodeId,
    value: Value<'r>,
    why: Why,
    /// Why the field's default does not stand in for a value that is missing.
    default: Option<String>,
}

impl<'r> Writer<'_, 'r> {
    #[cold]
    pub(super) fn refuse(&mut self, node: NodeId, value: &Value<'r>, why: Why) -> Stop {
        self.path.clear();
        self.refusal = Some(Refusal { node, value: value.clone(), why, default: None });
        Stop
    }

    #[cold]
    pub(super) fn refuse_missing(&mut self, node: NodeId, default: Option<&str>) -> Stop {
        self.path.clear();
        let default = default.map(ToOwned::to_owned);
        self.refusal = Some(Refusal { node, value: Value::Null, why: Why::Missing, default });
        Stop
    }

    #[cold]
    pub(super) fn refuse_unknown(&mut self, node: NodeId, name: &'r str, value: Value<'r>) -> Stop {
        self.path.clear();
        self.path.push(Step::Name(name));
        self.refusal = Some(Refusal { node, value, why: Why::Unknown, default: None });
        Stop
    }

    /// Notes on the way out where the value stands.
    #[cold]
    pub(super) fn within(&mut self, stop: Stop, place: Step<'r>) -> Stop {
        self.path.push(place);
        stop
    }

    /// What is wrong, after a [`Stop`].
    pub(super) fn error(&self) -> EncodeError {
        let mut names = Vec::with_capacity(self.path.len());
        for step in self.path.iter().rev() {
            names.push(match step {
                Step::Field(record, place) => match self.plan.node(*record) {
                    Node::Record(record) => record.fields.get(*place).map_or("", |field| &field.name).into(),
                    _ => String::new(),
                },
                Step::Item(place) => place.to_string(),
                Step::Name(name) => (*name).to_owned(),
            });
        }
        let what = self.refusal.as_ref().map_or_else(String::new, |refusal| self.what(refusal));
        EncodeError { field: names.join("."), what }
    }

    fn what(&self, refusal: &Refusal<'_>) -> String {
        let Refusal { node, value, why, default } = refusal;
        let wanted = self.plan.describe(*node);
        let found = || format!("the schema has {wanted}, and this is {} {}", kind(value), shown(value));
        match why {
            Why::Missing => match default {
                Some(default) => format!("is missing, and {default}"),
                None => format!("is missing, and the schema has {wanted} without a default"),
            },
            Why::Unknown => format!(
                "the schema ({wanted}) has no such field, and this is {} {}; leave it out, or add it to the schema",
                kind(value),
                shown(value)
            ),
            Why::Kind => found(),
            Why::Range => format!("{}, which is out of its range", found()),
            Why::Inexact => format!("{}, which it has not exactly", found()),
            Why::Scale => format!("{}, which has more digits behind the point", found()),
            Why::Precision => format!("{}, which has more digits", found()),
            Why::Symbol => format!("{}, which is none of its symbols", found()),
            Why::Size(size) => format!("{}, which has {size} bytes", found()),
            Why::Form => format!("{}, which is not of its form", found()),
            Why::Deep => format!("stands deeper than {MOST_DEPTH} levels"),
            Why::Attempts => format!("{}, and it takes too long to find out which", found()),
        }
    }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        // The type of a list or a struct would tell all that is in it.
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Struct(_) => "struct",
        Value::Null => "null:",
        value => match DataType::of(value) {
            DataType::Bool => "bool",
            DataType::Int => "int",
            DataType::UInt => "unsigned int",
            DataType::Float => "float",
            DataType::Decimal => "decimal",
            DataType::Text => "text",
            DataType::Bytes => "bytes",
            DataType::Date => "date",
            DataType::Time => "time",
            DataType::Timestamp => "timestamp",
            DataType::Uuid => "uuid",
            _ => "json",
        },
    }
}

/// A value as JSON, cut off where it is long.
fn shown(value: &Value<'_>) -> String {
    let mut json = Vec::new();
    let text = match value {
        Value::Bytes(bytes) => format!("of length {}", bytes.len()),
        value if write_json(value, &mut json).is_err() => format!("{value:?}"),
        _ => String::from_utf8_lossy(&json).into_owned(),
    };
    if text.chars().count() <= MOST_SHOWN {
        return text;
    }
    let mut cut: String = text.chars().take(MOST_SHOWN).collect();
    cut.push('…');
    cut
}
