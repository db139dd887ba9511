//! A log in memory: batches lie in chunks and are handed out as slices of them.
//!
//! A batch is copied once, into a chunk, when it is stored: its offsets are written there, and the request it came
//! in can go. Chunks double from 4 KiB, so that an idle partition costs little; what is charged to the broker's
//! memory is what chunks and index really take. A chunk goes with the last batch in it.

use super::{Full, LEADER_EPOCH, LogSettings, Stored};
use crate::memory::{Memory, Share};
use bytes::{Bytes, BytesMut};
use kadence_wire::batch::{self, BatchHeader};
use std::{collections::VecDeque, sync::Arc};

const FIRST_CHUNK: usize = 4 * 1024;
const LARGEST_CHUNK: usize = 1024 * 1024;
/// The index grows by this many entries at least.
const FEW_ENTRIES: usize = 8;
const ENTRY: usize = size_of::<Entry>();

#[derive(Debug)]
pub(crate) struct MemoryLog {
    pub(super) batches: VecDeque<Entry>,
    start: i64,
    end: i64,
    pub(super) size: u64,
    chunk: BytesMut,
    next_chunk: usize,
    pub(super) chunks: Chunks,
    /// The latest timestamp of any batch.
    pub(super) max_timestamp: i64,
    /// What is before this was compacted.
    pub(super) cleaned: i64,
    pub(super) share: Share,
    /// Whether the accounts are only kept, not obeyed.
    insists: bool,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stored: Stored,
    pub(super) chunk: u64,
}

/// What the chunks take, from the oldest that has a batch on.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    kept: VecDeque<Chunk>,
    /// The number of the first one that is kept.
    first: u64,
    /// The one that is written to.
    current: Option<u64>,
}

#[derive(Debug)]
struct Chunk {
    bytes: usize,
    batches: usize,
}

impl Chunks {
    pub(super) fn add(&mut self, bytes: usize) -> u64 {
        self.kept.push_back(Chunk { bytes, batches: 0 });
        self.first + self.kept.len() as u64 - 1
    }

    fn at(&mut self, number: u64) -> Option<&mut Chunk> {
        self.kept.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// One more batch is in this chunk.
    pub(super) fn count(&mut self, number: u64) {
        if let Some(chunk) = self.at(number) {
            chunk.batches += 1;
        }
    }

    /// A batch of this chunk is gone; says how many bytes went with it.
    pub(super) fn lose(&mut self, number: u64) -> usize {
        let Some(chunk) = self.at(number) else { return 0 };
        chunk.batches = chunk.batches.saturating_sub(1);
        self.give_back(number)
    }

    /// Writes to another chunk from now on, or to none; says how many bytes the last one gives back.
    fn switch(&mut self, to: Option<u64>) -> usize {
        let from = std::mem::replace(&mut self.current, to);
        from.map_or(0, |number| self.give_back(number))
    }

    /// The bytes of a chunk that has no batches, and will have none.
    fn give_back(&mut self, number: u64) -> usize {
        let done = self.current != Some(number);
        let chunk = self.at(number).filter(|chunk| done && chunk.batches == 0);
        let bytes = chunk.map_or(0, |chunk| std::mem::take(&mut chunk.bytes));
        while self.kept.front().is_some_and(|chunk| chunk.bytes == 0) {
            self.kept.pop_front();
            self.first += 1;
        }
        bytes
    }
}

impl MemoryLog {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        Self {
            batches: VecDeque::new(),
            start: 0,
            end: 0,
            size: 0,
            chunk: BytesMut::new(),
            next_chunk: FIRST_CHUNK,
            chunks: Chunks::default(),
            max_timestamp: i64::MIN,
            cleaned: 0,
            share: Share::new(memory),
            insists: false,
        }
    }

