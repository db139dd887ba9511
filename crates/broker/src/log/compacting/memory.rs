//! Compaction of a log in memory: a part at a time gives back what it took.

use super::Part;
use crate::{
    compaction::{CompactionSettings, Dirt},
    log::{
        Stored,
        memory::{Entry, MemoryLog},
    },
};
use bytes::Bytes;
use kadence_wire::batch::{self, BatchHeader};

/// A part has at least this size, and of a large log a sixteenth: what is behind it moves when it is replaced.
const LEAST_PART: u64 = 1 << 20;
const PARTS: u64 = 16;

impl MemoryLog {
    pub(super) fn dirt(&self, settings: &CompactionSettings, now_ms: i64, before: i64) -> Dirt {
        let from = self.cleaned.max(self.start());
        let first = self.batches.partition_point(|entry| entry.stored.last_offset < from);
        let (mut to, mut dirty_bytes, mut first_timestamp) = (from, 0, -1);
        for Entry { stored, .. } in self.batches.range(first..) {
            if stored.last_offset >= before || settings.is_young(stored.max_timestamp, now_ms) {
                break;
            }
            if first_timestamp < 0 {
                first_timestamp = stored.max_timestamp;
            }
            dirty_bytes += stored.bytes.len() as u64;
            to = stored.last_offset + 1;
        }
        let clean = self.batches.range(..first).map(|entry| entry.stored.bytes.len() as u64);
        let is_overdue = settings.is_overdue(first_timestamp, now_ms);
        Dirt { from, to, clean_bytes: clean.sum(), dirty_bytes, is_overdue }
    }

    pub(super) fn parts(&self, upto: i64) -> Vec<Part> {
        let least = LEAST_PART.max(self.size_bytes() / PARTS);
        let mut parts: Vec<Part> = Vec::new();
        let mut size = 0;
        for Entry { stored, .. } in self.batches.iter().take_while(|entry| entry.stored.base_offset < upto) {
            let to = stored.last_offset + 1;
            if let Some(part) = parts.last_mut().filter(|_| size < least) {
                part.to = to;
            } else {
                size = 0;
                parts.push(Part { from: stored.base_offset, to, segments: Vec::new() });
            }
            size += stored.bytes.len() as u64;
        }
        parts
    }

    /// Puts other batches in the place of a part's, unless some of it was deleted meanwhile.
    pub(super) fn replace(&mut self, part: &Part, by: Vec<(BatchHeader, Vec<u8>)>) -> bool {
        let first = self.batches.partition_point(|entry| entry.stored.last_offset < part.from);
        let behind = self.batches.partition_point(|entry| entry.stored.last_offset < part.to);
        let is_there = self.batches.get(first).is_some_and(|entry| entry.stored.base_offset == part.from);
        if !is_there || behind <= first {
            return false;
        }
        let tail = self.batches.split_off(behind);
        let gone: Vec<Entry> = self.batches.drain(first..).collect();
        for (header, mut bytes) in by {
            batch::place(&mut bytes, header.base_offset, super::super::LEADER_EPOCH);
            let len = bytes.len();
            // It is less than what goes, which is given back at once.
            self.share.insist(len);
            let chunk = self.chunks.add(len);
            self.chunks.count(chunk);
            self.size += len as u64;
            let stored = Stored {
                base_offset: header.base_offset,
                last_offset: header.base_offset + i64::from(header.last_offset_delta),
                max_timestamp: header.max_timestamp,
                bytes: Bytes::from(bytes),
            };
            self.batches.push_back(Entry { stored, chunk });
        }
        self.batches.extend(tail);
        let mut freed = 0;
        for Entry { stored, chunk } in gone {
            self.size -= stored.bytes.len() as u64;
            freed += self.chunks.lose(chunk);
        }
        self.max_timestamp =
            self.batches.iter().map(|entry| entry.stored.max_timestamp).max().unwrap_or(i64::MIN);
        freed += self.shrink_entries();
        self.share.shrink_to(self.share.bytes().saturating_sub(freed));
        true
    }
}
