//! Batches that were found for a reader, and are loaded without holding up the partition.
//!
//! What is found is fixed under the partition's lock: which segments, up to which byte. Later appends do not change
//! those bytes. Segments may be removed meanwhile; a reader then gets what is left, and asks again.

use super::{
    disk::{self, Kind},
    index::IndexFile,
    segment::{Head, Summary},
};
use crate::{storage_error::StorageError, sync::Lock};
use bytes::Bytes;
use kadence_wire::batch::HEADER_LEN;
use std::{
    fs::File,
    io,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

/// What a log in a directory shares with its readers.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// Segments that end here or before are removed.
    pub(super) kept_from: AtomicI64,
    /// Where a reader came to an end in a segment without an index in memory: the next one often goes on there.
    next: Lock<Option<Next>>,
}

#[derive(Debug, Clone, Copy)]
struct Next {
    base: i64,
    offset: i64,
    position: u64,
}

impl Place {
    pub(super) fn new(dir: PathBuf) -> Arc<Self> {
        Arc::new(Self { dir, kept_from: AtomicI64::new(0), next: Lock::default() })
    }

    pub(super) fn path(&self, base: i64, kind: Kind) -> PathBuf {
        disk::path(&self.dir, base, kind)
    }
}

/// A segment as it was when it was found.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) summary: Summary,
    /// Of the segment that is written to.
    pub(super) file: Option<Arc<File>>,
    /// Where to start looking, where that is known; the index file tells otherwise.
    pub(super) from: Option<u64>,
}

impl Span {
    /// Nothing if the segment was removed meanwhile.
    pub(super) fn open<'a>(&'a self, place: &'a Place) -> Result<Option<Opened<'a>>, StorageError> {
        if let Some(file) = &self.file {
            return Ok(Some(Opened { span: self, place, file: Arc::clone(file) }));
        }
        let path = place.path(self.summary.base, Kind::Log);
        match File::open(&path) {
            Ok(file) => Ok(Some(Opened { span: self, place, file: Arc::new(file) })),
            Err(e) if e.kind() == io::ErrorKind::NotFound && self.is_removed(place) => Ok(None),
            Err(e) => Err(StorageError::io(path, "open")(e)),
        }
    }

    fn is_removed(&self, place: &Place) -> bool {
        self.summary.end <= place.kept_from.load(Relaxed)
    }
}

/// What a fetch gets.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) place: Arc<Place>,
    /// One, or so many as may be needed.
    pub(super) spans: Vec<Span>,
    pub(super) offset: i64,
    pub(super) max_bytes: usize,
    pub(super) at_least_one: bool,
    pub(super) before: i64,
}

impl Reading {
    /// At most so many bytes are allocated.
    pub(super) fn len_hint(&self) -> usize {
        let Some(first) = self.spans.first().map(|s| &s.summary) else { return 0 };
        let there: u64 = self.spans.iter().map(|s| s.summary.len - s.from.unwrap_or(0)).sum();
        let wanted = (self.max_bytes as u64).saturating_add(first.largest_gap).max(HEADER_LEN as u64);
        let one = if self.at_least_one { first.largest_batch } else { 0 };
        usize::try_from(wanted.max(one).min(there)).unwrap_or(usize::MAX)
    }

    pub(super) fn load(self) -> Result<Vec<Bytes>, StorageError> {
        let mut out = Vec::with_capacity(self.spans.len());
        let mut left = self.max_bytes;
        for span in &self.spans {
            let Some(opened) = span.open(&self.place)? else { break };
            let wanted = Wanted {
                offset: self.offset,
                max: left as u64,
                at_least_one: self.at_least_one && out.is_empty(),
                before: self.before,
            };
            let (bytes, to_the_end) = opened.read(&wanted)?;
            left = left.saturating_sub(bytes.len());
            if !bytes.is_empty() {
                out.push(bytes);
            }
            if !to_the_end || left < HEADER_LEN {
                break;
            }
        }
        Ok(out)
    }
}

/// What is wanted of one segment.
struct Wanted {
    offset: i64,
    max: u64,
    at_least_one: bool,
    before: i64,
}

/// What a piece of a segment came to.
enum Taken {
    /// These bytes of the piece, and whether the segment has nothing behind them.
    Bytes { range: Range<usize>, to_the_end: bool },
    /// The first batch, of at least `len` bytes, starts here and is not whole in the piece.
    Elsewhere { position: u64, len: u64 },
}

/// A segment with an open file.
pub(super) struct Opened<'a> {
    pub(super) span: &'a Span,
    place: &'a Place,
    file: Arc<File>,
}

