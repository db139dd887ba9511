//! What is sealed of a lane, in numbers that do not depend on the order in which records are met.

use super::Seal;

/// A lane's sealed records in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// How many there are.
    pub records: u64,
    /// The least and the greatest sequence; `None` without records.
    pub range: Option<(u64, u64)>,
    /// How many of them are tombstones.
    pub tombstones: u64,
    /// The sum of the checksums, each times one more than twice its sequence; what does not fit into 64 bits is
    /// dropped.
    pub digest: u64,
}

impl Sealed {
    /// Adds a record.
    #[inline]
    pub fn add(&mut self, seal: Seal, is_tombstone: bool) {
        self.records += 1;
        self.tombstones += u64::from(is_tombstone);
        let (first, last) = self.range.unwrap_or((seal.sequence, seal.sequence));
        self.range = Some((first.min(seal.sequence), last.max(seal.sequence)));
        let weight = seal.sequence.wrapping_mul(2).wrapping_add(1);
        self.digest = self.digest.wrapping_add(u64::from(seal.checksum).wrapping_mul(weight));
    }
}
