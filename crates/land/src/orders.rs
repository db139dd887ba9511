//! What the reader orders from the writer, and what it answers. Each order but [`Order::Lost`] has its answer, in the
//! order in which they were given.

use std::time::Duration;

use kadence_core::feed::Partition;
use kadence_core::run::Run;
use kadence_core::target::{Claim, Part};

use crate::error::LandError;

/// From the reader to the writer.
#[derive(Debug)]
pub enum Order {
    /// To claim these, which the feed confirmed at `confirmed`.
    Claim {
        /// What to claim.
        wanted: Vec<Stretch>,
        /// The time at which the feed said that they are ours.
        confirmed: Duration,
    },
    /// To commit this.
    Commit(Filled),
    /// To answer once nothing is under way of these partitions any more.
    Leave {
        /// The order's number.
        number: u64,
        /// What is to be left.
        partitions: Vec<Partition>,
    },
    /// To commit nothing more of these.
    Lost(Vec<Partition>),
}

/// A stretch of a partition that is read on end: from a claim, or from where it was read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The partition.
    pub partition: Partition,
    /// The stretch's number, of all that the reader had.
    pub number: u64,
}

/// A batch on its way. The epochs of its parts are filled in by the writer, which knows them.
#[derive(Debug)]
pub struct Filled {
    /// A part for each partition in it.
    pub parts: Vec<Part>,
    /// The number of each part's stretch.
    pub stretches: Vec<u64>,
    /// The records; each belongs to the part in the place that its lane says.
    pub run: Run,
}

/// From the writer to the reader.
#[derive(Debug)]
pub enum Answer {
    /// These are claimed.
    Claimed(Vec<(Stretch, Claim)>),
    /// These are not, and have to be confirmed anew.
    NotClaimed(Vec<Stretch>),
    /// A batch is landed, or not.
    Settled {
        /// The batch.
        filled: Filled,
        /// Whether it is landed.
        landed: Landed,
        /// What the ledger has for each part.
        ledger: Vec<Ledger>,
        /// How many records are left out.
        rejected: u64,
    },
    /// Nothing is under way of what the order with this number was about.
    Left(u64),
    /// The target takes nothing more. Batches that come are rolled back.
    Failed(LandError),
}

/// The answer to whether a batch is landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// It is.
    Yes,
    /// Nothing of it is.
    No,
    /// Nobody here knows.
    Unknown,
}

/// The ledger's word on a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ledger {
    /// It is ours, and this offset comes next.
    Ours(Option<i64>),
    /// It is not ours.
    Others,
}
