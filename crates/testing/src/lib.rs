//! Contracts, faults and counterparts for the tests of the other crates; shipped code never knows it.
//!
//! [`contract::source`], [`contract::sink`] and [`contract::target`] hold every source, sink and target to the same dozen
//! promises. [`database`] are servers to land in, and [`mod@line`] leads to one of them until it is cut.
//! [`faults`] are sinks and readers that misbehave as told. [`kafka`] is a real Kafka on this machine, and [`proxy`]
//! puts it far away. [`suites`] is what is behind `./test`.

#[cfg(feature = "library")]
pub mod contract;
#[cfg(feature = "library")]
pub mod database;
#[cfg(feature = "library")]
pub mod faults;
#[cfg(all(unix, feature = "library"))]
pub mod kafka;
#[cfg(feature = "library")]
pub mod line;
#[cfg(feature = "library")]
pub mod proxy;
pub mod suites;
