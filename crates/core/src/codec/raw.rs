//! Raw bodies: the line as it stands, or the text of one column.

use super::{BodyEncoder, CodecError, RowContext, write_number, write_uuid};
use crate::projection::{Expr, Item, Projection};
use crate::run::Draft;
use crate::source::{RecordingError, Rows as _};

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
        match &mut self.value {
            None => draft.bytes().extend_from_slice(row.rows.text()),
            Some(Expr::Column(field, ty)) => {
                row.value(field, *ty)?;
                if let Some(cell) = row.rows.cell(field) {
                    draft.bytes().extend_from_slice(cell.text().as_bytes());
                }
            }
            Some(Expr::Now { format, width }) => draft.slot(*format, *width),
            Some(Expr::EventTime(stamp)) => row.write_event_time(stamp, draft.bytes()),
            Some(Expr::Uuid) => write_uuid(draft.bytes()),
            Some(Expr::Line) => write_number(row.rows.line(), draft.bytes()),
            Some(Expr::File) => draft.bytes().extend_from_slice(row.name.as_bytes()),
            Some(Expr::Text(text) | Expr::Number(text)) => draft.bytes().extend_from_slice(text.as_bytes()),
            Some(Expr::Rest(_)) => {}
        }
        Ok(())
    }
}
