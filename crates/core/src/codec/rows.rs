//! Bodies written by an encoder of typed rows, of which core need not know the format.

use super::json::read_value;
use super::{BodyEncoder, CodecError, EncodeError, Encoder};
use crate::data::{RowBuffer, RowBuilder};
use crate::projection::{Item, Projection, RowContext, Writer, write_row};
use crate::record::Timestamp;
use crate::run::Draft;
use crate::source::{RecordingError, Rows as _};
use crate::stamp::EventStamp;
use crate::text::{CellText, CellType, CellValue, Misfit};

/// Makes a typed row of each row of a recording, and has it encoded.
pub(super) struct RowsEncoder {
    items: Vec<Item>,
    rows: RowBuffer,
    encoder: Box<dyn Encoder>,
}

/// Rows are small; what one huge row took is given back.
const MOST_KEPT_BYTES: usize = 1 << 20;

impl RowsEncoder {
    pub(super) fn new(projection: Projection, encoder: Box<dyn Encoder>) -> Result<Self, CodecError> {
        if !projection.stamps.is_empty() {
            return Err(CodecError::NowInRows);
        }
        Ok(Self { items: projection.items, rows: RowBuffer::new(), encoder })
    }
}

impl BodyEncoder for RowsEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        let Self { items, rows, encoder } = self;
        let unwritable = |field: String, what: String| RecordingError::Unwritable {
            name: row.name.to_owned(),
            line: row.rows.line(),
            field,
            what,
        };
        rows.clear(MOST_KEPT_BYTES);
        {
            let mut writer = RowWriter { row: rows.build() };
            write_row(items, row, &mut writer)?;
            writer.row.finish().map_err(|error| unwritable(String::new(), error.to_string()))?;
        }
        encoder
            .encode(rows.row(0), draft.bytes())
            .map_err(|EncodeError { field, what }| unwritable(field, what))
    }
}

/// Writes values into a typed row.
struct RowWriter<'b> {
    row: RowBuilder<'b>,
}

impl RowWriter<'_> {
    fn value(&mut self, value: &CellValue<'_>) -> Result<(), Misfit> {
        match value {
            CellValue::Null => self.row.null(),
            CellValue::Bool(value) => self.row.bool(*value),
            CellValue::Number(text) => {
                read_value(text, &mut self.row).map_err(|_| Misfit::NotA(CellType::Float))?;
            }
            CellValue::WholeFloat(text) => {
                self.row.float(text.parse().map_err(|_| Misfit::NotA(CellType::Float))?);
            }
            CellValue::Int(value) => self.row.int(*value),
            CellValue::Float(value) => self.row.float(*value),
            CellValue::Text(text) => self.row.text(text),
            CellValue::Json(json) => {
                read_value(json, &mut self.row).map_err(|_| Misfit::NotA(CellType::Json))?;
            }
        }
        Ok(())
    }
}

impl Writer for RowWriter<'_> {
    fn member(&mut self, _place: usize, name: &str) {
        self.row.name(name);
    }

    fn named(&mut self, name: &str) {
        self.row.name(name);
    }

    fn csv_text(&mut self, text: &[u8], wanted: CellType) -> Result<(), Misfit> {
        self.cell(CellText::Text(text), wanted)
    }

    fn cell(&mut self, cell: CellText<'_>, wanted: CellType) -> Result<(), Misfit> {
        self.value(&cell.value(wanted)?)
    }

    fn absent(&mut self) {
        self.row.null();
    }

    fn text(&mut self, text: &str) {
        self.row.text(text);
    }

    fn number(&mut self, text: &str) {
        // The column list has numbers of JSON's grammar only.
        let _ = read_value(text, &mut self.row);
    }

    fn count(&mut self, number: u64) {
        match i64::try_from(number) {
            Ok(number) => self.row.int(number),
            Err(_) => self.row.uint(number),
        }
    }

    fn uuid(&mut self) {
        self.row.uuid(uuid::Uuid::new_v4().into_bytes());
    }

    /// Rows have no room for what is filled in later: it is refused when the encoder is made.
    fn now(&mut self, _format: usize, _width: usize) {
        self.row.null();
    }

    fn event_time(&mut self, stamp: &mut EventStamp, time: Timestamp) {
        if stamp.is_rfc3339() {
            return self.row.timestamp(time);
        }
        let mut text = Vec::new();
        stamp.write(time, &mut text);
        self.row.text(&String::from_utf8_lossy(&text));
    }
}
