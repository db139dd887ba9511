//! Record batches, format version 2: the header is read and checked, the records stay opaque.
//!
//! ```text
//!  0 base offset i64       23 last offset delta i32   51 producer epoch i16
//!  8 length i32            27 base timestamp i64      53 base sequence i32
//! 12 leader epoch i32      35 max timestamp i64       57 count i32
//! 16 magic i8              43 producer id i64         61 records
//! 17 crc u32   21 attributes i16        (the length counts from 12, the CRC covers from 21)
//! ```

use std::ops::Range;

/// Bytes of a batch before its records.
pub const HEADER_LEN: usize = 61;
/// The length field counts what follows it, not these.
const BEFORE_LENGTH: usize = 12;
const BASE_OFFSET: Range<usize> = 0..8;
const LEADER_EPOCH: Range<usize> = 12..16;
const CRC: Range<usize> = 17..21;
/// Where the bytes under the CRC start.
const CRC_FROM: usize = 21;
const ATTRIBUTES: Range<usize> = 21..23;
const MAX_TIMESTAMP: Range<usize> = 35..43;

const CODEC_BITS: i16 = 0x07;
const LOG_APPEND_TIME_BIT: i16 = 0x08;
const TRANSACTIONAL_BIT: i16 = 0x10;
const CONTROL_BIT: i16 = 0x20;
const DELETE_HORIZON_BIT: i16 = 0x40;

/// Why bytes are not a batch that may be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BatchError {
    #[error("batch: {found} bytes are too few for a header of {HEADER_LEN}")]
    Short { found: usize },
    #[error("batch: format version {found} is not served; produce with version 2")]
    Magic { found: i8 },
    #[error("batch: a length of {said} bytes (found {found})")]
    Length { said: i64, found: usize },
    #[error("batch: {count} records over {span} offsets")]
    Count { count: i32, span: i64 },
    #[error("batch: compression type {found} is unknown")]
    Codec { found: i16 },
    #[error("batch: the checksum does not match (said {said:#010x}, found {found:#010x})")]
    Checksum { said: u32, found: u32 },
    #[error("batch: base offset {found}; a producer sends 0")]
    BaseOffset { found: i64 },
    #[error("batch: control records are not written by clients")]
    Control,
    #[error("batch: producer id {producer_id} with epoch {epoch} and sequence {sequence}")]
    Sequence { producer_id: i64, epoch: i16, sequence: i32 },
}

/// How the records of a batch are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// The header of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kafka's own names")]
pub struct BatchHeader {
    pub base_offset: i64,
    pub len: usize,
    pub leader_epoch: i32,
    pub crc: u32,
    pub attributes: i16,
    pub codec: Codec,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub count: i32,
}

