//! Changing and describing topics and the cluster.

use super::super::schema::{Field, I8, I32, I64, Kind, Request, field, since};
use Kind::{List, Optional, Struct, Text};
use kafka_protocol::messages::ApiKey;

/// Resources of type, name and settings of name, operation and value; validate only.
pub(super) const INCREMENTAL_ALTER_CONFIGS: Request = Request {
    api: ApiKey::IncrementalAlterConfigs,
    min: 0,
    max: 1,
    flexible: 1,
    body: &[
        field(List(&Struct(
            &[field(I8), field(Text), field(List(&Struct(&[field(Text), field(I8), field(Text)], &[])))],
            &[],
        ))),
        field(I8),
    ],
    tags: &[],
};

/// Resources of type, name and settings of name and value; validate only.
pub(super) const ALTER_CONFIGS: Request = Request {
    api: ApiKey::AlterConfigs,
    min: 0,
    max: 2,
    flexible: 2,
    body: &[
        field(List(&Struct(
            &[field(I8), field(Text), field(List(&Struct(&[field(Text), field(Text)], &[])))],
            &[],
        ))),
        field(I8),
    ],
    tags: &[],
};

/// Topics of name, count and assignments; timeout, validate only.
pub(super) const CREATE_PARTITIONS: Request = Request {
    api: ApiKey::CreatePartitions,
    min: 0,
    max: 3,
    flexible: 2,
    body: &[
        field(List(&Struct(
            &[field(Text), field(I32), field(List(&Struct(&[field(List(&I32))], &[])))],
            &[],
        ))),
        field(I32),
        field(I8),
    ],
    tags: &[],
};

/// Topics of name and partitions, timeout.
pub(super) const DELETE_RECORDS: Request = Request {
    api: ApiKey::DeleteRecords,
    min: 0,
    max: 2,
    flexible: 2,
    body: &[
        field(List(&Struct(&[field(Text), field(List(&Struct(&[field(I32), field(I64)], &[])))], &[]))),
        field(I32),
    ],
    tags: &[],
};

/// Topics, limit of partitions, where to go on.
pub(super) const DESCRIBE_TOPIC_PARTITIONS: Request = Request {
    api: ApiKey::DescribeTopicPartitions,
    min: 0,
    max: 0,
    flexible: 0,
    body: &[
        field(List(&Struct(&[field(Text)], &[]))),
        field(I32),
        field(Optional(&[field(Text), field(I32)], &[])),
    ],
    tags: &[],
};

/// What operations to list, endpoints of what, fenced brokers as well.
pub(super) const DESCRIBE_CLUSTER: Request = Request {
    api: ApiKey::DescribeCluster,
    min: 0,
    max: 2,
    flexible: 0,
    body: &[field(I8), since(1, I8), since(2, I8)],
    tags: &[],
};

/// Replica, topics of name and partitions.
pub(super) const OFFSET_FOR_LEADER_EPOCH: Request = Request {
    api: ApiKey::OffsetForLeaderEpoch,
    min: 2,
    max: 4,
    flexible: 4,
    body: &[since(3, I32), field(List(&Struct(&[field(Text), field(List(&Struct(EPOCHS, &[])))], &[])))],
    tags: &[],
};
/// Index, current epoch, the epoch asked for.
const EPOCHS: &[Field] = &[field(I32), field(I32), field(I32)];
