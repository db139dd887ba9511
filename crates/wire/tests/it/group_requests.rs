use crate::requests::{name, put, text, unknown};
use bytes::{Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        ApiKey, DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, GroupId,
        HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, ListGroupsRequest, OffsetCommitRequest,
        OffsetDeleteRequest, OffsetFetchRequest, SyncGroupRequest,
        join_group_request::JoinGroupRequestProtocol,
        leave_group_request::MemberIdentity,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics},
        sync_group_request::SyncGroupRequestAssignment,
    },
    protocol::StrBytes,
};

/// Writes a body with something in every field that `version` has; false if the API is not one of groups.
pub(crate) fn put_populated(out: &mut BytesMut, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::FindCoordinator => put(out, version, &find_coordinator(version)),
        ApiKey::JoinGroup => put(out, version, &join_group(version)),
        ApiKey::SyncGroup => put(out, version, &sync_group(version)),
        ApiKey::Heartbeat => put(out, version, &heartbeat(version)),
        ApiKey::LeaveGroup => put(out, version, &leave_group(version)),
        ApiKey::OffsetCommit => put(out, version, &offset_commit(version)),
        ApiKey::OffsetFetch => put(out, version, &offset_fetch(version)),
        ApiKey::OffsetDelete => put(out, version, &offset_delete()),
        ApiKey::ListGroups => put(out, version, &list_groups(version)),
        ApiKey::DescribeGroups => put(out, version, &describe_groups(version)),
        ApiKey::DeleteGroups => {
            put(out, version, &DeleteGroupsRequest::default().with_groups_names(vec![group(), group()]));
        }
        _ => return false,
    }
    true
}

fn group() -> GroupId {
    GroupId(text("group"))
}

/// The instance id from the version on that has one.
fn instance(version: i16, since: i16) -> Option<StrBytes> {
    (version >= since).then(|| text("instance"))
}

fn find_coordinator(version: i16) -> FindCoordinatorRequest {
    let request = FindCoordinatorRequest::default();
    let request = if version >= 1 { request.with_key_type(1) } else { request };
    match version {
        0..=3 => request.with_key(text("group")),
        _ => request
            .with_coordinator_keys(vec![text("group"), text("other")])
            .with_unknown_tagged_fields(unknown()),
    }
}

fn join_group(version: i16) -> JoinGroupRequest {
    let protocol = |name| {
        let metadata = Bytes::from_static(&[7; 40]);
        JoinGroupRequestProtocol::default().with_name(text(name)).with_metadata(metadata)
    };
    let request = JoinGroupRequest::default()
        .with_group_id(group())
        .with_session_timeout_ms(6000)
        .with_rebalance_timeout_ms(if version >= 1 { 9000 } else { -1 })
        .with_member_id(text("member"))
        .with_group_instance_id(instance(version, 5))
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol("range"), protocol("sticky")])
        .with_reason((version >= 8).then(|| text("reason")));
    if version >= 6 { request.with_unknown_tagged_fields(unknown()) } else { request }
}

fn sync_group(version: i16) -> SyncGroupRequest {
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(text("member"))
        .with_assignment(Bytes::from_static(&[7; 40]));
    SyncGroupRequest::default()
        .with_group_id(group())
        .with_generation_id(3)
        .with_member_id(text("member"))
        .with_group_instance_id(instance(version, 3))
        .with_protocol_type((version >= 5).then(|| text("consumer")))
        .with_protocol_name((version >= 5).then(|| text("range")))
        .with_assignments(vec![assignment; 3])
}

fn heartbeat(version: i16) -> HeartbeatRequest {
    HeartbeatRequest::default()
        .with_group_id(group())
        .with_generation_id(3)
        .with_member_id(text("member"))
        .with_group_instance_id(instance(version, 3))
}

fn leave_group(version: i16) -> LeaveGroupRequest {
    let request = LeaveGroupRequest::default().with_group_id(group());
    if version < 3 {
        return request.with_member_id(text("member"));
    }
    let member = MemberIdentity::default()
        .with_member_id(text("member"))
        .with_group_instance_id(instance(version, 3))
        .with_reason((version >= 5).then(|| text("reason")));
    request.with_members(vec![member.clone(), member.with_group_instance_id(None)])
}

fn offset_commit(version: i16) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(1)
        .with_committed_offset(8)
        .with_committed_leader_epoch(if version >= 6 { 2 } else { -1 })
        .with_committed_metadata(Some(text("metadata")));
    let partitions = vec![partition.clone(), partition.with_committed_metadata(None)];
    let topic = OffsetCommitRequestTopic::default().with_name(name("topic")).with_partitions(partitions);
    OffsetCommitRequest::default()
        .with_group_id(group())
        .with_generation_id_or_member_epoch(3)
        .with_member_id(text("member"))
        .with_group_instance_id(instance(version, 7))
        .with_topics(vec![topic; 2])
}

fn offset_fetch(version: i16) -> OffsetFetchRequest {
    let request = OffsetFetchRequest::default().with_require_stable(version >= 7);
    if version < 8 {
        let topic =
            OffsetFetchRequestTopic::default().with_name(name("topic")).with_partition_indexes(vec![1, 2, 3]);
        return request.with_group_id(group()).with_topics(Some(vec![topic; 2]));
    }
    let topic =
        OffsetFetchRequestTopics::default().with_name(name("topic")).with_partition_indexes(vec![1, 2, 3]);
    let asking = OffsetFetchRequestGroup::default().with_group_id(group()).with_topics(Some(vec![topic; 2]));
    let all = asking.clone().with_topics(None);
    let asking =
        if version >= 9 { asking.with_member_id(Some(text("member"))).with_member_epoch(4) } else { asking };
    request.with_groups(vec![asking, all])
}

fn offset_delete() -> OffsetDeleteRequest {
    let partition = OffsetDeleteRequestPartition::default().with_partition_index(3);
    let topic =
        OffsetDeleteRequestTopic::default().with_name(name("topic")).with_partitions(vec![partition; 2]);
    OffsetDeleteRequest::default().with_group_id(group()).with_topics(vec![topic; 2])
}

fn list_groups(version: i16) -> ListGroupsRequest {
    let request = ListGroupsRequest::default();
    let request = if version >= 4 { request.with_states_filter(vec![text("Stable"); 2]) } else { request };
    if version >= 5 { request.with_types_filter(vec![text("classic"); 2]) } else { request }
}

fn describe_groups(version: i16) -> DescribeGroupsRequest {
    DescribeGroupsRequest::default()
        .with_groups(vec![group(), group()])
        .with_include_authorized_operations(version >= 3)
}
