//! A reader that is a member of a group: partitions come and go, and positions are committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use super::ClientConsumer;
use super::bounds::{End, Log, Span};
use super::listener::{self, Change};
use super::options::{ReaderOptions, StartAt, StopAt};
use super::source::Source;
use crate::contact::described;
use crate::error::KafkaError;
use crate::options::Resolved;

/// How long the last commit may take: a group may be sharing out its partitions anew, or its coordinator be gone.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long one question to the coordinator may take.
const ONE_QUESTION: Duration = Duration::from_secs(1);
/// How long a member under the cooperative protocol waits for partitions that others have to let go first.
const SETTLING: Duration = Duration::from_secs(10);

pub(super) struct Membership {
    group: String,
    from: StartAt,
    until: StopAt,
    /// Whether positions are committed at all.
    commits: bool,
    /// How long the coordinator may take to tell what was committed.
    patience: Duration,
    /// The partitions that are ours; `None` until the group has spoken, and while it is sharing out anew.
    assigned: Option<BTreeSet<i32>>,
    /// Until when an empty share may still grow: under the cooperative protocol the others let go first.
    settled_at: Duration,
    /// Positions that librdkafka was told.
    stored: BTreeMap<i32, i64>,
}

impl Membership {
    pub(super) fn new(group: &str, options: &ReaderOptions, resolved: &Resolved) -> Self {
        Self {
            group: group.to_owned(),
            from: options.from,
            until: options.until,
            commits: !resolved.properties.is_false("enable.auto.commit"),
            patience: resolved.patience().0,
            assigned: None,
            settled_at: Duration::ZERO,
            stored: BTreeMap::new(),
        }
    }

    /// Whether a member without open partitions has read all that it was asked for.
    pub(super) fn may_finish(&self) -> bool {
        self.until != StopAt::Never
            && self
                .assigned
                .as_ref()
                .is_some_and(|assigned| !assigned.is_empty() || SystemClock.now() >= self.settled_at)
    }

