//! A segment looked into by a reader, without holding up the partition.
//!
//! What a reader looks at is fixed under the partition's lock: which segments, up to which byte. Later appends do not
//! change those bytes. Segments may be removed meanwhile; a reader then gets what is left, and asks again.

use super::{
    disk::{self, Kind},
    index::IndexFile,
    place::Place,
    segment::{Entry, Head, Mark, Summary},
};
use crate::storage_error::StorageError;
use bytes::Bytes;
use kadence_wire::batch::HEADER_LEN;
use std::{
    fs::File,
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};

/// A segment as it was when it was found.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) summary: Summary,
    /// Of the segment that is written to.
    pub(super) file: Option<Arc<File>>,
    /// Where to start looking, where that is known; the index file tells otherwise.
    pub(super) from: Option<Mark>,
    /// How often segments were replaced when it was found.
    pub(super) generation: u64,
}

impl Span {
    /// Nothing if the segment was removed meanwhile.
    pub(super) fn open<'a>(&'a self, place: &'a Place) -> Result<Option<Opened<'a>>, StorageError> {
        if let Some(file) = &self.file {
            return Ok(Some(Opened { span: self, place, file: Arc::clone(file) }));
        }
        let path = place.path(self.summary.base, Kind::Log);
        match File::open(&path) {
            // It may be another one by now, of the same offsets.
            Ok(file) if !self.is_replaced(place) => {
                Ok(Some(Opened { span: self, place, file: Arc::new(file) }))
            }
            Ok(_) => Ok(None),
            Err(e)
                if e.kind() == io::ErrorKind::NotFound
                    && (self.is_removed(place) || self.is_replaced(place)) =>
            {
                Ok(None)
            }
            Err(e) => Err(StorageError::io(path, "open")(e)),
        }
    }

    fn is_replaced(&self, place: &Place) -> bool {
        place.generation.load(SeqCst) != self.generation
    }

    fn is_removed(&self, place: &Place) -> bool {
        self.summary.end <= place.kept_from.load(Relaxed)
    }
}

/// Where a batch says its checksum, which covers all that follows.
const CRC: Range<usize> = 17..21;

/// What is said of a batch that is not as it was stored.
pub(super) const BAD_CHECKSUM: &str = "the checksum does not match";

/// What is wanted of one segment.
pub(super) struct Wanted {
    pub(super) offset: i64,
    pub(super) max: u64,
    pub(super) at_least_one: bool,
    pub(super) before: i64,
}

/// What a piece of a segment came to.
enum Taken {
    /// These bytes of the piece, and what is behind them, if anything is.
    Bytes { range: Range<usize>, next: Option<Mark> },
    /// The first batch starts here at the earliest and is not whole in the piece; it has at least `len` bytes.
    Elsewhere { mark: Mark, len: u64 },
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
    pub(super) fn read(&self, wanted: &Wanted) -> Result<(Bytes, bool), StorageError> {
        let (mut mark, gap) = self.locate(wanted.offset);
        let mut len = wanted.max.saturating_add(gap);
        loop {
            let piece = self.bytes(mark.position, len)?;
            match self.take(&piece, mark, wanted)? {
                Taken::Bytes { range, next } => {
                    if let Some(next) = next.filter(|_| self.span.from.is_none()) {
                        let mut noted = self.place.next.lock();
                        if !self.span.is_replaced(self.place) {
                            *noted = Some((self.summary().base, next));
                        }
                    }
                    return Ok((Bytes::from(piece).slice(range), next.is_none()));
                }
                Taken::Elsewhere { mark: there, len: whole } => {
                    mark = there;
                    len = wanted.max.max(whole);
                }
            }
        }
    }

    /// Where to start looking for `offset`, and how far behind it may be.
    fn locate(&self, offset: i64) -> (Mark, u64) {
        let Summary { base, largest_gap, .. } = *self.summary();
        let noted = || self.place.next.lock().filter(|(of, _)| *of == base).map(|(_, next)| next);
        let mark = match self.span.from {
            Some(from) => from,
            None => match noted() {
                Some(next) if next.offset == offset => next,
                _ => self.indexed(|e| e.mark(base).offset <= offset),
            },
        };
        (mark, if mark.offset == offset { 0 } else { largest_gap })
    }

    /// The last entry that fits. Without a sound index it is the start: slower, and as good.
    pub(super) fn indexed(&self, fits: impl Fn(&Entry) -> bool) -> Mark {
        let summary = self.summary();
        let finishing = self.place.finishing.lock().clone();
        if let Some(segment) = finishing.filter(|s| s.summary.base == summary.base) {
            return segment.mark(fits);
        }
        let index = IndexFile::open(&self.place.dir, summary.base);
        let mark = index.and_then(|mut index| index.mark(fits));
        // An index is of the file that is there now.
        let mark = mark.filter(|_| !self.span.is_replaced(self.place));
        mark.filter(|m| m.position < summary.len).unwrap_or(summary.start())
    }

