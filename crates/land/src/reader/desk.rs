//! What is read and not sent yet.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::feed::Partition;
use kadence_core::record::Facts;
use kadence_core::run::Run;

use super::held::{Held, Holding, Seat, seat};
use super::open::Open;
use crate::orders::Filled;
use crate::planted::{Rule, Without};

/// Records on their way from the feed into a batch.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) held: Holding,
    /// The feed's topics: records name theirs by its place among them.
    pub(super) topics: Vec<Arc<str>>,
    /// The batch that is being filled. None while all buffers are with the writer.
    pub(super) open: Option<Open>,
    /// What the feed gave beyond the open batch's room, and how much of it is in a batch by now.
    spill: Run,
    spilled: usize,
    /// Records that were read into batches.
    pub(super) read: u64,
    /// Those of them that are not rolled back.
    pub(super) kept: u64,
    limit: u64,
    pub(super) without: Without,
}

impl Desk {
    pub(super) fn new(limit: Option<u64>, first: Run) -> Self {
        Self {
            held: Holding::new(),
            topics: Vec::new(),
            open: Some(Open::new(first)),
            spill: Run::new(0, 0),
            spilled: 0,
            read: 0,
            kept: 0,
            limit: limit.unwrap_or(u64::MAX),
            without: None,
        }
    }

    /// Whether the feed may go on reading.
    pub(super) fn has_room(&self) -> bool {
        self.open.as_ref().is_some_and(Open::has_room) && !self.has_spilled() && !self.is_at_limit()
    }

    /// Whether as many records as were asked for are in batches.
    pub(super) fn is_at_limit(&self) -> bool {
        self.kept >= self.limit
    }

    /// Whether there are records beyond the open batch's room.
    pub(super) fn has_spilled(&self) -> bool {
        self.spilled < self.spill.len()
    }

    /// The partition, if it is the one that was given, and not another one in its seat.
    pub(super) fn held(&mut self, partition: &Partition) -> Option<&mut Held> {
        self.held.get_mut(&seat(partition)).filter(|held| held.partition == *partition)
    }

    /// Takes the records that the feed gives.
    pub(super) fn absorb(&mut self, now: Duration, run: &Run) {
        let reached = if self.has_spilled() { 0 } else { self.fill(now, run, 0) };
        if !self.has_spilled() {
            self.spill.clear();
            self.spilled = 0;
        }
        for place in reached..run.len() {
            let record = run.record(place);
            self.spill.push(&record, record.facts);
        }
    }

    /// Takes up a buffer for the next batch, and fills it with what is spilled.
    pub(super) fn take_up(&mut self, now: Duration, run: Run) {
        self.open = Some(Open::new(run));
        self.go_on(now);
    }

    /// Fills the open batch with what is spilled.
    pub(super) fn go_on(&mut self, now: Duration) {
        if self.has_spilled() {
            let spill = std::mem::replace(&mut self.spill, Run::new(0, 0));
            self.spilled = self.fill(now, &spill, self.spilled);
            self.spill = spill;
        }
        if !self.has_spilled() {
            self.move_to_ends(now);
        }
    }

    /// The place of the first record for which there is no room.
    fn fill(&mut self, now: Duration, run: &Run, from: usize) -> usize {
        let Some(open) = &mut self.open else { return from };
        let mut last: Option<(Facts, Seat)> = None;
        for place in from..run.len() {
            if !open.has_room() || self.kept >= self.limit {
                return place;
            }
            let record = run.record(place);
            let facts = record.facts;
            let seat = match last.take() {
                Some((of, seat)) if (of.lane, of.partition) == (facts.lane, facts.partition) => seat,
                _ => {
                    let Some(topic) = self.topics.get(facts.lane as usize) else { continue };
                    (Arc::clone(topic), facts.partition.unwrap_or_default())
                }
            };
            if let Some(held) = self.held.get_mut(&seat)
                && held.is_read()
                && facts.sequence as i64 >= held.at
            {
                open.push(now, held, &record);
                self.read += 1;
                self.kept += 1;
            }
            last = Some((facts, seat));
        }
        run.len()
    }

    /// There are no records before this offset.
    pub(super) fn end(&mut self, now: Duration, partition: &Partition, offset: i64) {
        let without = self.without;
        // Where it is to be read again, this is the end of what was read before.
        if let Some(held) = self.held(partition)
            && (held.is_read() || without == Some(Rule::OldEndsPassedOver))
        {
            held.end = Some(offset);
        }
        if !self.has_spilled() {
            self.move_to_ends(now);
        }
    }

    fn move_to_ends(&mut self, now: Duration) {
        let Some(open) = &mut self.open else { return };
        if self.kept >= self.limit {
            return;
        }
        for held in self.held.values_mut().filter(|held| held.is_read()) {
            if let Some(end) = held.end.take()
                && end > held.at
            {
                open.skip_to(now, held, end);
            }
        }
    }

    /// The open batch, to be sent.
    pub(super) fn close(&mut self) -> Option<Filled> {
        let open = self.open.take_if(|open| !open.is_empty())?;
        self.held.values_mut().for_each(Held::part_sent);
        Some(open.close())
    }

    /// Drops what is read and not sent. It is read again.
    pub(super) fn discard(&mut self) {
        for place in self.spilled..self.spill.len() {
            let facts = self.spill.facts(place);
            let Some(topic) = self.topics.get(facts.lane as usize) else { continue };
            if let Some(held) = self.held.get_mut(&(Arc::clone(topic), facts.partition.unwrap_or_default())) {
                held.place_again();
            }
        }
        self.spill.clear();
        self.spilled = 0;
        for held in self.held.values_mut().filter(|held| held.part.is_some()) {
            held.place_again();
        }
        if let Some(open) = self.open.take() {
            self.kept -= open.records();
            self.open = Some(Open::new(open.into_run()));
        }
    }
}
