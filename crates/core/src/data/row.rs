//! A row, as it is read.

use std::fmt;

use super::buffer::RowBuffer;
use super::names::NO_NAME;
use super::value::{Fields, Value};

impl RowBuffer {
    /// Row number `index`.
    pub fn row(&self, index: usize) -> Row<'_> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Row { rows: self, start, end: self.ends[index] }
    }

    /// The rows in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }
}

/// A row: values by name, in their order.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    rows: &'r RowBuffer,
    start: usize,
    end: usize,
}

impl<'r> Row<'r> {
    /// The fields, in their order.
    pub fn fields(self) -> Fields<'r> {
        Fields::new(self.rows, self.start, self.end)
    }

    /// The value of the field called `name`; of several the last one.
    pub fn get(self, name: &str) -> Option<Value<'r>> {
        self.rows.names.find(name).filter(|id| *id != NO_NAME).and_then(|id| self.fields().last_of(id))
    }
}

impl PartialEq for Row<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.fields().eq(other.fields())
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields()).finish()
    }
}
