//! One value.

use std::fmt;

use super::buffer::{Entry, RowBuffer, Slot, Span};
use super::names::NameId;
use crate::record::Timestamp;

/// A typed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An integer beyond those that are signed.
    UInt(u64),
    /// A double.
    Float(f64),
    /// A decimal number as text, in JSON's grammar: one that no integer of 64 bits and no double has exactly, or that
    /// is meant to be decimal.
    Decimal(&'r str),
    /// Text.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
    /// A day: days since 1970-01-01.
    Date(i32),
    /// A time of day: nanoseconds since midnight.
    Time(i64),
    /// A point in time.
    Timestamp(Timestamp),
    /// A UUID.
    Uuid([u8; 16]),
    /// Any JSON, as text.
    Json(&'r str),
    /// Values, one after the other.
    List(List<'r>),
    /// Values by names that differ from record to record.
    Map(Fields<'r>),
    /// Values by names.
    Struct(Fields<'r>),
}

/// Values by name, in their order.
#[derive(Clone)]
pub struct Fields<'r> {
    rows: &'r RowBuffer,
    at: usize,
    end: usize,
}

impl<'r> Fields<'r> {
    pub(super) fn new(rows: &'r RowBuffer, at: usize, end: usize) -> Self {
        Self { rows, at, end }
    }

    /// The value called `name`; of several the last one.
    pub fn get(&self, name: &str) -> Option<Value<'r>> {
        self.rows.names.find(name).and_then(|id| self.last_of(id))
    }

    pub(super) fn last_of(&self, name: NameId) -> Option<Value<'r>> {
        let mut rest = self.clone();
        let mut found = None;
        while let Some(place) = rest.step() {
            if self.rows.entries[place].name == name {
                found = Some(place);
            }
        }
        found.map(|place| self.rows.entry(place).1)
    }

    /// The place of the next entry.
    #[inline]
    fn step(&mut self) -> Option<usize> {
        let place = self.at;
        if place >= self.end {
            return None;
        }
        self.at = place + 1 + self.rows.entries[place].slot.inner();
        Some(place)
    }
}

impl<'r> Iterator for Fields<'r> {
    type Item = (&'r str, Value<'r>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(|place| self.rows.entry(place))
    }
}

impl PartialEq for Fields<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.clone().eq(other.clone())
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// Values, one after the other.
#[derive(Clone, PartialEq)]
pub struct List<'r>(Fields<'r>);

impl<'r> From<Fields<'r>> for List<'r> {
    fn from(items: Fields<'r>) -> Self {
        Self(items)
    }
}

impl<'r> Iterator for List<'r> {
    type Item = Value<'r>;

    #[inline]
    fn next(&mut self) -> Option<Value<'r>> {
        self.0.next().map(|(_, value)| value)
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl RowBuffer {
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
            Slot::Timestamp(nanos) => Value::Timestamp(Timestamp::from_nanos(nanos)),
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
