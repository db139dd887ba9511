//! Transactions and their producers.

use super::super::schema::{Field, I8, I16, I32, I64, Kind, Request, field, since, until};
use Kind::{List, Struct, Text};
use kafka_protocol::messages::ApiKey;

/// Transactions, or one by id, producer id, epoch and topics.
pub(super) const ADD_PARTITIONS_TO_TXN: Request = Request {
    api: ApiKey::AddPartitionsToTxn,
    min: 0,
    max: 5,
    flexible: 3,
    body: &[
        since(4, List(&Struct(ADDING, &[]))),
        until(3, Text),
        until(3, I64),
        until(3, I16),
        until(3, List(&Struct(PARTITIONS, &[]))),
    ],
    tags: &[],
};
/// Id, producer id, epoch, verify only, topics.
const ADDING: &[Field] =
    &[field(Text), field(I64), field(I16), field(I8), field(List(&Struct(PARTITIONS, &[])))];
/// Topic and indexes.
const PARTITIONS: &[Field] = &[field(Text), field(List(&I32))];

/// Id, producer id, epoch, group.
pub(super) const ADD_OFFSETS_TO_TXN: Request = Request {
    api: ApiKey::AddOffsetsToTxn,
    min: 0,
    max: 4,
    flexible: 3,
    body: &[field(Text), field(I64), field(I16), field(Text)],
    tags: &[],
};

/// Id, producer id, epoch, committed.
pub(super) const END_TXN: Request = Request {
    api: ApiKey::EndTxn,
    min: 0,
    max: 5,
    flexible: 3,
    body: &[field(Text), field(I64), field(I16), field(I8)],
    tags: &[],
};

/// Markers of producer id, epoch, result, topics and coordinator epoch.
pub(super) const WRITE_TXN_MARKERS: Request = Request {
    api: ApiKey::WriteTxnMarkers,
    min: 1,
    max: 1,
    flexible: 1,
    body: &[field(List(&Struct(
        &[field(I64), field(I16), field(I8), field(List(&Struct(PARTITIONS, &[]))), field(I32)],
        &[],
    )))],
    tags: &[],
};

/// Id, group, producer id, epoch, generation, member, instance, topics.
pub(super) const TXN_OFFSET_COMMIT: Request = Request {
    api: ApiKey::TxnOffsetCommit,
    min: 0,
    max: 5,
    flexible: 3,
    body: &[
        field(Text),
        field(Text),
        field(I64),
        field(I16),
        since(3, I32),
        since(3, Text),
        since(3, Text),
        field(List(&Struct(&[field(Text), field(List(&Struct(COMMITTED, &[])))], &[]))),
    ],
    tags: &[],
};
/// Index, offset, leader epoch, metadata.
const COMMITTED: &[Field] = &[field(I32), field(I64), since(2, I32), field(Text)];

/// Topics of name and indexes.
pub(super) const DESCRIBE_PRODUCERS: Request = Request {
    api: ApiKey::DescribeProducers,
    min: 0,
    max: 0,
    flexible: 0,
    body: &[field(List(&Struct(PARTITIONS, &[])))],
    tags: &[],
};

/// Ids.
pub(super) const DESCRIBE_TRANSACTIONS: Request = Request {
    api: ApiKey::DescribeTransactions,
    min: 0,
    max: 0,
    flexible: 0,
    body: &[field(List(&Text))],
    tags: &[],
};

/// States, producer ids, least duration, pattern of ids.
pub(super) const LIST_TRANSACTIONS: Request = Request {
    api: ApiKey::ListTransactions,
    min: 0,
    max: 2,
    flexible: 0,
    body: &[field(List(&Text)), field(List(&I64)), since(1, I64), since(2, Text)],
    tags: &[],
};
