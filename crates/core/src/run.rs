//! Encoded records on their way from the reader to the sink.
//!
//! A [`Run`] is one recycled buffer of keys and bodies with an index beside it, so that nothing is allocated per
//! record. The reader fills it through a [`Draft`] a record; the pacer hands the sink what is due as a [`Slice`].
//!
//! A body may hold *slots*: fixed-width places for the hand-over instant, which is not known while encoding. They
//! are listed in the index and filled by [`Run::stamp`] just before hand-over.

use std::ops::Range;
use std::time::Duration;

use crate::record::Timestamp;
use crate::stamp::StampWriter;

/// A buffer of encoded records in the order in which they leave.
#[derive(Debug)]
pub struct Run {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    slots: Vec<Slot>,
    /// How many of the records have a key.
    keys: usize,
    byte_limit: usize,
    record_limit: usize,
}

/// What the index knows of a record, in 64 bytes: the index is larger than the bodies of short records, and one
/// thread writes what another reads. A record starts where the one before it ends.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key_end: usize,
    end: usize,
    line: u64,
    sequence: u64,
    event_nanos: i64,
    due_seconds: u64,
    due_nanos: u32,
    lane: u32,
    /// Four thousand million slots take more memory than machines have.
    slots_end: u32,
    has_key: bool,
    has_event_time: bool,
}

const _: () = assert!(size_of::<Entry>() == 64);

impl Entry {
    fn due(&self) -> Duration {
        Duration::new(self.due_seconds, self.due_nanos)
    }

    fn facts(&self) -> Facts {
        Facts {
            event_time: self.has_event_time.then(|| Timestamp::from_nanos(self.event_nanos)),
            due: self.due(),
            lane: self.lane,
            sequence: self.sequence,
            line: self.line,
        }
    }
}

/// Where a record comes from and when it is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The record's own time, where the recording has one.
    pub event_time: Option<Timestamp>,
    /// When it should leave, counted from the start of the run.
    pub due: Duration,
    /// The ordered sequence it belongs to: the index of its recording.
    pub lane: u32,
    /// Its place in the lane, counted from 0.
    pub sequence: u64,
    /// The line of the recording on which it starts, counted from 1.
    pub line: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    at: usize,
    format: usize,
}

impl Run {
    /// A run that calls itself full at `byte_limit` bytes or `record_limit` records. A single record may exceed the
    /// byte limit; the source bounds its size.
    pub fn new(byte_limit: usize, record_limit: usize) -> Self {
        Self { bytes: Vec::new(), entries: Vec::new(), slots: Vec::new(), keys: 0, byte_limit, record_limit }
    }

    /// Whether another record may be added.
    pub fn has_room(&self) -> bool {
        self.bytes.len() < self.byte_limit && self.entries.len() < self.record_limit
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets the records and keeps the memory, unless one huge record blew it up.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(self.byte_limit * 2);
        self.entries.clear();
        self.slots.clear();
        self.keys = 0;
    }

    /// Starts a record; it is part of the run once [`Draft::finish`] is called, and leaves no trace otherwise.
    pub fn draft(&mut self) -> Draft<'_> {
        let (start, first_slot) = (self.bytes.len(), self.slots.len());
        Draft { run: self, start, key_end: None, first_slot }
    }

    /// Where record `index` starts; where the last one ends, for the one after it.
    fn start_of(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.entries[before].end)
    }

    /// When record `index` is due.
    pub fn due(&self, index: usize) -> Duration {
        self.entries[index].due()
    }

    /// Where record `index` comes from and when it is due.
    pub fn facts(&self, index: usize) -> Facts {
        self.entries[index].facts()
    }

    /// The end of the first of `records` that are due at `now` or before.
    pub fn due_by(&self, records: Range<usize>, now: Duration) -> usize {
        let due = self.entries[records.clone()].iter().take_while(|entry| entry.due() <= now).count();
        records.start + due
    }

    /// Fills the slots of `records` with the hand-over instant.
    pub fn stamp(&mut self, records: Range<usize>, handed_over: Timestamp, writer: &mut StampWriter) {
        let first = records.start.checked_sub(1).map_or(0, |before| self.entries[before].slots_end) as usize;
        let end = records.end.checked_sub(1).map_or(0, |last| self.entries[last].slots_end) as usize;
        if first >= end {
            return;
        }
        writer.set(handed_over);
        for slot in &self.slots[first..end] {
            let text = writer.text(slot.format);
            self.bytes[slot.at..slot.at + text.len()].copy_from_slice(text);
        }
    }

    /// A view of `records` for the sink.
    pub fn slice(&self, records: Range<usize>, handed_over: Timestamp) -> Slice<'_> {
        Slice { run: self, records, handed_over }
    }
}

