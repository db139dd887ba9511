//! One file of a log in a directory: what is known of it, and its sparse index while it grows.

use super::LEADER_EPOCH;
use kadence_wire::batch::HEADER_LEN;

/// What is known of a segment without looking into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) base: i64,
    /// The offset behind the last record.
    pub(super) end: i64,
    /// Bytes of whole batches.
    pub(super) len: u64,
    /// Of the first batch, -1 for none: by it a segment is full in time.
    pub(super) first_timestamp: i64,
    /// `i64::MIN` in an empty segment.
    pub(super) max_timestamp: i64,
    pub(super) largest_batch: u64,
    /// The furthest that a batch starts behind the index entry before it.
    pub(super) largest_gap: u64,
}

/// Where a batch starts, and the greatest timestamp before it in its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Counted from the segment's base.
    pub(super) offset: u32,
    pub(super) position: u32,
    pub(super) max_before: i64,
}

/// Where a batch starts, and with which offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) position: u64,
    pub(super) offset: i64,
}

impl Summary {
    /// The first batch's place.
    pub(super) fn start(&self) -> Mark {
        Mark { position: 0, offset: self.base }
    }
}

impl Entry {
    /// The place of a batch in a segment that begins at `base`.
    pub(super) fn mark(self, base: i64) -> Mark {
        Mark { position: u64::from(self.position), offset: base + i64::from(self.offset) }
    }
}

/// A segment that is written, or looked through.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) summary: Summary,
    /// The start of the segment has no entry.
    pub(super) index: Vec<Entry>,
}

impl Growing {
    pub(super) fn new(base: i64) -> Self {
        let summary = Summary {
            base,
            end: base,
            len: 0,
            first_timestamp: -1,
            max_timestamp: i64::MIN,
            largest_batch: 0,
            largest_gap: 0,
        };
        Self { summary, index: Vec::new() }
    }

    /// Counts one more batch. It gets an entry if the last one is `interval` bytes back, so that no batch starts
    /// further than that behind an entry; without one the index is sparser, and nothing else.
    pub(super) fn push(&mut self, batch: &Head, interval: u64, may_index: bool) {
        let Summary { base, len, max_timestamp, .. } = self.summary;
        let gap = len - self.index.last().map_or(0, |e| u64::from(e.position));
        let offset = u32::try_from(batch.base_offset - base);
        match (offset, u32::try_from(len)) {
            (Ok(offset), Ok(position)) if gap >= interval.max(1) && may_index => {
                self.index.push(Entry { offset, position, max_before: max_timestamp });
            }
            _ => self.summary.largest_gap = self.summary.largest_gap.max(gap),
        }
        let summary = &mut self.summary;
        if len == 0 {
            summary.first_timestamp = batch.max_timestamp;
        }
        summary.end = batch.last_offset + 1;
        summary.len += batch.len;
        summary.max_timestamp = max_timestamp.max(batch.max_timestamp);
        summary.largest_batch = summary.largest_batch.max(batch.len);
    }

    /// Where to start looking for what lies behind the last entry that fits; entries that fit come first.
    pub(super) fn mark(&self, fits: impl Fn(&Entry) -> bool) -> Mark {
        let behind = self.index.partition_point(fits);
        let entry = behind.checked_sub(1).and_then(|at| self.index.get(at));
        entry.map_or(self.summary.start(), |entry| entry.mark(self.summary.base))
    }
}

/// What the log itself reads of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) base_offset: i64,
    pub(super) last_offset: i64,
    pub(super) max_timestamp: i64,
    pub(super) len: u64,
}

impl Head {
    /// Reads the header of the batch that is stored at `offset`. It has to end before `end` and to fit into `room`
    /// bytes; the error is what is not so. The checksum is left to the consumer, as in Kafka; it does not cover what
    /// is checked here.
    pub(super) fn parse(
        header: &[u8; HEADER_LEN],
        offset: i64,
        end: i64,
        room: u64,
    ) -> Result<Self, &'static str> {
        let int32 = |at: usize| i32::from_be_bytes([0, 1, 2, 3].map(|i| header[at + i]));
        let int64 = |at: usize| i64::from_be_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|i| header[at + i]));
        if header[16] != 2 {
            return Err("no batch of format version 2");
        }
        let len = u64::try_from(int32(8)).map_or(0, |len| len + 12);
        if !(HEADER_LEN as u64..=room).contains(&len) {
            return Err("a batch's length");
        }
        if int32(12) != LEADER_EPOCH {
            return Err("a batch's leader epoch");
        }
        let (base_offset, delta) = (int64(0), int32(23));
        let last_offset = base_offset.saturating_add(i64::from(delta));
        if base_offset != offset || delta < 0 || last_offset >= end {
            return Err("a batch's offsets");
        }
        Ok(Self { base_offset, last_offset, max_timestamp: int64(35), len })
    }

    /// Where the next batch starts, if this one starts at `mark`.
    pub(super) fn behind(&self, mark: Mark) -> Mark {
        Mark { position: mark.position + self.len, offset: self.last_offset + 1 }
    }
}
