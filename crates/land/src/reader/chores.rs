//! What is to be done when its time comes, whatever the feed has.

use std::time::Duration;

use kadence_core::fault::Disposition;
use kadence_core::feed::{Feed, Partition};
use kadence_core::target::Claim;

use super::Reader;
use super::held::{Held, Leaving, State};
use crate::error::LandError;
use crate::orders::{Order, Stretch};
use crate::outcome::Ended;
use crate::planted::{Rule, Without};

/// How often a log that ends before the ledger's place is looked at before it is believed: one whose leader was just
/// elected may not say all that it has.
const LOOKS: u32 = 6;
/// How often the topics' ids are asked for where nothing is committed. A topic that was made anew and is as long as
/// the old one was gives no records at the old one's end, and no error either.
const TOPICS: Duration = Duration::from_secs(30);

impl<F: Feed> Reader<F> {
    pub(super) fn chores(&mut self, now: Duration) -> Result<(), LandError> {
        self.desk.go_on(now);
        if self.ending.is_none() {
            if now >= self.from {
                self.confirm(now)?;
            }
            self.compare(now)?;
            self.begin(now)?;
            self.look_after_topics(now)?;
        }
        self.send(now)?;
        self.leave(now)?;
        self.come_to_an_end();
        Ok(())
    }

    /// Has partitions claimed that are ours at this moment.
    fn confirm(&mut self, now: Duration) -> Result<(), LandError> {
        let is_due = |held: &&mut Held| held.is_due(now) && matches!(held.state, State::Given);
        if self.claims {
            return Ok(());
        }
        let due: Vec<&mut Held> = self.desk.held.values_mut().filter(is_due).collect();
        if due.is_empty() {
            return Ok(());
        }
        let partitions: Vec<Partition> = due.iter().map(|held| held.partition.clone()).collect();
        let is_ours = match self.feed.owns(&partitions) {
            _ if self.without == Some(Rule::OwnershipConfirmed) => true,
            Ok(is_ours) => is_ours,
            Err(error) if error.disposition == Disposition::Retry => false,
            Err(error) => return Err(LandError::Feed(error)),
        };
        if !is_ours {
            for held in due {
                held.later(now);
            }
            return Ok(());
        }
        let mut wanted = Vec::with_capacity(due.len());
        for held in due {
            self.number += 1;
            held.stretch = self.number;
            held.state = State::Claiming;
            wanted.push(Stretch { partition: held.partition.clone(), number: held.stretch });
        }
        self.claims = true;
        self.orders.push_back(Order::Claim { wanted, confirmed: now });
        Ok(())
    }

