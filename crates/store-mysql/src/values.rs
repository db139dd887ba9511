//! Cells as the driver's values.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, ToSpan as _};
use kadence_store::{Cell, ColumnType, Table};
use mysql_async::Value;

/// How a column's cells are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    /// Whole numbers are sent as unsigned ones: all of a column's values are of one type on the wire.
    is_unsigned: bool,
    /// The column, as errors name it.
    pub(crate) column: String,
    pub(crate) check: Option<Check>,
}

/// What a column would change without an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Texts that are not in the list, or are so in another spelling.
    OneOf(Vec<String>),
    /// Bytes that are fewer than these.
    Exactly(usize),
}

impl Binding {
    pub(crate) fn of(table: &Table) -> Vec<Self> {
        let binding = |place: usize| {
            let column = &table.columns[place];
            let is_unsigned = matches!(column.column_type, ColumnType::Int { signed: false, .. });
            let named = format!("column `{}` ({})", column.name, column.declared);
            Self { is_unsigned, column: named, check: Check::of(&column.declared) }
        };
        (0..table.columns.len()).map(binding).collect()
    }

    pub(crate) fn value(&self, cell: Cell<'_>) -> Value {
        match cell {
            Cell::Null => Value::NULL,
            Cell::Bool(value) => Value::Int(value.into()),
            Cell::Int(value) if self.is_unsigned => Value::UInt(value as u64),
            Cell::Int(value) => Value::Int(value),
            Cell::UInt(value) => Value::UInt(value),
            Cell::Double(value) => Value::Double(value),
            Cell::Decimal(text) | Cell::Text(text) | Cell::Json(text) => {
                Value::Bytes(text.as_bytes().to_vec())
            }
            Cell::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Cell::Date(days) => date(days),
            Cell::Time(nanos) => time(nanos),
            Cell::Timestamp(time) => timestamp(time.as_nanos()),
            Cell::Uuid(uuid) => {
                let mut text = vec![0; uuid::fmt::Hyphenated::LENGTH];
                uuid::Uuid::from_bytes(uuid).hyphenated().encode_lower(&mut text);
                Value::Bytes(text)
            }
        }
    }
}

/// How many bytes a cell has on the wire, at most.
pub(crate) fn size(cell: Cell<'_>) -> usize {
    match cell {
        Cell::Decimal(text) | Cell::Text(text) | Cell::Json(text) => text.len() + 10,
        Cell::Bytes(bytes) => bytes.len() + 10,
        Cell::Uuid(_) => 40,
        _ => 14,
    }
}

/// The days of the ledger's limits are all within the calendar, so that nothing is lost here.
fn date(days: i32) -> Value {
    let date = Date::constant(1970, 1, 1).checked_add(days.days()).unwrap_or_default();
    Value::Date(date.year() as u16, date.month() as u8, date.day() as u8, 0, 0, 0, 0)
}

fn time(nanos: i64) -> Value {
    let seconds = (nanos / 1_000_000_000) as u32;
    let micros = (nanos % 1_000_000_000 / 1_000) as u32;
    let [hours, minutes, seconds] = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(|part| part as u8);
    Value::Time(false, 0, hours, minutes, seconds, micros)
}

fn timestamp(nanos: i64) -> Value {
    let time = jiff::Timestamp::from_duration(SignedDuration::from_nanos(nanos)).unwrap_or_default();
    let time = Offset::UTC.to_datetime(time);
    let [month, day, hour, minute, second] =
        [time.month(), time.day(), time.hour(), time.minute(), time.second()].map(|part| part as u8);
    Value::Date(time.year() as u16, month, day, hour, minute, second, time.subsec_nanosecond() as u32 / 1_000)
}

impl Check {
    /// What a column of this declared type needs. `None` also where its list cannot be read; see [`list`].
    pub(crate) fn of(declared: &str) -> Option<Self> {
        if let Some(length) = declared.strip_prefix("binary(") {
            return length.strip_suffix(')')?.parse().ok().map(Self::Exactly);
        }
        declared.strip_prefix("enum(").and_then(list).map(Self::OneOf)
    }

    /// What is wrong with a cell, if anything.
    pub(crate) fn refuses(&self, cell: Cell<'_>) -> Option<String> {
        match (self, cell) {
            (Self::OneOf(list), Cell::Text(text)) if !list.iter().any(|item| item == text) => {
                Some(format!("`{text}` is not among its values"))
            }
            (Self::Exactly(length), Cell::Bytes(bytes)) if bytes.len() != *length => {
                Some(format!("it takes {length} bytes, and would fill up these {}", bytes.len()))
            }
            _ => None,
        }
    }
}

/// The values of an enumeration, behind its bracket. `None` where a backslash leaves open what is meant.
fn list(text: &str) -> Option<Vec<String>> {
    let mut rest = text.strip_suffix(')')?;
    let mut items = Vec::new();
    if rest.contains('\\') {
        return None;
    }
    loop {
        rest = rest.strip_prefix('\'')?;
        let mut item = String::new();
        loop {
            let (part, behind) = rest.split_once('\'')?;
            item.push_str(part);
            rest = behind;
            match rest.strip_prefix('\'') {
                Some(behind) => rest = behind,
                None => break,
            }
            item.push('\'');
        }
        items.push(item);
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None => return rest.is_empty().then_some(items),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_taken_apart() {
        assert_eq!(date(-1), Value::Date(1969, 12, 31, 0, 0, 0, 0));
        assert_eq!(time(86_399_999_999_000), Value::Time(false, 0, 23, 59, 59, 999_999));
        assert_eq!(timestamp(-1_000), Value::Date(1969, 12, 31, 23, 59, 59, 999_999));
        assert_eq!(timestamp(i64::MAX), Value::Date(2262, 4, 11, 23, 47, 16, 854_775));
    }

    #[test]
    fn declarations_say_what_is_to_be_checked() {
        assert_eq!(Check::of("varchar(3)"), None);
        assert_eq!(Check::of("binary(16)"), Some(Check::Exactly(16)));
        let list = Check::of("enum('a','it''s, so','')").unwrap();
        assert_eq!(list, Check::OneOf(vec!["a".into(), "it's, so".into(), String::new()]));
        assert_eq!(Check::of(r"enum('a\\b')"), None);
        assert!(list.refuses(Cell::Text("A")).is_some() && list.refuses(Cell::Text("a")).is_none());
        assert!(Check::Exactly(2).refuses(Cell::Bytes(b"a")).is_some());
    }
}
