//! Rows in one storage that is used again.

use std::fmt;

use super::builder::RowBuilder;
use super::names::{NO_NAME, NameId, Names};
use super::value::{Fields, Value};

/// Rows, each with its own fields, in buffers that are used again: nothing is allocated per row.
#[derive(Debug, Default)]
pub struct Rows {
    pub(super) names: Names,
    /// The texts of all values.
    pub(super) text: String,
    /// The bytes of all values that are no text.
    pub(super) bytes: Vec<u8>,
    /// The values of all rows: what holds others stands before them.
    pub(super) entries: Vec<Entry>,
    /// Where each row's values end.
    pub(super) ends: Vec<usize>,
    /// Places of values that hold others and are being written.
    pub(super) open: Vec<usize>,
}

/// A value with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) name: NameId,
    pub(super) slot: Slot,
}

/// A value, or where it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Decimal(Span),
    Text(Span),
    Bytes(Span),
    Date(i32),
    Time(i64),
    Timestamp(i64),
    Uuid(Span),
    Json(Span),
    /// So many of the next entries are in it, at any depth.
    List(u32),
    Map(u32),
    Struct(u32),
}

const _: () = assert!(size_of::<Slot>() == 16);

/// A part of a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) at: u32,
    pub(super) len: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        let at = self.at as usize;
        at..at + self.len as usize
    }
}

impl Slot {
    /// How many entries behind it are in it.
    #[inline]
    pub(super) fn inner(self) -> usize {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::Struct(inner) => inner as usize,
            _ => 0,
        }
    }
}

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes the rows take, roughly.
    pub fn size(&self) -> usize {
        self.text.len() + self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }

    /// Forgets the rows and keeps the memory, up to `most` bytes of each kind.
    pub fn clear(&mut self, most: usize) {
        self.names.clear();
        self.text.clear();
        self.text.shrink_to(most);
        self.bytes.clear();
        self.bytes.shrink_to(most);
        self.entries.clear();
        self.entries.shrink_to(most / size_of::<Entry>());
        self.ends.clear();
    }

    /// Starts a row, which is one of these once [`RowBuilder::finish`] is called, and leaves no trace otherwise.
    pub fn build(&mut self) -> RowBuilder<'_> {
        RowBuilder::new(self)
    }

    /// Row number `index`.
    pub fn row(&self, index: usize) -> Row<'_> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Row { rows: self, start, end: self.ends[index] }
    }

    /// The rows in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The name and the value of the entry in this place.
    #[inline]
    pub(super) fn entry(&self, place: usize) -> (&str, Value<'_>) {
        let Entry { name, slot } = self.entries[place];
        (self.names.text(name), self.value(slot, place))
    }

    #[inline]
    pub(super) fn value(&self, slot: Slot, place: usize) -> Value<'_> {
        let text = |span: Span| &self.text[span.range()];
        let inner = || Fields::new(self, place + 1, place + 1 + slot.inner());
        match slot {
            Slot::Null => Value::Null,
            Slot::Bool(value) => Value::Bool(value),
            Slot::Int(value) => Value::Int(value),
            Slot::UInt(value) => Value::UInt(value),
            Slot::Float(value) => Value::Float(value),
            Slot::Decimal(span) => Value::Decimal(text(span)),
            Slot::Text(span) => Value::Text(text(span)),
            Slot::Bytes(span) => Value::Bytes(&self.bytes[span.range()]),
            Slot::Date(days) => Value::Date(days),
            Slot::Time(nanos) => Value::Time(nanos),
            Slot::Timestamp(nanos) => Value::Timestamp(crate::record::Timestamp::from_nanos(nanos)),
            Slot::Uuid(span) => {
                Value::Uuid(self.bytes[span.range()].first_chunk().copied().unwrap_or_default())
            }
            Slot::Json(span) => Value::Json(text(span)),
            Slot::List(_) => Value::List(inner().into()),
            Slot::Map(_) => Value::Map(inner()),
            Slot::Struct(_) => Value::Struct(inner()),
        }
    }
}

/// A row: values by name, in their order.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    rows: &'r Rows,
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
