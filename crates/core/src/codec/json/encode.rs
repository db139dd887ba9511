//! Rows as JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::values::write_text;
use crate::codec::{EncodeError, Encoder, write_float, write_number};
use crate::data::{Fields, Row, Value};
use crate::record::Timestamp;

/// Writes rows as JSON objects. Bytes become base64; days, times of day and points in time become ISO 8601.
#[derive(Debug, Default)]
pub struct JsonEncoder {}

impl JsonEncoder {
    /// An encoder.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Encoder for JsonEncoder {
    fn encode(&mut self, row: Row<'_>, into: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = into.len();
        let written = write_fields(row.fields(), into);
        if written.is_err() {
            into.truncate(start);
        }
        written
    }
}

fn write_fields(fields: Fields<'_>, into: &mut Vec<u8>) -> Result<(), EncodeError> {
    into.push(b'{');
    for (place, (name, value)) in fields.enumerate() {
        if place > 0 {
            into.push(b',');
        }
        write_text(name, into);
        into.push(b':');
        write_value(value, into).map_err(|error| within(name, error))?;
    }
    into.push(b'}');
    Ok(())
}

fn within(name: &str, error: EncodeError) -> EncodeError {
    let field = if error.field.is_empty() { name.to_owned() } else { format!("{name}.{}", error.field) };
    EncodeError { field, ..error }
}

/// Appends `value` as JSON. Bytes become base64; days, times of day and points in time become ISO 8601.
pub fn write_json(value: &Value<'_>, into: &mut Vec<u8>) -> Result<(), EncodeError> {
    write_value(value.clone(), into)
}

fn write_value(value: Value<'_>, into: &mut Vec<u8>) -> Result<(), EncodeError> {
    match value {
        Value::Null => into.extend_from_slice(b"null"),
        Value::Bool(value) => into.extend_from_slice(if value { b"true" } else { b"false" }),
        Value::Int(value) => write_number(value, into),
        Value::UInt(value) => write_number(value, into),
        Value::Float(value) if value.is_finite() => write_float(value, into),
        Value::Float(value) => return Err(unwritable(format!("JSON has no {value}"))),
        Value::Decimal(text) | Value::Json(text) => into.extend_from_slice(text.as_bytes()),
        Value::Text(text) => write_text(text, into),
        Value::Bytes(bytes) => write_text(&BASE64_STANDARD.encode(bytes), into),
        Value::Date(days) => match date(days) {
            Some(date) => write_text(&date.to_string(), into),
            None => return Err(unwritable(format!("no calendar has the day {days} days after 1970-01-01"))),
        },
        Value::Time(nanos) => write_text(&time_of_day(nanos), into),
        Value::Timestamp(timestamp) => write_text(&timestamp.to_rfc3339(), into),
        Value::Uuid(uuid) => write_text(&uuid::Uuid::from_bytes(uuid).to_string(), into),
        Value::List(items) => {
            into.push(b'[');
            for (place, item) in items.enumerate() {
                if place > 0 {
                    into.push(b',');
                }
                write_value(item, into).map_err(|error| within(&place.to_string(), error))?;
            }
            into.push(b']');
        }
        Value::Map(fields) | Value::Struct(fields) => write_fields(fields, into)?,
    }
    Ok(())
}

fn unwritable(what: String) -> EncodeError {
    EncodeError { field: String::new(), what }
}

fn date(days: i32) -> Option<jiff::civil::Date> {
    let days = jiff::Span::new().try_days(i64::from(days)).ok()?;
    jiff::civil::Date::constant(1970, 1, 1).checked_add(days).ok()
}

/// `23:59:59.5`
fn time_of_day(nanos: i64) -> String {
    let at = Timestamp::from_nanos(nanos.rem_euclid(86_400_000_000_000)).to_rfc3339();
    at.strip_prefix("1970-01-01T").and_then(|text| text.strip_suffix('Z')).unwrap_or(&at).to_owned()
}