    pub(super) fn start(&self) -> i64 {
        self.start
    }

    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Bytes of the batches that are kept.
    pub(super) fn size_bytes(&self) -> u64 {
        self.size
    }

    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), Full> {
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
        let (mut room, chunk) = self.room(bytes.len())?;
        room.extend_from_slice(bytes);
        batch::place(&mut room, base_offset, LEADER_EPOCH);
        if let Some(now) = stamp {
            batch::set_log_append_time(&mut room, now);
        }
        let last_offset = base_offset + i64::from(header.last_offset_delta);
        let max_timestamp = stamp.unwrap_or(header.max_timestamp);
        let stored = Stored { base_offset, last_offset, max_timestamp, bytes: room.freeze() };
        self.batches.push_back(Entry { stored, chunk });
        self.chunks.count(chunk);
        self.size += bytes.len() as u64;
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

    /// An empty buffer with a capacity of at least `len`, cut from the current chunk where it fits, and the number of
    /// its chunk.
    fn room(&mut self, len: usize) -> Result<(BytesMut, u64), Full> {
        if len > self.next_chunk / 4 && len > self.chunk.capacity() {
            // Large batches get their own allocation, so that the rest of the chunk is not lost.
            return self.own_room(len);
        }
        if len > self.chunk.capacity() {
            if self.reserve(self.next_chunk).is_err() {
                // Close to the limit only what does not fit itself is refused.
                return self.own_room(len);
            }
            self.chunk = BytesMut::with_capacity(self.next_chunk);
            let number = self.chunks.add(self.next_chunk);
            let freed = self.chunks.switch(Some(number));
            self.share.shrink_to(self.share.bytes().saturating_sub(freed));
            self.next_chunk = (self.next_chunk * 2).min(LARGEST_CHUNK);
        }
        let rest = self.chunk.split_off(len);
        let number = self.chunks.current.unwrap_or(self.chunks.first);
        Ok((std::mem::replace(&mut self.chunk, rest), number))
    }

    fn own_room(&mut self, len: usize) -> Result<(BytesMut, u64), Full> {
        self.reserve(len)?;
        Ok((BytesMut::with_capacity(len), self.chunks.add(len)))
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

    pub(super) fn read(&self, offset: i64, max_bytes: usize, at_least_one: bool, before: i64) -> Vec<Bytes> {
        let first = self.batches.partition_point(|b| b.stored.last_offset < offset);
        let mut left = max_bytes;
        let mut out = Vec::new();
        for Entry { stored, .. } in self.batches.range(first..) {
            let len = stored.bytes.len();
            let fits = len <= left || (at_least_one && out.is_empty());
            if !fits || stored.last_offset >= before {
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
        let mut batches = self.batches.iter().map(|b| &b.stored);
        batches.find(|b| b.max_timestamp >= timestamp).cloned()
    }

    pub(super) fn latest(&self) -> Option<Stored> {
        self.first_at(self.max_timestamp)
    }

    /// Lets the log begin at `offset`, and gives back what is before it.
    pub(super) fn advance_start(&mut self, offset: i64) {
        self.start = offset.clamp(self.start, self.end);
        let behind = self.batches.partition_point(|b| b.stored.last_offset < self.start);
        if behind == 0 {
            return;
        }
        let (mut latest_gone, mut freed) = (false, 0);
        for Entry { stored, chunk } in self.batches.drain(..behind) {
            latest_gone |= stored.max_timestamp == self.max_timestamp;
            self.size -= stored.bytes.len() as u64;
            freed += self.chunks.lose(chunk);
        }
        if latest_gone {
            let kept = self.batches.iter().map(|b| b.stored.max_timestamp);
            self.max_timestamp = kept.max().unwrap_or(i64::MIN);
        }
        if self.batches.is_empty() {
            self.chunk = BytesMut::new();
            self.next_chunk = FIRST_CHUNK;
            freed += self.chunks.switch(None);
        }
        freed += self.shrink_entries();
        self.share.shrink_to(self.share.bytes().saturating_sub(freed));
    }

    /// Gives back the places of batches that went; says how many bytes that is.
    pub(super) fn shrink_entries(&mut self) -> usize {
        let before = self.batches.capacity();
        if self.batches.len() < before / 4 {
            self.batches.shrink_to(self.batches.len() * 2);
        }
        before.saturating_sub(self.batches.capacity()) * ENTRY
    }

    /// Deletes batches by age and size from the front, none with records at or behind `before`.
    pub(super) fn retain(&mut self, settings: &LogSettings, now_ms: i64, before: i64) -> bool {
        let mut excess = settings.excess(self.size);
        let mut upto = self.start;
        for Entry { stored, .. } in &self.batches {
            let len = stored.bytes.len() as i64;
            let expired = settings.is_expired(stored.max_timestamp, now_ms);
            if stored.last_offset >= before || !(expired || excess >= len) {
                break;
            }
            excess -= len;
            upto = stored.last_offset + 1;
        }
        let moved = upto > self.start;
        self.advance_start(upto);
        moved
    }

    /// Deletes everything.
    pub(super) fn delete(&mut self) {
        self.advance_start(self.end);
        self.share.shrink_to(0);
    }
}
