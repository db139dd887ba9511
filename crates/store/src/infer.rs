//! Which types the columns of a new table get: those that keep all values of the first batch.

use std::collections::HashMap;

use kadence_core::data::Value;

use crate::convert::WHOLE_IN_DOUBLE;
use crate::types::ColumnType;

/// What was seen of the values of each column, in the order in which the columns came.
#[derive(Debug, Default)]
pub(crate) struct Inference {
    order: Vec<(String, Seen)>,
    places: HashMap<String, usize>,
    /// Where the next column is probably found: rows have their fields in the same order, mostly.
    guess: usize,
}

/// What was seen of the values of a column.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that was seen or not")]
struct Seen {
    bools: bool,
    /// Whole numbers, and whether doubles have them all.
    ints: bool,
    beyond_double: bool,
    /// Whole numbers beyond `i64`.
    uints: bool,
    negative: bool,
    floats: bool,
    decimals: bool,
    texts: bool,
    bytes: bool,
    dates: bool,
    times: bool,
    timestamps: bool,
    uuids: bool,
    nested: bool,
}

impl Inference {
    /// Begins a row.
    pub(crate) fn begin(&mut self) {
        self.guess = 0;
    }

    /// Notes a value.
    pub(crate) fn note(&mut self, name: &str, value: &Value<'_>) {
        if self.order.get(self.guess).is_none_or(|(other, _)| other != name) {
            let next = self.order.len();
            self.guess = *self.places.entry(name.to_owned()).or_insert(next);
            if self.guess == next {
                self.order.push((name.to_owned(), Seen::default()));
            }
        }
        self.order[self.guess].1.note(value);
        self.guess += 1;
    }

    /// The columns in their order, each with its type; `None` where all values were null.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, Option<ColumnType>)> {
        self.order.iter().map(|(name, seen)| (name.as_str(), seen.column_type()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl Seen {
    fn note(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.bools = true,
            Value::Int(value) => {
                self.ints = true;
                self.negative |= *value < 0;
                self.beyond_double |= value.unsigned_abs() > WHOLE_IN_DOUBLE;
            }
            Value::UInt(value) => {
                self.uints = true;
                self.beyond_double |= *value > WHOLE_IN_DOUBLE;
            }
            Value::Float(_) => self.floats = true,
            Value::Decimal(_) => self.decimals = true,
            Value::Text(_) => self.texts = true,
            Value::Bytes(_) => self.bytes = true,
            Value::Date(_) => self.dates = true,
            Value::Time(_) => self.times = true,
            Value::Timestamp(_) => self.timestamps = true,
            Value::Uuid(_) => self.uuids = true,
            Value::Json(_) | Value::List(_) | Value::Map(_) | Value::Struct(_) => self.nested = true,
        }
    }

    fn column_type(self) -> Option<ColumnType> {
        let numbers = self.ints || self.uints || self.floats || self.decimals;
        let kinds = [
            self.bools,
            numbers,
            self.texts,
            self.bytes,
            self.dates,
            self.times,
            self.timestamps,
            self.uuids,
            self.nested,
        ];
        match kinds.iter().filter(|kind| **kind).count() {
            0 => return None,
            1 => {}
            // Keys, headers and bodies as they are: some of them are UTF-8.
            2 if self.texts && self.bytes => return Some(ColumnType::Bytes(None)),
            _ => return Some(ColumnType::Json),
        }
        Some(if self.nested {
            ColumnType::Json
        } else if self.bools {
            ColumnType::Bool
        } else if self.texts {
            ColumnType::TEXT
        } else if self.bytes {
            ColumnType::Bytes(None)
        } else if self.dates {
            ColumnType::Date
        } else if self.times {
            ColumnType::Time(6)
        } else if self.timestamps {
            ColumnType::Timestamp(6)
        } else if self.uuids {
            ColumnType::Uuid
        } else {
            self.number()
        })
    }

    fn number(self) -> ColumnType {
        if self.decimals || (self.floats && self.beyond_double) || (self.uints && self.negative) {
            // Later numbers may have more digits than those of the first batch.
            return ColumnType::Decimal(None);
        }
        if self.floats {
            ColumnType::Double
        } else if self.uints {
            ColumnType::UINT
        } else {
            ColumnType::INT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_keeps_all_that_was_seen() {
        let type_of = |values: &[Value<'_>]| {
            let mut inference = Inference::default();
            for value in values {
                inference.note("x", value);
            }
            inference.columns().next().and_then(|(_, column)| column)
        };
        let (int, float) = (Value::Int(27), Value::Float(27.5));
        assert_eq!(type_of(&[Value::Null]), None);
        assert_eq!(type_of(&[int.clone(), Value::Null]), Some(ColumnType::INT));
        assert_eq!(type_of(&[int.clone(), float.clone()]), Some(ColumnType::Double));
        let large = Value::Int((1 << 53) + 1);
        assert_eq!(type_of(&[large, float]), Some(ColumnType::Decimal(None)));
        assert_eq!(type_of(&[Value::UInt(u64::MAX)]), Some(ColumnType::UINT));
        assert_eq!(type_of(&[Value::UInt(u64::MAX), Value::Int(-1)]), Some(ColumnType::Decimal(None)));
        assert_eq!(type_of(&[int, Value::Text("a")]), Some(ColumnType::Json));
        assert_eq!(type_of(&[Value::Text("a")]), Some(ColumnType::TEXT));
    }
}
