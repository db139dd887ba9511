//! A reader that is a member of a group: partitions come and go, and positions are committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use super::ClientConsumer;
use super::bounds::End;
use super::listener::{Change, Listener};
use super::options::{From, ReaderOptions, Until};
use super::source::Source;
use crate::connect::described;
use crate::error::KafkaError;
use crate::options::Resolved;

/// How long the last commit may take: a group may be sharing out its partitions anew, or its coordinator be gone.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(super) struct Membership {
    group: String,
    from: From,
    until: Until,
    /// Whether positions are committed at all.
    commits: bool,
    /// The partitions that are ours; `None` until the group has spoken, and while it is sharing out anew.
    assigned: Option<BTreeSet<i32>>,
    /// Whether the group took all partitions before it gave some.
    is_eager: bool,
    /// Positions that librdkafka was told.
    stored: BTreeMap<i32, i64>,
}

impl Membership {
    pub(super) fn new(group: &str, options: &ReaderOptions, resolved: &Resolved) -> Self {
        Self {
            group: group.to_owned(),
            from: options.from,
            until: options.until,
            commits: resolved.properties.get("enable.auto.commit") != Some("false"),
            assigned: None,
            is_eager: true,
            stored: BTreeMap::new(),
        }
    }

    pub(super) fn listener(&self) -> Listener {
        Listener::of_member(if self.from == From::End { Offset::End } else { Offset::Beginning })
    }

    /// Whether a member without open partitions has read all that it was asked for.
    ///
    /// Under the cooperative protocol a new member gets nothing at first, until the others have let go.
    pub(super) fn may_finish(&self) -> bool {
        self.until != Until::Never
            && self.assigned.as_ref().is_some_and(|assigned| self.is_eager || !assigned.is_empty())
    }

    /// Notes what the group gave and took since the last time.
    pub(super) fn follow(
        &mut self,
        source: &Source,
        open: &mut BTreeMap<i32, End>,
        next_offsets: &mut BTreeMap<i32, i64>,
    ) -> Result<(), KafkaError> {
        for change in source.consumer.context().changes() {
            match change {
                Change::Assigned { partitions, is_eager } => {
                    self.is_eager = is_eager;
                    for &partition in &partitions {
                        open.insert(partition, source.leaders().end(partition, self.until)?);
                        // Another member may have come further in the meantime.
                        next_offsets.remove(&partition);
                        self.stored.remove(&partition);
                    }
                    self.assigned.get_or_insert_default().extend(partitions);
                }
                Change::Revoked { partitions } => {
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
        KafkaError::Group {
            group: self.group.clone(),
            what: format!("the last positions are not committed ({why})"),
            help: "records since the last commit are read again by the next member".to_owned(),
        }
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
