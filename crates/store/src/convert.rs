//! Values as a column takes them: exactly, or not at all.
//!
//! | Column | Takes |
//! |---|---|
//! | bool | booleans |
//! | int | whole numbers in its range, also as `27.0`, and texts that are just such a number |
//! | float | numbers that it has exactly, and texts that are a number |
//! | decimal | numbers that have room, and texts that are a number |
//! | text | texts that have room; other values but bytes as their JSON text |
//! | bytes | bytes; texts as base64, and texts that are bytes by themselves as their bytes |
//! | date, time, timestamp | themselves, and texts in ISO 8601; a time without a zone is in UTC; whole numbers where a unit was declared |
//! | uuid | UUIDs, and texts that are one |
//! | json | any value but bytes |

use std::fmt::{self, Write as _};

use kadence_core::codec::write_json;
use kadence_core::data::Value;
use kadence_core::record::Timestamp;
use kadence_core::source::iso_time;

use crate::cells::{Cell, Draft};
use crate::decimal::{fits, write_plain};
use crate::types::{ColumnType, TextLimits};

/// Up to here a double has each whole number.
pub(crate) const WHOLE_IN_DOUBLE: u64 = 1 << 53;

/// Why a value does not go into a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The value, as JSON, cut off where it is long.
    pub(crate) found: String,
    /// What is wrong with it.
    pub(crate) why: Why,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is of another kind.
    Kind,
    /// It is beyond what the column has.
    Range,
    /// The column would change it.
    Inexact,
    /// It is longer than the column.
    Long,
    /// The column has no NUL.
    Nul,
    /// The column's character set lacks one of its characters.
    Character,
    /// Spaces at its end would be lost.
    Spaces,
    /// It is bytes that are no text.
    Utf8,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "is not of the column's type",
            Self::Range => "is out of the column's range",
            Self::Inexact => "would not be kept exactly",
            Self::Long => "is too long for the column",
            Self::Nul => "has a NUL, which the database does not take",
            Self::Character => "has a character that the column's character set lacks",
            Self::Spaces => "ends with spaces, which the column would lose",
            Self::Utf8 => "is not UTF-8, and the column takes text",
        })
    }
}

/// What a database does not take, whatever the column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Texts may not have a NUL.
    pub no_nul: bool,
    /// JSON may not have an escaped NUL.
    pub no_json_nul: bool,
    /// Numbers in JSON beyond `u64` and doubles are changed.
    pub json_is_binary: bool,
    /// The first and the last point in time, in nanoseconds.
    pub timestamps: Option<(i64, i64)>,
    /// The first and the last day, counted from 1970-01-01.
    pub dates: Option<(i32, i32)>,
}

/// Puts values into cells. It has the memory for texts that are made on the way.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    pub(crate) limits: Limits,
    text: String,
    json: Vec<u8>,
}

type Put = Result<(), Why>;

impl Converter {
    /// Puts `value` into a column of this type. A whole number may be so many nanoseconds times a unit since 1970.
    #[inline]
    pub(crate) fn put(
        &mut self,
        value: &Value<'_>,
        wanted: ColumnType,
        unit: Option<i64>,
        column: usize,
        row: &mut Draft<'_>,
    ) -> Result<(), Misfit> {
        // What most values are stands first.
        let put = match (value, wanted) {
            (Value::Null, _) => return Ok(()),
            (Value::Float(value), ColumnType::Double) if value.is_finite() => {
                row.set(column, Cell::Double(*value));
                return Ok(());
            }
            (Value::Int(value), ColumnType::Int { bits: 64, signed: true }) => {
                row.set(column, Cell::Int(*value));
                return Ok(());
            }
            (Value::Text(text), ColumnType::Text(limits)) => self.text(text, limits, column, row),
            _ => self.put_other(value, wanted, unit, column, row),
        };
        put.map_err(|why| Misfit { found: excerpt(value), why })
    }

