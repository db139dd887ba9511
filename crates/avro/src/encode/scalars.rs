//! Values that hold no others.

use std::fmt::Write as _;

use kadence_core::data::{Fields, Value};

use super::Writer;
use super::refusal::Why;
use crate::logical::decimal::Misfit;
use crate::logical::float::narrow;
use crate::logical::{local_time, uuid_of};
use crate::plan::{Digits, Fixed, Meaning, Node, Unit};
use crate::wire::{write_bytes, write_long};

/// Up to here a double has each whole number.
const WHOLE_IN_DOUBLE: f64 = 9_007_199_254_740_992.0;

const HYPHENATED: usize = uuid::fmt::Hyphenated::LENGTH;

impl<'r> Writer<'_, 'r> {
    #[inline(never)]
    pub(super) fn scalar(&mut self, node: &Node, value: &Value<'r>) -> Result<(), Why> {
        match (node, value) {
            (Node::Null, Value::Null) => {}
            (Node::Boolean, Value::Bool(value)) => self.into.push((*value).into()),
            (Node::Float, value) => {
                let number = self.single(value)?;
                self.into.extend_from_slice(&number.to_le_bytes());
            }
            (Node::Double, value) => {
                let number = self.double(value)?;
                self.into.extend_from_slice(&number.to_le_bytes());
            }
            (Node::Int, value) => {
                let number = i32::try_from(self.whole(value)?).map_err(|_| Why::Range)?;
                write_long(number.into(), self.into);
            }
            (Node::Long, value) => write_long(self.whole(value)?, self.into),
            (Node::Bytes, Value::Bytes(bytes)) => write_bytes(bytes, self.into),
            (Node::Text, value) => self.text_of(value)?,
            (Node::Enum(of), Value::Text(text)) => {
                write_long((*of.places.get(*text).ok_or(Why::Symbol)?).into(), self.into);
            }
            (Node::Uuid, value) => {
                let uuid = uuid::Uuid::from_bytes(self.uuid(value)?);
                let mut text = [0; HYPHENATED];
                write_bytes(uuid.as_hyphenated().encode_lower(&mut text).as_bytes(), self.into);
            }
            (Node::Decimal(digits), value) => self.decimal(value, *digits, None)?,
            (Node::Fixed(fixed), value) => self.fixed(fixed, value)?,
            (Node::Date, Value::Date(days)) => write_long((*days).into(), self.into),
            (Node::TimeMillis, Value::Time(nanos)) => {
                let number = i32::try_from(units(*nanos, Unit::Millis)?).map_err(|_| Why::Range)?;
                write_long(number.into(), self.into);
            }
            (Node::TimeMicros, Value::Time(nanos)) => {
                write_long(units(*nanos, Unit::Micros)?, self.into);
            }
            (Node::Timestamp(unit), Value::Timestamp(time)) => {
                write_long(units(time.as_nanos(), *unit)?, self.into);
            }
            (Node::LocalTimestamp(unit), Value::Text(text)) => {
                let nanos = local_time::parse(text).ok_or(Why::Form)?;
                let unit = i128::from(unit.nanos());
                if nanos % unit != 0 {
                    return Err(Why::Inexact);
                }
                write_long(i64::try_from(nanos / unit).map_err(|_| Why::Range)?, self.into);
            }
            _ => return Err(Why::Kind),
        }
        Ok(())
    }

    fn whole(&self, value: &Value<'_>) -> Result<i64, Why> {
        match value {
            Value::Int(number) => Ok(*number),
            Value::UInt(number) => i64::try_from(*number).map_err(|_| Why::Range),
            Value::Float(_) if self.is_strict => Err(Why::Kind),
            // There is no negative zero among whole numbers.
            Value::Float(number) if *number == 0.0 && number.is_sign_negative() => Err(Why::Inexact),
            Value::Float(number) if number.fract() == 0.0 && number.abs() <= WHOLE_IN_DOUBLE => {
                Ok(*number as i64)
            }
            Value::Float(_) => Err(Why::Inexact),
            Value::Decimal(_) => Err(Why::Range),
            _ => Err(Why::Kind),
        }
    }

    fn single(&self, value: &Value<'_>) -> Result<f32, Why> {
        match value {
            Value::Float(number) => narrow(*number).ok_or(Why::Inexact),
            Value::Int(_) | Value::UInt(_) => {
                let number = self.double(value)?;
                let single = number as f32;
                if f64::from(single).to_bits() == number.to_bits() { Ok(single) } else { Err(Why::Inexact) }
            }
            Value::Decimal(_) => Err(Why::Inexact),
            _ => Err(Why::Kind),
        }
    }

    fn double(&self, value: &Value<'_>) -> Result<f64, Why> {
        match value {
            Value::Float(number) => Ok(*number),
            Value::Int(_) | Value::UInt(_) if self.is_strict => Err(Why::Kind),
            Value::Int(number) if (*number as f64) as i128 == i128::from(*number) => Ok(*number as f64),
            Value::UInt(number) if (*number as f64) as u128 == u128::from(*number) => Ok(*number as f64),
            Value::Int(_) | Value::UInt(_) | Value::Decimal(_) => Err(Why::Inexact),
            _ => Err(Why::Kind),
        }
    }

    fn text_of(&mut self, value: &Value<'_>) -> Result<(), Why> {
        match value {
            Value::Text(text) => write_bytes(text.as_bytes(), self.into),
            _ if self.is_strict => return Err(Why::Kind),
            Value::Decimal(text) | Value::Json(text) => write_bytes(text.as_bytes(), self.into),
            Value::Uuid(uuid) => {
                let mut text = [0; HYPHENATED];
                let text = uuid::Uuid::from_bytes(*uuid).as_hyphenated().encode_lower(&mut text);
                write_bytes(text.as_bytes(), self.into);
            }
            _ => return Err(Why::Kind),
        }
        Ok(())
    }

    fn uuid(&self, value: &Value<'_>) -> Result<[u8; 16], Why> {
        match value {
            Value::Uuid(uuid) => Ok(*uuid),
            Value::Text(_) if self.is_strict => Err(Why::Kind),
            Value::Text(text) => uuid_of(text).ok_or(Why::Form),
            _ => Err(Why::Kind),
        }
    }

    /// A decimal number as bytes with their length, or as so many bytes.
    fn decimal(&mut self, value: &Value<'_>, digits: Digits, size: Option<usize>) -> Result<(), Why> {
        if self.is_strict && !matches!(value, Value::Decimal(_)) {
            return Err(Why::Kind);
        }
        self.text.clear();
        // Writing to a string does not fail.
        let _ = match value {
            Value::Int(number) => write!(self.text, "{number}"),
            Value::UInt(number) => write!(self.text, "{number}"),
            Value::Float(number) if number.is_finite() => write!(self.text, "{number:e}"),
            Value::Decimal(_) => Ok(()),
            _ => return Err(Why::Kind),
        };
        let text = if let Value::Decimal(text) = value { *text } else { self.text.as_str() };
        let bytes = self.scratch.bytes_of(text, digits).map_err(|misfit| match misfit {
            Misfit::Text => Why::Form,
            Misfit::Scale => Why::Scale,
            Misfit::Precision => Why::Precision,
        })?;
        let Some(size) = size else {
            write_bytes(bytes, self.into);
            return Ok(());
        };
        let padding = size.checked_sub(bytes.len()).ok_or(Why::Range)?;
        let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
        self.into.resize(self.into.len() + padding, sign);
        self.into.extend_from_slice(bytes);
        Ok(())
    }

    fn fixed(&mut self, fixed: &Fixed, value: &Value<'_>) -> Result<(), Why> {
        match (fixed.meaning, value) {
            (Meaning::Bytes, Value::Bytes(bytes)) if bytes.len() == fixed.size => {
                self.into.extend_from_slice(bytes);
            }
            (Meaning::Bytes, Value::Bytes(bytes)) => return Err(Why::Size(bytes.len())),
            (Meaning::Uuid, value) => {
                let uuid = self.uuid(value)?;
                self.into.extend_from_slice(&uuid);
            }
            (Meaning::Decimal(digits), value) => self.decimal(value, digits, Some(fixed.size))?,
            (Meaning::Duration, Value::Struct(fields) | Value::Map(fields)) => {
                let parts = duration(fields).ok_or(Why::Form)?;
                self.into.extend(parts.into_iter().flat_map(u32::to_le_bytes));
            }
            _ => return Err(Why::Kind),
        }
        Ok(())
    }
}

/// So many units as nanoseconds come to, if they come to whole ones.
fn units(nanos: i64, unit: Unit) -> Result<i64, Why> {
    if nanos % unit.nanos() == 0 { Ok(nanos / unit.nanos()) } else { Err(Why::Inexact) }
}

/// The months, days and milliseconds of a duration, which has these and nothing else.
fn duration(fields: &Fields<'_>) -> Option<[u32; 3]> {
    let mut parts = [None; 3];
    for (name, value) in fields.clone() {
        let place = ["months", "days", "millis"].iter().position(|part| *part == name)?;
        let Value::Int(number) = value else { return None };
        *parts.get_mut(place)? = Some(u32::try_from(number).ok()?);
    }
    let [months, days, millis] = parts;
    Some([months?, days?, millis?])
}
