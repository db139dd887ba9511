//! The broker over real sockets, with a client of its own on `kafka-protocol`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

/// Settings, more partitions, descriptions page by page.
mod admin;
/// Every advertised version of the APIs that change and describe topics.
mod admin_versions;
/// A blocking client and batches made by hand.
mod client;
/// A directory that is kept: starting again, deleting records, one process.
mod directory;
/// Fetching and looking up offsets.
mod fetch;
/// Every advertised version of the APIs of groups.
mod group_versions;
/// Groups over sockets: waiting, going away, being late.
mod groups;
/// Strangers: bad frames, bad counts, bad batches, connections that say nothing.
mod hostile;
/// What fuzzing starts from.
mod hostile_seeds;
/// Start and stop, ports, several brokers.
mod lifecycle;
/// Producing: codecs, limits, sequence numbers, the memory limit.
mod produce;
/// Creating, finding, describing and deleting topics.
mod topics;
/// Every advertised version of every API.
mod versions;
