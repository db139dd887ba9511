//! Rows as COPY takes them in its binary form.

use std::fmt::Write as _;

use bytes::{BufMut as _, BytesMut};
use kadence_store::Cell;

use crate::numeric;

/// What stands in front of the rows: a signature, flags, and the length of an extension that there is not.
pub(crate) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands behind them.
pub(crate) const TRAILER: i16 = -1;
/// From 1970-01-01 to 2000-01-01, from which the server counts.
const DAYS_TO_2000: i32 = 10_957;
const MICROS_TO_2000: i64 = DAYS_TO_2000 as i64 * 86_400_000_000;
/// The form of `jsonb` that is sent.
const JSONB_VERSION: u8 = 1;

/// How values of a column go over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// Text, also labels of enums, and JSON as text.
    Text,
    Bytea,
    Date,
    Time,
    Timestamp,
    Uuid,
    Jsonb,
}

/// A cell that does not go into its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

/// Writes fields. `scratch` is for numbers on the way.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    pub(crate) buffer: BytesMut,
    scratch: String,
}

impl Encoder {
    /// Appends a field: its length, and its bytes.
    #[inline]
    pub(crate) fn put(&mut self, wire: Wire, cell: Cell<'_>) -> Result<(), Mismatch> {
        let buffer = &mut self.buffer;
        match (wire, cell) {
            (_, Cell::Null) => buffer.put_i32(-1),
            (Wire::Float8, Cell::Double(value)) => fixed(buffer, value.to_be_bytes()),
            (Wire::Int8, Cell::Int(value)) => fixed(buffer, value.to_be_bytes()),
            (Wire::Text, Cell::Text(text) | Cell::Json(text)) => varying(buffer, text.as_bytes())?,
            (Wire::Timestamp, Cell::Timestamp(time)) => {
                fixed(buffer, (time.as_nanos().div_euclid(1_000) - MICROS_TO_2000).to_be_bytes());
            }
            (Wire::Bool, Cell::Bool(value)) => fixed(buffer, [u8::from(value)]),
            (Wire::Int4, Cell::Int(value)) => {
                fixed(buffer, i32::try_from(value).map_err(|_| Mismatch)?.to_be_bytes());
            }
            (Wire::Int2, Cell::Int(value)) => {
                fixed(buffer, i16::try_from(value).map_err(|_| Mismatch)?.to_be_bytes());
            }
            (Wire::Float4, Cell::Double(value)) => fixed(buffer, (value as f32).to_be_bytes()),
            (Wire::Numeric, Cell::Decimal(text)) => decimal(buffer, text)?,
            (Wire::Numeric, Cell::Int(value)) => {
                let text = printed(&mut self.scratch, value);
                decimal(buffer, text)?;
            }
            (Wire::Numeric, Cell::UInt(value)) => {
                let text = printed(&mut self.scratch, value);
                decimal(buffer, text)?;
            }
            (Wire::Bytea, Cell::Bytes(bytes)) => varying(buffer, bytes)?,
            (Wire::Date, Cell::Date(days)) => {
                fixed(buffer, days.checked_sub(DAYS_TO_2000).ok_or(Mismatch)?.to_be_bytes());
            }
            (Wire::Time, Cell::Time(nanos)) => fixed(buffer, (nanos / 1_000).to_be_bytes()),
            (Wire::Uuid, Cell::Uuid(uuid)) => fixed(buffer, uuid),
            (Wire::Jsonb, Cell::Json(text)) => {
                buffer.put_i32(i32::try_from(text.len() + 1).map_err(|_| Mismatch)?);
                buffer.put_u8(JSONB_VERSION);
                buffer.extend_from_slice(text.as_bytes());
            }
            _ => return Err(Mismatch),
        }
        Ok(())
    }

    /// Appends how many fields a row has.
    pub(crate) fn begin_row(&mut self, fields: usize) {
        self.buffer.put_i16(fields as i16);
    }
}

/// Length and bytes in one piece: room is looked for once.
#[inline]
fn fixed<const N: usize>(buffer: &mut BytesMut, bytes: [u8; N]) {
    buffer.reserve(4 + N);
    buffer.put_i32(N as i32);
    buffer.extend_from_slice(&bytes);
}

#[inline]
fn varying(buffer: &mut BytesMut, bytes: &[u8]) -> Result<(), Mismatch> {
    buffer.put_i32(i32::try_from(bytes.len()).map_err(|_| Mismatch)?);
    buffer.extend_from_slice(bytes);
    Ok(())
}

fn decimal(buffer: &mut BytesMut, text: &str) -> Result<(), Mismatch> {
    if numeric::put(text, buffer) { Ok(()) } else { Err(Mismatch) }
}

fn printed(scratch: &mut String, value: impl std::fmt::Display) -> &str {
    scratch.clear();
    // A string takes all that is written.
    let _ = write!(scratch, "{value}");
    scratch
}

#[cfg(test)]
mod tests {
    use kadence_core::record::Timestamp;

    use super::*;

    fn field(wire: Wire, cell: Cell<'_>) -> Result<Vec<u8>, Mismatch> {
        let mut encoder = Encoder::default();
        encoder.put(wire, cell)?;
        Ok(encoder.buffer.to_vec())
    }

    #[test]
    fn times_are_counted_from_2000() {
        let micros = |nanos| {
            let bytes =
                field(Wire::Timestamp, Cell::Timestamp(Timestamp::from_nanos(nanos))).expect("it goes");
            i64::from_be_bytes(bytes[4..].try_into().expect("it has eight bytes"))
        };
        assert_eq!(micros(946_684_800_000_000_000), 0);
        assert_eq!(micros(946_684_800_000_001_000), 1);
        assert_eq!(micros(0), -MICROS_TO_2000);
        assert_eq!(micros(-1_000), -MICROS_TO_2000 - 1);
        assert_eq!(micros(i64::MIN / 1_000 * 1_000), i64::MIN / 1_000 - MICROS_TO_2000);
        assert_eq!(
            field(Wire::Date, Cell::Date(0)),
            Ok([&[0, 0, 0, 4], &(-10_957_i32).to_be_bytes()[..]].concat())
        );
        assert_eq!(field(Wire::Date, Cell::Date(i32::MIN)), Err(Mismatch));
        assert_eq!(field(Wire::Time, Cell::Time(1_000)), Ok(vec![0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]));
    }

    #[test]
    fn fields_have_their_length_in_front() {
        assert_eq!(field(Wire::Int8, Cell::Null), Ok(vec![255; 4]));
        assert_eq!(field(Wire::Text, Cell::Text("é")), Ok(vec![0, 0, 0, 2, 0xc3, 0xa9]));
        assert_eq!(field(Wire::Jsonb, Cell::Json("{}")), Ok(vec![0, 0, 0, 3, 1, b'{', b'}']));
        assert_eq!(field(Wire::Bool, Cell::Bool(true)), Ok(vec![0, 0, 0, 1, 1]));
        assert_eq!(field(Wire::Int2, Cell::Int(-1)), Ok(vec![0, 0, 0, 2, 255, 255]));
        assert_eq!(field(Wire::Int2, Cell::Int(40_000)), Err(Mismatch));
        assert_eq!(field(Wire::Int8, Cell::Text("1")), Err(Mismatch));
        assert_eq!(
            field(Wire::Numeric, Cell::UInt(u64::MAX)),
            Ok([
                &[0, 0, 0, 18][..],
                &[5_u16, 4, 0, 0, 1844, 6744, 737, 955, 1615].map(u16::to_be_bytes).concat()
            ]
            .concat())
        );
    }
}
