//! The half that has the feed, as a machine without threads.
//!
//! It confirms that partitions are ours and has them claimed, compares the ledger's place with the log, reads from
//! there, fills batches and orders their commit, and lets partitions go once nothing of them is under way. It never
//! waits for the writer: while all buffers are on their way the feed is paused, and goes on being asked.

mod answers;
mod chores;
mod desk;
mod held;
mod open;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::Clock;
use kadence_core::fault::{Disposition, Fault};
use kadence_core::feed::{Event, Feed, Partition};
use kadence_core::run::Run;

use crate::back_off::BackOff;
use crate::error::LandError;
use crate::gauges::Gauges;
use crate::options::Options;
use crate::orders::Order;
use crate::outcome::{Ended, Outcome};
use crate::planted::{Rule, Without};
use desk::Desk;
use held::{Held, Leaving, State, seat};
use open::Open;

/// Buffers that go round: one is filled, one waits, one is being committed.
const RUNS: usize = 3;
/// How long the feed goes unasked at a time while the reader waits for answers.
const ANSWERS: Duration = Duration::from_millis(20);
/// How long the reader waits for the writer before it has the feed paused. A pause may cost what was fetched ahead,
/// and where the target is the slower one there is a short wait in each batch.
const UNPAUSED: Duration = Duration::from_millis(500);
/// How often the feed is asked how far behind it is.
const BEHIND: Duration = Duration::from_millis(500);

/// Reads a feed's records into batches.
pub struct Reader<F> {
    feed: F,
    options: Options,
    desk: Desk,
    spare: Vec<Run>,
    /// How many batches are with the writer.
    sent: usize,
    /// Whether the writer was told to claim, and did not answer yet.
    claims: bool,
    orders: VecDeque<Order>,
    /// The last number given to an order or a stretch.
    number: u64,
    paused: bool,
    /// Since when there is no room for records.
    full: Option<Duration>,
    /// When the topics' ids are asked for, whether or not there is anything to commit.
    topics_due: Duration,
    /// When the feed may be asked again that was in trouble.
    from: Duration,
    back_off: BackOff,
    /// Whether the feed gave all that was asked for.
    finished: bool,
    /// Why the landing is ending.
    ending: Option<Ended>,
    done: Done,
    gauges: Arc<Gauges>,
    /// When the feed is asked how far behind it is.
    behind_due: Duration,
    without: Without,
}

/// What came of the batches.
#[derive(Debug, Default)]
struct Done {
    landed: u64,
    rejected: u64,
    uncertain: u64,
    batches: u64,
    next: BTreeMap<Partition, i64>,
}

/// The consequence of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Another step.
    Again,
    /// Another step, once there is an answer or this time is over.
    Answers(Duration),
    /// Nothing: the landing is over.
    Over,
}

impl<F: Feed> Reader<F> {
    /// A reader that has nothing yet.
    pub fn new(feed: F, options: Options) -> Self {
        let run = || Run::new(options.batch_bytes.max(1), options.batch_records.max(1));
        Self {
            feed,
            desk: Desk::new(options.limit, run()),
            spare: (1..RUNS).map(|_| run()).collect(),
            options,
            sent: 0,
            claims: false,
            orders: VecDeque::new(),
            number: 0,
            paused: false,
            full: None,
            topics_due: Duration::ZERO,
            from: Duration::ZERO,
            back_off: BackOff::default(),
            finished: false,
            ending: None,
            done: Done::default(),
            gauges: Arc::default(),
            behind_due: Duration::ZERO,
            without: None,
        }
    }

    /// Says in `gauges` how it goes.
    #[must_use]
    pub fn watched_by(self, gauges: Arc<Gauges>) -> Self {
        Self { gauges, ..self }
    }

    /// The next order for the writer.
    pub fn order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Gives back an order for which there was no room.
    pub fn order_later(&mut self, order: Order) {
        self.orders.push_front(order);
    }

