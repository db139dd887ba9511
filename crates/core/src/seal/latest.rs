//! Which record of each key comes last: all that an upserted table has.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::marks::Marks;
use super::{RunId, Seal, SealOf};
use crate::record::Record;

/// The last record of each key. It takes some dozens of bytes per key.
#[derive(Debug)]
pub struct Latest {
    run: RunId,
    /// Keys by two hashes with different seeds.
    keys: HashMap<(u64, u64), (u32, u64)>,
    seeds: (RandomState, RandomState),
}

impl Latest {
    /// Of this run.
    pub fn new(run: RunId) -> Self {
        Self { run, keys: HashMap::new(), seeds: (RandomState::new(), RandomState::new()) }
    }

    /// Notes a record of this key. Records of one key are noted in the order of their partition; a record that is none
    /// of the run's takes the key from it.
    pub fn note(&mut self, key: &[u8], record: &Record<'_>) {
        let key = (self.seeds.0.hash_one(key), self.seeds.1.hash_one(key));
        match SealOf::record(record) {
            SealOf::Found(Seal { run, lane, sequence, .. }) if run == self.run => {
                self.keys.insert(key, (lane, sequence));
            }
            _ => drop(self.keys.remove(&key)),
        }
    }

    /// Notes a record that cannot be a row: the table lacks it.
    pub fn note_rowless(&mut self, record: &Record<'_>) {
        if let SealOf::Found(Seal { run, lane, sequence, .. }) = SealOf::record(record)
            && run == self.run
        {
            // As if it had a key that no other one has.
            let key = ("rowless", lane, sequence);
            let key = (self.seeds.0.hash_one(key), self.seeds.1.hash_one(key));
            self.keys.insert(key, (lane, sequence));
        }
    }

    /// Notes that a record deletes this key's row.
    pub fn forget(&mut self, key: &[u8]) {
        self.keys.remove(&(self.seeds.0.hash_one(key), self.seeds.1.hash_one(key)));
    }

    /// The records that are the last of their keys, by lane, but for those that the run did not send.
    pub(super) fn into_marks(self, is_sent: impl Fn(u32, u64) -> bool) -> HashMap<u32, Marks> {
        let mut marks: HashMap<u32, Marks> = HashMap::new();
        let mut records: Vec<(u32, u64)> =
            self.keys.into_values().filter(|(lane, sequence)| is_sent(*lane, *sequence)).collect();
        records.sort_unstable();
        for (lane, sequence) in records {
            marks.entry(lane).or_default().mark(sequence);
        }
        marks
    }
}
