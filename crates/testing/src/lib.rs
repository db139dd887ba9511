//! Contracts and faults for the tests of the other crates; shipped code never knows it.
//!
//! [`contract::source`] and [`contract::sink`] hold every source and every sink to the same dozen promises.
//! [`faults`] are sinks and readers that misbehave as told.

pub mod contract;
pub mod faults;
