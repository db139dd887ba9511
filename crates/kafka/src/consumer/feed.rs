//! Topics' partitions as they are given and taken, and their records.

mod fetching;
mod leaving;
mod members;
mod starts;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::Fault;
use kadence_core::feed::{Event, Feed, LogSpan, Mark, Partition, TopicId};
use kadence_core::run::Run;
use rdkafka::consumer::Consumer as _;

use super::ClientConsumer;
use super::cluster::{Asker, Cluster};
use super::group::Group;
use super::held::Held;
use super::lanes::Lanes;
use super::listener::Listener;
use super::mark;
use super::names::is_pattern;
use super::options::{ReaderOptions, StopAt};
use super::places::Places;
use super::slot::Slot;
use super::stall::Stalls;
use super::topics;
use crate::contact::uncreated;
use crate::error::KafkaError;
use crate::ffi;
use crate::topic_id::Found;

/// A run is handed on when it has so many bytes or records, or when nothing more is at hand.
const RUN_BYTES: usize = 256 * 1024;
const RUN_RECORDS: usize = 1_024;
/// How long a question for a topic's id may take.
const ID_PATIENCE: Duration = Duration::from_secs(5);
/// How long records wait for word of their topic.
const DOUBT: Duration = Duration::from_secs(2);
/// Errors of a topic may still be heard for so long after another one was found in its place.
const ECHO: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Reads topics: the partitions that they had when it was opened, or those that its group gives it.
///
/// The client fetches ahead up to 64 MiB and 100,000 records a partition, unless `queued.*` say otherwise. Brokers
/// that go away and come back are waited for.
///
/// A topic that is deleted and made anew is found out within a second, and before records are given that come after
/// a pause: its partitions are *lost*, and those of the new topic *given*.
pub struct TopicFeed {
    cluster: Cluster,
    options: ReaderOptions,
    lanes: Lanes,
    slots: Places<Slot>,
    run: Run,
    /// What is to be told next.
    told: VecDeque<Told>,
    stalls: Stalls,
    held: Held,
    group: Option<Group>,
    /// Whether a commit that nobody waits for was refused since somebody looked.
    has_commit_failed: bool,
    /// When a topic was found to be another one.
    anew_at: Option<Duration>,
    /// What ends the reading, once the records before it are handed on.
    fault: Option<KafkaError>,
    is_paused: bool,
    /// Whether anybody has said what there is to read; in a group, what this member has of it.
    is_shared_out: bool,
    /// Until when an empty share may still grow: under the cooperative protocol the others let go first.
    settled_at: Duration,
}

/// What is to be told.
#[derive(Debug)]
enum Told {
    Given(Vec<Partition>),
    Taken(Vec<Partition>),
    Lost(Vec<Partition>),
    End { partition: Partition, offset: i64 },
}

/// What has come next: an [`Event`] whose records are with the feed.
#[derive(Debug)]
pub(super) enum Step {
    Given(Vec<Partition>),
    Taken(Vec<Partition>),
    Lost(Vec<Partition>),
    Records,
    End { partition: Partition, offset: i64 },
    Nothing,
    Finished,
}

impl TopicFeed {
    /// Connects and finds what there is to read; `None` if `stop` was raised first.
    ///
    /// Topics that do not exist are waited for, after `on_wait` was told so once; with [`StopAt::End`] they are an
    /// error. They are not created by being asked for.
    pub fn open(
        options: &ReaderOptions,
        clock: Arc<dyn Clock>,
        stop: Arc<Stop>,
        on_wait: impl FnMut(&str),
    ) -> Result<Option<Self>, KafkaError> {
        Self::open_with(None, options, clock, stop, on_wait)
    }

