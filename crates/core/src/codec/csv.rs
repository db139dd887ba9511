//! CSV bodies: one line without its end, commas, quotes where a value needs them.

use super::{Encoder, RowContext, write_float, write_number, write_uuid};
use crate::projection::{Expr, Projection};
use crate::run::Draft;
use crate::source::{RecordingError, Rows as _};
use crate::value::{Cell, Value};

/// Writes lines.
pub(super) struct CsvEncoder {
    values: Vec<Expr>,
    /// The formats of [`Projection::stamps`] that need quotes.
    quoted_stamps: Vec<bool>,
}

impl CsvEncoder {
    pub(super) fn new(projection: Projection) -> Self {
        let quoted_stamps = projection.stamps.iter().map(|stamp| stamp.may_hold(b',')).collect();
        Self { values: projection.items.into_iter().map(|item| item.expr).collect(), quoted_stamps }
    }
}

impl Encoder for CsvEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        let mut first = true;
        for value in &mut self.values {
            separate(&mut first, draft);
            match value {
                Expr::Field(field, ty) => write_value(&row.value(field, *ty)?, draft.bytes()),
                Expr::Now { format, width } if self.quoted_stamps[*format] => {
                    draft.bytes().push(b'"');
                    draft.slot(*format, *width);
                    draft.bytes().push(b'"');
                }
                Expr::Now { format, width } => draft.slot(*format, *width),
                Expr::EventTime(stamp) if stamp.may_hold(b',') => {
                    draft.bytes().push(b'"');
                    row.write_event_time(stamp, draft.bytes());
                    draft.bytes().push(b'"');
                }
                Expr::EventTime(stamp) => row.write_event_time(stamp, draft.bytes()),
                Expr::Uuid => write_uuid(draft.bytes()),
                Expr::Line => write_number(row.rows.line(), draft.bytes()),
                Expr::File => write_cell(row.name, draft.bytes()),
                Expr::Text(text) | Expr::Number(text) => write_cell(text, draft.bytes()),
                // Refused when the encoder is chosen.
                Expr::Rest(_) => {}
            }
        }
        Ok(())
    }
}

fn separate(first: &mut bool, draft: &mut Draft<'_>) {
    if !std::mem::take(first) {
        draft.bytes().push(b',');
    }
}

fn write_value(value: &Value<'_>, into: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Json("null") => {}
        Value::Bool(value) => into.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Number(text) => into.extend_from_slice(text.as_bytes()),
        Value::WholeFloat(text) => {
            into.extend_from_slice(text.as_bytes());
            into.extend_from_slice(b".0");
        }
        Value::Int(value) => write_number(value, into),
        Value::Float(value) => write_float(*value, into),
        Value::Text(text) => write_cell(text, into),
        Value::Json(json) => write_cell(&Cell::Json(json).text(), into),
    }
}

/// Appends `text`, in quotes where it holds a comma, a quote or a line end.
fn write_cell(text: &str, into: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    if memchr::memchr3(b',', b'"', b'\n', bytes).is_none() && memchr::memchr(b'\r', bytes).is_none() {
        into.extend_from_slice(text.as_bytes());
        return;
    }
    into.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            into.push(b'"');
        }
        into.push(byte);
    }
    into.push(b'"');
}
