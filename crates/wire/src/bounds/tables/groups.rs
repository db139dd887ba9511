//! Groups and their offsets.

use super::super::schema::{Field, I8, I32, I64, Kind, Request, between, field, since, until};
use Kind::{Blob, List, Struct, Text};
use kafka_protocol::messages::ApiKey;

/// Key, or keys, and what they are.
pub(super) const FIND_COORDINATOR: Request = Request {
    api: ApiKey::FindCoordinator,
    min: 0,
    max: 6,
    flexible: 3,
    body: &[until(3, Text), since(1, I8), since(4, List(&Text))],
    tags: &[],
};

/// Group, session and rebalance timeouts, member, instance, protocol type, protocols of name and metadata, reason.
pub(super) const JOIN_GROUP: Request = Request {
    api: ApiKey::JoinGroup,
    min: 0,
    max: 9,
    flexible: 6,
    body: &[
        field(Text),
        field(I32),
        since(1, I32),
        field(Text),
        since(5, Text),
        field(Text),
        field(List(&Struct(NAMED_BYTES, &[]))),
        since(8, Text),
    ],
    tags: &[],
};
const NAMED_BYTES: &[Field] = &[field(Text), field(Blob)];

/// Group, generation, member, instance, protocol type and name, assignments of member and bytes.
pub(super) const SYNC_GROUP: Request = Request {
    api: ApiKey::SyncGroup,
    min: 0,
    max: 5,
    flexible: 4,
    body: &[
        field(Text),
        field(I32),
        field(Text),
        since(3, Text),
        since(5, Text),
        since(5, Text),
        field(List(&Struct(NAMED_BYTES, &[]))),
    ],
    tags: &[],
};

/// Group, generation, member, instance.
pub(super) const HEARTBEAT: Request = Request {
    api: ApiKey::Heartbeat,
    min: 0,
    max: 4,
    flexible: 4,
    body: &[field(Text), field(I32), field(Text), since(3, Text)],
    tags: &[],
};

/// Group, member, or members of id, instance and reason.
pub(super) const LEAVE_GROUP: Request = Request {
    api: ApiKey::LeaveGroup,
    min: 0,
    max: 5,
    flexible: 4,
    body: &[
        field(Text),
        until(2, Text),
        since(3, List(&Struct(&[field(Text), field(Text), since(5, Text)], &[]))),
    ],
    tags: &[],
};

/// Group, generation, member, instance, retention time, topics.
pub(super) const OFFSET_COMMIT: Request = Request {
    api: ApiKey::OffsetCommit,
    min: 2,
    max: 9,
    flexible: 8,
    body: &[
        field(Text),
        field(I32),
        field(Text),
        since(7, Text),
        until(4, I64),
        field(List(&Struct(&[field(Text), field(List(&Struct(COMMITTED, &[])))], &[]))),
    ],
    tags: &[],
};
/// Index, offset, leader epoch, metadata.
const COMMITTED: &[Field] = &[field(I32), field(I64), since(6, I32), field(Text)];

/// Group and topics, or groups of id, member, epoch and topics; whether the offsets have to be stable.
pub(super) const OFFSET_FETCH: Request = Request {
    api: ApiKey::OffsetFetch,
    min: 1,
    max: 9,
    flexible: 6,
    body: &[
        until(7, Text),
        between(1, 7, List(&Struct(PARTITIONS, &[]))),
        since(8, List(&Struct(FETCHING_GROUP, &[]))),
        since(7, I8),
    ],
    tags: &[],
};
const FETCHING_GROUP: &[Field] =
    &[field(Text), since(9, Text), since(9, I32), field(List(&Struct(PARTITIONS, &[])))];
/// Topic and indexes.
const PARTITIONS: &[Field] = &[field(Text), field(List(&I32))];

/// Group, topics of name and indexes.
pub(super) const OFFSET_DELETE: Request = Request {
    api: ApiKey::OffsetDelete,
    min: 0,
    max: 0,
    flexible: i16::MAX,
    body: &[field(Text), field(List(&Struct(PARTITIONS, &[])))],
    tags: &[],
};

/// States, types.
pub(super) const LIST_GROUPS: Request = Request {
    api: ApiKey::ListGroups,
    min: 0,
    max: 5,
    flexible: 3,
    body: &[since(4, List(&Text)), since(5, List(&Text))],
    tags: &[],
};

/// Groups, what operations to list.
pub(super) const DESCRIBE_GROUPS: Request = Request {
    api: ApiKey::DescribeGroups,
    min: 0,
    max: 6,
    flexible: 5,
    body: &[field(List(&Text)), since(3, I8)],
    tags: &[],
};

/// Groups.
pub(super) const DELETE_GROUPS: Request = Request {
    api: ApiKey::DeleteGroups,
    min: 0,
    max: 2,
    flexible: 2,
    body: &[field(List(&Text))],
    tags: &[],
};
