//! The records of a batch with their keys, and batches that are written anew from some of them.
//!
//! A batch that is written anew covers more offsets than it has records, as in a compacted log: its base offset and the
//! offset of its last record are told apart from those of the records in it, and it may have none at all.

use crate::batch::{BatchHeader, Codec, HEADER_LEN, renew_crc};
use crate::records::{RecordsError, unpack};
use std::io::{self, Read as _, Write as _};

/// What Java clients put before snappy blocks: a magic, a version and the oldest that can read it.
const XERIAL_HEADER: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
/// The size of these blocks before they are packed.
const SNAPPY_BLOCK: usize = 32 * 1024;
/// Attributes: the times are those of arrival; the base timestamp is the time from which on tombstones may go.
const LOG_APPEND_TIME: i16 = 0x08;
const DELETE_HORIZON: i16 = 0x40;
/// What a record has at most besides its key, value and headers: six numbers of variable length.
const RECORD_FRAME: usize = 32;

/// A record as it stands in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content<'b> {
    /// Added to the batch's base offset.
    pub offset_delta: i32,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The key.
    pub key: Option<&'b [u8]>,
    /// The value; a tombstone has none, and so deletes its key.
    pub value: Option<&'b [u8]>,
    /// Key, value and headers with their lengths, as they are written.
    rest: &'b [u8],
}

/// The records of a batch as they are before they are packed, at most `max` bytes of them; `into` is the room for that.
pub fn unpacked<'b>(
    batch: &'b [u8],
    header: &BatchHeader,
    max: u64,
    into: &'b mut Vec<u8>,
) -> Result<&'b [u8], RecordsError> {
    let packed = batch.get(HEADER_LEN..header.len).unwrap_or_default();
    if header.codec == Codec::None {
        return Ok(packed);
    }
    into.clear();
    let reader = unpack(packed, header.codec, max)?;
    // One more, by which it is seen that there is more.
    let unpack = |source| RecordsError::Unpack { source };
    reader.take(max.saturating_add(1)).read_to_end(into).map_err(unpack)?;
    if into.len() as u64 > max { Err(RecordsError::Large { max }) } else { Ok(into) }
}

/// The records that a batch with this header was unpacked to, each checked when it comes.
pub fn contents<'b>(
    header: &BatchHeader,
    unpacked: &'b [u8],
) -> impl Iterator<Item = Result<Content<'b>, RecordsError>> {
    let header = *header;
    let mut left = unpacked;
    (0..header.count.max(0)).map(move |index| {
        let wrong = |what| RecordsError::Record { index, what };
        let content = record(&header, &mut left).map_err(wrong)?;
        if index + 1 == header.count && !left.is_empty() {
            return Err(wrong("followed by bytes that are none"));
        }
        Ok(content)
    })
}

fn record<'b>(header: &BatchHeader, left: &mut &'b [u8]) -> Result<Content<'b>, &'static str> {
    const SHORT: &str = "cut off";
    let len = usize::try_from(number(left)?).map_err(|_| "of a length below zero")?;
    let (mut fields, behind) = left.split_at_checked(len).ok_or(SHORT)?;
    *left = behind;
    fields = fields.get(1..).ok_or(SHORT)?;
    let timestamp = header.base_timestamp.wrapping_add(number(&mut fields)?);
    let offset_delta = i32::try_from(number(&mut fields)?).map_err(|_| "out of its batch")?;
    if !(0..=header.last_offset_delta).contains(&offset_delta) {
        return Err("out of its batch");
    }
    let rest = fields;
    let key = bytes(&mut fields)?;
    let value = bytes(&mut fields)?;
    let timestamp = if header.is_log_append_time() { header.max_timestamp } else { timestamp };
    Ok(Content { offset_delta, timestamp, key, value, rest })
}

fn bytes<'b>(left: &mut &'b [u8]) -> Result<Option<&'b [u8]>, &'static str> {
    let Ok(len) = usize::try_from(number(left)?) else { return Ok(None) };
    let (bytes, behind) = left.split_at_checked(len).ok_or("cut off")?;
    *left = behind;
    Ok(Some(bytes))
}

/// A number of variable length in zigzag form.
fn number(left: &mut &[u8]) -> Result<i64, &'static str> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, behind) = left.split_first().ok_or("cut off")?;
        *left = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err("a number without end")
}

fn put_number(number: i64, into: &mut Vec<u8>) {
    let mut value = (number << 1 ^ number >> 63) as u64;
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

impl Content<'_> {
    /// Whether it deletes its key.
    pub fn is_tombstone(&self) -> bool {
        self.value.is_none()
    }
}

/// What all records of a batch have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchKind {
    /// How they are packed.
    pub codec: Codec,
    /// The time of their arrival, where the batch is stamped with that.
    pub stamped: Option<i64>,
    /// From this time on tombstones among them may go, in milliseconds since the epoch.
    pub delete_horizon: Option<i64>,
}

/// Writes a batch of records that belong to no producer and no transaction.
#[derive(Debug)]
pub struct BatchWriter {
    kind: BatchKind,
    base_offset: i64,
    base_timestamp: i64,
    max_timestamp: i64,
    last_offset: i64,
    count: i32,
    records: Vec<u8>,
    fields: Vec<u8>,
}

