//! A log in memory: batches lie in chunks and are handed out as slices of them.
//!
//! A batch is copied once, into a chunk, when it is stored: its offsets are written there, and the request it came
//! in can go. Chunks double from 4 KiB, so that an idle partition costs little; what is charged to the broker's
//! memory is what chunks and index really take.

use super::{Full, Stored};
use crate::memory::{Memory, Share};
use bytes::{Bytes, BytesMut};
use kadence_wire::batch::{self, BatchHeader};
use std::{collections::VecDeque, sync::Arc};

const FIRST_CHUNK: usize = 4 * 1024;
const LARGEST_CHUNK: usize = 1024 * 1024;
/// The index grows by this many entries at least.
const FEW_ENTRIES: usize = 8;
const ENTRY: usize = size_of::<Stored>();
/// The only leader there is never changes.
const LEADER_EPOCH: i32 = 0;

#[derive(Debug)]
pub(crate) struct MemoryLog {
    batches: VecDeque<Stored>,
    end: i64,
    chunk: BytesMut,
    next_chunk: usize,
    /// The latest timestamp of any batch.
    max_timestamp: i64,
    share: Share,
    /// Whether the accounts are only kept, not obeyed.
    insists: bool,
}

impl MemoryLog {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        Self {
            batches: VecDeque::new(),
            end: 0,
            chunk: BytesMut::new(),
            next_chunk: FIRST_CHUNK,
            max_timestamp: -1,
            share: Share::new(memory),
            insists: false,
        }
    }

    pub(super) fn start(&self) -> i64 {
        self.batches.front().map_or(self.end, |b| b.base_offset)
    }

    pub(super) fn end(&self) -> i64 {
        self.end
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), Full> {
        if self.insists {
            self.share.insist(bytes);
            return Ok(());
        }
        if self.share.grow(bytes) { Ok(()) } else { Err(Full) }
    }

    pub(super) fn memory(&self) -> &Memory {
        self.share.memory()
    }

    pub(super) fn append(
        &mut self,
        header: &BatchHeader,
        bytes: &[u8],
        stamp: Option<i64>,
    ) -> Result<i64, Full> {
        let base_offset = self.end;
        self.make_room_for_entry()?;
        let mut room = self.room(bytes.len())?;
        room.extend_from_slice(bytes);
        batch::place(&mut room, base_offset, LEADER_EPOCH);
        if let Some(now) = stamp {
            batch::set_log_append_time(&mut room, now);
        }
        let last_offset = base_offset + i64::from(header.last_offset_delta);
        let max_timestamp = stamp.unwrap_or(header.max_timestamp);
        self.batches.push_back(Stored { base_offset, last_offset, max_timestamp, bytes: room.freeze() });
        self.end = last_offset + 1;
        self.max_timestamp = self.max_timestamp.max(max_timestamp);
        Ok(base_offset)
    }

    pub(super) fn append_anyway(&mut self, header: &BatchHeader, bytes: &[u8]) -> Result<i64, Full> {
        self.insists = true;
        let appended = self.append(header, bytes, None);
        self.insists = false;
        appended
    }

    /// An empty buffer with a capacity of at least `len`, cut from the current chunk where it fits.
    fn room(&mut self, len: usize) -> Result<BytesMut, Full> {
        if len > self.next_chunk / 4 && len > self.chunk.capacity() {
            // Large batches get their own allocation, so that the rest of the chunk is not lost.
            self.reserve(len)?;
            return Ok(BytesMut::with_capacity(len));
        }
        if len > self.chunk.capacity() {
            if self.reserve(self.next_chunk).is_err() {
                // Close to the limit only what does not fit itself is refused.
                self.reserve(len)?;
                return Ok(BytesMut::with_capacity(len));
            }
            self.chunk = BytesMut::with_capacity(self.next_chunk);
            self.next_chunk = (self.next_chunk * 2).min(LARGEST_CHUNK);
        }
        let rest = self.chunk.split_off(len);
        Ok(std::mem::replace(&mut self.chunk, rest))
    }

    fn make_room_for_entry(&mut self) -> Result<(), Full> {
        let before = self.batches.capacity();
        if self.batches.len() < before {
            return Ok(());
        }
        // The accounts come first: an index that doubles is a large part of a log of small batches.
        let mut more = before.max(FEW_ENTRIES);
        if self.reserve(more * ENTRY).is_err() {
            more = FEW_ENTRIES;
            self.reserve(more * ENTRY)?;
        }
        self.batches.reserve_exact(more);
        Ok(())
    }

    pub(super) fn read(&self, offset: i64, before: i64, max_bytes: usize, at_least_one: bool) -> Vec<Bytes> {
        let first = self.batches.partition_point(|b| b.last_offset < offset);
        let mut left = max_bytes;
        let mut out = Vec::new();
        for stored in self.batches.range(first..) {
            let len = stored.bytes.len();
            if stored.base_offset >= before || len > left && !(at_least_one && out.is_empty()) {
                break;
            }
            left = left.saturating_sub(len);
            out.push(stored.bytes.clone());
        }
        out
    }

    pub(super) fn first_at(&self, timestamp: i64) -> Option<Stored> {
        if self.max_timestamp < timestamp {
            return None;
        }
        self.batches.iter().find(|b| b.max_timestamp >= timestamp).cloned()
    }

    pub(super) fn latest(&self) -> Option<Stored> {
        self.first_at(self.max_timestamp)
    }
}
