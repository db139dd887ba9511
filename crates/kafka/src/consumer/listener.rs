//! What a consumer hears from librdkafka: its log, its errors, and which partitions its group gives it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError as ClientError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::fault::failed_fetch;
use crate::context::Watch;

/// Listens to a consumer.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    pub(crate) watch: Watch,
    /// Fetches that failed, by partition, each with its number; `None` where a whole answer could not be read.
    faults: Mutex<BTreeMap<Option<i32>, (u64, String)>>,
    /// How many were heard of.
    heard: AtomicU64,
    changes: Mutex<Vec<Change>>,
    has_changes: AtomicBool,
    /// Nobody looks for changes any more.
    is_closing: AtomicBool,
}

/// What the group gave or took.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// These partitions are ours, once somebody has said where each begins: [`assign`] does. Under the cooperative
    /// protocol they come on top of those before.
    Given(TopicPartitionList),
    /// These are somebody else's from now on.
    Taken(Vec<i32>),
}

impl Listener {
    /// What has changed since this was asked last.
    pub(crate) fn changes(&self) -> Vec<Change> {
        if !self.has_changes.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why a fetch of `partition` failed last since its last record, and its number among those that were heard of.
    pub(super) fn fault_of(&self, partition: i32) -> Option<(u64, String)> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.get(&Some(partition)).or_else(|| faults.get(&None)).cloned()
    }

    /// Fetching `partition` works.
    pub(super) fn forget_fault(&self, partition: i32) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.remove(&Some(partition));
        faults.remove(&None);
    }

    fn changed(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.has_changes.store(true, Ordering::Relaxed);
    }

    /// From now on the group has its way without anybody looking: a partition that is given and not assigned would
    /// hold up the closing of `consumer`, and the whole group.
    pub(crate) fn close(&self, consumer: &BaseConsumer<Self>) {
        self.is_closing.store(true, Ordering::Relaxed);
        for change in self.changes() {
            if let Change::Given(partitions) = change {
                let _ = assign(consumer, &partitions);
            }
        }
    }
}

/// Reads these partitions, each from its offset, in place of others or on top of them as the protocol has it.
pub(crate) fn assign(consumer: &BaseConsumer<Listener>, partitions: &TopicPartitionList) -> KafkaResult<()> {
    if is_cooperative(consumer) {
        consumer.incremental_assign(partitions)
    } else {
        consumer.assign(partitions)
    }
}

/// Whether members keep their partitions while others are shared out.
pub(crate) fn is_cooperative(consumer: &BaseConsumer<Listener>) -> bool {
    matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative)
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
            if self.is_closing.load(Ordering::Relaxed) {
                assign(consumer, partitions)
            } else {
                // Where each begins takes requests, which are not for a callback.
                self.changed(Change::Given(partitions.clone()));
                Ok(())
            }
        } else {
            if consumer.assignment_lost() {
                tracing::warn!("the group gave this consumer up; what it read last may be read again");
            }
            tracing::debug!(partitions = ?numbers, "the group takes partitions");
            self.changed(Change::Taken(numbers));
            if is_cooperative(consumer) {
                consumer.incremental_unassign(partitions)
            } else {
                consumer.unassign()
            }
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
        if facility == "BACKOFF"
            && let Some((partition, fault)) = failed_fetch(message)
        {
            let number = self.heard.fetch_add(1, Ordering::Relaxed);
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.insert(partition, (number, fault));
        }
        self.watch.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.watch.stats_raw(statistics);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.watch.error(error, reason);
    }
}
