//! The broker over real sockets, with a client of its own on `kafka-protocol`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

/// Settings, more partitions, descriptions page by page.
mod admin;
/// Every advertised version of the APIs that change and describe topics.
mod admin_versions;
/// A blocking client and batches made by hand.
mod client;
/// Every advertised version of the APIs that administer a cluster, and what they answer.
mod cluster_versions;
/// A directory that is kept: starting again, deleting records, one process.
mod directory;
/// Fetching and looking up offsets.
mod fetch;
/// Every advertised version of the APIs of groups.
mod group_versions;
/// Groups over sockets: waiting, going away, being late.
mod groups;
/// Strangers: bad frames, bad counts, bad bodies, while a neighbour goes on working.
mod hostile;
/// Batches that are not what they claim.
mod hostile_batches;
/// Many connections: half open, slow, silent.
mod hostile_crowds;
/// What fuzzing starts from.
mod hostile_seeds;
/// Start and stop, ports, several brokers.
mod lifecycle;
/// Producing: codecs, limits, sequence numbers, the memory limit.
mod produce;
/// Directories that were put together from what was left, or taken away.
mod recovery;
/// Creating, finding, describing and deleting topics.
mod topics;
/// Every advertised version of the APIs of transactions.
mod transaction_versions;
/// Transactions over sockets: what is seen, who is fenced, what ends in time.
mod transactions;
/// Every advertised version of every API.
mod versions;
