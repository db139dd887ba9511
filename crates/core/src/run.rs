//! Raw records, on their way from a recording to a sink or from a topic to whoever reads it.
//!
//! A [`Run`] is one recycled buffer of keys, bodies and headers with an index beside it, so that nothing is allocated
//! per record. A reader fills it through a [`Draft`] a record; the pacer hands the sink what is due as a [`Slice`].
//!
//! A body may hold *slots*: fixed-width places for the hand-over instant, which is not known while encoding. They
//! are listed in the index and filled by [`Run::stamp`] just before hand-over.

use std::ops::Range;
use std::time::Duration;

use crate::record::{Facts, Headers, Record, Timestamp};
use crate::seal::RunId;
use crate::stamp::StampWriter;

/// A buffer of raw records in their order.
#[derive(Debug)]
pub struct Run {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    slots: Vec<Slot>,
    /// How many of the records have a key or headers, which stand between the bodies.
    with_gaps: usize,
    byte_limit: usize,
    record_limit: usize,
}

/// What the index knows of a record, in 64 bytes: the index is larger than the bodies of short records, and one
/// thread writes what another reads. A record starts where the one before it ends, with its key; body and headers
/// follow.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key_end: usize,
    body_end: usize,
    end: usize,
    line: u64,
    sequence: u64,
    time_nanos: i64,
    lane: u32,
    partition: i32,
    /// Four thousand million slots take more memory than machines have.
    slots_end: u32,
    has_key: bool,
    has_body: bool,
    has_time: bool,
}

const _: () = assert!(size_of::<Entry>() == 64);

/// No partition is chosen.
const ANY_PARTITION: i32 = -1;

impl Entry {
    #[inline]
    fn record<'r>(&self, bytes: &'r [u8], start: usize) -> Record<'r> {
        Record {
            key: self.has_key.then(|| &bytes[start..self.key_end]),
            body: self.has_body.then(|| &bytes[self.key_end..self.body_end]),
            headers: Headers::of(&bytes[self.body_end..self.end]),
            facts: self.facts(),
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            time: self.has_time.then(|| Timestamp::from_nanos(self.time_nanos)),
            lane: self.lane,
            partition: (self.partition != ANY_PARTITION).then_some(self.partition),
            sequence: self.sequence,
            line: self.line,
        }
    }
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
        Self {
            bytes: Vec::new(),
            entries: Vec::new(),
            slots: Vec::new(),
            with_gaps: 0,
            byte_limit,
            record_limit,
        }
    }

    /// Whether another record may be added.
    pub fn has_room(&self) -> bool {
        self.bytes.len() < self.byte_limit && self.entries.len() < self.record_limit
    }

    /// Counts its records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds up the bytes of its records.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets the records and keeps the memory, unless one huge record blew it up.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(self.byte_limit * 2);
        self.entries.clear();
        self.slots.clear();
        self.with_gaps = 0;
    }

    /// Starts a record; it is part of the run once [`Draft::finish`] is called, and leaves no trace otherwise.
    pub fn draft(&mut self) -> Draft<'_> {
        let (start, first_slot) = (self.bytes.len(), self.slots.len());
        Draft { run: self, start, key_end: None, body_end: None, has_body: true, first_slot }
    }

    /// Appends a copy of a record, with other facts.
    pub fn push(&mut self, record: &Record<'_>, facts: Facts) {
        let mut draft = self.draft();
        if let Some(key) = record.key {
            draft.bytes().extend_from_slice(key);
            draft.end_key();
        }
        match record.body {
            Some(body) => draft.bytes().extend_from_slice(body),
            None => draft.tombstone(),
        }
        record.headers.clone().for_each(|(name, value)| draft.header(name, value));
        draft.finish(facts);
    }

    /// Where record `index` starts; where the last one ends, for the one after it.
    fn start_of(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.entries[before].end)
    }

    /// Tells where record `index` comes from.
    pub fn facts(&self, index: usize) -> Facts {
        self.entries[index].facts()
    }

    /// The own time of record `index`.
    #[inline]
    pub fn time(&self, index: usize) -> Option<Timestamp> {
        let entry = &self.entries[index];
        entry.has_time.then(|| Timestamp::from_nanos(entry.time_nanos))
    }

    /// Record number `index`.
    pub fn record(&self, index: usize) -> Record<'_> {
        self.entries[index].record(&self.bytes, self.start_of(index))
    }

    /// The records in their order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        records(self, 0..self.len())
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

    /// A view of `records` for the sink. `dues` has a due time for each of them, counted from the start of the
    /// run; it is empty where nothing is paced.
    pub fn slice<'r>(
        &'r self,
        records: Range<usize>,
        dues: &'r [Duration],
        handed_over: Timestamp,
    ) -> Slice<'r> {
        debug_assert!(dues.is_empty() || dues.len() == records.len(), "each record has a due time, or none");
        Slice { run: self, records, dues, handed_over, sealing: None }
    }
}