impl Opened<'_> {
    fn summary(&self) -> &Summary {
        &self.span.summary
    }

    /// Usually one read: from the index entry on, as much as may be wanted.
    fn read(&self, wanted: &Wanted) -> Result<(Bytes, bool), StorageError> {
        let (mut position, gap) = self.locate(wanted.offset);
        let mut len = wanted.max.saturating_add(gap);
        loop {
            let piece = self.bytes(position, len)?;
            match self.take(&piece, position, wanted)? {
                Taken::Bytes { range, to_the_end } => {
                    if !to_the_end {
                        self.note_next(&piece[range.clone()], position + range.end as u64);
                    }
                    return Ok((Bytes::from(piece).slice(range), to_the_end));
                }
                Taken::Elsewhere { position: there, len: whole } => {
                    position = there;
                    len = wanted.max.max(whole);
                }
            }
        }
    }

    /// Where to start looking for `offset`, and how far behind it may be.
    fn locate(&self, offset: i64) -> (u64, u64) {
        let Summary { base, largest_gap, .. } = *self.summary();
        if let Some(from) = self.span.from {
            return (from, if from == 0 && offset <= base { 0 } else { largest_gap });
        }
        if let Some(next) = *self.place.next.lock()
            && (next.base, next.offset) == (base, offset)
        {
            return (next.position, 0);
        }
        (self.indexed(|e| base + i64::from(e.offset) <= offset), largest_gap)
    }

    /// The position of the last entry that fits. Without a sound index it is the start: slower, and as good.
    pub(super) fn indexed(&self, fits: impl Fn(&super::segment::Entry) -> bool) -> u64 {
        let position =
            IndexFile::open(&self.place.dir, self.summary().base).and_then(|mut index| index.position(fits));
        position.filter(|p| *p < self.summary().len).unwrap_or(0)
    }

    fn note_next(&self, taken: &[u8], position: u64) {
        if self.span.from.is_none()
            && let Some(offset) = last_offset(taken)
        {
            *self.place.next.lock() = Some(Next { base: self.summary().base, offset: offset + 1, position });
        }
    }

    fn take(&self, piece: &[u8], start: u64, wanted: &Wanted) -> Result<Taken, StorageError> {
        let Summary { len, base, .. } = *self.summary();
        let mut from = base;
        let mut range: Option<Range<usize>> = None;
        let mut at = 0;
        loop {
            let position = start + at as u64;
            let chosen = range.clone().unwrap_or(at..at);
            if position >= len {
                return Ok(Taken::Bytes { range: chosen, to_the_end: true });
            }
            let Some(header) = piece.get(at..).and_then(|rest| rest.first_chunk()) else {
                return Ok(if range.is_some() {
                    Taken::Bytes { range: chosen, to_the_end: false }
                } else {
                    Taken::Elsewhere { position, len: 0 }
                });
            };
            let head = self.head(header, from, position)?;
            from = head.last_offset + 1;
            let next = at + head.len as usize;
            if range.is_none() && head.last_offset < wanted.offset {
                // It may end behind the piece.
                if next > piece.len() && position + head.len < len {
                    return Ok(Taken::Elsewhere { position: position + head.len, len: 0 });
                }
                at = next;
                continue;
            }
            let more = chosen.len() as u64 + head.len;
            let wants = more <= wanted.max || (range.is_none() && wanted.at_least_one);
            if head.last_offset >= wanted.before || !wants {
                return Ok(Taken::Bytes { range: chosen, to_the_end: false });
            }
            if next > piece.len() {
                return Ok(if range.is_some() {
                    Taken::Bytes { range: chosen, to_the_end: false }
                } else {
                    Taken::Elsewhere { position, len: head.len }
                });
            }
            range = Some(chosen.start..next);
            at = next;
        }
    }

    /// The header at `position`, checked against what is known of the segment.
    fn head(&self, header: &[u8; HEADER_LEN], from: i64, position: u64) -> Result<Head, StorageError> {
        let Summary { end, len, .. } = *self.summary();
        Head::parse(header, from, end, len - position).map_err(|what| self.damaged(position, what))
    }

    fn damaged(&self, position: u64, what: &'static str) -> StorageError {
        StorageError::Damaged { path: self.place.path(self.summary().base, Kind::Log), position, what }
    }

    /// Up to `len` bytes from `position` on; a header's length at least.
    pub(super) fn bytes(&self, position: u64, len: u64) -> Result<Vec<u8>, StorageError> {
        let there = self.summary().len - position;
        if there < HEADER_LEN as u64 {
            return Err(self.damaged(position, "a part of a batch"));
        }
        let mut bytes = vec![0; len.clamp(HEADER_LEN as u64, there) as usize];
        disk::read_exact_at(&self.file, &mut bytes, position)
            .map_err(StorageError::io(self.place.path(self.summary().base, Kind::Log), "read"))?;
        Ok(bytes)
    }

    /// The headers from `position` on.
    pub(super) fn heads(&self, position: u64) -> Heads<'_> {
        Heads { opened: self, position, from: self.summary().base, piece: Vec::new(), piece_at: 0 }
    }
}

/// The last offset of whole batches.
fn last_offset(mut batches: &[u8]) -> Option<i64> {
    let mut last = None;
    while let Some(header) = batches.first_chunk() {
        let head = Head::parse(header, 0, i64::MAX, batches.len() as u64).ok()?;
        last = Some(head.last_offset);
        batches = &batches[head.len as usize..];
    }
    last
}

/// Headers are read in pieces of this size.
const PIECE: u64 = 32 * 1024;

/// The headers of a segment, one after the other.
pub(super) struct Heads<'a> {
    opened: &'a Opened<'a>,
    position: u64,
    from: i64,
    piece: Vec<u8>,
    piece_at: u64,
}

impl Heads<'_> {
    pub(super) fn next(&mut self) -> Result<Option<(u64, Head)>, StorageError> {
        let position = self.position;
        if position >= self.opened.summary().len {
            return Ok(None);
        }
        let within = usize::try_from(position - self.piece_at).unwrap_or(usize::MAX);
        let mut header = self.piece.get(within..).and_then(|rest| rest.first_chunk::<HEADER_LEN>());
        if header.is_none() {
            self.piece = self.opened.bytes(position, PIECE)?;
            self.piece_at = position;
            header = self.piece.first_chunk();
        }
        let Some(header) = header else { return Err(self.opened.damaged(position, "a part of a batch")) };
        let head = self.opened.head(header, self.from, position)?;
        self.from = head.last_offset + 1;
        self.position += head.len;
        Ok(Some((position, head)))
    }
}