impl BatchHeader {
    /// Reads the header of the batch at the start of `bytes`; all of the batch must be there.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        // The format version stands at the same place in every format, and old formats may be shorter.
        if let Some(&magic) = bytes.get(16)
            && magic != 2
        {
            return Err(BatchError::Magic { found: magic as i8 });
        }
        let found = bytes.len();
        let header: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(BatchError::Short { found })?;
        let length = int32(header, 8);
        let len = usize::try_from(length).ok().and_then(|l| l.checked_add(BEFORE_LENGTH));
        let Some(len) = len.filter(|l| (HEADER_LEN..=found).contains(l)) else {
            return Err(BatchError::Length { said: i64::from(length) + BEFORE_LENGTH as i64, found });
        };
        let attributes = int16(header, ATTRIBUTES.start);
        Ok(Self {
            base_offset: int64(header, 0),
            len,
            leader_epoch: int32(header, LEADER_EPOCH.start),
            crc: int32(header, CRC.start) as u32,
            attributes,
            codec: codec(attributes)?,
            last_offset_delta: int32(header, 23),
            base_timestamp: int64(header, 27),
            max_timestamp: int64(header, MAX_TIMESTAMP.start),
            producer_id: int64(header, 43),
            producer_epoch: int16(header, 51),
            base_sequence: int32(header, 53),
            count: int32(header, 57),
        })
    }

    /// The checks a broker makes before it stores a client's batch, which has to fill `bytes`.
    pub fn parse_produced(bytes: &[u8]) -> Result<Self, BatchError> {
        let header = Self::parse(bytes)?;
        if header.len != bytes.len() {
            return Err(BatchError::Length { said: header.len as i64, found: bytes.len() });
        }
        let found = crc32c::crc32c(&bytes[CRC_FROM..]);
        if found != header.crc {
            return Err(BatchError::Checksum { said: header.crc, found });
        }
        if header.base_offset != 0 {
            return Err(BatchError::BaseOffset { found: header.base_offset });
        }
        let span = i64::from(header.last_offset_delta) + 1;
        if header.count < 1 || span != i64::from(header.count) {
            return Err(BatchError::Count { count: header.count, span });
        }
        if header.is_control() {
            return Err(BatchError::Control);
        }
        if header.producer_id >= 0 && (header.base_sequence < 0 || header.producer_epoch < 0) {
            return Err(BatchError::Sequence {
                producer_id: header.producer_id,
                epoch: header.producer_epoch,
                sequence: header.base_sequence,
            });
        }
        Ok(header)
    }

    /// Whether the batch belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_BIT != 0
    }

    /// Whether the batch holds transaction markers in place of records.
    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL_BIT != 0
    }

    /// From when on tombstones of the batch may go, in milliseconds since the epoch; nothing where it was not compacted.
    pub fn delete_horizon(&self) -> Option<i64> {
        (self.attributes & DELETE_HORIZON_BIT != 0).then_some(self.base_timestamp)
    }

    /// Whether every record has the batch's max timestamp, set by the broker.
    pub fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME_BIT != 0
    }

    /// The sequence number of the last record; sequence numbers start again at 0 after `i32::MAX`.
    pub fn last_sequence(&self) -> i32 {
        let last = i64::from(self.base_sequence) + i64::from(self.last_offset_delta);
        (last & i64::from(i32::MAX)) as i32
    }
}

/// Gives the batch at the start of `bytes` its place in the log. The CRC does not cover these fields.
pub fn place(bytes: &mut [u8], base_offset: i64, leader_epoch: i32) {
    bytes[BASE_OFFSET].copy_from_slice(&base_offset.to_be_bytes());
    bytes[LEADER_EPOCH].copy_from_slice(&leader_epoch.to_be_bytes());
}

/// Stamps the batch that fills `bytes` with the time of its arrival, and renews the CRC.
pub fn set_log_append_time(bytes: &mut [u8], timestamp_ms: i64) {
    let attributes = i16::from_be_bytes([bytes[ATTRIBUTES.start], bytes[ATTRIBUTES.start + 1]]);
    bytes[ATTRIBUTES].copy_from_slice(&(attributes | LOG_APPEND_TIME_BIT).to_be_bytes());
    bytes[MAX_TIMESTAMP].copy_from_slice(&timestamp_ms.to_be_bytes());
    renew_crc(bytes);
}

/// Computes the CRC of the batch that fills `bytes` and writes it.
pub fn renew_crc(bytes: &mut [u8]) {
    let crc = crc32c::crc32c(&bytes[CRC_FROM..]);
    bytes[CRC].copy_from_slice(&crc.to_be_bytes());
}

fn codec(attributes: i16) -> Result<Codec, BatchError> {
    match attributes & CODEC_BITS {
        0 => Ok(Codec::None),
        1 => Ok(Codec::Gzip),
        2 => Ok(Codec::Snappy),
        3 => Ok(Codec::Lz4),
        4 => Ok(Codec::Zstd),
        found => Err(BatchError::Codec { found }),
    }
}

fn int16(header: &[u8; HEADER_LEN], at: usize) -> i16 {
    i16::from_be_bytes([header[at], header[at + 1]])
}

fn int32(header: &[u8; HEADER_LEN], at: usize) -> i32 {
    i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

fn int64(header: &[u8; HEADER_LEN], at: usize) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    i64::from_be_bytes(bytes)
}
