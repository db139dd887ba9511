//! What is known of values before they are seen.

use std::fmt;
use std::sync::Arc;

use super::value::Value;

/// The type of a column's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Nothing but null.
    Null,
    /// True or false.
    Bool,
    /// A signed integer of 64 bits.
    Int,
    /// An unsigned integer of 64 bits.
    UInt,
    /// A double.
    Float,
    /// A decimal number of any length.
    Decimal,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A point in time.
    Timestamp,
    /// A UUID.
    Uuid,
    /// Any JSON, as text.
    Json,
    /// Values of one type, one after the other.
    List(Box<DataType>),
    /// Values of one type by names that differ from record to record.
    Map(Box<DataType>),
    /// Values by names that are known.
    Struct(Schema),
    /// Values of types that differ from record to record.
    Any,
}

/// The columns of rows, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<Column>,
}

/// A column of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether a value may be null, or not be there.
    pub nullable: bool,
}

impl DataType {
    /// The type of `value`.
    pub fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::UInt(_) => Self::UInt,
            Value::Float(_) => Self::Float,
            Value::Decimal(_) => Self::Decimal,
            Value::Text(_) => Self::Text,
            Value::Bytes(_) => Self::Bytes,
            Value::Date(_) => Self::Date,
            Value::Time(_) => Self::Time,
            Value::Timestamp(_) => Self::Timestamp,
            Value::Uuid(_) => Self::Uuid,
            Value::Json(_) => Self::Json,
            Value::List(items) => {
                let items = items.clone().map(|item| Self::of(&item));
                Self::List(Box::new(items.reduce(Self::joined).unwrap_or(Self::Null)))
            }
            Value::Map(fields) => {
                let values = fields.clone().map(|(_, value)| Self::of(&value));
                Self::Map(Box::new(values.reduce(Self::joined).unwrap_or(Self::Null)))
            }
            Value::Struct(fields) => Self::Struct(Schema::of(fields.clone())),
        }
    }

    /// The narrowest type that has the values of both exactly.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        use DataType::{Any, Decimal, Float, Int, List, Map, Null, Struct, UInt};
        match (self, other) {
            (one, other) if one == other => one,
            (Null, other) | (other, Null) => other,
            // A double has not all integers of 64 bits, and a decimal has all doubles that JSON can write.
            (Int | UInt | Float | Decimal, Int | UInt | Float | Decimal) => Decimal,
            (List(one), List(other)) => List(Box::new(one.joined(*other))),
            (Map(one), Map(other)) => Map(Box::new(one.joined(*other))),
            (Struct(mut one), Struct(other)) => {
                one.join(other);
                Struct(one)
            }
            _ => Any,
        }
    }
}

impl Schema {
    /// The schema of fields as they are in one record.
    pub fn of<'v>(fields: impl Iterator<Item = (&'v str, Value<'v>)>) -> Self {
        let mut schema = Self::default();
        for (name, value) in fields {
            schema.note(name, DataType::of(&value), value == Value::Null);
        }
        schema
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.name == name)
    }

    /// Takes over what another schema has: columns that are only in one of them are nullable.
    pub fn join(&mut self, other: Self) {
        for column in &mut self.columns {
            column.nullable |= other.column(&column.name).is_none();
        }
        for Column { name, data_type, nullable } in other.columns {
            let is_new = self.column(&name).is_none();
            self.note(&name, data_type, nullable || is_new);
        }
    }

    fn note(&mut self, name: &str, data_type: DataType, nullable: bool) {
        match self.columns.iter_mut().find(|column| &*column.name == name) {
            Some(column) => {
                let before = std::mem::replace(&mut column.data_type, DataType::Null);
                column.data_type = before.joined(data_type);
                column.nullable |= nullable;
            }
            None => self.columns.push(Column { name: name.into(), data_type, nullable }),
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::UInt => f.write_str("unsigned int"),
            Self::Float => f.write_str("float"),
            Self::Decimal => f.write_str("decimal"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
            Self::List(items) => write!(f, "list of {items}"),
            Self::Map(values) => write!(f, "map of {values}"),
            Self::Struct(schema) => {
                f.write_str("struct of ")?;
                for (place, column) in schema.columns.iter().enumerate() {
                    write!(f, "{}{}", if place == 0 { "" } else { ", " }, column.name)?;
                }
                Ok(())
            }
            Self::Any => f.write_str("any"),
        }
    }
}
