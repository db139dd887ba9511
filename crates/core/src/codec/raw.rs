//! Raw bodies: the line as it stands, or the text of one column.

use super::{BodyEncoder, CodecError, write_number, write_uuid};
use crate::projection::{Expr, Item, Projection, RowContext, Writer, write_value};
use crate::record::Timestamp;
use crate::run::Draft;
use crate::source::{RecordingError, Rows as _};
use crate::stamp::EventStamp;
use crate::text::{CellText, CellType, Misfit};

/// Writes lines or texts.
pub(super) struct RawEncoder {
    /// The one value; the whole line without.
    value: Option<Expr>,
}

impl RawEncoder {
    pub(super) fn new(projection: &Projection) -> Result<Self, CodecError> {
        if projection.is_identity {
            return Ok(Self { value: None });
        }
        match &*projection.items {
            [Item { expr, .. }] if !matches!(expr, Expr::Rest(_)) => Ok(Self { value: Some(expr.clone()) }),
            items => {
                let found = items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ");
                Err(CodecError::Raw { found })
            }
        }
    }
}

impl BodyEncoder for RawEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        if let Some(value) = &mut self.value {
            return write_value(value, row, &mut RawWriter(draft));
        }
        draft.bytes().extend_from_slice(row.rows.text());
        Ok(())
    }
}

/// Writes the text of values.
struct RawWriter<'w, 'r>(&'w mut Draft<'r>);

impl Writer for RawWriter<'_, '_> {
    fn member(&mut self, _place: usize, _name: &str) {}

    fn named(&mut self, _name: &str) {}

    fn csv_text(&mut self, text: &[u8], wanted: CellType) -> Result<(), Misfit> {
        self.cell(CellText::Text(text), wanted)
    }

    /// A value that does not fit its type is a fault, though its text is what is written.
    fn cell(&mut self, cell: CellText<'_>, wanted: CellType) -> Result<(), Misfit> {
        cell.value(wanted)?;
        self.text(&cell.text());
        Ok(())
    }

    fn absent(&mut self) {}

    fn text(&mut self, text: &str) {
        self.number(text);
    }

    fn number(&mut self, text: &str) {
        self.0.bytes().extend_from_slice(text.as_bytes());
    }

    fn count(&mut self, number: u64) {
        write_number(number, self.0.bytes());
    }

    fn uuid(&mut self) {
        write_uuid(self.0.bytes());
    }

    fn now(&mut self, format: usize, width: usize) {
        self.0.slot(format, width);
    }

    fn event_time(&mut self, stamp: &mut EventStamp, time: Timestamp) {
        stamp.write(time, self.0.bytes());
    }
}
