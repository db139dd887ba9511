//! The landing loop: a feed's records into a target, each exactly once.
//!
//! A [`Reader`] has the feed and a [`Writer`] the target. Both are machines that give each other orders and answers,
//! so that a test steps them in any order; [`land`] runs each on a thread of its own. [`memory`] has twins of feed and
//! target for tests.
//!
//! Nothing here knows a driver, Kafka or HTTP.

mod back_off;
mod error;
mod gauges;
pub mod memory;
mod options;
mod orders;
mod outcome;
mod planted;
mod reader;
#[cfg(test)]
mod tests;
mod threads;
mod writer;

pub use error::LandError;
pub use gauges::Gauges;
pub use options::{OnReject, Options};
pub use orders::{Answer, Filled, Landed, Ledger, Order, Stretch};
pub use outcome::{Ended, Outcome};
pub use reader::{Reader, Turn};
pub use threads::land;
pub use writer::{Act, Rest, Verdicts, Writer};