    /// Does what the group decided since the last time.
    pub(super) fn follow(
        &mut self,
        source: &Source,
        open: &mut BTreeMap<i32, End>,
        next_offsets: &mut BTreeMap<i32, i64>,
        ends: &mut Vec<(i32, i64)>,
    ) -> Result<(), KafkaError> {
        let changes = source.consumer.context().changes();
        for (index, change) in changes.iter().enumerate() {
            match change {
                // What has been taken again by now is not begun.
                Change::Given(_) if matches!(changes[index + 1..], [Change::Taken(_), ..]) => {}
                Change::Given(partitions) => self.begin(source, partitions, open, next_offsets, ends)?,
                Change::Taken(partitions) => {
                    open.retain(|partition, _| !partitions.contains(partition));
                    if let Some(assigned) = &mut self.assigned {
                        assigned.retain(|partition| !partitions.contains(partition));
                        if assigned.is_empty() {
                            self.assigned = None;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins to read partitions that the group gave.
    ///
    /// Where each starts and ends is settled before the first is fetched: an end that is asked for later could lie
    /// behind records that were never read. And librdkafka is told offsets, so that it can keep
    /// `auto.offset.reset=error`: a partition without a committed offset is one thing, a committed offset that the
    /// log no longer has another.
    fn begin(
        &mut self,
        source: &Source,
        given: &TopicPartitionList,
        open: &mut BTreeMap<i32, End>,
        next_offsets: &mut BTreeMap<i32, i64>,
        ends: &mut Vec<(i32, i64)>,
    ) -> Result<(), KafkaError> {
        let consumer = &source.consumer;
        let spans = match self.spans(source, given) {
            Ok(spans) => spans,
            Err(error) => {
                // The group waits for an answer, whatever becomes of this reader.
                let _ = listener::assign(consumer, given);
                return Err(error);
            }
        };
        let mut assignment = TopicPartitionList::with_capacity(spans.len());
        for (partition, span) in &spans {
            let start = Offset::Offset(span.start);
            assignment
                .add_partition_offset(&source.topic, *partition, start)
                .map_err(|error| source.broken(&error))?;
        }
        listener::assign(consumer, &assignment).map_err(|error| source.broken(&error))?;
        source.is_assigned.set(true);
        // A partition that was paused at its end stays paused over a rebalance.
        let _ = consumer.resume(&assignment);
        for &(partition, Span { start, end }) in &spans {
            next_offsets.insert(partition, start);
            self.stored.remove(&partition);
            if end.offset().is_some_and(|end| start >= end) {
                open.remove(&partition);
                source.pause(partition);
                if self.until == StopAt::End {
                    ends.push((partition, start));
                }
            } else {
                open.insert(partition, end);
            }
        }
        let wait = if listener::is_cooperative(consumer) { SETTLING } else { Duration::ZERO };
        self.settled_at = SystemClock.now() + wait;
        self.assigned.get_or_insert_default().extend(spans.iter().map(|(partition, _)| *partition));
        Ok(())
    }

    /// Where each partition starts and ends: at what the group has committed, or else where it was told.
    fn spans(&self, source: &Source, given: &TopicPartitionList) -> Result<Vec<(i32, Span)>, KafkaError> {
        if given.count() == 0 {
            // There are more members than partitions, and nothing to ask.
            return Ok(Vec::new());
        }
        let committed = self.committed(source, given)?;
        let span = |element: &TopicPartitionListElem<'_>| {
            let partition = element.partition();
            let leaders = source.leaders();
            let span = match element.offset() {
                Offset::Offset(start) => Span { start, end: leaders.end(partition, self.until)? },
                _ => leaders.span(partition, self.from, self.until)?,
            };
            Ok((partition, span))
        };
        committed.elements().iter().map(span).collect()
    }

    /// What the group has committed of these partitions. A coordinator that is moving is asked again.
    fn committed(
        &self,
        source: &Source,
        given: &TopicPartitionList,
    ) -> Result<TopicPartitionList, KafkaError> {
        let deadline = SystemClock.now() + self.patience;
        loop {
            let left = deadline.saturating_sub(SystemClock.now()).clamp(LOOK_AGAIN, ONE_QUESTION);
            let answer = source.consumer.committed_offsets(given.clone(), left).and_then(|committed| {
                committed.elements().iter().try_for_each(TopicPartitionListElem::error)?;
                Ok(committed)
            });
            let error = match answer {
                Ok(committed) => return Ok(committed),
                Err(error) => error,
            };
            if SystemClock.now() >= deadline {
                let why = error.rdkafka_error_code().map_or_else(|| error.to_string(), described);
                let what = format!("what it has committed cannot be asked for ({why})");
                return Err(self.fault(what, "check that its coordinator is up"));
            }
            if source.stop.wait(LOOK_AGAIN) {
                return Err(KafkaError::Interrupted { place: format!("group {}", self.group) });
            }
        }
    }

    /// Why the group will not have this member, if that is what an error says.
    pub(super) fn refused(&self, code: Code) -> Option<KafkaError> {
        let help = match code {
            Code::InvalidSessionTimeout => {
                "leave out -X session.timeout.ms, or stay between the broker's limits"
            }
            Code::InconsistentGroupProtocol => {
                "its members share partitions in another way; -X partition.assignment.strategy=… names theirs"
            }
            Code::GroupAuthorizationFailed => "ask for the rights, or connect as another user",
            Code::GroupMaxSizeReached => "it has as many members as the broker allows",
            Code::FencedInstanceId => "another member has the same group.instance.id",
            Code::InvalidGroupId => "",
            _ => return None,
        };
        Some(self.fault(format!("does not take this member ({})", described(code)), help))
    }

    /// The log no longer has what the group has committed.
    pub(super) fn lost_place(&self, topic: &str, partition: i32, next: i64, log: Log) -> KafkaError {
        KafkaError::Offset {
            topic: topic.to_owned(),
            partition,
            what: format!(
                "group {} goes on at {next}, which is gone (the log has {} to {})",
                self.group, log.earliest, log.next
            ),
            help: format!(
                "retention overtook it; kadence groups reset {} -t {topic} --partition {partition} --to beginning",
                self.group
            ),
        }
    }

    fn fault(&self, what: String, help: &str) -> KafkaError {
        KafkaError::Group { group: self.group.clone(), what, help: help.to_owned() }
    }

    /// Tells librdkafka how far has been read, for it to commit.
    pub(super) fn store(&mut self, source: &Source, next_offsets: &BTreeMap<i32, i64>) {
        let Some(assigned) = &self.assigned else { return };
        let is_new = |&(partition, next): &(&i32, &i64)| {
            assigned.contains(partition) && self.stored.get(partition) != Some(next)
        };
        let moved: Vec<(i32, i64)> =
            next_offsets.iter().filter(is_new).map(|(partition, next)| (*partition, *next)).collect();
        if moved.is_empty() {
            return;
        }
        let mut positions = TopicPartitionList::with_capacity(moved.len());
        for &(partition, next) in &moved {
            let _ = positions.add_partition_offset(&source.topic, partition, Offset::Offset(next));
        }
        match source.consumer.store_offsets(&positions) {
            Ok(()) => self.stored.extend(moved),
            // The group has taken one of them just now: what was read of it is read again by whoever has it.
            Err(error) => tracing::debug!(%error, "positions are not stored"),
        }
    }

    /// Commits what was stored, and says so when that cannot be done.
    pub(super) fn commit(&self, source: &Source) -> Result<(), KafkaError> {
        if !self.commits || self.stored.is_empty() {
            return Ok(());
        }
        let deadline = SystemClock.now() + COMMIT_PATIENCE;
        loop {
            let Err(error) = commit_until(&source.consumer, deadline) else { return Ok(()) };
            match error.rdkafka_error_code() {
                // All of it has been committed before.
                Some(Code::NoOffset) => return Ok(()),
                Some(Code::RebalanceInProgress | Code::IllegalGeneration) if SystemClock.now() < deadline => {
                    // Taking part in the rebalance is what ends it.
                    let _ = source.consumer.poll(LOOK_AGAIN);
                }
                code => return Err(self.uncommitted(code, &error)),
            }
        }
    }

    fn uncommitted(&self, code: Option<Code>, error: &ClientError) -> KafkaError {
        let why = code.map_or_else(|| error.to_string(), described);
        let help = "records since the last commit are read again by the next member";
        self.fault(format!("the last positions are not committed ({why})"), help)
    }
}

/// Commits what is stored, and waits for the answer no longer than to `deadline`.
///
/// librdkafka waits for a coordinator that is gone until the session is over, so a thread of its own waits with it.
/// When nobody waits any longer, that thread has the consumer to itself, and closes it when it can.
fn commit_until(consumer: &Arc<ClientConsumer>, deadline: Duration) -> Result<(), ClientError> {
    let (answer, answered) = sync_channel(1);
    let committing = Arc::clone(consumer);
    let thread = thread::Builder::new().name("commit".into()).spawn(move || {
        let outcome = committing.commit_consumer_state(CommitMode::Sync);
        // Whoever waits has to be the one who closes the consumer.
        drop(committing);
        let _ = answer.send(outcome);
    });
    if thread.is_err() {
        return consumer.commit_consumer_state(CommitMode::Sync);
    }
    let patience = deadline.saturating_sub(SystemClock.now());
    answered.recv_timeout(patience).unwrap_or(Err(ClientError::ConsumerCommit(Code::OperationTimedOut)))
}