    fn take(&self, piece: &[u8], start: Mark, wanted: &Wanted) -> Result<Taken, StorageError> {
        let mut mark = start;
        let mut range: Option<Range<usize>> = None;
        loop {
            let at = (mark.position - start.position) as usize;
            let none = at.min(piece.len());
            let chosen = range.clone().unwrap_or(none..none);
            if mark.position >= self.summary().len {
                return Ok(Taken::Bytes { range: chosen, next: None });
            }
            let header = piece.get(at..).and_then(|rest| rest.first_chunk());
            let head = match header.map(|header| self.head(header, mark)).transpose() {
                Ok(head) => head,
                // What is before the damage is as good as ever; who asks for more is told.
                Err(_) if range.is_some() => return Ok(Taken::Bytes { range: chosen, next: Some(mark) }),
                Err(error) => return Err(error),
            };
            let next = head.map_or(mark, |head| head.behind(mark));
            match head {
                Some(head) if range.is_none() && head.last_offset < wanted.offset => {
                    mark = next;
                    continue;
                }
                Some(head) => {
                    let first = range.is_none();
                    let fits = chosen.len() as u64 + head.len <= wanted.max || (first && wanted.at_least_one);
                    let whole = at + head.len as usize <= piece.len();
                    if fits && head.last_offset < wanted.before && whole {
                        let batch = at..at + head.len as usize;
                        if !is_sound(&piece[batch.clone()]) {
                            // As for a header: what is before it is served first.
                            return match range {
                                Some(range) => Ok(Taken::Bytes { range, next: Some(mark) }),
                                None => Err(self.damaged(mark.position, BAD_CHECKSUM)),
                            };
                        }
                        range = Some(chosen.start..batch.end);
                        mark = next;
                        continue;
                    }
                    if fits && head.last_offset < wanted.before && first {
                        return Ok(Taken::Elsewhere { mark, len: head.len });
                    }
                }
                None if range.is_none() => return Ok(Taken::Elsewhere { mark, len: 0 }),
                None => {}
            }
            return Ok(Taken::Bytes { range: chosen, next: Some(mark) });
        }
    }

    /// The header at `mark`, checked against what is known of the segment.
    fn head(&self, header: &[u8; HEADER_LEN], mark: Mark) -> Result<Head, StorageError> {
        let Summary { end, len, .. } = *self.summary();
        Head::parse(header, mark.offset, end, len - mark.position)
            .map_err(|what| self.damaged(mark.position, what))
    }

    pub(super) fn damaged(&self, position: u64, what: &'static str) -> StorageError {
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

    /// The headers from `mark` on.
    pub(super) fn heads(&self, mark: Mark) -> Heads<'_> {
        Heads { opened: self, mark, piece: Vec::new(), piece_at: 0 }
    }
}

/// Whether the records of a batch are those that were stored. Clients need not look, and some that do go astray behind
/// a batch that fails.
pub(super) fn is_sound(batch: &[u8]) -> bool {
    let said = batch.get(CRC).and_then(|crc| crc.first_chunk());
    said.is_some_and(|said| u32::from_be_bytes(*said) == crc32c::crc32c(&batch[CRC.end..]))
}

/// Headers are read in pieces of this size.
const PIECE: u64 = 32 * 1024;

/// The headers of a segment, one after the other.
pub(super) struct Heads<'a> {
    opened: &'a Opened<'a>,
    mark: Mark,
    piece: Vec<u8>,
    piece_at: u64,
}

impl Heads<'_> {
    pub(super) fn next(&mut self) -> Result<Option<(u64, Head)>, StorageError> {
        let mark = self.mark;
        if mark.position >= self.opened.summary().len {
            return Ok(None);
        }
        let within = usize::try_from(mark.position - self.piece_at).unwrap_or(usize::MAX);
        let mut header = self.piece.get(within..).and_then(|rest| rest.first_chunk::<HEADER_LEN>());
        if header.is_none() {
            self.piece = self.opened.bytes(mark.position, PIECE)?;
            self.piece_at = mark.position;
            header = self.piece.first_chunk();
        }
        let Some(header) = header else {
            return Err(self.opened.damaged(mark.position, "a part of a batch"));
        };
        let head = self.opened.head(header, mark)?;
        self.mark = head.behind(mark);
        Ok(Some((mark.position, head)))
    }
}