    #[cfg(test)]
    pub(crate) fn without(&mut self, rule: Without) {
        self.without = rule;
        self.desk.without = rule;
    }

    #[cfg(test)]
    pub(crate) fn feed(&self) -> &F {
        &self.feed
    }

    /// Finishes what is read, and ends.
    pub fn stop(&mut self) {
        self.end(Ended::Stopped);
    }

    /// Ends at once: there is nobody who writes.
    pub fn writer_gone(&mut self) {
        self.end(Ended::Failed(LandError::WriterGone));
        self.sent = 0;
        self.desk.held.clear();
    }

    /// Gives what became of it.
    pub fn outcome(self) -> (Outcome, F) {
        self.gauges.note(self.desk.read, self.done.landed, self.done.rejected);
        let outcome = Outcome {
            read: self.desk.read,
            landed: self.done.landed,
            rejected: self.done.rejected,
            uncertain: self.done.uncertain,
            batches: self.done.batches,
            next: self.done.next,
            ended: self.ending.unwrap_or(Ended::Stopped),
        };
        (outcome, self.feed)
    }

    fn end(&mut self, ended: Ended) {
        let is_failure = matches!(ended, Ended::Failed(_));
        if is_failure {
            self.desk.discard();
        }
        // The first failure is the cause of others.
        if self.ending.is_none() || (is_failure && !matches!(self.ending, Some(Ended::Failed(_)))) {
            self.ending = Some(ended);
        }
    }

    /// Does what is due, then waits for the feed, `at_most` this long.
    pub fn step(&mut self, clock: &dyn Clock, at_most: Duration) -> Turn {
        if self.is_over() {
            return Turn::Over;
        }
        let now = clock.now();
        self.note_gauges(now);
        let turn = self.chores(now).and_then(|()| self.poll(clock, at_most));
        let turn = turn.unwrap_or_else(|error| {
            self.end(Ended::Failed(error));
            Turn::Again
        });
        if self.is_over() { Turn::Over } else { turn }
    }

    fn note_gauges(&mut self, now: Duration) {
        self.gauges.note(self.desk.read, self.done.landed, self.done.rejected);
        let reading = self.desk.held.values().filter(|held| held.is_read()).count();
        self.gauges.note_partitions(self.desk.held.len() as u64, reading as u64);
        if now >= self.behind_due {
            self.behind_due = now + BEHIND;
            self.gauges.note_behind(self.feed.behind());
        }
    }

    /// Whether nothing is under way any more, at the end.
    fn is_over(&self) -> bool {
        self.ending.is_some() && self.is_settled() && self.desk.held.is_empty()
    }

