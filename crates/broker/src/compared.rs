//! The journal held against the logs when a broker starts.
//!
//! The journal may be older: somebody put a copy in its place. What it hands out must not come again all the same,
//! since a producer with an id that is known from another has its first batches taken for repeated ones.

use crate::{directory::DirectoryError, journal::State, topics::Topics};
use std::collections::HashMap;

/// Beyond all ids that a broker comes to.
const MADE_UP: i64 = 1 << 62;

/// What came out of it.
#[derive(Debug)]
pub(crate) struct Compared {
    /// Ids from here on are nobody's.
    pub(crate) next_producer: i64,
    pub(crate) faults: Vec<DirectoryError>,
}

impl Compared {
    /// Compares `kept` with the logs of `topics`, and raises what it hands out beyond what they show.
    pub(crate) fn new(topics: &Topics, kept: &mut State) -> Self {
        let mut compared = Self { next_producer: kept.producer_ids, faults: Vec::new() };
        let Some(path) = topics.path() else { return compared };
        let epochs = epochs(topics);
        // What no broker hands out somebody has made up.
        let seen = epochs.keys().filter(|id| **id < MADE_UP).max().copied().unwrap_or(-1);
        if seen >= kept.producer_ids {
            let known = kept.producer_ids;
            compared.faults.push(DirectoryError::Older { path: path.to_owned(), seen, known });
            compared.next_producer = seen.saturating_add(1);
        }
        for transactional in kept.transactional.values_mut() {
            let producer = &mut transactional.producer;
            if let Some(epoch) = epochs.get(&producer.id).filter(|epoch| **epoch > producer.epoch) {
                // Whoever has the later epoch is fenced by the one after it.
                producer.epoch = *epoch;
            }
        }
        for (group, offsets) in &kept.groups {
            for ((topic, partition), committed) in offsets {
                let found = topics.named(topic);
                let end = found.and_then(|t| Some(t.partition(*partition)?.lock().log.end()));
                if let Some(end) = end.filter(|end| committed.offset > *end) {
                    compared.faults.push(DirectoryError::Beyond {
                        path: path.to_owned(),
                        group: group.clone(),
                        topic: topic.clone(),
                        partition: *partition,
                        offset: committed.offset,
                        end,
                    });
                }
            }
        }
        compared
    }
}

/// Everybody who wrote to any log, with the latest epoch.
fn epochs(topics: &Topics) -> HashMap<i64, i16> {
    let mut epochs = HashMap::new();
    for topic in topics.all() {
        for partition in &topic.partitions {
            for (id, epoch) in partition.lock().producers.epochs() {
                let known = epochs.entry(id).or_insert(epoch);
                *known = epoch.max(*known);
            }
        }
    }
    epochs
}
