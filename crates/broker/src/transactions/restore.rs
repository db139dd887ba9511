//! What a start makes of the transactions in a journal, when topics and groups are there.

use super::desk::{COORDINATOR_EPOCH, Desk};
use crate::{
    directory::DirectoryError,
    groups::Commit,
    journal::{self, Offset, Producer},
    partition::Unused,
};
use kadence_wire::control::Marker;
use std::collections::BTreeMap;

impl Desk<'_> {
    /// Takes over what a journal says: ends what is decided, lets go on what is not, and aborts what partitions hold of
    /// transactions that nobody knows any more.
    pub(super) fn restore(&mut self, known: &BTreeMap<String, journal::Transactional>) {
        self.machine.restore(self.now, known);
        for (id, transactional) in known {
            if let Some(transaction) = &transactional.transaction {
                self.resume(&transactional.producer, transaction);
                self.pass_over_later(id, &transactional.producer, transaction);
                self.finish(id, Unused::Skipped);
            }
        }
        // Behind all others: what is enrolled is known to the journal.
        self.abort_hanging();
    }

    /// Lets the producer of a transaction go on, and keeps its offsets until it is decided.
    fn resume(&mut self, producer: &Producer, transaction: &journal::Transaction) {
        for (topic, index) in &transaction.partitions {
            if let Some(topic) = self.around.topics.with_id(*topic)
                && let Some(partition) = topic.partition(*index)
            {
                partition.enrol(producer.id, producer.epoch);
            }
        }
        for (group, offsets) in &transaction.groups {
            let commits: Vec<Commit<'_>> = offsets.values().map(Offset::to_commit).collect();
            if !commits.is_empty() {
                self.around.groups.with(|groups, now| {
                    groups.restore_pending(now, group, producer.id, &commits);
                });
            }
        }
    }

    /// Passes over partitions where the markers of a decided transaction are, and a later one of its producer is
    /// open: the journal is older than the log. What it does not know is aborted.
    fn pass_over_later(&mut self, id: &str, producer: &Producer, transaction: &journal::Transaction) {
        for (topic, index, end) in &transaction.ends {
            let found = self.around.topics.with_id(*topic);
            let Some(partition) = found.as_ref().and_then(|topic| topic.partition(*index)) else { continue };
            let mut state = partition.lock();
            if state.producers.open_since(producer.id).is_some_and(|first| first >= *end) {
                state.producers.dismiss(producer.id);
                self.machine.marked(id, (*topic, *index));
            }
        }
    }

    /// Aborts what partitions hold of transactions that the journal does not know: after a loss of power it may have
    /// lost what they have not.
    fn abort_hanging(&mut self) {
        for topic in self.around.topics.all() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                let hanging = partition.lock().producers.hanging();
                for (producer_id, producer_epoch) in hanging {
                    if let Some(path) = self.around.topics.path() {
                        self.around.faults.notice(DirectoryError::Aborted {
                            path: path.to_owned(),
                            producer: producer_id,
                            topic: topic.name.to_string(),
                            partition: index,
                        });
                    }
                    let marker = Marker {
                        producer_id,
                        producer_epoch,
                        coordinator_epoch: COORDINATOR_EPOCH,
                        commit: false,
                    };
                    // Where it cannot be written now, the next start tries again.
                    let _ = partition.end(&marker, &topic.settings, self.now, Unused::Skipped);
                }
            }
        }
    }
}