    /// Compares the ledger's places with the logs.
    fn compare(&mut self, now: Duration) -> Result<(), LandError> {
        let without = self.without;
        for held in self.desk.held.values_mut().filter(|held| held.is_due(now)) {
            let State::Claimed(claim) = &held.state else { continue };
            if self.without != Some(Rule::TopicIdAsked)
                && !same_topic(&mut self.feed, &held.partition, now, &mut held.from)?
            {
                continue;
            }
            let next = claim.next;
            match compared(&mut self.feed, claim, without) {
                Ok(origin) => {
                    held.origin = origin.or(held.origin);
                    held.place(held.stretch, next);
                }
                Err(LandError::Shorter { .. }) if held.looks < LOOKS => {
                    held.looks += 1;
                    held.later(now);
                }
                Err(LandError::Feed(error)) if error.disposition == Disposition::Retry => held.later(now),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Begins to read partitions whose place is known.
    fn begin(&mut self, now: Duration) -> Result<(), LandError> {
        let is_placed = |held: &Held| held.is_due(now) && matches!(held.state, State::Placed { .. });
        let placed = self.desk.held.values().filter(|held| is_placed(held));
        let starts: Vec<_> = placed.map(|held| (held.partition.clone(), held.sent)).collect();
        if starts.is_empty() {
            return Ok(());
        }
        let began = match self.feed.begin(&starts) {
            Ok(()) => true,
            Err(error) if error.disposition == Disposition::Retry => false,
            Err(error) => return Err(LandError::Feed(error)),
        };
        for held in self.desk.held.values_mut().filter(|held| is_placed(held)) {
            match held.state {
                State::Placed { expected } if began => held.state = State::Reading { expected },
                _ => held.later(now),
            }
        }
        Ok(())
    }

    /// Looks now and then whether the topics are those that were given.
    fn look_after_topics(&mut self, now: Duration) -> Result<(), LandError> {
        if now < self.topics_due.max(self.from) || self.without == Some(Rule::TopicIdAsked) {
            return Ok(());
        }
        self.topics_due = now + TOPICS;
        let mut last = None;
        // Partitions of one topic stand beside each other.
        for held in self.desk.held.values().filter(|held| held.is_read()) {
            if last.replace(&held.partition.topic) != Some(&held.partition.topic)
                && !same_topic(&mut self.feed, &held.partition, now, &mut self.from)?
            {
                break;
            }
        }
        Ok(())
    }

    /// Sends the open batch, if it is full or its time has come.
    fn send(&mut self, now: Duration) -> Result<(), LandError> {
        let Some(open) = self.desk.open.as_ref().filter(|open| !open.is_empty()) else { return Ok(()) };
        let is_left = |held: &Held| held.leaving.is_some() && held.part.is_some();
        let cannot_wait = self.ending.is_some() || self.desk.held.values().any(is_left);
        let is_over = |since: Duration| now.saturating_sub(since) >= self.options.linger;
        let is_due =
            cannot_wait || self.finished || !self.desk.has_room() || open.since().is_some_and(is_over);
        if !is_due {
            return Ok(());
        }
        if !cannot_wait && now < self.from {
            return Ok(());
        }
        if self.without != Some(Rule::TopicIdAsked) && !self.topics_are_the_same(now)? {
            if cannot_wait {
                self.desk.discard();
            }
            return Ok(());
        }
        if let Some(filled) = self.desk.close() {
            self.sent += 1;
            self.orders.push_back(Order::Commit(filled));
            if let Some(run) = self.spare.pop() {
                self.desk.take_up(now, run);
            }
        }
        Ok(())
    }

    /// Whether the open batch's topics are those that were given. It is asked after the batch's last record was read:
    /// what was read before is then of the topic that had the id.
    fn topics_are_the_same(&mut self, now: Duration) -> Result<bool, LandError> {
        let Some(open) = &self.desk.open else { return Ok(true) };
        for partition in open.topics() {
            let mut from = self.from;
            let same = same_topic(&mut self.feed, partition, now, &mut from)?;
            self.from = from;
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks the writer about partitions that are taken, and releases those of which nothing is under way.
    fn leave(&mut self, now: Duration) -> Result<(), LandError> {
        if self.ending.is_some() {
            for held in self.desk.held.values_mut() {
                held.leaving.get_or_insert(Leaving::Wanted);
            }
        }
        let is_wanted = |held: &Held| held.leaving == Some(Leaving::Wanted) && held.part.is_none();
        if self.desk.held.values().any(is_wanted) {
            let number = self.next_number();
            let mut partitions = Vec::new();
            for held in self.desk.held.values_mut().filter(|held| is_wanted(held)) {
                held.leaving = Some(Leaving::Asked(number));
                partitions.push(held.partition.clone());
            }
            self.orders.push_back(Order::Leave { number, partitions });
        }
        let is_left = |held: &&Held| held.leaving == Some(Leaving::Left);
        let left: Vec<_> =
            self.desk.held.values().filter(is_left).map(|held| held.partition.clone()).collect();
        if left.is_empty() || (now < self.from && self.ending.is_none()) {
            return Ok(());
        }
        let result = self.feed.release(&left);
        // At the end everything is settled, and the feed goes away with its partitions.
        if self.ending.is_some() || self.tried(now, result)?.is_some() {
            self.desk.held.retain(|_, held| held.leaving != Some(Leaving::Left));
        }
        Ok(())
    }

    fn come_to_an_end(&mut self) {
        if self.ending.is_some() || !self.is_settled() {
            return;
        }
        if self.desk.is_at_limit() {
            self.ending = Some(Ended::Limit);
        } else if self.finished && !self.desk.has_spilled() && self.is_reading_all() {
            self.ending = Some(Ended::Finished);
        }
    }

    fn is_reading_all(&self) -> bool {
        self.desk.held.values().all(Held::is_read)
    }
}

/// Whether the topic is the one that was given. Where the answer has to wait it is asked for again `from` then on.
fn same_topic(
    feed: &mut impl Feed,
    partition: &Partition,
    now: Duration,
    from: &mut Duration,
) -> Result<bool, LandError> {
    const PAUSE: Duration = Duration::from_millis(200);
    match feed.topic_id(&partition.topic) {
        Ok(found) if found == partition.id => Ok(true),
        Ok(found) => {
            let (topic, expected) = (partition.topic.to_string(), partition.id);
            Err(LandError::AnotherTopic { topic, expected, found })
        }
        Err(error) if error.disposition == Disposition::Retry => {
            *from = now + PAUSE;
            Ok(false)
        }
        Err(error) => Err(LandError::Feed(error)),
    }
}

/// Compares the ledger's place with the log. Where nothing was landed yet, says where the partition starts.
fn compared(feed: &mut impl Feed, claim: &Claim, without: Without) -> Result<Option<i64>, LandError> {
    let Claim { partition, next, mark, .. } = claim;
    let Some(next) = *next else { return Ok(Some(feed.origin(partition).map_err(LandError::Feed)?)) };
    let partition = partition.clone();
    let span = feed.span(&partition).map_err(LandError::Feed)?;
    if without != Some(Rule::PlaceCompared) {
        if next > span.end {
            return Err(LandError::Shorter { partition, next, end: span.end });
        }
        if next < span.start {
            return Err(LandError::Gap { partition, next, start: span.start });
        }
    }
    if without != Some(Rule::MarkCompared)
        && let Some(landed) = *mark
        && let Some(found) = feed.mark(&partition, landed.offset).map_err(LandError::Feed)?
        && found != landed
    {
        return Err(LandError::AnotherLog { partition, landed, found });
    }
    Ok(None)
}
