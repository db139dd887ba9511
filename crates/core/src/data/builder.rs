//! Writes a row.

use super::buffer::{Entry, RowBuffer, Slot, Span};
use super::names::{NO_NAME, NameId, Place};
use crate::record::Timestamp;

/// A row at the end of [`RowBuffer`]: names and values, one after the other.
///
/// A name counts for the value behind it; the items of a list have none. What is given up half-way leaves no trace.
#[derive(Debug)]
pub struct RowBuilder<'b> {
    rows: &'b mut RowBuffer,
    start: Marks,
    /// What the next value is called.
    name: NameId,
    /// Where the next name stands.
    place: Place,
    is_too_large: bool,
}

/// How far each buffer was.
#[derive(Clone, Copy, Debug)]
struct Marks {
    text: usize,
    bytes: usize,
    entries: usize,
}

/// The rows do not fit into four gigabytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows take more than four gigabytes")]
pub struct TooLarge;

impl RowBuffer {
    /// Starts a row, which is one of these once [`RowBuilder::finish`] is called, and leaves no trace otherwise.
    pub fn build(&mut self) -> RowBuilder<'_> {
        RowBuilder::new(self)
    }
}

impl<'b> RowBuilder<'b> {
    fn new(rows: &'b mut RowBuffer) -> Self {
        let start = Marks { text: rows.text.len(), bytes: rows.bytes.len(), entries: rows.entries.len() };
        rows.open.clear();
        Self { rows, start, name: NO_NAME, place: Place::FIRST, is_too_large: false }
    }

    /// Names the next value.
    #[inline]
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.name = self.rows.names.id(name, self.place);
        self
    }

    /// Appends a null.
    pub fn null(&mut self) {
        self.push(Slot::Null);
    }

    /// Appends a truth value.
    pub fn bool(&mut self, value: bool) {
        self.push(Slot::Bool(value));
    }

    /// Appends a signed integer.
    #[inline]
    pub fn int(&mut self, value: i64) {
        self.push(Slot::Int(value));
    }

    /// Appends an integer beyond those that are signed.
    pub fn uint(&mut self, value: u64) {
        self.push(Slot::UInt(value));
    }

    /// Appends a double.
    #[inline]
    pub fn float(&mut self, value: f64) {
        self.push(Slot::Float(value));
    }

    /// Appends a decimal number, in JSON's grammar.
    pub fn decimal(&mut self, text: &str) {
        let span = self.put(text);
        self.push(Slot::Decimal(span));
    }

    /// Appends a text.
    #[inline]
    pub fn text(&mut self, text: &str) {
        let span = self.put(text);
        self.push(Slot::Text(span));
    }

    /// Appends bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let span = self.put_bytes(bytes);
        self.push(Slot::Bytes(span));
    }

    /// Appends a day: days since 1970-01-01.
    pub fn date(&mut self, days: i32) {
        self.push(Slot::Date(days));
    }

    /// Appends a time of day: nanoseconds since midnight.
    pub fn time(&mut self, nanos: i64) {
        self.push(Slot::Time(nanos));
    }

    /// Appends a point in time.
    pub fn timestamp(&mut self, timestamp: Timestamp) {
        self.push(Slot::Timestamp(timestamp.as_nanos()));
    }

    /// Appends a UUID.
    pub fn uuid(&mut self, uuid: [u8; 16]) {
        let span = self.put_bytes(&uuid);
        self.push(Slot::Uuid(span));
    }

    /// Appends JSON as text.
    pub fn json(&mut self, json: &str) {
        let span = self.put(json);
        self.push(Slot::Json(span));
    }

    /// Begins a list: what follows is in it, up to [`end`](Self::end).
    pub fn begin_list(&mut self) {
        self.begin(Slot::List(0));
    }

    /// Begins a map: what follows is in it, up to [`end`](Self::end).
    pub fn begin_map(&mut self) {
        self.begin(Slot::Map(0));
    }

    /// Begins a struct: what follows is in it, up to [`end`](Self::end).
    pub fn begin_struct(&mut self) {
        self.begin(Slot::Struct(0));
    }

    /// Ends the list, map or struct that was begun last; without one it does nothing.
    pub fn end(&mut self) {
        let Some(place) = self.rows.open.pop() else { return };
        let inner = (self.rows.entries.len() - place - 1) as u32;
        let Entry { name, slot } = &mut self.rows.entries[place];
        self.place = Place::behind(*name);
        *slot = match *slot {
            Slot::List(_) => Slot::List(inner),
            Slot::Map(_) => Slot::Map(inner),
            _ => Slot::Struct(inner),
        };
    }

    /// Makes the row one of the rows. What is still open is ended.
    pub fn finish(mut self) -> Result<(), TooLarge> {
        while !self.rows.open.is_empty() {
            self.end();
        }
        let most = u32::MAX as usize;
        let RowBuffer { text, bytes, entries, .. } = &*self.rows;
        if self.is_too_large || text.len() > most || bytes.len() > most || entries.len() > most {
            return Err(TooLarge);
        }
        self.start = Marks { text: text.len(), bytes: bytes.len(), entries: entries.len() };
        self.rows.ends.push(self.start.entries);
        Ok(())
    }

    fn begin(&mut self, slot: Slot) {
        self.rows.open.push(self.rows.entries.len());
        let name = self.name;
        self.push(slot);
        self.place = Place::inside(name);
    }

    #[inline]
    fn push(&mut self, slot: Slot) {
        self.rows.entries.push(Entry { name: self.name, slot });
        self.place = Place::behind(std::mem::replace(&mut self.name, NO_NAME));
    }

    #[inline]
    fn put(&mut self, text: &str) -> Span {
        let at = self.rows.text.len();
        self.rows.text.push_str(text);
        self.span(at, text.len())
    }

    fn put_bytes(&mut self, bytes: &[u8]) -> Span {
        let at = self.rows.bytes.len();
        self.rows.bytes.extend_from_slice(bytes);
        self.span(at, bytes.len())
    }

    #[inline]
    fn span(&mut self, at: usize, len: usize) -> Span {
        if let (Ok(at), Ok(len)) = (u32::try_from(at), u32::try_from(len)) {
            return Span { at, len };
        }
        self.is_too_large = true;
        Span { at: 0, len: 0 }
    }
}

impl Drop for RowBuilder<'_> {
    fn drop(&mut self) {
        self.rows.text.truncate(self.start.text);
        self.rows.bytes.truncate(self.start.bytes);
        self.rows.entries.truncate(self.start.entries);
        self.rows.open.clear();
    }
}
