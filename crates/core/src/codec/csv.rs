//! CSV bodies: one line without its end, commas, quotes where a value needs them.

use super::{BodyEncoder, RowContext, write_float, write_number, write_uuid};
use crate::projection::{Expr, Projection};
use crate::run::Draft;
use crate::source::{RecordingError, Rows as _};
use crate::swar;
use crate::text::{CellText, CellType, CellValue, Misfit};

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

impl BodyEncoder for CsvEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        let mut first = true;
        for value in &mut self.values {
            separate(&mut first, draft);
            match value {
                Expr::Column(field, ty) => match row.rows.csv_text(field) {
                    Some(text) => write_csv_text(text, *ty, draft.bytes())
                        .map_err(|misfit| row.misfit_of(field, misfit))?,
                    None => write_value(&row.value(field, *ty)?, draft.bytes()),
                },
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

/// Appends the text of a CSV cell as a value of type `wanted`.
fn write_csv_text(text: &[u8], wanted: CellType, into: &mut Vec<u8>) -> Result<(), Misfit> {
    let is_untyped = matches!(wanted, CellType::Auto | CellType::Verbatim | CellType::Text);
    // What most cells are is copied as it stands, without becoming a value first.
    if is_untyped && swar::is_plain_ascii(text) && memchr::memchr(b',', text).is_none() {
        into.extend_from_slice(text);
    } else {
        write_value(&CellText::Text(text).value(wanted)?, into);
    }
    Ok(())
}

fn write_value(value: &CellValue<'_>, into: &mut Vec<u8>) {
    match value {
        CellValue::Null | CellValue::Json("null") => {}
        CellValue::Bool(value) => into.extend_from_slice(if *value { b"true" } else { b"false" }),
        CellValue::Number(text) => into.extend_from_slice(text.as_bytes()),
        CellValue::WholeFloat(text) => {
            into.extend_from_slice(text.as_bytes());
            into.extend_from_slice(b".0");
        }
        CellValue::Int(value) => write_number(value, into),
        CellValue::Float(value) => write_float(*value, into),
        CellValue::Text(text) => write_cell(text, into),
        CellValue::Json(json) => write_cell(&CellText::Json(json).text(), into),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is copied as it stands is what its value would be written as.
        #[test]
        fn cells_are_written_as_their_values(
            text in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..24),
                "[-+0-9.eE]{0,12}|[ -~äö]{0,24}|[a-z,\"]{0,9}".prop_map(String::into_bytes),
            ],
            wanted in prop::sample::select(vec![CellType::Auto, CellType::Text, CellType::Verbatim, CellType::Int, CellType::Float]),
        ) {
            let (mut written, mut expected) = (Vec::new(), Vec::new());
            let result = write_csv_text(&text, wanted, &mut written);
            let value = CellText::Text(&text).value(wanted);
            let expected_result = value.as_ref().map(|value| write_value(value, &mut expected));
            prop_assert_eq!(result, expected_result.map_err(|misfit| *misfit));
            prop_assert_eq!(written, expected);
        }
    }
}
