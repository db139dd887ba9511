//! A segment read from its start, every byte of it checked.

use super::{
    disk::{MAX_OFFSET, read_exact_at},
    segment::{Growing, Head},
};
use crate::storage_error::StorageError;
use kadence_wire::batch::{BatchHeader, HEADER_LEN};
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

const BUFFER: usize = 256 * 1024;
/// What the checksum of a batch covers starts here, and the checksum stands here.
const CRC_FROM: usize = 21;

/// What is wrong with a batch that is all there.
pub(super) const BAD_CHECKSUM: &str = "a batch's checksum";

/// What is in a segment.
#[derive(Debug)]
pub(super) struct Scan {
    /// The good batches from the start on.
    pub(super) segment: Growing,
    /// Why the bytes behind them are none.
    pub(super) bad: Option<&'static str>,
}

/// Reads a segment and calls back with each batch that is as it was written, until the first that is not.
pub(super) fn scan(
    path: &Path,
    base: i64,
    interval: u64,
    each: &mut dyn FnMut(&BatchHeader, &[u8]),
) -> Result<Scan, StorageError> {
    let failed = || StorageError::io(path, "read");
    let file = File::open(path).map_err(failed())?;
    let len = file.metadata().map_err(failed())?.len();
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let mut segment = Growing::new(base);
    let mut batch = Vec::new();
    let bad = loop {
        let left = len - segment.summary.len;
        if left == 0 {
            break None;
        }
        match next(&mut reader, &mut batch, segment.summary.end, left).map_err(failed())? {
            Ok((head, header)) => {
                each(&header, &batch);
                segment.push(&head, interval, true);
            }
            Err(what) => break Some(what),
        }
    };
    Ok(Scan { segment, bad })
}

/// The next batch, or what is wrong with it.
fn next(
    reader: &mut BufReader<File>,
    batch: &mut Vec<u8>,
    offset: i64,
    left: u64,
) -> io::Result<Result<(Head, BatchHeader), &'static str>> {
    let mut bytes = [0; HEADER_LEN];
    if left < HEADER_LEN as u64 {
        return Ok(Err("a part of a batch"));
    }
    reader.read_exact(&mut bytes)?;
    let head = match Head::parse(&bytes, offset, MAX_OFFSET, left) {
        Ok(head) => head,
        Err(what) => return Ok(Err(what)),
    };
    batch.clear();
    batch.extend_from_slice(&bytes);
    // What is read is what is there: the length is not believed before.
    reader.take(head.len - HEADER_LEN as u64).read_to_end(batch)?;
    if batch.len() as u64 != head.len {
        return Ok(Err("a part of a batch"));
    }
    Ok(match BatchHeader::parse(batch) {
        Ok(header) if header.crc == crc32c::crc32c(&batch[CRC_FROM..]) => Ok((head, header)),
        Ok(_) => Err(BAD_CHECKSUM),
        Err(_) => Err("a batch's header"),
    })
}

/// More are not in a byte of a batch, however well it is compressed.
const MOST_RECORDS_PER_BYTE: i64 = 1 << 10;
/// What is looked through at a time.
const WINDOW: u64 = 1 << 20;

/// The end of the last whole batch that lies behind `from`, of an offset from `offset` on; none if there is none, as
/// behind a write that a crash tore.
pub(super) fn end_behind(path: &Path, from: u64, offset: i64) -> Result<Option<i64>, StorageError> {
    let failed = || StorageError::io(path, "read");
    let file = File::open(path).map_err(failed())?;
    let len = file.metadata().map_err(failed())?.len();
    // Where the last whole batch ends, in the file and by its offset.
    let (mut start, mut known, mut end) = (from, from, None);
    while len.saturating_sub(start) >= HEADER_LEN as u64 {
        // A header that begins in the window is whole in it.
        let mut window = vec![0; (WINDOW + HEADER_LEN as u64).min(len - start) as usize];
        read_exact_at(&file, &mut window, start).map_err(failed())?;
        let mut next = start + WINDOW;
        for (at, header) in (start..next).zip(window.windows(HEADER_LEN)) {
            let Some(header) = header.first_chunk::<HEADER_LEN>() else { continue };
            let base = header.first_chunk().map_or(-1, |base| i64::from_be_bytes(*base));
            let least = end.unwrap_or(offset);
            if let Ok(head) = Head::parse(header, base, MAX_OFFSET, len - at)
                && is_whole(&file, at, head.len).map_err(failed())?
            {
                // The checksum does not cover the base offset. What follows at once has the next one, and what is
                // further on none that the bytes between have no room for.
                let most = least.saturating_add(((at - known) as i64).saturating_mul(MOST_RECORDS_PER_BYTE));
                let base = if (least..=most).contains(&base) { base } else { least };
                let behind = at + head.len;
                // What is in a whole batch is not looked through.
                (end, next, known) = (Some(base + (head.last_offset - head.base_offset) + 1), behind, behind);
                break;
            }
        }
        start = next;
    }
    Ok(end)
}

fn is_whole(file: &File, at: u64, len: u64) -> io::Result<bool> {
    let mut batch = vec![0; len as usize];
    read_exact_at(file, &mut batch, at)?;
    Ok(BatchHeader::parse(&batch).is_ok_and(|header| header.crc == crc32c::crc32c(&batch[CRC_FROM..])))
}

/// What a disk writes whole, or not at all.
const PAGE: u64 = 4096;

/// Whether a page is missing in a segment behind `from`, before the first whole batch there: what was not synced may
/// be zeros after a loss of power, while later pages are there.
pub(super) fn lacks_a_page(path: &Path, from: u64) -> Result<bool, StorageError> {
    let failed = || StorageError::io(path, "read");
    let file = File::open(path).map_err(failed())?;
    let len = file.metadata().map_err(failed())?.len();
    let mut page = vec![0; PAGE as usize];
    let mut start = from;
    while start < len {
        let end = ((start / PAGE + 1) * PAGE).min(len);
        let page = &mut page[..(end - start) as usize];
        read_exact_at(&file, page, start).map_err(failed())?;
        if page.iter().all(|byte| *byte == 0) {
            return Ok(true);
        }
        if start > from && is_batch(&file, page, start, len).map_err(failed())? {
            return Ok(false);
        }
        start = end;
    }
    Ok(false)
}

/// Whether a whole batch begins in a page.
fn is_batch(file: &File, page: &[u8], start: u64, len: u64) -> io::Result<bool> {
    for (at, header) in (start..).zip(page.windows(HEADER_LEN)) {
        let Some(header) = header.first_chunk::<HEADER_LEN>() else { continue };
        let base = header.first_chunk().map_or(-1, |base| i64::from_be_bytes(*base));
        if let Ok(head) = Head::parse(header, base, MAX_OFFSET, len - at)
            && is_whole(file, at, head.len)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
