//! What `consume` needs on top of a feed: it starts by itself, record by record, and commits what is passed on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::feed::{Partition, TopicId};
use kadence_core::record::{Headers, Record, Timestamp};

use super::feed::{Step, TopicFeed};
use super::group::{CommittedOffset, Group, is_refused};
use super::options::{ReaderOptions, StartAt};
use super::places::{Places, Spot};
use crate::error::KafkaError;
use crate::topic_id;

/// How long the last commit may take: a group may be sharing out its partitions anew, or its coordinator be gone.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The offset that comes next in each partition, by topic.
pub type NextOffsets = BTreeMap<Arc<str>, BTreeMap<i32, i64>>;

/// Reads topics record by record, alone or as a member of a group.
///
/// In a group, what was read counts as done once [`TopicReader::passed_on`] says so. Done positions are committed
/// every few seconds, before partitions go to somebody else, and by [`TopicReader::close`]; so what a member read and
/// did not pass on is read again, by it or another.
///
/// A topic that is made anew is read from its beginning, whatever the group has committed of the one before.
pub struct TopicReader {
    feed: TopicFeed,
    /// The record of the feed's run that comes next.
    cursor: usize,
    progress: Places<Progress>,
    /// The record handed out last.
    handed_out: Option<(Spot, i64)>,
    /// The ids that topics had when they were read last.
    seen: BTreeMap<Arc<str>, TopicId>,
    /// These go when the next record is asked for.
    leaving: Vec<Partition>,
    /// How many records may still be handed out.
    left: Option<u64>,
    /// How often is committed; `None` for never.
    commit_every: Option<Duration>,
    commit_at: Duration,
}

/// How far a partition has come.
struct Progress {
    partition: Partition,
    /// The offset that comes next; the record handed out last does not count.
    next: i64,
    /// What is passed on.
    done: i64,
    /// What the group is known to have committed, and what it was asked to.
    committed: i64,
    asked: i64,
    is_ours: bool,
}

/// An answer of a reader to what comes next.
pub enum Next<'r> {
    /// A record.
    Record(Consumed<'r>),
    /// For now there are no more records in this partition; `offset` is where the next one is expected.
    PartitionEnd {
        /// The topic.
        topic: Arc<str>,
        /// The partition.
        partition: i32,
        /// The offset that comes next.
        offset: i64,
    },
    /// No record in the time given; or partitions are about to go to somebody else, and what is passed on before the
    /// next call is committed.
    Nothing,
    /// All that was asked for has been read.
    Finished,
}

/// A record as it was read.
pub struct Consumed<'r> {
    topic: &'r str,
    record: Record<'r>,
}

impl<'r> Consumed<'r> {
    /// The topic.
    pub fn topic(&self) -> &str {
        self.topic
    }

    /// The partition.
    pub fn partition(&self) -> i32 {
        self.record.facts.partition.unwrap_or_default()
    }

    /// The offset in the partition.
    pub fn offset(&self) -> i64 {
        self.record.facts.sequence as i64
    }

    /// The record's timestamp, if it has one.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.record.facts.time
    }

    /// The key, if it has one.
    pub fn key(&self) -> Option<&[u8]> {
        self.record.key
    }

    /// The body; a tombstone has none.
    pub fn body(&self) -> Option<&[u8]> {
        self.record.body
    }

    /// The headers, in order. Names are text by convention only.
    pub fn headers(&self) -> Headers<'r> {
        self.record.headers.clone()
    }
}

impl TopicReader {
    /// Connects and finds where to start; `None` if `stop` was raised first. As [`TopicFeed::open`].
    pub fn open(
        options: &ReaderOptions,
        clock: Arc<dyn Clock>,
        stop: Arc<Stop>,
        on_wait: impl FnMut(&str),
    ) -> Result<Option<Self>, KafkaError> {
        let properties = options.resolve().map_err(KafkaError::first)?.properties;
        let begun = clock.now();
        let Some(feed) = TopicFeed::open(options, clock, stop, on_wait)? else { return Ok(None) };
        let commit_every = options.group.as_ref().and_then(|_| ReaderOptions::commit_every(&properties));
        let mut reader = Self {
            feed,
            cursor: 0,
            progress: Places::default(),
            handed_out: None,
            seen: BTreeMap::new(),
            leaving: Vec::new(),
            left: options.limit,
            commit_every,
            commit_at: begun + commit_every.unwrap_or_default(),
        };
        if options.group.is_none() {
            // What there is to read is known, and where it ends is settled now.
            match reader.feed.step(Duration::ZERO).and_then(|step| reader.follow(step)) {
                Err(KafkaError::Interrupted { .. }) => return Ok(None),
                outcome => outcome?,
            };
        }
        Ok(Some(reader))
    }

    /// Whether topics are asked for by a pattern, or more than one.
    pub fn is_of_several(&self) -> bool {
        self.feed.is_of_several()
    }

