//! The rows of a batch, as they go to the database.

use std::ops::Range;

use kadence_core::record::Timestamp;

/// What goes into a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'c> {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`.
    UInt(u64),
    /// A binary number, finite.
    Double(f64),
    /// A decimal number: an optional minus, digits, and digits behind a point; no exponent.
    Decimal(&'c str),
    /// Text.
    Text(&'c str),
    /// Bytes.
    Bytes(&'c [u8]),
    /// Days since 1970-01-01.
    Date(i32),
    /// Nanoseconds since midnight.
    Time(i64),
    /// A point in time.
    Timestamp(Timestamp),
    /// A UUID.
    Uuid([u8; 16]),
    /// A JSON text.
    Json(&'c str),
}

/// What is to be done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is inserted, or put in the place of the one with its key.
    Put,
    /// The row with its key is deleted; only the key's columns count.
    Delete,
}

/// Rows of one table in the order of their records, in storage that is used again.
#[derive(Debug, Default)]
pub struct Rows {
    columns: usize,
    slots: Vec<Slot>,
    text: String,
    bytes: Vec<u8>,
    heads: Vec<Head>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    place: u32,
    change: Change,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Decimal(Span),
    Text(Span),
    Bytes(Span),
    Date(i32),
    Time(i64),
    Timestamp(Timestamp),
    Uuid(u32),
    Json(Span),
}

#[derive(Clone, Copy, Debug)]
struct Span {
    at: u32,
    len: u32,
}

impl Span {
    /// Batches are bounded far below four gigabytes; one record cannot be larger than a Kafka record.
    fn since(at: usize, end: usize) -> Self {
        Self { at: at as u32, len: (end - at) as u32 }
    }

    fn range(self) -> Range<usize> {
        self.at as usize..self.at as usize + self.len as usize
    }
}

impl Rows {
    /// Forgets all rows; those to come have this many columns.
    pub fn clear(&mut self, columns: usize) {
        self.columns = columns;
        self.slots.clear();
        self.text.clear();
        self.bytes.clear();
        self.heads.clear();
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// How many columns each row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The place in its batch of the record that row `row` came from.
    pub fn place(&self, row: usize) -> usize {
        self.heads[row].place as usize
    }

    /// What is to be done with row `row`.
    pub fn change(&self, row: usize) -> Change {
        self.heads[row].change
    }

    /// Whether any of these rows is deleted.
    pub fn has_deletes(&self, rows: Range<usize>) -> bool {
        self.heads[rows].iter().any(|head| head.change == Change::Delete)
    }

    /// What row `row` has in column `column`.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.slots[row * self.columns + column] {
            Slot::Null => Cell::Null,
            Slot::Bool(value) => Cell::Bool(value),
            Slot::Int(value) => Cell::Int(value),
            Slot::UInt(value) => Cell::UInt(value),
            Slot::Double(value) => Cell::Double(value),
            Slot::Decimal(span) => Cell::Decimal(&self.text[span.range()]),
            Slot::Text(span) => Cell::Text(&self.text[span.range()]),
            Slot::Bytes(span) => Cell::Bytes(&self.bytes[span.range()]),
            Slot::Date(days) => Cell::Date(days),
            Slot::Time(nanos) => Cell::Time(nanos),
            Slot::Timestamp(time) => Cell::Timestamp(time),
            Slot::Uuid(at) => {
                Cell::Uuid(self.bytes[at as usize..].first_chunk().copied().unwrap_or_default())
            }
            Slot::Json(span) => Cell::Json(&self.text[span.range()]),
        }
    }

    /// Adds a row of these cells, of the record in this place of its batch.
    pub fn push(&mut self, place: usize, change: Change, cells: &[Cell<'_>]) {
        let columns = self.columns;
        let mut row = self.begin();
        for (column, cell) in cells.iter().take(columns).enumerate() {
            row.set(column, *cell);
        }
        row.finish(place, change);
    }

    /// Begins a row whose columns are all null.
    pub(crate) fn begin(&mut self) -> Draft<'_> {
        let marks = (self.slots.len(), self.text.len(), self.bytes.len());
        self.slots.resize(self.slots.len() + self.columns, Slot::Null);
        Draft { rows: self, marks, is_kept: false }
    }
}

/// A row that is being filled. It leaves no trace unless it is finished.
pub(crate) struct Draft<'r> {
    rows: &'r mut Rows,
    marks: (usize, usize, usize),
    is_kept: bool,
}

impl Draft<'_> {
    /// Puts a cell into a column.
    pub(crate) fn set(&mut self, column: usize, cell: Cell<'_>) {
        let slot = match cell {
            Cell::Null => Slot::Null,
            Cell::Bool(value) => Slot::Bool(value),
            Cell::Int(value) => Slot::Int(value),
            Cell::UInt(value) => Slot::UInt(value),
            Cell::Double(value) => Slot::Double(value),
            Cell::Decimal(text) => Slot::Decimal(self.text(text)),
            Cell::Text(text) => Slot::Text(self.text(text)),
            Cell::Bytes(bytes) => Slot::Bytes(self.bytes(bytes)),
            Cell::Date(days) => Slot::Date(days),
            Cell::Time(nanos) => Slot::Time(nanos),
            Cell::Timestamp(time) => Slot::Timestamp(time),
            Cell::Uuid(uuid) => Slot::Uuid(self.bytes(&uuid).at),
            Cell::Json(text) => Slot::Json(self.text(text)),
        };
        self.rows.slots[self.marks.0 + column] = slot;
    }

    /// Whether a column is null so far.
    pub(crate) fn is_null(&self, column: usize) -> bool {
        matches!(self.rows.slots[self.marks.0 + column], Slot::Null)
    }

    fn text(&mut self, text: &str) -> Span {
        let at = self.rows.text.len();
        self.rows.text.push_str(text);
        Span::since(at, self.rows.text.len())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Span {
        let at = self.rows.bytes.len();
        self.rows.bytes.extend_from_slice(bytes);
        Span::since(at, self.rows.bytes.len())
    }

    /// Keeps the row, of the record in this place of its batch.
    pub(crate) fn finish(mut self, place: usize, change: Change) {
        self.rows.heads.push(Head { place: place as u32, change });
        self.is_kept = true;
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.rows.slots.truncate(self.marks.0);
            self.rows.text.truncate(self.marks.1);
            self.rows.bytes.truncate(self.marks.2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_finished_leaves_no_trace() {
        let mut rows = Rows::default();
        rows.clear(2);
        let mut row = rows.begin();
        row.set(0, Cell::Text("a"));
        row.set(1, Cell::Uuid([7; 16]));
        row.finish(3, Change::Put);
        rows.begin().set(1, Cell::Text("gone"));
        let mut row = rows.begin();
        row.set(1, Cell::Int(5));
        row.finish(5, Change::Delete);
        assert_eq!([rows.len(), rows.place(0), rows.place(1)], [2, 3, 5]);
        assert_eq!([rows.cell(0, 0), rows.cell(0, 1)], [Cell::Text("a"), Cell::Uuid([7; 16])]);
        assert_eq!([rows.cell(1, 0), rows.cell(1, 1)], [Cell::Null, Cell::Int(5)]);
        assert!(rows.has_deletes(0..2) && !rows.has_deletes(0..1));
    }
}
