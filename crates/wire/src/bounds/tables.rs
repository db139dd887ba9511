//! The structure of every request that is decoded, one table an API.
//!
//! A table follows Kafka's message definition of that API. It may cover versions that no room serves; a served
//! version without a table fails a test of the broker.

mod admin;
mod cluster;
mod groups;
mod transactions;

use super::schema::{Field, I8, I16, I32, I64, Kind, Request, Tag, UUID, between, field, since, until};
use Kind::{Blob, List, Struct, Text};
use kafka_protocol::messages::ApiKey;

/// Every table there is.
pub const ALL: &[&Request] = &[
    &PRODUCE,
    &FETCH,
    &LIST_OFFSETS,
    &METADATA,
    &API_VERSIONS,
    &CREATE_TOPICS,
    &DELETE_TOPICS,
    &INIT_PRODUCER_ID,
    &DESCRIBE_CONFIGS,
    &groups::FIND_COORDINATOR,
    &groups::JOIN_GROUP,
    &groups::SYNC_GROUP,
    &groups::HEARTBEAT,
    &groups::LEAVE_GROUP,
    &groups::OFFSET_COMMIT,
    &groups::OFFSET_FETCH,
    &groups::OFFSET_DELETE,
    &groups::LIST_GROUPS,
    &groups::DESCRIBE_GROUPS,
    &groups::DELETE_GROUPS,
    &admin::INCREMENTAL_ALTER_CONFIGS,
    &admin::ALTER_CONFIGS,
    &admin::CREATE_PARTITIONS,
    &admin::DELETE_RECORDS,
    &admin::DESCRIBE_TOPIC_PARTITIONS,
    &admin::DESCRIBE_CLUSTER,
    &admin::OFFSET_FOR_LEADER_EPOCH,
    &cluster::SASL_HANDSHAKE,
    &cluster::DESCRIBE_ACLS,
    &cluster::CREATE_ACLS,
    &cluster::DELETE_ACLS,
    &cluster::DESCRIBE_LOG_DIRS,
    &cluster::ELECT_LEADERS,
    &cluster::ALTER_PARTITION_REASSIGNMENTS,
    &cluster::LIST_PARTITION_REASSIGNMENTS,
    &cluster::DESCRIBE_CLIENT_QUOTAS,
    &cluster::ALTER_CLIENT_QUOTAS,
    &cluster::DESCRIBE_USER_SCRAM_CREDENTIALS,
    &cluster::ALTER_USER_SCRAM_CREDENTIALS,
    &cluster::DESCRIBE_QUORUM,
    &cluster::LIST_CONFIG_RESOURCES,
    &cluster::UPDATE_FEATURES,
    &transactions::ADD_PARTITIONS_TO_TXN,
    &transactions::ADD_OFFSETS_TO_TXN,
    &transactions::END_TXN,
    &transactions::WRITE_TXN_MARKERS,
    &transactions::TXN_OFFSET_COMMIT,
    &transactions::DESCRIBE_PRODUCERS,
    &transactions::DESCRIBE_TRANSACTIONS,
    &transactions::LIST_TRANSACTIONS,
];

/// Transactional id, acks, timeout, topics.
const PRODUCE: Request = Request {
    api: ApiKey::Produce,
    min: 3,
    max: 13,
    flexible: 9,
    body: &[field(Text), field(I16), field(I32), field(List(&Struct(PRODUCE_TOPIC, &[])))],
    tags: &[],
};
/// Name or id, partitions of index and records.
const PRODUCE_TOPIC: &[Field] =
    &[until(12, Text), since(13, UUID), field(List(&Struct(&[field(I32), field(Blob)], &[])))];

