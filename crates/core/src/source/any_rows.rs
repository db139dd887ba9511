//! The rows of any recording.

use super::csv::CsvRows;
use super::error::RecordingError;
use super::jsonl::JsonRows;
use super::lines::LineRows;
use super::rows::Rows;
use crate::text::{CellText, ColumnRef};

/// The rows of a recording of any kind. An enum rather than a trait object: cells are asked for often, and what
/// they are asked for by is compiled together with how they are found.
#[expect(clippy::large_enum_variant, reason = "a replay has one")]
pub(crate) enum AnyRows {
    Csv(CsvRows),
    JsonLines(JsonRows),
    Raw(LineRows),
}

/// Calls a method of [`Rows`] whatever the kind.
macro_rules! of_any {
    ($rows:expr, $found:ident => $call:expr) => {
        match $rows {
            AnyRows::Csv($found) => $call,
            AnyRows::JsonLines($found) => $call,
            AnyRows::Raw($found) => $call,
        }
    };
}

impl AnyRows {
    /// The text of `field`, which is number `index` of the present row's names.
    pub(crate) fn first_text(&self, index: usize, field: &ColumnRef) -> Option<String> {
        let cell = match self {
            Self::JsonLines(rows) => rows.member(index)?.1,
            Self::Csv(_) | Self::Raw(_) => self.cell(field)?,
        };
        Some(cell.text().into_owned())
    }

    /// The rows that stand on the next lines, to be looked at before their turn. Waits for them; where there are none
    /// that can be had, there are none, whatever the reason.
    pub(crate) fn ahead(&mut self, lines: usize) -> Option<Self> {
        match self {
            Self::Csv(rows) => rows.ahead(lines).map(Self::Csv),
            Self::JsonLines(rows) => rows.ahead(lines).map(Self::JsonLines),
            Self::Raw(_) => None,
        }
    }

    /// Whether a record may have fields that the first one lacks.
    pub(crate) fn may_lack_fields(&self) -> bool {
        matches!(self, Self::JsonLines(_))
    }

    /// The place of a column for a message, counted from 1; a field has none, for it may stand anywhere.
    pub(crate) fn number_of(&self, field: &ColumnRef) -> Option<usize> {
        (!self.may_lack_fields()).then_some(field.index + 1)
    }

    /// A delimiter with which the columns would come apart, where the present one hardly is it.
    pub(crate) fn likelier_delimiter(&self) -> Option<char> {
        match self {
            Self::Csv(rows) => rows.likelier_delimiter(),
            Self::JsonLines(_) | Self::Raw(_) => None,
        }
    }

    /// The text of a cell of CSV rows. A [`CellText`] goes by way of memory, which costs more than splitting the cell
    /// did; a text does not.
    #[inline]
    pub(crate) fn csv_text(&self, field: &ColumnRef) -> Option<&[u8]> {
        match self {
            Self::Csv(rows) => rows.text_of(field.index),
            Self::JsonLines(_) | Self::Raw(_) => None,
        }
    }
}

impl Rows for AnyRows {
    #[inline]
    fn advance(&mut self) -> Result<bool, RecordingError> {
        of_any!(self, rows => rows.advance())
    }

    fn columns(&self) -> &[String] {
        of_any!(self, rows => rows.columns())
    }

    fn names(&self) -> Vec<String> {
        of_any!(self, rows => rows.names())
    }

    #[inline]
    fn cell(&self, field: &ColumnRef) -> Option<CellText<'_>> {
        of_any!(self, rows => rows.cell(field))
    }

    #[inline]
    fn member(&self, index: usize) -> Option<(&str, CellText<'_>)> {
        of_any!(self, rows => rows.member(index))
    }

    #[inline]
    fn text(&self) -> &[u8] {
        of_any!(self, rows => rows.text())
    }

    #[inline]
    fn line(&self) -> u64 {
        of_any!(self, rows => rows.line())
    }

    #[inline]
    fn is_buffered(&self) -> bool {
        of_any!(self, rows => rows.is_buffered())
    }
}
