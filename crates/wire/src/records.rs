//! Looking into a batch: which record is the first at or after a time.
//!
//! A compressed batch is read as a stream, so what it unpacks to is never held at once, and no more of it is
//! unpacked than allowed. Keys and values are passed over.

use crate::batch::{BatchError, BatchHeader, Codec, HEADER_LEN};
use std::io::{self, BufReader, Read};

/// zstd keeps a window of this size at most: 32 MiB, as exponent of two.
const ZSTD_WINDOW_LOG: u32 = 25;
/// What Java clients put before snappy blocks, followed by two version numbers.
const XERIAL_MAGIC: &[u8] = &[0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const XERIAL_HEADER_LEN: usize = 16;

/// Why a batch cannot be looked into.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordsError {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("records: cannot be unpacked")]
    Unpack { source: io::Error },
    #[error("records: record {index} is {what}")]
    Record { index: i32, what: &'static str },
    #[error("records: more than {max} bytes when unpacked")]
    Large { max: u64 },
}

/// A record's place in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Added to the batch's base offset.
    pub offset_delta: i32,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// Whether the record has a key, which may be empty.
    pub has_key: bool,
}

/// Finds the first record of `batch` at or after `timestamp`, unpacking at most `budget` bytes and taking from it
/// what was unpacked.
pub fn first_at(batch: &[u8], timestamp: i64, budget: &mut u64) -> Result<Option<Found>, RecordsError> {
    let header = BatchHeader::parse(batch)?;
    if header.is_log_append_time() {
        let found = Found { offset_delta: 0, timestamp: header.max_timestamp, has_key: false };
        return Ok((header.max_timestamp >= timestamp).then_some(found));
    }
    walk(batch, &header, budget, |found| (found.timestamp >= timestamp).then_some(found))
}

/// The earliest timestamp of any record of `batch`, unpacking at most `budget` bytes and taking from it what was
/// unpacked.
pub fn earliest(batch: &[u8], budget: &mut u64) -> Result<i64, RecordsError> {
    let header = BatchHeader::parse(batch)?;
    let mut earliest = header.max_timestamp;
    if !header.is_log_append_time() {
        walk(batch, &header, budget, |found| {
            earliest = earliest.min(found.timestamp);
            None
        })?;
    }
    Ok(earliest)
}

/// The first records of `batch` that have no key, at most `most`, by their places in it, and how many there are;
/// unpacking at most `budget` bytes and taking from it what was unpacked.
pub fn keyless(batch: &[u8], most: usize, budget: &mut u64) -> Result<(Vec<i32>, usize), RecordsError> {
    let header = BatchHeader::parse(batch)?;
    let (mut places, mut count, mut index) = (Vec::new(), 0, 0);
    walk(batch, &header, budget, |found| {
        if !found.has_key {
            count += 1;
            if places.len() < most {
                places.push(index);
            }
        }
        index += 1;
        None
    })?;
    Ok((places, count))
}

/// Shows the records of a batch to `look` until it says that one is the one.
fn walk(
    batch: &[u8],
    header: &BatchHeader,
    budget: &mut u64,
    look: impl FnMut(Found) -> Option<Found>,
) -> Result<Option<Found>, RecordsError> {
    let max = *budget;
    let reader = unpack(&batch[HEADER_LEN..header.len], header.codec, max)?;
    let mut records = Records { reader: BufReader::new(reader.take(max)), read: 0, index: 0, max };
    let found = records.walk(header, look);
    *budget -= records.read.min(max);
    found
}

pub(crate) fn unpack(packed: &[u8], codec: Codec, max: u64) -> Result<Box<dyn Read + '_>, RecordsError> {
    Ok(match codec {
        Codec::None => Box::new(packed),
        Codec::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        Codec::Snappy => Box::new(io::Cursor::new(unpack_snappy(packed, max)?)),
        Codec::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(packed)),
        Codec::Zstd => {
            let unpack = |source| RecordsError::Unpack { source };
            let mut decoder = zstd::Decoder::with_buffer(packed).map_err(unpack)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(unpack)?;
            Box::new(decoder)
        }
    })
}

