//! From bodies to rows.

mod flaw;
mod skip;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use kadence_core::codec::{DecodeError, Decoded, Decoder};
use kadence_core::data::RowBuffer;

use crate::error::SchemaError;
use crate::plan::Plan;
use crate::program::Program;
use crate::schema::Schema;
use crate::wire::{Input, MAGIC, PREFIX};
use walk::{Memory, Walk};

/// The header of a record that says the schema of its key, where the key has no prefix.
pub const KEY_SCHEMA_HEADER: &str = "__key_schema_id";
/// The header of a record that says the schema of its body, where the body has no prefix.
pub const VALUE_SCHEMA_HEADER: &str = "__value_schema_id";

/// A schema's GUID, by which a registry knows it as well.
pub type Guid = [u8; 16];

/// What the first byte of a header says that has a schema's id behind it.
const HEADER_WITH_ID: u8 = 0;
/// What the first byte of a header says that has a GUID behind it.
const HEADER_WITH_GUID: u8 = 1;

/// The schema that a body was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaKey {
    /// The one with this id.
    Id(u32),
    /// The one with this GUID.
    Guid(Guid),
}

/// The outcome of reading a body whose schema is said by a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderDecoded {
    /// A row.
    Row,
    /// The decoder has not this schema: nothing was added. Once it has it, the body can be read.
    UnknownSchema(SchemaKey),
}

/// Reads Avro bodies as rows: each with the schema that it names, once that was learned.
///
/// ```
/// use kadence_avro::{AvroDecoder, Schema};
/// use kadence_core::codec::{Decoded, Decoder};
/// use kadence_core::data::{RowBuffer, Value};
/// let schema = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#;
/// let (mut decoder, mut rows) = (AvroDecoder::new(), RowBuffer::new());
/// let body = [0, 0, 0, 0, 7, 4];
/// assert_eq!(decoder.decode(&body, &mut rows)?, Decoded::UnknownSchema(7));
/// decoder.learn(7, &Schema::parse(schema)?)?;
/// assert_eq!(decoder.decode(&body, &mut rows)?, Decoded::Row);
/// assert_eq!(rows.row(0).get("id"), Some(Value::Int(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct AvroDecoder {
    reader: Option<Arc<Plan>>,
    programs: Vec<Program>,
    places: HashMap<SchemaKey, usize>,
    /// The schema of the last body, which is most often that of the next.
    last: Option<(SchemaKey, usize)>,
    memory: Memory,
}

impl AvroDecoder {
    /// Reads bodies as they were written.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads bodies as `reader` has them, by Avro's rules for schemas that differ.
    pub fn with_reader(reader: &Schema) -> Self {
        Self { reader: Some(Arc::clone(reader.plan())), ..Self::default() }
    }

    /// Takes note of the schema with this id. It is an error if the reader's schema cannot read it.
    pub fn learn(&mut self, id: u32, schema: &Schema) -> Result<(), SchemaError> {
        self.learn_as(SchemaKey::Id(id), schema)
    }

    /// Takes note of the schema with this GUID.
    pub fn learn_guid(&mut self, guid: Guid, schema: &Schema) -> Result<(), SchemaError> {
        self.learn_as(SchemaKey::Guid(guid), schema)
    }

    fn learn_as(&mut self, key: SchemaKey, schema: &Schema) -> Result<(), SchemaError> {
        let program = match &self.reader {
            Some(reader) => Program::resolved(schema.plan(), reader)?,
            None => Program::as_written(schema.plan()),
        };
        self.last = None;
        if let Some(place) = self.places.get(&key)
            && let Some(old) = self.programs.get_mut(*place)
        {
            *old = program;
            return Ok(());
        }
        self.places.insert(key, self.programs.len());
        self.programs.push(program);
        Ok(())
    }

    /// Adds the row that `body` is, which has no prefix; `header` is the value of [`VALUE_SCHEMA_HEADER`] or
    /// [`KEY_SCHEMA_HEADER`]. Nothing of a body that fails is kept.
    pub fn decode_with_header(
        &mut self,
        header: &[u8],
        body: &[u8],
        rows: &mut RowBuffer,
    ) -> Result<HeaderDecoded, DecodeError> {
        let key = match header {
            [HEADER_WITH_ID, id @ ..] => id.try_into().ok().map(|id| SchemaKey::Id(u32::from_be_bytes(id))),
            [HEADER_WITH_GUID, guid @ ..] => guid.try_into().ok().map(SchemaKey::Guid),
            _ => None,
        };
        let key = key.ok_or_else(|| DecodeError {
            what: format!("the header of the schema has {} bytes of an unknown form", header.len()),
            at: None,
        })?;
        let Some(place) = self.place_of(key) else { return Ok(HeaderDecoded::UnknownSchema(key)) };
        self.read(place, Input::new(body, 0), rows)?;
        Ok(HeaderDecoded::Row)
    }

    #[inline]
    fn place_of(&mut self, key: SchemaKey) -> Option<usize> {
        match self.last {
            Some((last, place)) if last == key => Some(place),
            _ => {
                let place = self.places.get(&key).copied()?;
                self.last = Some((key, place));
                Some(place)
            }
        }
    }

    fn read(&mut self, place: usize, input: Input<'_>, rows: &mut RowBuffer) -> Result<(), DecodeError> {
        let Some(program) = self.programs.get(place) else { return Ok(()) };
        let mut walk = Walk::new(program, input, rows.build(), &mut self.memory);
        if walk.row().is_err() {
            return Err(walk.error());
        }
        let at = walk.at();
        walk.finish().map_err(|error| DecodeError { what: error.to_string(), at: Some(at) })
    }
}

impl Decoder for AvroDecoder {
    fn decode(&mut self, body: &[u8], rows: &mut RowBuffer) -> Result<Decoded, DecodeError> {
        let id = match body {
            [MAGIC, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
            [MAGIC, ..] => {
                let what =
                    format!("a body begins with {PREFIX} bytes that name its schema, and it has fewer");
                return Err(DecodeError { what, at: Some(body.len()) });
            }
            [] => return Err(DecodeError { what: "the body is empty".into(), at: Some(0) }),
            [first, ..] => {
                let what = format!(
                    "the body does not name its schema: it begins with {first:#04x}, and one of a registry with 0x00"
                );
                return Err(DecodeError { what, at: Some(0) });
            }
        };
        let Some(place) = self.place_of(SchemaKey::Id(id)) else { return Ok(Decoded::UnknownSchema(id)) };
        self.read(place, Input::new(body, PREFIX), rows)?;
        Ok(Decoded::Row)
    }
}