/// A record being encoded at the end of a run.
#[derive(Debug)]
pub struct Draft<'r> {
    run: &'r mut Run,
    start: usize,
    key_end: Option<usize>,
    first_slot: usize,
}

impl Draft<'_> {
    /// Where to append: the key first, if there is one, then [`end_key`](Self::end_key), then the body.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.run.bytes
    }

    /// How many bytes the draft holds.
    pub fn len(&self) -> usize {
        self.run.bytes.len() - self.start
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was appended so far is the key.
    pub fn end_key(&mut self) {
        self.key_end = Some(self.run.bytes.len());
    }

    /// Appends room for the hand-over instant in `format` of the run's [`StampWriter`], `width` bytes wide.
    pub fn slot(&mut self, format: usize, width: usize) {
        let at = self.run.bytes.len();
        self.run.bytes.resize(at + width, b' ');
        self.run.slots.push(Slot { at, format });
    }

    /// Makes the record part of the run.
    pub fn finish(mut self, facts: Facts) {
        let run = &mut *self.run;
        run.keys += usize::from(self.key_end.is_some());
        run.entries.push(Entry {
            key_end: self.key_end.unwrap_or(self.start),
            end: run.bytes.len(),
            line: facts.line,
            sequence: facts.sequence,
            event_nanos: facts.event_time.map_or(0, Timestamp::as_nanos),
            due_seconds: facts.due.as_secs(),
            due_nanos: facts.due.subsec_nanos(),
            lane: facts.lane,
            slots_end: run.slots.len() as u32,
            has_key: self.key_end.is_some(),
            has_event_time: facts.event_time.is_some(),
        });
        self.start = run.bytes.len();
        self.first_slot = run.slots.len();
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        self.run.bytes.truncate(self.start);
        self.run.slots.truncate(self.first_slot);
    }
}

/// Neighbouring records of a run, handed over together.
#[derive(Clone, Debug)]
pub struct Slice<'r> {
    run: &'r Run,
    records: Range<usize>,
    handed_over: Timestamp,
}

impl<'r> Slice<'r> {
    /// How many records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records of the slice in these places, counted from its first.
    #[must_use]
    pub fn part(&self, places: Range<usize>) -> Self {
        let records = self.records.start + places.start..self.records.start + places.end;
        debug_assert!(records.end <= self.records.end, "a part is no larger than the whole");
        Self { run: self.run, records, handed_over: self.handed_over }
    }

    /// The instant of the hand-over, as the slots in these bodies say it.
    pub fn handed_over(&self) -> Timestamp {
        self.handed_over
    }

    /// The bodies as they stand one after the other: in one piece unless there are keys between them.
    pub fn bodies(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let run = self.run;
        let entries = &run.entries[self.records.clone()];
        let joined = match entries {
            [first, .., last] if run.keys == 0 => Some(first.key_end..last.end),
            _ => None,
        };
        let apart = if joined.is_some() { &[] } else { entries };
        let apart = apart.iter().map(|entry| entry.key_end..entry.end);
        joined.into_iter().chain(apart).map(|at| &run.bytes[at])
    }

    /// How many bytes keys and bodies have.
    pub fn size(&self) -> usize {
        self.run.start_of(self.records.end) - self.run.start_of(self.records.start)
    }

    /// The records, in the order in which they leave.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Encoded<'r>> + use<'r> {
        let (run, handed_over) = (self.run, self.handed_over);
        let mut start = run.start_of(self.records.start);
        run.entries[self.records.clone()].iter().map(move |entry| {
            let start = std::mem::replace(&mut start, entry.end);
            Encoded {
                key: entry.has_key.then(|| &run.bytes[start..entry.key_end]),
                body: &run.bytes[entry.key_end..entry.end],
                timestamp: handed_over,
                facts: entry.facts(),
            }
        })
    }
}

/// A record as bytes.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'r> {
    /// The key, if it has one.
    pub key: Option<&'r [u8]>,
    /// The body.
    pub body: &'r [u8],
    /// The timestamp it carries.
    pub timestamp: Timestamp,
    /// Where it comes from and when it is due.
    pub facts: Facts,
}
