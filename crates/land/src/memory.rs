//! Twins in memory, for tests: a cluster with topics and a group, a feed from it, and a target with a ledger.
//!
//! Several feeds can be members of one cluster's group, and several targets write to one [`MemoryStore`]. Time comes
//! from the clock that the cluster was given.

mod cluster;
mod feed;
mod group;
mod log;
mod store;
mod target;

pub use cluster::MemoryCluster;
pub use feed::{MemoryFeed, MemoryFeedOptions};
pub use group::{Protocol, Seat};
pub use log::MemoryRecord;
pub use store::{MemoryStore, Place, Row, Transaction};
pub use target::{MemoryTarget, Mishap};