    fn put_other(
        &mut self,
        value: &Value<'_>,
        wanted: ColumnType,
        unit: Option<i64>,
        column: usize,
        row: &mut Draft<'_>,
    ) -> Put {
        let cell = match wanted {
            ColumnType::Bool => match value {
                Value::Bool(value) => Cell::Bool(*value),
                _ => return Err(Why::Kind),
            },
            ColumnType::Int { bits, signed } => whole(value, bits, signed)?,
            ColumnType::Double => Cell::Double(double(value)?),
            ColumnType::Float => Cell::Double(single(value)?),
            ColumnType::Decimal(digits) => {
                self.text.clear();
                let written = write_decimal(value, &mut self.text)?;
                if !fits(written, digits) {
                    return Err(if digits.is_some_and(|digits| written.1 > digits.scale) {
                        Why::Inexact
                    } else {
                        Why::Range
                    });
                }
                Cell::Decimal(&self.text)
            }
            ColumnType::Text(limits) => return self.text_of(value, limits, column, row),
            ColumnType::Bytes(most) => return bytes(value, most, column, row),
            ColumnType::Date => Cell::Date(self.date(value)?),
            ColumnType::Time(digits) => Cell::Time(time(value, digits)?),
            ColumnType::Timestamp(digits) => Cell::Timestamp(self.timestamp(value, digits, unit)?),
            ColumnType::Uuid => Cell::Uuid(uuid_of(value)?),
            ColumnType::Json => return self.json(value, column, row),
            ColumnType::Any => return self.any(value, column, row),
        };
        row.set(column, cell);
        Ok(())
    }

    fn text(&self, text: &str, limits: TextLimits, column: usize, row: &mut Draft<'_>) -> Put {
        if self.limits.no_nul && memchr::memchr(0, text.as_bytes()).is_some() {
            return Err(Why::Nul);
        }
        let is_too_long = |most: Option<u64>, length: &dyn Fn() -> usize| {
            most.is_some_and(|most| text.len() as u64 > most && length() as u64 > most)
        };
        if is_too_long(limits.chars, &|| text.chars().count()) || is_too_long(limits.bytes, &|| text.len()) {
            return Err(Why::Long);
        }
        if limits.char_bytes.is_some_and(|most| text.chars().any(|char| char.len_utf8() > most.into())) {
            return Err(Why::Character);
        }
        if limits.loses_spaces && text.ends_with(' ') {
            return Err(Why::Spaces);
        }
        row.set(column, Cell::Text(text));
        Ok(())
    }

    /// A text column takes other values but bytes as their JSON text, without quotes around texts.
    fn text_of(&mut self, value: &Value<'_>, limits: TextLimits, column: usize, row: &mut Draft<'_>) -> Put {
        if matches!(value, Value::Bytes(_)) {
            return Err(Why::Utf8);
        }
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        let put = write_json(value, &mut json).map_err(|_| Why::Kind).and_then(|()| {
            let text = str::from_utf8(&json).map_err(|_| Why::Kind)?;
            let is_quoted = !matches!(
                value,
                Value::Bool(_)
                    | Value::Int(_)
                    | Value::UInt(_)
                    | Value::Float(_)
                    | Value::Decimal(_)
                    | Value::Json(_)
                    | Value::List(_)
                    | Value::Map(_)
                    | Value::Struct(_)
            );
            let text = if is_quoted { text.trim_matches('"') } else { text };
            self.text(text, limits, column, row)
        });
        self.json = json;
        put
    }

    fn json(&mut self, value: &Value<'_>, column: usize, row: &mut Draft<'_>) -> Put {
        self.json.clear();
        if matches!(value, Value::Bytes(_)) {
            return Err(Why::Utf8);
        }
        if self.limits.json_is_binary && has_decimal(value) {
            return Err(Why::Inexact);
        }
        write_json(value, &mut self.json).map_err(|_| Why::Kind)?;
        let text = str::from_utf8(&self.json).map_err(|_| Why::Kind)?;
        if self.limits.no_json_nul && text.contains("\\u0000") {
            return Err(Why::Nul);
        }
        row.set(column, Cell::Json(text));
        Ok(())
    }

