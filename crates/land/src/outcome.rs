//! What became of a landing.

use std::collections::BTreeMap;

use kadence_core::feed::Partition;

use crate::error::LandError;

/// The outcome of a landing: what it has done, and why it ended.
#[derive(Debug)]
pub struct Outcome {
    /// Records that were read into batches. One that was rolled back counts again when it is read again.
    pub read: u64,
    /// Records that are in the target.
    pub landed: u64,
    /// Records that the target did not take, in batches that are landed.
    pub rejected: u64,
    /// Records of batches of which this landing does not know whether they are landed: the answer was lost, and the
    /// partitions were somebody else's when the ledger could be asked. Whoever has them now goes on at the right
    /// place.
    pub uncertain: u64,
    /// Batches that are landed.
    pub batches: u64,
    /// The offset that comes next, of each partition of which something was landed.
    pub next: BTreeMap<Partition, i64>,
    /// Why it ended.
    pub ended: Ended,
}

/// The reason why a landing ended.
#[derive(Debug)]
pub enum Ended {
    /// All that was asked for is landed.
    Finished,
    /// A stop was asked for. What was read is landed, or rolled back where it could not be.
    Stopped,
    /// As many records as were asked for are landed.
    Limit,
    /// Something is wrong.
    Failed(LandError),
}
