//! What administration asks of a cluster beside its topics: rules, quotas, users, directories, replicas, features.

use super::super::schema::{Field, I8, I16, I32, I64, Kind, Request, field, since, until};
use Kind::{Blob, List, Struct, Text};
use kafka_protocol::messages::ApiKey;

/// A name and partitions.
const PARTITIONS: &[Field] = &[field(Text), field(List(&I32))];
/// Resource type and name, pattern, principal, host, operation, permission.
const RULE: &[Field] = &[field(I8), field(Text), field(I8), field(Text), field(Text), field(I8), field(I8)];

/// A mechanism.
pub(super) const SASL_HANDSHAKE: Request = Request {
    api: ApiKey::SaslHandshake,
    min: 0,
    max: 1,
    flexible: i16::MAX,
    body: &[field(Text)],
    tags: &[],
};

/// Resource type and name, pattern, principal, host, operation, permission.
pub(super) const DESCRIBE_ACLS: Request = Request {
    api: ApiKey::DescribeAcls,
    min: 1,
    max: 3,
    flexible: 2,
    body: &[field(I8), field(Text), field(I8), field(Text), field(Text), field(I8), field(I8)],
    tags: &[],
};

/// Rules, each as in a description.
pub(super) const CREATE_ACLS: Request = Request {
    api: ApiKey::CreateAcls,
    min: 1,
    max: 3,
    flexible: 2,
    body: &[field(List(&Struct(RULE, &[])))],
    tags: &[],
};

/// Rules, each as in a description.
pub(super) const DELETE_ACLS: Request = Request {
    api: ApiKey::DeleteAcls,
    min: 1,
    max: 3,
    flexible: 2,
    body: &[field(List(&Struct(RULE, &[])))],
    tags: &[],
};

/// Topics of name and partitions.
pub(super) const DESCRIBE_LOG_DIRS: Request = Request {
    api: ApiKey::DescribeLogDirs,
    min: 1,
    max: 5,
    flexible: 2,
    body: &[field(List(&Struct(PARTITIONS, &[])))],
    tags: &[],
};

/// Kind of election, topics of name and partitions, timeout.
pub(super) const ELECT_LEADERS: Request = Request {
    api: ApiKey::ElectLeaders,
    min: 0,
    max: 2,
    flexible: 2,
    body: &[since(1, I8), field(List(&Struct(PARTITIONS, &[]))), field(I32)],
    tags: &[],
};

/// Timeout, whether the number of replicas may change, topics of name and partitions of index and replicas.
pub(super) const ALTER_PARTITION_REASSIGNMENTS: Request = Request {
    api: ApiKey::AlterPartitionReassignments,
    min: 0,
    max: 1,
    flexible: 0,
    body: &[
        field(I32),
        since(1, I8),
        field(List(&Struct(
            &[field(Text), field(List(&Struct(&[field(I32), field(List(&I32))], &[])))],
            &[],
        ))),
    ],
    tags: &[],
};

/// Timeout, topics of name and partitions.
pub(super) const LIST_PARTITION_REASSIGNMENTS: Request = Request {
    api: ApiKey::ListPartitionReassignments,
    min: 0,
    max: 0,
    flexible: 0,
    body: &[field(I32), field(List(&Struct(PARTITIONS, &[])))],
    tags: &[],
};

/// Components of type, kind of match and name; strict.
pub(super) const DESCRIBE_CLIENT_QUOTAS: Request = Request {
    api: ApiKey::DescribeClientQuotas,
    min: 0,
    max: 1,
    flexible: 1,
    body: &[field(List(&Struct(&[field(Text), field(I8), field(Text)], &[]))), field(I8)],
    tags: &[],
};

/// Entries of entities of type and name, and of values of key, number and removal; validate only.
pub(super) const ALTER_CLIENT_QUOTAS: Request = Request {
    api: ApiKey::AlterClientQuotas,
    min: 0,
    max: 1,
    flexible: 1,
    body: &[
        field(List(&Struct(
            &[
                field(List(&Struct(&[field(Text), field(Text)], &[]))),
                field(List(&Struct(&[field(Text), field(I64), field(I8)], &[]))),
            ],
            &[],
        ))),
        field(I8),
    ],
    tags: &[],
};

/// Names of users.
pub(super) const DESCRIBE_USER_SCRAM_CREDENTIALS: Request = Request {
    api: ApiKey::DescribeUserScramCredentials,
    min: 0,
    max: 0,
    flexible: 0,
    body: &[field(List(&Struct(&[field(Text)], &[])))],
    tags: &[],
};

/// Deletions of name and mechanism; credentials of name, mechanism, iterations, salt and salted password.
pub(super) const ALTER_USER_SCRAM_CREDENTIALS: Request = Request {
    api: ApiKey::AlterUserScramCredentials,
    min: 0,
    max: 0,
    flexible: 0,
    body: &[
        field(List(&Struct(&[field(Text), field(I8)], &[]))),
        field(List(&Struct(&[field(Text), field(I8), field(I32), field(Blob), field(Blob)], &[]))),
    ],
    tags: &[],
};

/// Topics of name and partitions.
pub(super) const DESCRIBE_QUORUM: Request = Request {
    api: ApiKey::DescribeQuorum,
    min: 0,
    max: 2,
    flexible: 0,
    body: &[field(List(&Struct(&[field(Text), field(List(&Struct(&[field(I32)], &[])))], &[])))],
    tags: &[],
};

/// Types of resources.
pub(super) const LIST_CONFIG_RESOURCES: Request = Request {
    api: ApiKey::ListConfigResources,
    min: 0,
    max: 1,
    flexible: 0,
    body: &[since(1, List(&I8))],
    tags: &[],
};

/// Timeout, features of name, level and how to change; validate only.
pub(super) const UPDATE_FEATURES: Request = Request {
    api: ApiKey::UpdateFeatures,
    min: 0,
    max: 2,
    flexible: 0,
    body: &[
        field(I32),
        field(List(&Struct(&[field(Text), field(I16), until(0, I8), since(1, I8)], &[]))),
        since(1, I8),
    ],
    tags: &[],
};
