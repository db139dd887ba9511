//! Rows from JSON, and bodies to and fro.

use kadence_avro::{AvroDecoder, AvroEncoder, Schema};
use kadence_core::codec::{DecodeError, Decoded, Decoder, EncodeError, Encoder, JsonDecoder};
use kadence_core::data::RowBuffer;

pub(crate) const ID: u32 = 0x0102_0304;

pub(crate) fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A record with one field `f` of this type.
pub(crate) fn record_of(field_type: &str) -> Schema {
    schema(&format!(r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{field_type}}}]}}"#))
}

/// A row as JSON has it.
pub(crate) fn json(text: &str) -> RowBuffer {
    let mut rows = RowBuffer::new();
    let decoded = JsonDecoder::default().decode(text.as_bytes(), &mut rows);
    assert_eq!(decoded, Ok(Decoded::Row), "{text}");
    rows
}

pub(crate) fn encode(schema: &Schema, rows: &RowBuffer) -> Result<Vec<u8>, EncodeError> {
    let mut body = b"before".to_vec();
    let encoded = AvroEncoder::new(schema, ID).encode(rows.row(0), &mut body);
    if encoded.is_err() {
        assert_eq!(body, b"before", "nothing of a failed row stays");
    }
    encoded.map(|()| body.split_off(6))
}

pub(crate) fn decode(schema: &Schema, body: &[u8]) -> Result<RowBuffer, DecodeError> {
    decode_by(&mut AvroDecoder::new(), schema, body)
}

pub(crate) fn decode_by(
    decoder: &mut AvroDecoder,
    schema: &Schema,
    body: &[u8],
) -> Result<RowBuffer, DecodeError> {
    let mut rows = RowBuffer::new();
    decoder.learn(ID, schema).unwrap();
    match decoder.decode(body, &mut rows) {
        Ok(outcome) => {
            assert_eq!(outcome, Decoded::Row);
            assert_eq!(rows.len(), 1);
            Ok(rows)
        }
        Err(error) => {
            assert_eq!((rows.len(), rows.size()), (0, 0), "nothing of a failed body stays");
            Err(error)
        }
    }
}

/// A body with its prefix.
pub(crate) fn body(datum: &[u8]) -> Vec<u8> {
    let mut body = vec![0];
    body.extend_from_slice(&ID.to_be_bytes());
    body.extend_from_slice(datum);
    body
}
