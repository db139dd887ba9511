//! The library behind the `kadence` command: replays timestamped recordings into Kafka at their own pace.
//!
//! [`Replay`] is the whole of it in one value:
//!
//! ```no_run
//! use kadence::Replay;
//!
//! let outcome = Replay::of_file("data/earthquakes.csv")
//!     .speed("100000")?
//!     .into_topic("localhost:9092", "earthquakes")
//!     .run()?;
//! println!("{:?} records, {:?} µs late", outcome.report.acknowledged, outcome.report.lateness_us);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything that the command line offers is in [`Replay`]'s public fields; the crates behind it
//! ([`kadence_core`], [`kadence_kafka`]) are the place for more.

pub mod cli;
#[doc(hidden)]
pub mod demo;
mod fault;
pub mod landing;
mod misread;
mod output;
mod plain;
mod proof;
mod registry;
mod replay;
mod sending;
mod serving;
mod signals;
mod template;
mod verifying;
mod whole_file;
mod wiring;

pub use fault::Error;
pub use kadence_core::fault::Fault;
pub use kadence_core::pipeline::{Control, Failure, Outcome};
pub use kadence_core::report::{Percentiles, Report};
pub use proof::Proof;
pub use replay::Replay;
pub use sending::Destination;
pub use verifying::{TableVerification, Verdict, Verification};
