//! The index file beside a finished segment.
//!
//! ```text
//! pages of 4096 bytes:   base i64   number of the page u32   entries in it u16, 0 u16   254 entries   crc u32, 0 ...
//! an entry:              offset from base u32   position u32   greatest timestamp before it i64
//! the trailer:           "kdx1"   base, end, length, first and max timestamp, largest batch, largest gap   crc u32
//! ```
//!
//! All numbers are big-endian. Each page and the trailer have a checksum over what is before it. A file without
//! a right trailer says that its segment was not finished. A damaged page only makes reads slower: they start
//! at the segment's begin.

use super::{
    disk::{self, Disk, Kind},
    segment::{Entry, Growing, Mark, Summary},
};
use crate::storage_error::StorageError;
use std::{fs::File, path::Path};

const PAGE: usize = 4096;
const PAGE_HEAD: usize = 16;
const ENTRY: usize = 16;
const PER_PAGE: usize = 254;
const PAGE_CRC: usize = PAGE_HEAD + PER_PAGE * ENTRY;
const MAGIC: &[u8; 4] = b"kdx1";
const TRAILER: usize = 4 + 7 * 8 + 4;

/// Writes the index of a segment that is complete and synced.
pub(super) fn write(disk: Disk, dir: &Path, segment: &Growing) -> Result<(), StorageError> {
    disk.put(&disk::path(dir, segment.summary.base, Kind::Index), &encode(segment))
}

fn encode(segment: &Growing) -> Vec<u8> {
    let base = segment.summary.base;
    let mut out = Vec::with_capacity(segment.index.len().div_ceil(PER_PAGE) * PAGE + TRAILER);
    for (number, entries) in segment.index.chunks(PER_PAGE).enumerate() {
        let start = out.len();
        out.extend_from_slice(&base.to_be_bytes());
        out.extend_from_slice(&(number as u32).to_be_bytes());
        out.extend_from_slice(&(entries.len() as u16).to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        for entry in entries {
            out.extend_from_slice(&entry.offset.to_be_bytes());
            out.extend_from_slice(&entry.position.to_be_bytes());
            out.extend_from_slice(&entry.max_before.to_be_bytes());
        }
        out.resize(start + PAGE_CRC, 0);
        let crc = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&crc.to_be_bytes());
        out.resize(start + PAGE, 0);
    }
    let start = out.len();
    out.extend_from_slice(MAGIC);
    let Summary { base, end, len, first_timestamp, max_timestamp, largest_batch, largest_gap } =
        segment.summary;
    let (len, largest_batch, largest_gap) = (len as i64, largest_batch as i64, largest_gap as i64);
    for number in [base, end, len, first_timestamp, max_timestamp, largest_batch, largest_gap] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    let crc = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&crc.to_be_bytes());
    out
}

/// What the index file says of a finished segment whose file has `len` bytes; nothing if it is not finished, or the
/// index is not of this file.
pub(super) fn summary(dir: &Path, base: i64, len: u64) -> Option<Summary> {
    trailer(dir, base).filter(|summary| summary.len == len)
}

/// How far a segment was synced when its index was written.
pub(super) fn end(dir: &Path, base: i64) -> Option<i64> {
    trailer(dir, base).map(|summary| summary.end)
}

fn trailer(dir: &Path, base: i64) -> Option<Summary> {
    let file = File::open(disk::path(dir, base, Kind::Index)).ok()?;
    let from = file.metadata().ok()?.len().checked_sub(TRAILER as u64)?;
    let mut bytes = [0; TRAILER];
    disk::read_exact_at(&file, &mut bytes, from).ok()?;
    let (said, crc) = bytes.split_last_chunk::<4>()?;
    if u32::from_be_bytes(*crc) != crc32c::crc32c(said) || !said.starts_with(MAGIC) {
        return None;
    }
    let mut numbers = said[MAGIC.len()..].chunks_exact(8).map(int64);
    let mut next = || numbers.next();
    let summary = Summary {
        base: next()?,
        end: next()?,
        len: next()? as u64,
        first_timestamp: next()?,
        max_timestamp: next()?,
        largest_batch: next()? as u64,
        largest_gap: next()? as u64,
    };
    let sound = summary.base == base
        && (base..disk::MAX_OFFSET).contains(&summary.end)
        && (summary.end > base) == (summary.len > 0)
        && summary.largest_batch <= summary.len
        && summary.largest_gap <= summary.len
        && from % PAGE as u64 == 0;
    sound.then_some(summary)
}

/// An index file that is searched.
pub(super) struct IndexFile {
    file: File,
    base: i64,
    pages: u64,
    page: Box<[u8; PAGE]>,
}

impl IndexFile {
    pub(super) fn open(dir: &Path, base: i64) -> Option<Self> {
        let file = File::open(disk::path(dir, base, Kind::Index)).ok()?;
        let pages = file.metadata().ok()?.len().checked_sub(TRAILER as u64)? / PAGE as u64;
        Some(Self { file, base, pages, page: Box::new([0; PAGE]) })
    }

    /// Where to start looking for what lies behind the last entry that fits; entries that fit come first. None if
    /// the index is damaged.
    pub(super) fn mark(&mut self, fits: impl Fn(&Entry) -> bool) -> Option<Mark> {
        let (mut low, mut high) = (0, self.pages);
        while low < high {
            let middle = u64::midpoint(low, high);
            if fits(self.page(middle)?.first()?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let start = Mark { position: 0, offset: self.base };
        let Some(number) = low.checked_sub(1) else { return Some(start) };
        let page = self.page(number)?;
        let behind = page.partition_point(fits);
        Some(page.get(behind.checked_sub(1)?)?.mark(self.base))
    }

    /// All entries; none if the index is damaged.
    pub(super) fn entries(mut self) -> Option<Vec<Entry>> {
        let mut all = Vec::new();
        for number in 0..self.pages {
            all.extend(self.page(number)?);
        }
        Some(all)
    }

    fn page(&mut self, number: u64) -> Option<Vec<Entry>> {
        disk::read_exact_at(&self.file, &mut self.page[..], number * PAGE as u64).ok()?;
        let (said, rest) = self.page.split_at(PAGE_CRC);
        let crc = u32::from_be_bytes(*rest.first_chunk()?);
        if crc != crc32c::crc32c(said) || int64(said) != self.base || int32(&said[8..]) != number as u32 {
            return None;
        }
        let count = usize::from(u16::from_be_bytes([said[12], said[13]]));
        let entries = said[PAGE_HEAD..].chunks_exact(ENTRY).take(count);
        let entry = |bytes: &[u8]| Entry {
            offset: int32(bytes),
            position: int32(&bytes[4..]),
            max_before: int64(&bytes[8..]),
        };
        Some(entries.map(entry).collect())
    }
}

fn int32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |b| u32::from_be_bytes(*b))
}

fn int64(bytes: &[u8]) -> i64 {
    bytes.first_chunk().map_or(0, |b| i64::from_be_bytes(*b))
}
