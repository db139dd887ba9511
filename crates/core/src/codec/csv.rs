//! CSV bodies: one line without its end, commas, quotes where a value needs them.

use super::{BodyEncoder, write_float, write_number, write_uuid};
use crate::projection::{Item, Projection, RowContext, Writer, write_row};
use crate::record::Timestamp;
use crate::run::Draft;
use crate::source::RecordingError;
use crate::stamp::EventStamp;
use crate::swar;
use crate::text::{CellText, CellType, CellValue, Misfit};

/// Writes lines.
pub(super) struct CsvEncoder {
    items: Vec<Item>,
    /// The formats of [`Projection::stamps`] that need quotes.
    quoted_stamps: Vec<bool>,
}

impl CsvEncoder {
    pub(super) fn new(projection: Projection) -> Self {
        let quoted_stamps = projection.stamps.iter().map(|stamp| stamp.may_hold(b',')).collect();
        Self { items: projection.items, quoted_stamps }
    }
}

impl BodyEncoder for CsvEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        write_row(&mut self.items, row, &mut CsvWriter { draft, quoted_stamps: &self.quoted_stamps })
    }
}

/// Writes values as CSV cells, with commas between them.
struct CsvWriter<'w, 'r> {
    draft: &'w mut Draft<'r>,
    quoted_stamps: &'w [bool],
}

impl CsvWriter<'_, '_> {
    fn quoted(&mut self, is_quoted: bool, inside: impl FnOnce(&mut Draft<'_>)) {
        if is_quoted {
            self.draft.bytes().push(b'"');
        }
        inside(self.draft);
        if is_quoted {
            self.draft.bytes().push(b'"');
        }
    }
}

impl Writer for CsvWriter<'_, '_> {
    #[inline]
    fn member(&mut self, place: usize, _name: &str) {
        if place > 0 {
            self.draft.bytes().push(b',');
        }
    }

    /// Fields that come with the row have no column of their own: they are refused when the encoder is chosen.
    fn named(&mut self, _name: &str) {}

    #[inline]
    fn csv_text(&mut self, text: &[u8], wanted: CellType) -> Result<(), Misfit> {
        write_csv_text(text, wanted, self.draft.bytes())
    }

    fn cell(&mut self, cell: CellText<'_>, wanted: CellType) -> Result<(), Misfit> {
        write_value(&cell.value(wanted)?, self.draft.bytes());
        Ok(())
    }

    fn absent(&mut self) {}

    fn text(&mut self, text: &str) {
        write_cell(text, self.draft.bytes());
    }

    fn number(&mut self, text: &str) {
        write_cell(text, self.draft.bytes());
    }

    fn count(&mut self, number: u64) {
        write_number(number, self.draft.bytes());
    }

    fn uuid(&mut self) {
        write_uuid(self.draft.bytes());
    }

    fn now(&mut self, format: usize, width: usize) {
        self.quoted(self.quoted_stamps[format], |draft| draft.slot(format, width));
    }

    fn event_time(&mut self, stamp: &mut EventStamp, time: Timestamp) {
        self.quoted(stamp.may_hold(b','), |draft| stamp.write(time, draft.bytes()));
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