    /// Waits up to `at_most` for what comes next. The record handed out before counts as done by that.
    pub fn next(&mut self, at_most: Duration) -> Result<Next<'_>, KafkaError> {
        self.settle();
        if self.left == Some(0) {
            return Ok(Next::Finished);
        }
        if self.cursor >= self.feed.run().len() {
            self.let_go()?;
            self.commit_if_due()?;
            let begun = self.feed.cluster().now();
            loop {
                self.cursor = 0;
                let waited = self.feed.cluster().now().saturating_sub(begun);
                let step = match self.feed.step(at_most.saturating_sub(waited)) {
                    Ok(step) => step,
                    Err(error) => {
                        self.cursor = usize::MAX;
                        return Err(error);
                    }
                };
                match self.follow(step)? {
                    Some(Step::Records) => break,
                    Some(Step::End { partition, offset }) => {
                        let progress = self.progress_of(&partition);
                        if let Some(progress) = progress {
                            progress.next = progress.next.max(offset);
                        }
                        let Partition { topic, index, .. } = partition;
                        return Ok(Next::PartitionEnd { topic, partition: index, offset });
                    }
                    Some(Step::Finished) => return Ok(Next::Finished),
                    Some(_) => return Ok(Next::Nothing),
                    None => {}
                }
            }
        }
        let record = self.feed.run().record(self.cursor);
        self.cursor += 1;
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        let facts = record.facts;
        let spot = (facts.lane, facts.partition.unwrap_or_default());
        self.handed_out = Some((spot, facts.sequence as i64));
        Ok(Next::Record(Consumed { topic: self.feed.lanes().name(facts.lane), record }))
    }

    /// Does what is to be done about a step, and gives back what is for whoever reads.
    fn follow(&mut self, step: Step) -> Result<Option<Step>, KafkaError> {
        match step {
            Step::Given(partitions) => match self.begin(&partitions) {
                // Whoever stopped it looks for that himself.
                Ok(()) | Err(KafkaError::Interrupted { .. }) => Ok(None),
                Err(error) => Err(error),
            },
            Step::Taken(partitions) => {
                self.leaving = partitions;
                Ok(Some(Step::Nothing))
            }
            Step::Lost(partitions) => {
                self.disown(&partitions);
                Ok(None)
            }
            other => Ok(Some(other)),
        }
    }

    /// Reads these partitions: from where the group has come to, or from where it was told; a topic that was made anew
    /// from its beginning.
    fn begin(&mut self, given: &[Partition]) -> Result<(), KafkaError> {
        let committed = match self.feed.group() {
            Some(group) => group.committed(self.feed.cluster(), given)?,
            None => BTreeMap::new(),
        };
        let mut starts = Vec::with_capacity(given.len());
        let mut anew: Vec<Arc<str>> = Vec::new();
        for partition in given {
            let start = match self.start_of(partition, committed.get(partition)) {
                Start::At(offset) => offset,
                Start::AsAsked => self.feed.origin_of_asked(partition)?,
                Start::Anew => {
                    if !anew.contains(&partition.topic) {
                        anew.push(Arc::clone(&partition.topic));
                    }
                    self.feed.origin_of(partition, StartAt::Beginning)?
                }
            };
            starts.push((partition.clone(), start));
        }
        for topic in anew {
            tracing::warn!("topic {topic} was deleted and made anew; reading it from its beginning");
        }
        self.feed.begin_at(&starts)?;
        for (partition, start) in starts {
            self.seen.insert(Arc::clone(&partition.topic), partition.id);
            let Some(lane) = self.feed.lanes().lane_of(&partition) else { continue };
            let spot = (lane, partition.index);
            let committed = committed.get(&partition).map_or(start, |found| found.offset);
            let progress =
                Progress { partition, next: start, done: start, committed, asked: committed, is_ours: true };
            self.progress.insert(spot, progress);
        }
        Ok(())
    }

    fn start_of(&self, partition: &Partition, committed: Option<&CommittedOffset>) -> Start {
        let id = partition.id.as_ref().map(topic_id::text);
        let before = self.seen.get(&partition.topic).copied().flatten();
        match committed {
            // Whoever committed that had read the topic of today.
            Some(found) if found.topic_id.is_some() && found.topic_id == id => Start::At(found.offset),
            Some(found) if found.topic_id.is_some() && id.is_some() => Start::Anew,
            _ if topic_id::is_another(before, partition.id) => Start::Anew,
            Some(found) => Start::At(found.offset),
            None => Start::AsAsked,
        }
    }

    fn progress_of(&mut self, partition: &Partition) -> Option<&mut Progress> {
        let lane = self.feed.lanes().lane_of(partition)?;
        self.progress.get_mut((lane, partition.index)).filter(|progress| progress.partition == *partition)
    }

    /// These are somebody else's.
    fn disown(&mut self, partitions: &[Partition]) {
        for progress in self.progress.values_mut() {
            progress.is_ours &= !partitions.contains(&progress.partition);
        }
        self.leaving.retain(|partition| !partitions.contains(partition));
    }

    /// The record handed out last is done.
    #[inline]
    fn settle(&mut self) {
        if let Some((spot, offset)) = self.handed_out.take()
            && let Some(progress) = self.progress.get_mut(spot)
        {
            progress.next = offset + 1;
        }
    }

    /// The record handed out last could not be dealt with: it is the next one still.
    pub fn take_back(&mut self) {
        self.handed_out = None;
    }

    /// Takes back what was not passed on, for it could not be dealt with: it comes next still.
    pub fn take_all_back(&mut self) {
        self.handed_out = None;
        for progress in self.progress.values_mut() {
            progress.next = progress.done;
        }
    }

    /// Everything read up to now is done; its positions may be committed to the group.
    pub fn passed_on(&mut self) {
        self.settle();
        for progress in self.progress.values_mut() {
            progress.done = progress.next;
        }
    }

    /// What is done and not known to be committed.
    fn uncommitted(&self) -> Vec<(Partition, i64)> {
        let is_new = |progress: &&Progress| progress.is_ours && progress.done != progress.committed;
        let new = self.progress.values().filter(is_new);
        new.map(|progress| (progress.partition.clone(), progress.done)).collect()
    }

    /// Commits now and then, without waiting for the answer.
    fn commit_if_due(&mut self) -> Result<(), KafkaError> {
        let Some(every) = self.commit_every else { return Ok(()) };
        let now = self.feed.cluster().now();
        if now < self.commit_at {
            return Ok(());
        }
        self.commit_at = now + every;
        let is_again = self.feed.take_commit_fault();
        let is_new = |it: &Progress| it.is_ours && it.done != if is_again { it.committed } else { it.asked };
        let new = self.progress.values().filter(|it| is_new(it));
        let new: Vec<(Partition, i64)> = new.map(|it| (it.partition.clone(), it.done)).collect();
        // Positions of a topic that is another one by now are nobody's.
        if new.is_empty() || self.feed.ask_for_topics()? {
            return Ok(());
        }
        Group::commit_soon(self.feed.cluster(), &new);
        for progress in self.progress.values_mut().filter(|progress| progress.is_ours) {
            progress.asked = progress.done;
        }
        Ok(())
    }

    fn committed(&mut self) {
        for progress in self.progress.values_mut().filter(|progress| progress.is_ours) {
            progress.committed = progress.done;
        }
    }

    /// Lets go of partitions that the group takes, once what was done of them is committed.
    fn let_go(&mut self) -> Result<(), KafkaError> {
        if self.leaving.is_empty() {
            return Ok(());
        }
        let uncommitted = self.uncommitted();
        if self.commit_every.is_some() && !uncommitted.is_empty() && !self.feed.ask_for_topics()? {
            match Group::commit(self.feed.cluster(), &uncommitted, COMMIT_PATIENCE) {
                Ok(()) => self.committed(),
                Err(error) => {
                    let what =
                        error.rdkafka_error_code().map_or_else(|| error.to_string(), crate::words::described);
                    tracing::warn!(
                        "positions are not committed ({what}); what was read last may be read again"
                    );
                }
            }
        }
        let leaving = std::mem::take(&mut self.leaving);
        self.disown(&leaving);
        self.feed.release_now(&leaving);
        Ok(())
    }

    /// Commits what is done to the group, and leaves it. Without a group there is nothing to commit.
    ///
    /// A coordinator that does not answer is waited for ten seconds.
    pub fn close(mut self) -> Result<(), KafkaError> {
        let outcome = self.commit_last();
        self.feed.leave();
        outcome
    }

    fn commit_last(&mut self) -> Result<(), KafkaError> {
        if self.commit_every.is_none() || self.uncommitted().is_empty() {
            return Ok(());
        }
        if matches!(self.feed.ask_for_topics(), Ok(true)) {
            return Ok(());
        }
        let deadline = self.feed.cluster().now() + COMMIT_PATIENCE;
        loop {
            let uncommitted = self.uncommitted();
            if uncommitted.is_empty() {
                return Ok(());
            }
            let left = deadline.saturating_sub(self.feed.cluster().now());
            let Err(error) = Group::commit(self.feed.cluster(), &uncommitted, left) else { return Ok(()) };
            let is_passing = error.rdkafka_error_code().is_some_and(is_refused);
            if !is_passing || self.feed.cluster().now() >= deadline {
                let Some(group) = self.feed.group() else { return Ok(()) };
                return Err(group.uncommitted(&error));
            }
            // Taking part in the rebalance is what ends it. What goes meanwhile was not committed.
            match self.feed.step(LOOK_AGAIN)? {
                Step::Taken(partitions) | Step::Lost(partitions) => self.disown(&partitions),
                _ => {}
            }
        }
    }

    /// The offset that comes next in each partition. The record handed out last counts once
    /// [`next`](Self::next) or [`passed_on`](Self::passed_on) is called.
    pub fn next_offsets(&self) -> NextOffsets {
        let mut offsets = NextOffsets::new();
        for progress in self.progress.values() {
            let Partition { topic, index, .. } = &progress.partition;
            offsets.entry(Arc::clone(topic)).or_default().insert(*index, progress.next);
        }
        offsets
    }
}

/// Where a partition starts.
enum Start {
    At(i64),
    /// As the options say.
    AsAsked,
    /// At the beginning of a topic that is another one than before.
    Anew,
}
