//! Batches that were found for a reader, and are loaded without holding up the partition.
//!
//! What is found is fixed under the partition's lock: which segments, up to which byte. Later appends do not change
//! those bytes. Segments may be removed meanwhile; a reader then gets what is left, and asks again.

use super::{
    Ahead, OpenFiles,
    disk::{self, Kind},
    index::IndexFile,
    segment::{Entry, Growing, Head, Mark, Summary},
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
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

/// What a log in a directory shares with its readers.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// Segments that end here or before are removed.
    pub(super) kept_from: AtomicI64,
    /// Where a reader came to an end in a segment without an index in memory, which is named by its base: the next
    /// reader often goes on there.
    next: Lock<Option<(i64, Mark)>>,
    /// The segment that is being finished. Its index is not on the disk yet.
    pub(super) finishing: Lock<Option<Arc<Growing>>>,
    /// Why nothing is written any longer.
    pub(super) fault: OnceLock<StorageError>,
    /// What has to be on the disk before anything of the log is.
    pub(super) ahead: OnceLock<Ahead>,
    /// Counts the files of all logs.
    pub(super) files: OnceLock<Arc<OpenFiles>>,
}

impl Place {
    pub(super) fn new(dir: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            dir,
            kept_from: AtomicI64::new(0),
            next: Lock::default(),
            finishing: Lock::default(),
            fault: OnceLock::new(),
            ahead: OnceLock::new(),
            files: OnceLock::new(),
        })
    }

    /// Has what the log relies on reach the disk.
    pub(super) fn settle_ahead(&self) -> Result<(), StorageError> {
        self.ahead.get().map_or(Ok(()), |ahead| (ahead.0)())
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
    pub(super) from: Option<Mark>,
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
    /// Why nothing is found.
    pub(super) fault: Option<StorageError>,
}

impl Reading {
    /// At most so many bytes are allocated.
    pub(super) fn len_hint(&self) -> usize {
        let Some(first) = self.spans.first().map(|s| &s.summary) else { return 0 };
        let there: u64 = self.spans.iter().map(|s| s.summary.len - s.from.map_or(0, |m| m.position)).sum();
        let wanted = (self.max_bytes as u64).saturating_add(first.largest_gap).max(HEADER_LEN as u64);
        let one = if self.at_least_one { first.largest_batch } else { 0 };
        usize::try_from(wanted.max(one).min(there)).unwrap_or(usize::MAX)
    }

    pub(super) fn load(self) -> Result<Vec<Bytes>, StorageError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
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
            let (bytes, to_the_end) = match opened.read(&wanted) {
                Ok(read) => read,
                // What is before the damage is as good as ever.
                Err(_) if !out.is_empty() => break,
                Err(error) => {
                    if matches!(error, StorageError::Damaged { .. }) {
                        // Nothing more is written behind it.
                        let _ = self.place.fault.set(error.clone());
                    }
                    return Err(error);
                }
            };
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

/// Where a batch says its checksum, which covers all that follows.
const CRC: Range<usize> = 17..21;

/// What is said of a batch that is not as it was stored.
pub(super) const BAD_CHECKSUM: &str = "the checksum does not match";

/// What is wanted of one segment.
struct Wanted {
    offset: i64,
    max: u64,
    at_least_one: bool,
    before: i64,
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
    fn read(&self, wanted: &Wanted) -> Result<(Bytes, bool), StorageError> {
        let (mut mark, gap) = self.locate(wanted.offset);
        let mut len = wanted.max.saturating_add(gap);
        loop {
            let piece = self.bytes(mark.position, len)?;
            match self.take(&piece, mark, wanted)? {
                Taken::Bytes { range, next } => {
                    if let Some(next) = next.filter(|_| self.span.from.is_none()) {
                        *self.place.next.lock() = Some((self.summary().base, next));
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
