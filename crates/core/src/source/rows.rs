//! What the kinds of recordings have in common: rows with cells.

use super::error::RecordingError;
use crate::text::{CellText, ColumnRef};

/// Reads a recording row by row.
pub trait Rows: Send {
    /// Moves to the next row; `false` at the end. The first call moves to the first row.
    fn advance(&mut self) -> Result<bool, RecordingError>;

    /// The fixed columns, of recordings that have such; empty otherwise.
    fn columns(&self) -> &[String];

    /// The names in the present row: the fixed columns, or the fields of this object.
    fn names(&self) -> Vec<String>;

    /// The cell of `field` in the present row, if there is one.
    fn cell(&self, field: &ColumnRef) -> Option<CellText<'_>>;

    /// Field number `index` of the present row, of recordings without fixed columns.
    fn member(&self, _index: usize) -> Option<(&str, CellText<'_>)> {
        None
    }

    /// The present row as it stands, without its line end.
    fn text(&self) -> &[u8];

    /// The line on which the present row starts, counted from 1.
    fn line(&self) -> u64;

    /// Whether the next row can be had without asking the reader for more.
    fn is_buffered(&self) -> bool;
}

/// The fields of the present row in their order, of recordings without fixed columns.
pub(crate) fn members(rows: &impl Rows) -> impl Iterator<Item = (&str, CellText<'_>)> {
    (0..).map_while(|index| rows.member(index))
}