/// Replica, wait, least and most bytes, isolation, session, topics, forgotten topics, rack.
const FETCH: Request = Request {
    api: ApiKey::Fetch,
    min: 4,
    max: 17,
    flexible: 12,
    body: &[
        until(14, I32),
        field(I32),
        field(I32),
        field(I32),
        field(I8),
        since(7, I32),
        since(7, I32),
        field(List(&Struct(FETCH_TOPIC, &[]))),
        since(7, List(&Struct(FETCH_FORGOTTEN, &[]))),
        since(11, Text),
    ],
    tags: &[
        Tag { number: 0, since: 12, kind: Text },
        Tag { number: 1, since: 15, kind: Struct(&[field(I32), field(I64)], &[]) },
    ],
};
const FETCH_TOPIC: &[Field] =
    &[until(12, Text), since(13, UUID), field(List(&Struct(FETCH_PARTITION, FETCH_PARTITION_TAGS)))];
/// Index, leader epoch, offset, last fetched epoch, log start, most bytes.
const FETCH_PARTITION: &[Field] =
    &[field(I32), since(9, I32), field(I64), since(12, I32), since(5, I64), field(I32)];
/// Directory id; the second is of a version beyond this table, and named so that it is not taken for unknown.
const FETCH_PARTITION_TAGS: &[Tag] =
    &[Tag { number: 0, since: 17, kind: UUID }, Tag { number: 1, since: 18, kind: I64 }];
const FETCH_FORGOTTEN: &[Field] = &[until(12, Text), since(13, UUID), field(List(&I32))];

/// Replica, isolation, topics, timeout.
const LIST_OFFSETS: Request = Request {
    api: ApiKey::ListOffsets,
    min: 1,
    max: 10,
    flexible: 6,
    body: &[
        field(I32),
        since(2, I8),
        field(List(&Struct(
            &[field(Text), field(List(&Struct(&[field(I32), since(4, I32), field(I64)], &[])))],
            &[],
        ))),
        since(10, I32),
    ],
    tags: &[],
};

/// Topics of id and name, auto-creation, what operations to list.
const METADATA: Request = Request {
    api: ApiKey::Metadata,
    min: 0,
    max: 13,
    flexible: 9,
    body: &[
        field(List(&Struct(&[since(10, UUID), field(Text)], &[]))),
        since(4, I8),
        between(8, 10, I8),
        since(8, I8),
    ],
    tags: &[],
};

/// Client software name and version.
const API_VERSIONS: Request = Request {
    api: ApiKey::ApiVersions,
    min: 0,
    max: 4,
    flexible: 3,
    body: &[since(3, Text), since(3, Text)],
    tags: &[],
};

/// Topics, timeout, validate only.
const CREATE_TOPICS: Request = Request {
    api: ApiKey::CreateTopics,
    min: 2,
    max: 7,
    flexible: 5,
    body: &[field(List(&Struct(CREATABLE_TOPIC, &[]))), field(I32), field(I8)],
    tags: &[],
};
/// Name, partitions, replication factor, assignments of index and brokers, configs of name and value.
const CREATABLE_TOPIC: &[Field] = &[
    field(Text),
    field(I32),
    field(I16),
    field(List(&Struct(&[field(I32), field(List(&I32))], &[]))),
    field(List(&Struct(&[field(Text), field(Text)], &[]))),
];

/// Topics by name and id, or names only; timeout.
const DELETE_TOPICS: Request = Request {
    api: ApiKey::DeleteTopics,
    min: 1,
    max: 6,
    flexible: 4,
    body: &[since(6, List(&Struct(&[field(Text), field(UUID)], &[]))), until(5, List(&Text)), field(I32)],
    tags: &[],
};

/// Transactional id, timeout, producer id and epoch.
const INIT_PRODUCER_ID: Request = Request {
    api: ApiKey::InitProducerId,
    min: 0,
    max: 5,
    flexible: 2,
    body: &[field(Text), field(I32), since(3, I64), since(3, I16)],
    tags: &[],
};

/// Resources of type, name and keys; synonyms, documentation.
const DESCRIBE_CONFIGS: Request = Request {
    api: ApiKey::DescribeConfigs,
    min: 1,
    max: 4,
    flexible: 4,
    body: &[
        field(List(&Struct(&[field(I8), field(Text), field(List(&Text))], &[]))),
        field(I8),
        since(3, I8),
    ],
    tags: &[],
};
