//! The key of the row that a record becomes.

use std::fmt::Write as _;

use kadence_core::codec::{Decoder as _, JsonDecoder};
use kadence_core::data::RowBuffer;
use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::record::Record;

use crate::mapping::{Input, Mapping};
use crate::options::{BodyFormat, KeyFormat, LandingOptions};

/// What a record does to the row with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed<'k> {
    /// It takes the row's place.
    Put(&'k str),
    /// It deletes the row.
    Delete(&'k str),
    /// It is no row.
    Nothing,
}

/// Reads the keys of rows off records, as an upsert with the same options has them.
pub struct KeyReader {
    options: LandingOptions,
    mapping: Mapping,
    decoder: JsonDecoder,
    bodies: RowBuffer,
    keys: RowBuffer,
    text: String,
}

impl KeyReader {
    /// Of a landing with these options.
    pub fn new(options: LandingOptions) -> Result<Self, Vec<Fault>> {
        let mapping = options.mapping()?;
        Ok(Self {
            options,
            mapping,
            decoder: JsonDecoder::new(),
            bodies: RowBuffer::new(),
            keys: RowBuffer::new(),
            text: String::new(),
        })
    }

    /// What a record does, with the key as a text that other keys do not have.
    pub fn read(&mut self, partition: &Partition, record: &Record<'_>) -> Keyed<'_> {
        let is_tombstone = record.body.is_none();
        if is_tombstone && !self.options.delete_on_null || !self.decode(record) {
            return Keyed::Nothing;
        }
        let row = |rows: &RowBuffer| rows.len().checked_sub(1);
        let input = Input {
            partition,
            record,
            key: row(&self.keys).map(|row| self.keys.row(row)),
            body: row(&self.bodies).map(|row| self.bodies.row(row)),
            is_raw: self.options.format == BodyFormat::Raw,
            seal: None,
        };
        self.text.clear();
        let columns = &self.options.key;
        let (mut found, text) = (0, &mut self.text);
        let put = |name: &str, value: kadence_core::data::Value<'_>, _| {
            if value != kadence_core::data::Value::Null
                && columns.iter().any(|column| Mapping::column_of(column) == name)
            {
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
            (false, _) => Keyed::Nothing,
            (true, false) => Keyed::Put(&self.text),
            (true, true) => Keyed::Delete(&self.text),
        }
    }

    /// Decodes key and body; `false` if they are not what they are to be.
    fn decode(&mut self, record: &Record<'_>) -> bool {
        self.keys.clear(0);
        self.bodies.clear(0);
        let key = match (self.options.key_format, record.key) {
            (KeyFormat::Json, Some(key)) => self.decoder.decode(key, &mut self.keys).is_ok(),
            _ => true,
        };
        let body = match (self.options.format, record.body) {
            (BodyFormat::Json, Some(body)) => self.decoder.decode(body, &mut self.bodies).is_ok(),
            _ => true,
        };
        key && body
    }
}
