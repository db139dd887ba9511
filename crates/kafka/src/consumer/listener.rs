//! What a consumer hears from librdkafka: its log, its errors, and which partitions its group gives it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError as ClientError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::fault::failed_fetch;
use crate::context::Watch;
use crate::ffi::{self, Place, Standing};

/// Listens to a consumer.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    pub(crate) watch: Watch,
    /// Fetches that failed, by partition, each with its number; `None` where a whole answer could not be read.
    faults: Mutex<BTreeMap<Option<Place>, (u64, String)>>,
    /// How many were heard of.
    heard: AtomicU64,
    changes: Mutex<Vec<Change>>,
    has_changes: AtomicBool,
    standing: Mutex<Option<Standing>>,
    /// Nobody looks for changes any more.
    is_closing: AtomicBool,
}

/// What the group gave or took.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// These partitions are ours, once somebody has said where each begins: [`assign`] does. Under the cooperative
    /// protocol they come on top of those before.
    Given(Vec<Place>),
    /// These are somebody else's once they are let go of: [`unassign`] does that.
    Taken(Vec<Place>),
    /// These are somebody else's by now.
    Lost(Vec<Place>),
}

impl Listener {
    /// What has changed since this was asked last.
    pub(crate) fn changes(&self) -> Vec<Change> {
        if !self.has_changes.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why a fetch there failed last since its last record, and its number among those that were heard of.
    pub(super) fn fault_of(&self, place: &Place) -> Option<(u64, String)> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.get(&Some(place.clone())).or_else(|| faults.get(&None)).cloned()
    }

    /// Fetching works there.
    pub(super) fn forget_fault(&self, place: Place) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.remove(&Some(place));
        faults.remove(&None);
    }

    fn changed(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.has_changes.store(true, Ordering::Relaxed);
    }

    fn note_standing(&self, consumer: &BaseConsumer<Self>) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = ffi::standing(consumer.client());
    }

    /// What the consumer was in its group when that spoke last.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on the group has its way without anybody looking: a partition that is given and not assigned would
    /// hold up the closing of `consumer`, and the whole group.
    pub(crate) fn close(&self, consumer: &BaseConsumer<Self>) {
        self.is_closing.store(true, Ordering::Relaxed);
        for change in self.changes() {
            match change {
                Change::Given(partitions) => assign(consumer, &list(&partitions)).unwrap_or_default(),
                Change::Taken(partitions) => unassign(consumer, &list(&partitions)).unwrap_or_default(),
                Change::Lost(_) => {}
            }
        }
    }

    /// Does what the group decided, as far as that is not for somebody else to do.
    pub(crate) fn rebalanced(&self, consumer: &BaseConsumer<Self>, gives: bool, partitions: Vec<Place>) {
        let is_closing = self.is_closing.load(Ordering::Relaxed);
        let outcome = if gives {
            tracing::debug!(?partitions, "the group gives partitions");
            self.note_standing(consumer);
            if is_closing {
                assign(consumer, &list(&partitions))
            } else {
                // Where each begins takes requests, which are not for a callback.
                self.changed(Change::Given(partitions));
                Ok(())
            }
        } else if consumer.assignment_lost() {
            tracing::warn!("the group gave this consumer up; what it read last may be read again");
            let outcome = unassign(consumer, &list(&partitions));
            self.changed(Change::Lost(partitions));
            outcome
        } else {
            tracing::debug!(?partitions, "the group takes partitions");
            self.note_standing(consumer);
            if is_closing {
                unassign(consumer, &list(&partitions))
            } else {
                // They are held back until what was read of them is done.
                self.changed(Change::Taken(partitions));
                Ok(())
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "what the group decided could not be followed");
        }
    }
}

fn list(places: &[Place]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(places.len());
    for (topic, partition) in places {
        list.add_partition(topic, *partition);
    }
    list
}

/// Reads these partitions, each from its offset, in place of others or on top of them as the protocol has it.
pub(super) fn assign(consumer: &BaseConsumer<Listener>, partitions: &TopicPartitionList) -> KafkaResult<()> {
    if is_eager(consumer) { consumer.assign(partitions) } else { consumer.incremental_assign(partitions) }
}

/// Lets go of these partitions, or of all as the protocol has it.
pub(super) fn unassign(
    consumer: &BaseConsumer<Listener>,
    partitions: &TopicPartitionList,
) -> KafkaResult<()> {
    if is_eager(consumer) { consumer.unassign() } else { consumer.incremental_unassign(partitions) }
}

/// Whether a group takes all partitions back before it shares them out.
pub(super) fn is_eager(consumer: &BaseConsumer<Listener>) -> bool {
    matches!(consumer.rebalance_protocol(), RebalanceProtocol::Eager)
}

/// Whether members keep their partitions while others are shared out.
pub(super) fn is_cooperative(consumer: &BaseConsumer<Listener>) -> bool {
    matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative)
}

impl ConsumerContext for Listener {
    /// Called by the wrapper's own poll, which serves a consumer that connects or closes.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let gives = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        self.rebalanced(consumer, gives, ffi::places(partitions));
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
