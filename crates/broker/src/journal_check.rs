//! The journal held against the logs when a broker starts.
//!
//! The journal may be older: somebody put a copy in its place. What it hands out must not come again all the same,
//! since a producer with an id that is known from another has its first batches taken for repeated ones.

use crate::{directory::DirectoryError, journal::State};
use std::{collections::HashMap, path::Path};

/// Beyond all ids that a broker comes to.
const MADE_UP: i64 = 1 << 62;

/// What the check came to.
#[derive(Debug)]
pub(crate) struct JournalCheck {
    /// Ids from here on are nobody's.
    pub(crate) next_producer: i64,
    /// Whether the journal said less.
    pub(crate) raised: bool,
    pub(crate) faults: Vec<DirectoryError>,
}

impl JournalCheck {
    /// Holds `kept` against the logs of the directory at `path`, and raises what it hands out beyond what they show:
    /// who wrote to them, by `epochs`, and where each log ends.
    pub(crate) fn new(
        path: &Path,
        kept: &mut State,
        epochs: &HashMap<i64, i16>,
        end: impl Fn(&str, i32) -> Option<i64>,
    ) -> Self {
        let mut checked = Self::nothing(kept);
        // What no broker hands out somebody has made up.
        let seen = epochs.keys().filter(|id| **id < MADE_UP).max().copied().unwrap_or(-1);
        if seen >= kept.producer_ids {
            let known = kept.producer_ids;
            checked.raised = true;
            checked.faults.push(DirectoryError::Older { path: path.to_owned(), seen, known });
            checked.next_producer = seen.saturating_add(1);
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
                if let Some(end) = end(topic, *partition).filter(|end| committed.offset > *end) {
                    checked.faults.push(DirectoryError::Beyond {
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
        checked
    }

    /// Where there are no logs on a disk.
    pub(crate) fn nothing(kept: &State) -> Self {
        Self { next_producer: kept.producer_ids, raised: false, faults: Vec::new() }
    }
}
