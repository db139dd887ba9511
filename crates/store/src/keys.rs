//! The key of the row that a record becomes.

use std::fmt::Write as _;

use kadence_core::data::Value;
use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::record::Record;

use crate::decoded::Decoded;
use crate::mapping::Mapping;
use crate::options::LandingOptions;

/// What a record does to the row with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed<'k> {
    /// It takes the row's place.
    Put(&'k str),
    /// It deletes the row.
    Delete(&'k str),
    /// It is a tombstone that is passed over.
    Nothing,
    /// It cannot become a row: it has no such key, or is not what it is to be.
    Rejected,
}

/// Reads the keys of rows off records, as an upsert with the same options has them.
pub struct KeyReader {
    options: LandingOptions,
    mapping: Mapping,
    /// The record that is looked at.
    decoded: Decoded,
    text: String,
}

impl KeyReader {
    /// Of a landing with these options.
    pub fn new(options: LandingOptions) -> Result<Self, Vec<Fault>> {
        let mapping = options.mapping()?;
        Ok(Self { decoded: Decoded::new(&options, false), options, mapping, text: String::new() })
    }

    /// What a record does, with the key as a text that other keys do not have.
    pub fn read(&mut self, partition: &Partition, record: &Record<'_>) -> Keyed<'_> {
        let is_tombstone = record.body.is_none();
        self.decoded.clear();
        self.decoded.add(record);
        if is_tombstone && !self.options.delete_on_null {
            return Keyed::Nothing;
        }
        if self.decoded.is_rejected(0) {
            return Keyed::Rejected;
        }
        let input = self.decoded.input(partition, record, 0);
        self.text.clear();
        let columns = &self.options.key;
        let (mut found, text) = (0, &mut self.text);
        let put = |name: &str, value: Value<'_>, _| {
            if value != Value::Null && columns.iter().any(|column| Mapping::column_of(column) == name) {
                found += 1;
                // A string takes all that is written.
                let _ = write!(text, "{name:?}={value:?};");
            }
            Ok::<(), ()>(())
        };
        // Nothing there fails.
        let _ =
            if is_tombstone { self.mapping.each_of_key(&input, put) } else { self.mapping.each(&input, put) };
        match (found == columns.len(), is_tombstone) {
            (false, _) => Keyed::Rejected,
            (true, false) => Keyed::Put(&self.text),
            (true, true) => Keyed::Delete(&self.text),
        }
    }
}
