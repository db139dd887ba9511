//! The storage of rows, which is used again.

use super::names::{NameId, Names};

/// Rows, each with its own fields, in buffers that are used again: nothing is allocated per row.
#[derive(Debug, Default)]
pub struct RowBuffer {
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
    pub(super) fn range(self) -> std::ops::Range<usize> {
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

impl RowBuffer {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds up, roughly, the bytes that the rows take.
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
}
