//! Avro as it goes over the wire, and a registry that plays a script.

mod client;
mod encoding;
mod generated;
mod hostile;
mod resolution;
mod round_trips;
mod support;
