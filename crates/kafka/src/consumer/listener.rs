//! What a consumer hears from librdkafka: its log, its errors, and which partitions its group gives it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError as ClientError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::context::Watch;

/// How long the group's coordinator may take to tell what was committed.
const COMMITTED_PATIENCE: Duration = Duration::from_secs(10);

/// Listens to a consumer.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    pub(crate) watch: Watch,
    /// Where a partition begins that the group has committed nothing of.
    start: Option<Offset>,
    changes: Mutex<Vec<Change>>,
    has_changes: AtomicBool,
}

/// What the group gave or took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// These partitions are ours to read. Under the cooperative protocol they come on top of the ones before.
    Assigned { partitions: Vec<i32>, is_eager: bool },
    /// These are somebody else's from now on.
    Revoked { partitions: Vec<i32> },
}

impl Listener {
    /// For a member of a group, which starts at `start` where the group has committed nothing.
    pub(crate) fn of_member(start: Offset) -> Self {
        Self { start: Some(start), ..Self::default() }
    }

    /// What has changed since this was asked last.
    pub(crate) fn changes(&self) -> Vec<Change> {
        if !self.has_changes.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn changed(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.has_changes.store(true, Ordering::Relaxed);
    }

    /// Takes the partitions that the group gives.
    ///
    /// Where each goes on is looked up here, and librdkafka is told offsets. It keeps `auto.offset.reset=error` then:
    /// a partition without a committed offset is one thing, a committed offset that the log no longer has another.
    fn take(&self, consumer: &BaseConsumer<Self>, given: &TopicPartitionList) -> KafkaResult<()> {
        let assignment = match consumer.committed_offsets(given.clone(), COMMITTED_PATIENCE) {
            Ok(committed) => {
                let start = self.start.unwrap_or(Offset::Beginning);
                for mut element in committed.elements() {
                    if !matches!(element.offset(), Offset::Offset(_)) {
                        element.set_offset(start)?;
                    }
                }
                committed
            }
            Err(error) => {
                tracing::debug!(%error, "librdkafka is left to ask for the committed offsets");
                given.clone()
            }
        };
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&assignment),
            _ => consumer.assign(&assignment),
        }
    }

    fn give_back(consumer: &BaseConsumer<Self>, taken: &TopicPartitionList) -> KafkaResult<()> {
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(taken),
            _ => consumer.unassign(),
        }
    }
}

impl ConsumerContext for Listener {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let numbers: Vec<i32> = partitions.elements().iter().map(TopicPartitionListElem::partition).collect();
        let outcome = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            tracing::debug!(partitions = ?numbers, "the group gives partitions");
            let is_eager = !matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
            self.changed(Change::Assigned { partitions: numbers, is_eager });
            self.take(consumer, partitions)
        } else {
            if consumer.assignment_lost() {
                tracing::warn!("the group gave this consumer up; what it read last may be read again");
            }
            tracing::debug!(partitions = ?numbers, "the group takes partitions");
            self.changed(Change::Revoked { partitions: numbers });
            Self::give_back(consumer, partitions)
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "what the group decided could not be followed");
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, "offsets are not committed");
        }
    }
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.watch.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.watch.stats_raw(statistics);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.watch.error(error, reason);
    }
}