    fn any(&mut self, value: &Value<'_>, column: usize, row: &mut Draft<'_>) -> Put {
        let cell = match value {
            Value::Bool(value) => Cell::Int((*value).into()),
            Value::Int(value) => Cell::Int(*value),
            Value::Float(value) => Cell::Double(*value),
            Value::Text(text) => return self.text(text, TextLimits::default(), column, row),
            Value::Bytes(bytes) => Cell::Bytes(bytes),
            _ => return self.text_of(value, TextLimits::default(), column, row),
        };
        row.set(column, cell);
        Ok(())
    }

    fn date(&self, value: &Value<'_>) -> Result<i32, Why> {
        let days = match value {
            Value::Date(days) => *days,
            Value::Text(text) if text.len() == "2021-01-01".len() => {
                let date: jiff::civil::Date = text.parse().map_err(|_| Why::Kind)?;
                let since = date.since(jiff::civil::Date::constant(1970, 1, 1)).map_err(|_| Why::Range)?;
                since.get_days()
            }
            _ => return Err(Why::Kind),
        };
        let is_within = |(first, last): (i32, i32)| (first..=last).contains(&days);
        if self.limits.dates.is_none_or(is_within) { Ok(days) } else { Err(Why::Range) }
    }

    fn timestamp(&self, value: &Value<'_>, digits: u8, unit: Option<i64>) -> Result<Timestamp, Why> {
        let time = match (value, unit) {
            (Value::Timestamp(time), _) => *time,
            (Value::Int(count), Some(unit)) => {
                Timestamp::from_nanos(count.checked_mul(unit).ok_or(Why::Range)?)
            }
            (Value::Text(text), _) => iso_time(text).ok_or(Why::Kind)?,
            _ => return Err(Why::Kind),
        };
        let nanos = time.as_nanos();
        if nanos % 10_i64.pow(9 - u32::from(digits.min(9))) != 0 {
            return Err(Why::Inexact);
        }
        let is_within = |(first, last): (i64, i64)| (first..=last).contains(&nanos);
        if self.limits.timestamps.is_none_or(is_within) { Ok(time) } else { Err(Why::Range) }
    }
}