    /// Whether all that was read is landed or rolled back.
    fn is_settled(&self) -> bool {
        self.sent == 0 && self.desk.open.as_ref().is_none_or(Open::is_empty)
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// What a call to the feed gave: none if it may go well the next time.
    fn tried<T>(&mut self, now: Duration, result: Result<T, Fault>) -> Result<Option<T>, LandError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.disposition == Disposition::Retry => {
                self.from = now + self.back_off.next();
                Ok(None)
            }
            Err(fault) => Err(LandError::Feed(fault)),
        }
    }

    fn poll(&mut self, clock: &dyn Clock, at_most: Duration) -> Result<Turn, LandError> {
        let now = clock.now();
        if now < self.from {
            return Ok(Turn::Answers(ANSWERS.min(self.from.saturating_sub(now))));
        }
        if matches!(self.ending, Some(Ended::Failed(LandError::Feed(_)))) {
            return Ok(Turn::Answers(ANSWERS));
        }
        if !self.is_to_be_asked(now)? {
            return Ok(Turn::Answers(ANSWERS));
        }
        let waits = self.awaits_answers();
        let at_most = if waits { Duration::ZERO } else { at_most.min(self.until_due(now)) };
        let turn = if waits { Turn::Answers(ANSWERS) } else { Turn::Again };
        let event = match self.feed.next(at_most) {
            Ok(event) => event,
            Err(error) => {
                self.tried::<()>(now, Err(error))?;
                return Ok(turn);
            }
        };
        self.back_off.reset();
        match event {
            Event::Nothing => return Ok(turn),
            Event::Records(run) => self.desk.absorb(clock.now(), run),
            Event::End { partition, offset } => self.desk.end(clock.now(), &partition, offset),
            Event::Given(partitions) => self.given(partitions),
            Event::Taken(partitions) => self.taken(partitions),
            Event::Lost(partitions) => self.lost(partitions),
            Event::Finished => {
                self.finished = true;
                return Ok(Turn::Answers(ANSWERS));
            }
        }
        Ok(Turn::Again)
    }

    /// Whether the feed can be asked what comes next: there is room for records, or it is paused.
    fn is_to_be_asked(&mut self, now: Duration) -> Result<bool, LandError> {
        let is_full = !self.desk.has_room() || self.ending.is_some();
        self.full = if is_full { Some(self.full.unwrap_or(now)) } else { None };
        if self.full.is_some_and(|since| !self.paused && now < since + UNPAUSED) {
            return Ok(false);
        }
        if is_full != self.paused {
            let result = if is_full { self.feed.pause() } else { self.feed.resume() };
            if self.tried(now, result)?.is_none() {
                return Ok(false);
            }
            self.paused = is_full;
        }
        Ok(true)
    }

    /// Whether nothing but an answer of the writer leads on.
    fn awaits_answers(&self) -> bool {
        let is_left = |held: &Held| matches!(held.leaving, Some(Leaving::Asked(_)));
        self.claims
            || self.ending.is_some()
            || self.sent > 0 && !self.desk.has_room()
            || self.desk.held.values().any(is_left)
    }

    /// How long until there is something to do, whatever the feed has.
    fn until_due(&self, now: Duration) -> Duration {
        let is_waiting =
            |held: &&Held| held.leaving.is_none() && !matches!(held.state, State::Reading { .. });
        let from = self.desk.held.values().filter(is_waiting).map(|held| held.from);
        let since = self.desk.open.as_ref().and_then(Open::since);
        let due = from.chain(since.map(|since| since + self.options.linger)).min();
        due.map_or(Duration::MAX, |due| due.saturating_sub(now))
    }

    fn given(&mut self, partitions: Vec<Partition>) {
        self.desk.topics.clear();
        self.desk.topics.extend_from_slice(self.feed.topics());
        self.finished = false;
        for partition in partitions {
            let seat = seat(&partition);
            if let Some(before) = self.desk.held.get(&seat) {
                self.lost(vec![before.partition.clone()]);
            }
            self.desk.held.insert(seat, Held::new(partition));
        }
    }

    fn taken(&mut self, partitions: Vec<Partition>) {
        if self.without == Some(Rule::ReleasedLast) {
            // It is released once more when its turn comes.
            let _ = self.feed.release(&partitions);
        }
        for partition in partitions {
            // What is not here, or is another one's by now, is released all the same.
            let held = self.desk.held.entry(seat(&partition)).or_insert_with(|| Held::new(partition));
            held.leaving.get_or_insert(Leaving::Wanted);
        }
    }

    fn lost(&mut self, partitions: Vec<Partition>) {
        let has_part = |partition: &Partition| {
            self.desk.held.get(&seat(partition)).is_some_and(|held| held.part.is_some())
        };
        if self.desk.has_spilled() || partitions.iter().any(has_part) {
            self.desk.discard();
        }
        for partition in &partitions {
            self.desk.held.remove(&seat(partition));
        }
        match self.orders.back_mut() {
            Some(Order::Lost(before)) => before.extend(partitions),
            _ => self.orders.push_back(Order::Lost(partitions)),
        }
    }
}