    /// As [`open`](Self::open), with the asker of another reader of this cluster.
    pub fn open_with(
        asker: Option<Asker>,
        options: &ReaderOptions,
        clock: Arc<dyn Clock>,
        stop: Arc<Stop>,
        on_wait: impl FnMut(&str),
    ) -> Result<Option<Self>, KafkaError> {
        let mut resolved = options.resolve().map_err(KafkaError::first)?;
        // Who commits says when.
        resolved.properties.overrule("enable.auto.commit", "false");
        let config = resolved.properties.to_config();
        let asker = asker.map_or_else(|| Asker::new(&resolved), Ok)?;
        let consumer: ClientConsumer =
            config.create_with_context(Listener::default()).map_err(|error| uncreated(&resolved, &error))?;
        let consumer = Arc::new(consumer);
        let events = ffi::Events::of(consumer.client());
        let is_assigned = Cell::new(false);
        let mut feed = Self {
            cluster: Cluster {
                events,
                consumer,
                asker,
                resolved,
                clock,
                stop,
                has_ledger: options.is_exactly_once,
                is_assigned,
            },
            options: options.clone(),
            lanes: Lanes::default(),
            slots: Places::default(),
            run: Run::new(RUN_BYTES, RUN_RECORDS),
            told: VecDeque::new(),
            stalls: Stalls::new(options.has_end()),
            held: Held::default(),
            group: options.group.as_ref().map(|name| Group { name: name.clone(), is_waiting: false }),
            has_commit_failed: false,
            anew_at: None,
            fault: None,
            is_paused: false,
            is_shared_out: false,
            settled_at: Duration::ZERO,
        };
        let found = topics::wait_for(&feed.cluster, options, on_wait).and_then(|found| match found {
            Some(_) if feed.group.is_some() => feed.join().map(Some),
            Some(found) => feed.take_all(&found).map(Some),
            None => Ok(None),
        });
        match found {
            Ok(Some(())) => Ok(Some(feed)),
            Ok(None) | Err(KafkaError::Interrupted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks the group for partitions. It gives them while the consumer is polled.
    fn join(&self) -> Result<(), KafkaError> {
        let topics: Vec<&str> = self.options.topics.iter().map(String::as_str).collect();
        self.cluster.consumer.subscribe(&topics).map_err(|error| self.cluster.broken(&error))
    }

    /// Whether topics are asked for by a pattern, or more than one.
    pub fn is_of_several(&self) -> bool {
        self.options.topics.len() > 1 || self.options.topics.iter().any(|topic| is_pattern(topic))
    }

    /// What it asks for topics with.
    pub fn asker(&self) -> Asker {
        self.cluster.asker.clone()
    }

    /// The id of the cluster, where its brokers have one.
    pub fn cluster_id(&self) -> Option<String> {
        // It came with the first metadata; without it there is nothing to wait for.
        self.cluster.consumer.client().fetch_cluster_id(ID_PATIENCE).filter(|id| !id.is_empty())
    }

    /// The records that came last.
    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Whether a commit that nobody waits for was refused since this was asked last.
    pub(super) fn take_commit_fault(&mut self) -> bool {
        std::mem::take(&mut self.has_commit_failed)
    }

    pub(super) fn group(&self) -> Option<&Group> {
        self.group.as_ref()
    }

    /// Waits up to `at_most` for what comes next.
    pub(super) fn step(&mut self, at_most: Duration) -> Result<Step, KafkaError> {
        self.run.clear();
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if let Some(told) = self.told.pop_front() {
            return Ok(told.into());
        }
        if self.is_finished() {
            return Ok(Step::Finished);
        }
        // What is paused stands still because somebody wants it to.
        if !self.is_paused {
            self.stalls.look(&self.cluster, &self.slots)?;
        }
        match self.fill(at_most).and_then(|()| self.look_after(!self.run.is_empty())) {
            // Whoever stopped it looks for that himself.
            Ok(()) | Err(KafkaError::Interrupted { .. }) => {}
            Err(error) if self.run.is_empty() => return Err(error),
            Err(error) => self.fault = Some(error),
        }
        if !self.run.is_empty() {
            return Ok(Step::Records);
        }
        Ok(self.told.pop_front().map_or(Step::Nothing, Step::from))
    }

    /// Polls until nothing more is at hand, the run is full or there is something to tell.
    fn fill(&mut self, at_most: Duration) -> Result<(), KafkaError> {
        let begun = self.cluster.now();
        let mut wait = at_most;
        let mut is_drained = false;
        while self.run.has_room() && self.told.is_empty() {
            match self.cluster.events.next(self.cluster.consumer.client(), wait) {
                ffi::Said::Record(record) => self.take(&record),
                said => {
                    is_drained = matches!(said, ffi::Said::Nothing);
                    self.hear(said)?;
                    self.follow_group()?;
                }
            }
            if !self.run.is_empty() {
                if is_drained {
                    break;
                }
                wait = Duration::ZERO;
                continue;
            }
            wait = at_most.saturating_sub(self.cluster.now().saturating_sub(begun));
            if wait.is_zero() || self.cluster.stop.is_raised() {
                break;
            }
        }
        self.stalls.polled(is_drained);
        if !self.run.is_empty() {
            self.cluster.consumer.context().watch.up();
        }
        Ok(())
    }

    /// Asks, now and then, whether topics are what they were and whether what is held back still is ours.
    fn look_after(&mut self, came: bool) -> Result<(), KafkaError> {
        let now = self.cluster.now();
        if self.slots.values().next().is_some() && self.lanes.shall_ask(now, came) {
            self.ask_for_topics()?;
            // Records came of a topic that nobody tells of: one that is being made, perhaps.
            while came && self.lanes.is_in_doubt() && self.cluster.now().saturating_sub(now) < DOUBT {
                if self.cluster.stop.wait(LOOK_AGAIN) {
                    break;
                }
                self.ask_for_topics()?;
            }
        }
        if let Some(doubtful) = self.held.doubtful(now)
            && matches!(self.owns_now(&doubtful), Ok(false))
        {
            tracing::warn!("the group gave this consumer up; what it read last may be read again");
            self.lose(&doubtful);
        }
        Ok(())
    }

    fn is_finished(&self) -> bool {
        let all_done = self.slots.values().all(|slot| slot.state == super::slot::State::Done);
        if !all_done || !self.is_shared_out {
            return false;
        }
        if self.group.is_none() {
            return true;
        }
        self.options.until != StopAt::Never
            && (self.slots.values().next().is_some() || self.cluster.now() >= self.settled_at)
    }
}

impl From<Told> for Step {
    fn from(told: Told) -> Self {
        match told {
            Told::Given(partitions) => Self::Given(partitions),
            Told::Taken(partitions) => Self::Taken(partitions),
            Told::Lost(partitions) => Self::Lost(partitions),
            Told::End { partition, offset } => Self::End { partition, offset },
        }
    }
}

impl Drop for TopicFeed {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Feed for TopicFeed {
    fn next(&mut self, at_most: Duration) -> Result<Event<'_>, Fault> {
        Ok(match self.step(at_most)? {
            Step::Given(partitions) => Event::Given(partitions),
            Step::Taken(partitions) => Event::Taken(partitions),
            Step::Lost(partitions) => Event::Lost(partitions),
            Step::Records => Event::Records(&self.run),
            Step::End { partition, offset } => Event::End { partition, offset },
            Step::Nothing => Event::Nothing,
            Step::Finished => Event::Finished,
        })
    }

    fn topics(&self) -> &[Arc<str>] {
        self.lanes.names()
    }

    fn begin(&mut self, starts: &[(Partition, i64)]) -> Result<(), Fault> {
        Ok(self.begin_at(starts)?)
    }

    fn release(&mut self, partitions: &[Partition]) -> Result<(), Fault> {
        self.release_now(partitions);
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Fault> {
        self.is_paused = true;
        self.stalls.begin_anew(&self.cluster);
        self.cluster.pause(&self.being_read());
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Fault> {
        self.is_paused = false;
        self.cluster.resume(&self.being_read());
        Ok(())
    }

    fn owns(&mut self, partitions: &[Partition]) -> Result<bool, Fault> {
        Ok(self.owns_now(partitions)?)
    }

    fn topic_id(&mut self, topic: &str) -> Result<TopicId, Fault> {
        match self.cluster.look_up(&[topic], ID_PATIENCE)[..] {
            [Found::There(id)] => Ok(id),
            [Found::Absent] => Err(KafkaError::absent(topic).into()),
            _ => {
                let brokers = self.cluster.resolved.brokers().to_owned();
                let what = format!("nobody tells the id of topic {topic}");
                Err(KafkaError::Request { place: brokers, what }.into())
            }
        }
    }

    fn span(&mut self, partition: &Partition) -> Result<LogSpan, Fault> {
        let log = self.cluster.leaders(&partition.topic).log(partition.index)?;
        Ok(LogSpan { start: log.earliest, end: log.next })
    }

    fn origin(&mut self, partition: &Partition) -> Result<i64, Fault> {
        Ok(self.origin_of(partition, self.options.from)?)
    }

    fn mark(&mut self, partition: &Partition, offset: i64) -> Result<Option<Mark>, Fault> {
        Ok(mark::read(&self.cluster, partition, offset)?)
    }

    fn behind(&mut self) -> Option<u64> {
        let client = self.cluster.consumer.client();
        let of = |slot: &Slot| {
            let end = ffi::last_seen_end(client, &slot.partition.topic, slot.partition.index)?;
            Some(end.saturating_sub(slot.next).max(0) as u64)
        };
        self.slots.values().filter(|slot| slot.is_open()).map(of).sum()
    }

    fn note(&mut self, offsets: &[(Partition, i64)]) {
        if self.group.is_some() && !offsets.is_empty() {
            Group::commit_soon(&self.cluster, offsets);
        }
    }
}
