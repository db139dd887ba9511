//! The wire format against `kafka-protocol`, and against bytes that nobody should send.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

/// Populated requests that change and describe topics.
mod admin_requests;
/// The largest allocation a piece of code makes.
mod allocation;
/// Record batch headers.
mod batch;
/// The walk over requests: exact for good ones, strict with others.
mod bounds;
/// Populated requests that administer a cluster.
mod cluster_requests;
/// Batches written anew from some of their records, against `kafka-protocol`.
mod contents;
/// Transaction markers, against `kafka-protocol`.
mod control;
/// Fetch responses in pieces.
mod fetch;
/// Populated requests of groups.
mod group_requests;
/// Looking into compressed batches.
mod records;
/// A populated request for every version that has a table.
mod requests;
/// What fuzzing starts from.
mod seeds;
/// What consumers tell their groups, against `kafka-protocol` and changed.
mod subscription;
/// Populated requests of transactions.
mod transaction_requests;
