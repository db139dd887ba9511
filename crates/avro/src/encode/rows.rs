//! Values that hold others: records, lists and maps.

use kadence_core::data::{Fields, List, Value};

use super::Writer;
use super::refusal::{Step, Why};
use crate::plan::{Default, Field, MOST_DEPTH, NodeId, Record};
use crate::wire::{Stop, write_bytes, write_long};

/// The number of a field that the schema has not.
const UNKNOWN: u32 = u32::MAX;

/// In which order the fields of a record came the last time. Rows of a recording have theirs in one order, so that a
/// name is compared with the one that stood in its place, and looked up where that is another one.
#[derive(Debug, Default)]
pub(super) struct Order(Vec<Seen>);

#[derive(Debug)]
struct Seen {
    name: String,
    field: u32,
}

impl Order {
    /// Where the names are.
    #[cfg(test)]
    pub(super) fn memory(&self) -> Vec<usize> {
        self.0.iter().map(|seen| seen.name.as_ptr().addr()).collect()
    }

    #[inline]
    fn field(&mut self, place: usize, name: &str, record: &Record) -> u32 {
        match self.0.get(place) {
            Some(seen) if seen.name == name => seen.field,
            _ => self.look_up(place, name, record),
        }
    }

    fn look_up(&mut self, place: usize, name: &str, record: &Record) -> u32 {
        let field = record.places.get(name).copied().unwrap_or(UNKNOWN);
        match self.0.get_mut(place) {
            Some(seen) => {
                seen.name.clear();
                seen.name.push_str(name);
                seen.field = field;
            }
            None => self.0.push(Seen { name: name.to_owned(), field }),
        }
        field
    }
}

impl<'w, 'r> Writer<'w, 'r> {
    pub(super) fn record(&mut self, id: NodeId, record: &'w Record, fields: Fields<'r>) -> Result<(), Stop> {
        self.deeper(id)?;
        let base = self.slots.len();
        self.slots.resize_with(base + record.fields.len(), || None);
        for (place, (name, value)) in fields.enumerate() {
            let field = match self.orders.get_mut(id.index()) {
                Some(order) => order.field(place, name, record),
                None => UNKNOWN,
            };
            if field == UNKNOWN {
                if self.is_strict || !self.ignores_unknown {
                    return Err(self.refuse_unknown(id, name, value));
                }
            } else if let Some(slot) = self.slots.get_mut(base + field as usize) {
                // Of several with one name the last one counts.
                *slot = Some(value);
            }
        }
        for (place, field) in record.fields.iter().enumerate() {
            let written = match self.slots.get_mut(base + place).and_then(Option::take) {
                Some(value) => self.value(field.node, &value),
                None => self.missing(field),
            };
            written.map_err(|stop| self.within(stop, Step::Field(id, place)))?;
        }
        self.slots.truncate(base);
        self.depth -= 1;
        Ok(())
    }

    /// A field that the row has not.
    fn missing(&mut self, field: &'w Field) -> Result<(), Stop> {
        match (&field.default, field.null) {
            (Default::Bytes(bytes), _) => self.into.extend_from_slice(bytes),
            (_, Some(null)) => write_long(null.into(), self.into),
            (Default::Invalid(why), None) => return Err(self.refuse_missing(field.node, Some(why))),
            (Default::None, None) => return Err(self.refuse_missing(field.node, None)),
        }
        Ok(())
    }

    pub(super) fn items(&mut self, items: NodeId, list: List<'r>) -> Result<(), Stop> {
        self.deeper(items)?;
        let count = list.clone().count();
        if count > 0 {
            write_long(count as i64, self.into);
            for (place, item) in list.enumerate() {
                self.value(items, &item).map_err(|stop| self.within(stop, Step::Item(place)))?;
            }
        }
        write_long(0, self.into);
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn entries(&mut self, values: NodeId, fields: Fields<'r>) -> Result<(), Stop> {
        self.deeper(values)?;
        let count = fields.clone().count();
        if count > 0 {
            write_long(count as i64, self.into);
            for (name, value) in fields {
                write_bytes(name.as_bytes(), self.into);
                self.value(values, &value).map_err(|stop| self.within(stop, Step::Name(name)))?;
            }
        }
        write_long(0, self.into);
        self.depth -= 1;
        Ok(())
    }

    #[inline]
    fn deeper(&mut self, id: NodeId) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > MOST_DEPTH { Err(self.refuse(id, &Value::Null, Why::Deep)) } else { Ok(()) }
    }
}