/// One block, or the blocks Java clients write, each with its length before it.
fn unpack_snappy(packed: &[u8], max: u64) -> Result<Vec<u8>, RecordsError> {
    if !packed.starts_with(XERIAL_MAGIC) {
        return snappy_block(packed, max);
    }
    let mut rest = packed.get(XERIAL_HEADER_LEN..).unwrap_or_default();
    let mut out = Vec::new();
    while let Some((len, tail)) = rest.split_first_chunk() {
        let len = u32::from_be_bytes(*len) as usize;
        let Some((block, tail)) = tail.split_at_checked(len) else {
            return Err(RecordsError::Unpack { source: io::ErrorKind::UnexpectedEof.into() });
        };
        out.append(&mut snappy_block(block, max - out.len() as u64)?);
        rest = tail;
    }
    Ok(out)
}

/// A block says its unpacked length first; it is believed only up to `max`.
fn snappy_block(block: &[u8], max: u64) -> Result<Vec<u8>, RecordsError> {
    let unpack = |e: snap::Error| RecordsError::Unpack { source: e.into() };
    let len = snap::raw::decompress_len(block).map_err(unpack)?;
    // Snappy packs 64 bytes into 3 at best.
    if len as u64 > max || len / 32 > block.len() {
        return Err(RecordsError::Large { max });
    }
    snap::raw::Decoder::new().decompress_vec(block).map_err(unpack)
}

struct Records<R> {
    reader: BufReader<io::Take<R>>,
    read: u64,
    index: i32,
    max: u64,
}

impl<R: Read> Records<R> {
    fn walk(
        &mut self,
        header: &BatchHeader,
        mut look: impl FnMut(Found) -> Option<Found>,
    ) -> Result<Option<Found>, RecordsError> {
        for index in 0..header.count {
            self.index = index;
            let len = self.number()?;
            let start = self.read;
            self.bytes::<1>()?;
            let found = Found {
                timestamp: header.base_timestamp.wrapping_add(self.number()?),
                offset_delta: i32::try_from(self.number()?).map_err(|_| self.wrong("out of its batch"))?,
                has_key: self.number()? >= 0,
            };
            if let Some(found) = look(found) {
                let inside = (0..=header.last_offset_delta).contains(&found.offset_delta);
                return if inside { Ok(Some(found)) } else { Err(self.wrong("out of its batch")) };
            }
            let taken = i64::try_from(self.read - start).unwrap_or(i64::MAX);
            let rest = len.checked_sub(taken).and_then(|rest| u64::try_from(rest).ok());
            self.skip(rest.ok_or_else(|| self.wrong("shorter than its fields"))?)?;
        }
        Ok(None)
    }

    fn wrong(&self, what: &'static str) -> RecordsError {
        RecordsError::Record { index: self.index, what }
    }

    /// A number of variable length in zigzag form.
    fn number(&mut self) -> Result<i64, RecordsError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.bytes()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(self.wrong("a number without end"))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], RecordsError> {
        let mut out = [0; N];
        match self.reader.read_exact(&mut out) {
            Ok(()) => self.read += N as u64,
            Err(source) => return Err(self.ended(source)),
        }
        Ok(out)
    }

    fn skip(&mut self, len: u64) -> Result<(), RecordsError> {
        let skipped = io::copy(&mut self.reader.by_ref().take(len), &mut io::sink());
        match skipped {
            Ok(skipped) => {
                self.read += skipped;
                if skipped == len { Ok(()) } else { Err(self.ended(io::ErrorKind::UnexpectedEof.into())) }
            }
            Err(source) => Err(self.ended(source)),
        }
    }

    /// The end of what may be read is the limit, unless it is the end of the batch.
    fn ended(&self, source: io::Error) -> RecordsError {
        if source.kind() == io::ErrorKind::UnexpectedEof && self.read >= self.max.saturating_sub(16) {
            RecordsError::Large { max: self.max }
        } else {
            RecordsError::Unpack { source }
        }
    }
}
