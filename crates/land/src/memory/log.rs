//! A partition's log.

use kadence_core::feed::{LogSpan, Mark};
use kadence_core::record::{Facts, Timestamp};
use kadence_core::run::Run;

/// A record of a topic in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryRecord {
    /// The key, if it has one.
    pub key: Option<Vec<u8>>,
    /// The body; a tombstone has none.
    pub body: Option<Vec<u8>>,
    /// The timestamp.
    pub time: Timestamp,
}

/// Records by their offsets. Offsets may hold none: markers of transactions, and what was compacted.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    start: i64,
    /// From offset 0 on, also what retention took.
    entries: Vec<Option<MemoryRecord>>,
}

impl Log {
    pub(super) fn span(&self) -> LogSpan {
        LogSpan { start: self.start, end: self.entries.len() as i64 }
    }

    pub(super) fn append(&mut self, record: Option<MemoryRecord>) -> i64 {
        self.entries.push(record);
        self.entries.len() as i64 - 1
    }

    pub(super) fn get(&self, offset: i64) -> Option<&MemoryRecord> {
        if offset < self.start {
            return None;
        }
        self.entries.get(usize::try_from(offset).ok()?)?.as_ref()
    }

    /// Retention takes what is before `start`.
    pub(super) fn begin_at(&mut self, start: i64) {
        let end = self.span().end;
        self.start = start.clamp(self.start, end);
        for entry in &mut self.entries[..self.start as usize] {
            *entry = None;
        }
    }

    /// Compaction takes the record at `offset`.
    pub(super) fn remove(&mut self, offset: i64) {
        if let Some(entry) = usize::try_from(offset).ok().and_then(|at| self.entries.get_mut(at)) {
            *entry = None;
        }
    }

    /// Cuts off what is from `end` on.
    pub(super) fn truncate(&mut self, end: i64) {
        self.entries.truncate(end.max(self.start) as usize);
    }

    pub(super) fn mark(&self, offset: i64) -> Option<Mark> {
        let mut run = Run::new(1, 1);
        self.copy(offset, 0, 0, &mut run);
        (!run.is_empty()).then(|| Mark::of(&run.record(0)))
    }

    /// Copies the record at `offset`, if there is one, into a run.
    pub(super) fn copy(&self, offset: i64, lane: u32, partition: i32, run: &mut Run) {
        let Some(record) = self.get(offset) else { return };
        let mut draft = run.draft();
        if let Some(key) = &record.key {
            draft.bytes().extend_from_slice(key);
            draft.end_key();
        }
        match &record.body {
            Some(body) => draft.bytes().extend_from_slice(body),
            None => draft.tombstone(),
        }
        let (partition, sequence) = (Some(partition), offset as u64);
        draft.finish(Facts { time: Some(record.time), lane, partition, sequence, line: 0 });
    }
}
