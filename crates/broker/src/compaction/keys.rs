//! The last offset of each key.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

/// What a key takes, about: two hashes, an offset, and its place in a table that is half full.
const KEY_BYTES: u64 = 50;

/// The last offset of each key, in the order of the log. Keys are told apart by 128 bits of two hashes with random
/// seeds.
#[derive(Debug)]
pub(super) struct LastOffsets {
    offsets: HashMap<(u64, u64), i64>,
    seeds: (RandomState, RandomState),
    most: usize,
}

impl LastOffsets {
    /// As many keys as fit into so many bytes.
    pub(super) fn within(bytes: u64) -> Self {
        Self {
            offsets: HashMap::new(),
            seeds: (RandomState::new(), RandomState::new()),
            most: usize::try_from(bytes / KEY_BYTES).unwrap_or(usize::MAX).max(1),
        }
    }

    fn hash(&self, key: &[u8]) -> (u64, u64) {
        (self.seeds.0.hash_one(key), self.seeds.1.hash_one(key))
    }

    /// Whether no more keys are to come than those of the batch at hand.
    pub(super) fn is_full(&self) -> bool {
        self.offsets.len() >= self.most
    }

    /// Notes a record.
    pub(super) fn note(&mut self, key: &[u8], offset: i64) {
        let key = self.hash(key);
        self.offsets.insert(key, offset);
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.offsets.clear();
    }

    /// The last offset of a key that was noted.
    pub(super) fn last(&self, key: &[u8]) -> Option<i64> {
        self.offsets.get(&self.hash(key)).copied()
    }
}
