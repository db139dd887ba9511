//! Avro as it goes over the wire, and a registry that plays a script.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod client;
mod encoding;
mod generated;
mod hostile;
mod resolution;
mod round_trips;
mod support;
