//! Which records stay, and the batches that are written of them.

use super::keys::LastOffsets;
use crate::producers::Aborted;
use kadence_wire::{
    batch::BatchHeader,
    contents::{BatchKind, BatchWriter, Content, contents, unpacked},
    control::Marker,
    records::RecordsError,
};
use std::{collections::HashMap, io};

/// The records of a batch that is written anew have at most this size before they are packed, unless one is larger.
const BATCH_BYTES: usize = 64 * 1024;
/// A batch that unpacks to more than this stays as it is.
const UNPACK_BYTES: u64 = 64 << 20;
/// The offsets that one batch can cover.
const MOST_OFFSETS: i64 = i32::MAX as i64;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Goes,
    Stays,
    /// It is a tombstone, and may go from this time on.
    StaysUntil(i64),
}

/// What is known of a log when it is compacted.
#[derive(Debug)]
pub(super) struct Rules {
    /// The log's first offset: what is before it is deleted.
    pub(super) start: i64,
    /// What is before this was compacted before.
    pub(super) cleaned: i64,
    /// Keys are known up to here; what is behind stays as it is.
    pub(super) known: i64,
    pub(super) keys: LastOffsets,
    /// Where each producer's aborted transactions begin and end.
    aborted: HashMap<i64, Vec<(i64, i64)>>,
    pub(super) now_ms: i64,
    pub(super) delete_retention_ms: i64,
}

impl Rules {
    pub(super) fn new(start: i64, cleaned: i64, keys: LastOffsets, aborted: &[Aborted]) -> Self {
        let mut by_producer: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
        for aborted in aborted {
            by_producer.entry(aborted.producer_id).or_default().push((aborted.first, aborted.last));
        }
        Self { start, cleaned, known: cleaned, keys, aborted: by_producer, now_ms: 0, delete_retention_ms: 0 }
    }

    /// Whether a batch belongs to a transaction that was aborted.
    fn is_aborted(&self, header: &BatchHeader) -> bool {
        header.is_transactional()
            && self.aborted.get(&header.producer_id).is_some_and(|all| {
                all.iter().any(|(first, last)| (*first..=*last).contains(&header.base_offset))
            })
    }

    /// Notes the keys of a batch.
    pub(super) fn note(&mut self, header: &BatchHeader, batch: &[u8], room: &mut Vec<u8>) {
        if header.is_control() || self.is_aborted(header) {
            return;
        }
        let Ok(records) = records(batch, header, room) else { return };
        for content in contents(header, records).map_while(Result::ok) {
            if let Some(key) = content.key {
                self.keys.note(key, header.base_offset + i64::from(content.offset_delta));
            }
        }
    }

    /// What becomes of a record.
    fn judge(&self, header: &BatchHeader, offset: i64, content: &Content<'_>) -> Fate {
        if offset < self.start {
            return Fate::Goes;
        }
        // Without a key nothing says which record is the last one. Kafka leaves them out as well.
        let Some(key) = content.key else { return Fate::Goes };
        if self.keys.last(key).is_some_and(|last| offset < last) {
            return Fate::Goes;
        }
        match header.delete_horizon() {
            _ if !content.is_tombstone() => Fate::Stays,
            Some(horizon) if self.now_ms > horizon => Fate::Goes,
            Some(horizon) => Fate::StaysUntil(horizon),
            None => Fate::StaysUntil(self.now_ms.saturating_add(self.delete_retention_ms)),
        }
    }

    /// Whether a marker stays, where it stands at `offset`.
    fn keeps_marker(&self, marker: Option<Marker>, offset: i64) -> bool {
        match marker {
            Some(marker) => !marker.commit && offset >= self.cleaned,
            None => true,
        }
    }
}

/// The records of a batch, all of them sound.
fn records<'b>(
    batch: &'b [u8],
    header: &BatchHeader,
    room: &'b mut Vec<u8>,
) -> Result<&'b [u8], RecordsError> {
    let records = unpacked(batch, header, UNPACK_BYTES, room)?;
    contents(header, records).try_for_each(|content| content.map(drop))?;
    Ok(records)
}

/// Takes the batches that were written.
pub(crate) trait Rewritten {
    /// One more, behind the one before it.
    fn batch(&mut self, header: &BatchHeader, bytes: Vec<u8>) -> io::Result<()>;
}

/// Writes batches anew, of the records that stay.
#[derive(Debug)]
pub(crate) struct Survivors<'r> {
    rules: &'r Rules,
    /// The batch that is being written, if it has records.
    open: BatchWriter,
    /// What is before this is covered by batches that are written.
    next: i64,
    room: Vec<u8>,
}