fn records(run: &Run, records: Range<usize>) -> impl ExactSizeIterator<Item = Record<'_>> + use<'_> {
    let mut start = run.start_of(records.start);
    run.entries[records].iter().map(move |entry| {
        let start = std::mem::replace(&mut start, entry.end);
        entry.record(&run.bytes, start)
    })
}

/// A record being written at the end of a run: its key, if it has one, then its body, then its headers.
#[derive(Debug)]
pub struct Draft<'r> {
    run: &'r mut Run,
    start: usize,
    key_end: Option<usize>,
    body_end: Option<usize>,
    has_body: bool,
    first_slot: usize,
}

impl Draft<'_> {
    /// Gives the place to append to: the key first, if there is one, then [`end_key`](Self::end_key), then the body.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.run.bytes
    }

    /// Counts the bytes that the draft holds.
    pub fn len(&self) -> usize {
        self.run.bytes.len() - self.start
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the key: it is what was appended so far.
    pub fn end_key(&mut self) {
        self.key_end = Some(self.run.bytes.len());
    }

    /// The record is a tombstone: it has no body. What was appended behind the key is dropped.
    pub fn tombstone(&mut self) {
        self.run.bytes.truncate(self.key_end.unwrap_or(self.start));
        self.has_body = false;
    }

    /// Appends a header, behind the body and the headers before it. A header may have no value.
    pub fn header(&mut self, name: &[u8], value: Option<&[u8]>) {
        let bytes = &mut self.run.bytes;
        self.body_end.get_or_insert(bytes.len());
        Headers::append(name, value, bytes);
    }

    /// Appends room for the hand-over instant in `format` of the run's [`StampWriter`], `width` bytes wide.
    pub fn slot(&mut self, format: usize, width: usize) {
        let at = self.run.bytes.len();
        self.run.bytes.resize(at + width, b' ');
        self.run.slots.push(Slot { at, format });
    }

    /// Makes the record part of the run.
    #[expect(
        clippy::inline_always,
        reason = "out of line, the facts go through memory, and are read in other widths than they were written"
    )]
    #[inline(always)]
    pub fn finish(mut self, facts: Facts) {
        let run = &mut *self.run;
        let end = run.bytes.len();
        run.with_gaps += usize::from(self.key_end.is_some() || self.body_end.is_some());
        run.entries.push(Entry {
            key_end: self.key_end.unwrap_or(self.start),
            body_end: self.body_end.unwrap_or(end),
            end,
            line: facts.line,
            sequence: facts.sequence,
            time_nanos: facts.time.map_or(0, Timestamp::as_nanos),
            lane: facts.lane,
            partition: facts.partition.unwrap_or(ANY_PARTITION),
            slots_end: run.slots.len() as u32,
            has_key: self.key_end.is_some(),
            has_body: self.has_body,
            has_time: facts.time.is_some(),
        });
        self.start = end;
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
    dues: &'r [Duration],
    handed_over: Timestamp,
    sealing: Option<RunId>,
}

impl<'r> Slice<'r> {
    /// Counts the records.
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
        let dues = if self.dues.is_empty() { self.dues } else { &self.dues[places] };
        Self { records, dues, ..*self }
    }

    /// The same records, which the sink is to seal as those of a run.
    #[must_use]
    pub fn sealed(self, sealing: Option<RunId>) -> Self {
        Self { sealing, ..self }
    }

    /// The run as whose records the sink seals these, if it is to.
    pub fn sealing(&self) -> Option<RunId> {
        self.sealing
    }

    /// The instant of the hand-over, as the slots in these bodies say it. It is the timestamp that the records get.
    pub fn handed_over(&self) -> Timestamp {
        self.handed_over
    }

    /// The bodies as they stand one after the other: in one piece unless there are keys or headers between them.
    pub fn bodies(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let run = self.run;
        let entries = &run.entries[self.records.clone()];
        let joined = match entries {
            [first, .., last] if run.with_gaps == 0 => Some(first.key_end..last.body_end),
            _ => None,
        };
        let apart = if joined.is_some() { &[] } else { entries };
        let apart = apart.iter().map(|entry| entry.key_end..entry.body_end);
        joined.into_iter().chain(apart).map(|at| &run.bytes[at])
    }

    /// Adds up the bytes of keys, bodies and headers.
    pub fn size(&self) -> usize {
        self.run.start_of(self.records.end) - self.run.start_of(self.records.start)
    }

    /// The records, in the order in which they leave.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'r>> + use<'r> {
        records(self.run, self.records.clone())
    }

    /// Tells when the record in this place, counted from the first, is due; zero where nothing is paced.
    #[inline]
    pub fn due(&self, place: usize) -> Duration {
        self.dues.get(place).copied().unwrap_or_default()
    }
}