fn whole(value: &Value<'_>, bits: u8, signed: bool) -> Result<Cell<'static>, Why> {
    let number: i128 = match value {
        Value::Int(value) => (*value).into(),
        Value::UInt(value) => (*value).into(),
        Value::Float(value) if value.fract() == 0.0 && value.abs() <= WHOLE_IN_DOUBLE as f64 => {
            *value as i128
        }
        Value::Float(_) => return Err(Why::Inexact),
        // A number as it would be printed: 007 and 1e3 are something else to whoever wrote them.
        Value::Text(text) => match text.parse::<i128>() {
            Ok(number) if number.to_string() == *text => number,
            _ => return Err(Why::Kind),
        },
        Value::Decimal(_) => return Err(Why::Range),
        _ => return Err(Why::Kind),
    };
    let (least, most) = match (signed, u32::from(bits)) {
        (true, bits) => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
        (false, bits) => (0, (1_i128 << bits) - 1),
    };
    if !(least..=most).contains(&number) {
        return Err(Why::Range);
    }
    Ok(i64::try_from(number).map_or(Cell::UInt(number as u64), Cell::Int))
}

fn double(value: &Value<'_>) -> Result<f64, Why> {
    match value {
        Value::Float(value) if value.is_finite() => Ok(*value),
        Value::Int(value) if value.unsigned_abs() <= WHOLE_IN_DOUBLE => Ok(*value as f64),
        Value::UInt(_) | Value::Int(_) | Value::Decimal(_) => Err(Why::Inexact),
        Value::Text(text) => double_of_text(text),
        _ => Err(Why::Kind),
    }
}

/// The double that a text is: it has no zeros in front, and no digits beyond those that bring the double back.
fn double_of_text(text: &str) -> Result<f64, Why> {
    let (mut meant, mut kept) = (String::new(), String::new());
    if has_zeros_in_front(text) || write_plain(text, &mut meant).is_none() {
        return Err(Why::Kind);
    }
    let double: f64 = text.parse().map_err(|_| Why::Kind)?;
    let is_itself = write_plain(&format!("{double:e}"), &mut kept).is_some() && meant == kept;
    if is_itself { Ok(double) } else { Err(Why::Inexact) }
}

/// Whether a text begins as numbers do not, but numbers of things: `007`.
fn has_zeros_in_front(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

/// A number that reads the same in 32 bits as in 64.
fn single(value: &Value<'_>) -> Result<f64, Why> {
    let double = double(value)?;
    let single = double as f32;
    let reads_the_same = single.is_finite() && single.to_string() == double.to_string();
    if reads_the_same { Ok(f64::from(single)) } else { Err(Why::Inexact) }
}

fn write_decimal(value: &Value<'_>, into: &mut String) -> Result<(u32, u32), Why> {
    let mut number = String::new();
    let text = match value {
        Value::Decimal(text) | Value::Text(text) => text,
        Value::Int(value) => {
            let _ = write!(number, "{value}");
            &*number
        }
        Value::UInt(value) => {
            let _ = write!(number, "{value}");
            &*number
        }
        Value::Float(value) if value.is_finite() => {
            let _ = write!(number, "{value:e}");
            &*number
        }
        _ => return Err(Why::Kind),
    };
    if matches!(value, Value::Text(_)) && has_zeros_in_front(text) {
        return Err(Why::Kind);
    }
    write_plain(text, into).ok_or(if matches!(value, Value::Text(_)) { Why::Kind } else { Why::Range })
}

fn bytes(value: &Value<'_>, most: Option<u64>, column: usize, row: &mut Draft<'_>) -> Put {
    use base64::Engine as _;
    let decoded;
    let bytes = match value {
        Value::Bytes(bytes) => bytes,
        Value::Text(text) => {
            decoded = base64::prelude::BASE64_STANDARD.decode(text).map_err(|_| Why::Kind)?;
            &*decoded
        }
        _ => return Err(Why::Kind),
    };
    if most.is_some_and(|most| bytes.len() as u64 > most) {
        return Err(Why::Long);
    }
    row.set(column, Cell::Bytes(bytes));
    Ok(())
}

fn time(value: &Value<'_>, digits: u8) -> Result<i64, Why> {
    let nanos = match value {
        Value::Time(nanos) => *nanos,
        Value::Text(text) if is_time_of_day(text) => {
            let time: jiff::civil::Time = text.parse().map_err(|_| Why::Kind)?;
            let since = time.since(jiff::civil::Time::midnight()).map_err(|_| Why::Kind)?;
            since.total(jiff::Unit::Nanosecond).map_err(|_| Why::Kind)? as i64
        }
        _ => return Err(Why::Kind),
    };
    if nanos % 10_i64.pow(9 - u32::from(digits.min(9))) == 0 { Ok(nanos) } else { Err(Why::Inexact) }
}

/// Whether a text is a time of day and nothing else: an offset, or a leap second, would be dropped.
fn is_time_of_day(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.';
    text.as_bytes().get(2) == Some(&b':') && text.bytes().all(is_plain) && text.get(6..8) != Some("60")
}

fn uuid_of(value: &Value<'_>) -> Result<[u8; 16], Why> {
    match value {
        Value::Uuid(uuid) => Ok(*uuid),
        Value::Text(text) if text.len() == 36 => {
            uuid::Uuid::try_parse(text).map(uuid::Uuid::into_bytes).map_err(|_| Why::Kind)
        }
        _ => Err(Why::Kind),
    }
}

fn has_decimal(value: &Value<'_>) -> bool {
    match value {
        Value::Decimal(_) => true,
        Value::List(items) => items.clone().any(|item| has_decimal(&item)),
        Value::Map(fields) | Value::Struct(fields) => fields.clone().any(|(_, value)| has_decimal(&value)),
        _ => false,
    }
}

/// A value as JSON, cut off where it is long.
pub(crate) fn excerpt(value: &Value<'_>) -> String {
    const MOST: usize = 60;
    let mut json = Vec::new();
    if write_json(value, &mut json).is_err() {
        return format!("{value:?}").chars().take(MOST).collect();
    }
    let text = String::from_utf8_lossy(&json);
    if text.chars().count() <= MOST {
        return text.into_owned();
    }
    let mut cut: String = text.chars().take(MOST).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests;