impl<'r> Survivors<'r> {
    /// Begins at an offset.
    pub(super) fn from(rules: &'r Rules, next: i64) -> Self {
        let kind = BatchKind { codec: kadence_wire::batch::Codec::None, stamped: None, delete_horizon: None };
        Self { rules, open: BatchWriter::new(next, kind), next, room: Vec::new() }
    }

    /// Takes the next batch of the log.
    pub(crate) fn take(&mut self, batch: &[u8], into: &mut dyn Rewritten) -> io::Result<()> {
        let Ok(header) = BatchHeader::parse(batch) else { return Err(io::ErrorKind::InvalidData.into()) };
        if header.base_offset >= self.rules.known {
            return self.keep(&header, batch, into);
        }
        if header.is_control() {
            let stays = self.rules.keeps_marker(Marker::parse(&header, batch), header.base_offset);
            return if stays { self.keep(&header, batch, into) } else { Ok(()) };
        }
        if self.rules.is_aborted(&header) {
            return Ok(());
        }
        let mut room = std::mem::take(&mut self.room);
        let done = match records(batch, &header, &mut room) {
            Ok(records) => self.take_records(&header, records, into),
            // What cannot be looked into is not the cleaner's to lose.
            Err(_) => self.keep(&header, batch, into),
        };
        self.room = room;
        done
    }

    fn take_records(
        &mut self,
        header: &BatchHeader,
        records: &[u8],
        into: &mut dyn Rewritten,
    ) -> io::Result<()> {
        let stamped = header.is_log_append_time().then_some(header.max_timestamp);
        for content in contents(header, records).map_while(Result::ok) {
            let offset = header.base_offset + i64::from(content.offset_delta);
            let delete_horizon = match self.rules.judge(header, offset, &content) {
                Fate::Goes => continue,
                Fate::Stays => None,
                Fate::StaysUntil(horizon) => Some(horizon),
            };
            let kind = BatchKind { codec: header.codec, stamped, delete_horizon };
            let now = self.open.kind();
            // Among tombstones there may be others.
            let fits = (now.codec, now.stamped) == (kind.codec, kind.stamped)
                && (delete_horizon.is_none() || now.delete_horizon == delete_horizon);
            let joins = self.open.is_empty() || fits && self.open.has_room(offset, &content, BATCH_BYTES);
            if !joins {
                self.close(offset, into)?;
            }
            if self.open.is_empty() {
                self.cover(offset, MOST_OFFSETS, into)?;
                self.open.begin(self.next, kind);
            }
            self.open.push(offset, &content);
        }
        Ok(())
    }

    /// Has a batch stay as it is.
    fn keep(&mut self, header: &BatchHeader, batch: &[u8], into: &mut dyn Rewritten) -> io::Result<()> {
        self.close(header.base_offset, into)?;
        self.cover(header.base_offset, 0, into)?;
        into.batch(header, batch.to_vec())?;
        self.next = header.base_offset + i64::from(header.last_offset_delta) + 1;
        Ok(())
    }

    /// Ends the log's part that is compacted, which reaches to `end`.
    pub(crate) fn finish(&mut self, end: i64, into: &mut dyn Rewritten) -> io::Result<()> {
        self.close(end, into)?;
        self.cover(end, 0, into)
    }

    /// Writes the batch that has records, and has it reach to `end` if it can.
    fn close(&mut self, end: i64, into: &mut dyn Rewritten) -> io::Result<()> {
        if self.open.is_empty() {
            return Ok(());
        }
        let is_near = end - self.next <= MOST_OFFSETS;
        let last = if is_near { end - 1 } else { self.open.last_offset() };
        self.write(last, into)
    }

    fn write(&mut self, last: i64, into: &mut dyn Rewritten) -> io::Result<()> {
        let bytes = self.open.finish(last)?;
        let header = BatchHeader::parse(&bytes).map_err(io::Error::other)?;
        into.batch(&header, bytes)?;
        self.next = last + 1;
        self.open.begin(self.next, self.open.kind());
        Ok(())
    }

    /// Writes batches without records until at most `left` offsets before `end` are not covered.
    fn cover(&mut self, end: i64, left: i64, into: &mut dyn Rewritten) -> io::Result<()> {
        while end - self.next > left {
            let kind = BatchKind { delete_horizon: None, stamped: None, ..self.open.kind() };
            self.open.begin(self.next, kind);
            self.write(end.min(self.next + MOST_OFFSETS) - 1, into)?;
        }
        Ok(())
    }
}