impl BatchWriter {
    /// A batch from `base_offset` on, without records.
    pub fn new(base_offset: i64, kind: BatchKind) -> Self {
        Self {
            kind,
            base_offset,
            base_timestamp: kind.delete_horizon.unwrap_or(-1),
            max_timestamp: kind.stamped.unwrap_or(-1),
            last_offset: base_offset,
            count: 0,
            records: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Begins another one, with the room of this one.
    pub fn begin(&mut self, base_offset: i64, kind: BatchKind) {
        let (mut records, mut fields) = (std::mem::take(&mut self.records), std::mem::take(&mut self.fields));
        records.clear();
        fields.clear();
        *self = Self { records, fields, ..Self::new(base_offset, kind) };
    }

    /// What its records have in common.
    pub fn kind(&self) -> BatchKind {
        self.kind
    }

    /// Whether it has no records.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a record of this offset can stand in it, and its records then have at most `most` bytes before they are
    /// packed.
    pub fn has_room(&self, offset: i64, content: &Content<'_>, most: usize) -> bool {
        let is_near = i32::try_from(offset - self.base_offset).is_ok();
        is_near && (self.is_empty() || self.records.len() + content.rest.len() + RECORD_FRAME <= most)
    }

    /// Adds a record. Offsets come in their order.
    pub fn push(&mut self, offset: i64, content: &Content<'_>) {
        if self.is_empty() && self.kind.delete_horizon.is_none() {
            self.base_timestamp = content.timestamp;
        }
        if self.kind.stamped.is_none() {
            self.max_timestamp = self.max_timestamp.max(content.timestamp);
        }
        self.fields.clear();
        self.fields.push(0);
        put_number(content.timestamp.wrapping_sub(self.base_timestamp), &mut self.fields);
        put_number(offset - self.base_offset, &mut self.fields);
        put_number((self.fields.len() + content.rest.len()) as i64, &mut self.records);
        self.records.extend_from_slice(&self.fields);
        self.records.extend_from_slice(content.rest);
        self.last_offset = offset;
        self.count += 1;
    }

    /// The offset of its last record.
    pub fn last_offset(&self) -> i64 {
        self.last_offset
    }

    /// The bytes of the batch, which covers all offsets up to `last_offset`.
    pub fn finish(&self, last_offset: i64) -> io::Result<Vec<u8>> {
        let Self { kind, base_offset, base_timestamp, max_timestamp, count, .. } = *self;
        // Nothing packed is still something.
        let codec = if count == 0 { Codec::None } else { kind.codec };
        let mut attributes = match codec {
            Codec::None => 0,
            Codec::Gzip => 1,
            Codec::Snappy => 2,
            Codec::Lz4 => 3,
            Codec::Zstd => 4,
        };
        if kind.stamped.is_some() {
            attributes |= LOG_APPEND_TIME;
        }
        if kind.delete_horizon.is_some() {
            attributes |= DELETE_HORIZON;
        }
        let mut out = Vec::with_capacity(HEADER_LEN + self.records.len());
        out.extend_from_slice(&base_offset.to_be_bytes());
        // Length and leader epoch.
        out.extend_from_slice(&[0; 8]);
        out.push(2);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&attributes.to_be_bytes());
        out.extend_from_slice(&((last_offset - base_offset) as i32).to_be_bytes());
        out.extend_from_slice(&base_timestamp.to_be_bytes());
        out.extend_from_slice(&max_timestamp.to_be_bytes());
        // No producer, no epoch, no sequence.
        out.extend_from_slice(&[0xff; 8 + 2 + 4]);
        out.extend_from_slice(&count.to_be_bytes());
        pack(&self.records, codec, &mut out)?;
        let length = (out.len() - 12) as i32;
        out[8..12].copy_from_slice(&length.to_be_bytes());
        renew_crc(&mut out);
        Ok(out)
    }
}

/// A batch of one record as an idempotent producer sends it, not packed.
pub fn one_record(
    key: &[u8],
    value: Option<&[u8]>,
    timestamp: i64,
    producer: (i64, i16),
    sequence: i32,
) -> Vec<u8> {
    let mut fields = vec![0, 0, 0];
    put_number(key.len() as i64, &mut fields);
    fields.extend_from_slice(key);
    put_number(value.map_or(-1, |value| value.len() as i64), &mut fields);
    fields.extend_from_slice(value.unwrap_or_default());
    // No headers.
    fields.push(0);
    let mut out = vec![0; HEADER_LEN];
    put_number(fields.len() as i64, &mut out);
    out.append(&mut fields);
    let length = (out.len() - 12) as i32;
    out[8..12].copy_from_slice(&length.to_be_bytes());
    out[12..16].copy_from_slice(&(-1_i32).to_be_bytes());
    out[16] = 2;
    out[27..35].copy_from_slice(&timestamp.to_be_bytes());
    out[35..43].copy_from_slice(&timestamp.to_be_bytes());
    out[43..51].copy_from_slice(&producer.0.to_be_bytes());
    out[51..53].copy_from_slice(&producer.1.to_be_bytes());
    out[53..57].copy_from_slice(&sequence.to_be_bytes());
    out[57..61].copy_from_slice(&1_i32.to_be_bytes());
    renew_crc(&mut out);
    out
}

/// Appends records as a codec packs them.
fn pack(records: &[u8], codec: Codec, out: &mut Vec<u8>) -> io::Result<()> {
    match codec {
        Codec::None => out.extend_from_slice(records),
        Codec::Gzip => {
            let mut packer = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            packer.write_all(records)?;
            packer.finish()?;
        }
        Codec::Snappy => {
            out.extend_from_slice(&XERIAL_HEADER);
            for block in records.chunks(SNAPPY_BLOCK) {
                let packed = snap::raw::Encoder::new().compress_vec(block).map_err(io::Error::from)?;
                out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
                out.extend_from_slice(&packed);
            }
        }
        Codec::Lz4 => {
            let mut packer = lz4_flex::frame::FrameEncoder::new(out);
            packer.write_all(records)?;
            packer.finish().map_err(io::Error::other)?;
        }
        Codec::Zstd => {
            let mut packer = zstd::Encoder::new(out, 0)?;
            packer.write_all(records)?;
            packer.finish()?;
        }
    }
    Ok(())
}
