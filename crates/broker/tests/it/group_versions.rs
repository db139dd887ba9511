use crate::client::{Client, text, topic_name};
use kafka_protocol::messages::{
    ApiKey, DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    FindCoordinatorRequest, FindCoordinatorResponse, GroupId, HeartbeatRequest, HeartbeatResponse,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsRequest,
    ListGroupsResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
    OffsetFetchRequest, OffsetFetchResponse, SyncGroupRequest, SyncGroupResponse,
    join_group_request::JoinGroupRequestProtocol,
    leave_group_request::MemberIdentity,
    offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
    offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics},
    sync_group_request::SyncGroupRequestAssignment,
};

pub(crate) fn group(name: &str) -> GroupId {
    GroupId(text(name))
}

/// Asks for something that is there and something that is not; false if the API is not one of groups.
pub(crate) fn ask(client: &mut Client, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::FindCoordinator => find_coordinator(client, version),
        ApiKey::JoinGroup => join_group(client, version),
        ApiKey::SyncGroup => sync_group(client, version),
        ApiKey::Heartbeat => heartbeat(client, version),
        ApiKey::LeaveGroup => leave_group(client, version),
        ApiKey::OffsetCommit => offset_commit(client, version),
        ApiKey::OffsetFetch => offset_fetch(client, version),
        ApiKey::OffsetDelete => offset_delete(client),
        ApiKey::ListGroups => list_groups(client, version),
        ApiKey::DescribeGroups => describe_groups(client, version),
        ApiKey::DeleteGroups => delete_groups(client, version),
        _ => return false,
    }
    true
}

fn find_coordinator(client: &mut Client, version: i16) {
    for (kind, code) in [(0, 0), (1, 0), (9, 42)] {
        if version == 0 && kind != 0 {
            continue;
        }
        let request = FindCoordinatorRequest::default().with_key_type(kind);
        let request = if version < 4 {
            request.with_key(text("g"))
        } else {
            request.with_coordinator_keys(vec![text("g"), text("h")])
        };
        let response: FindCoordinatorResponse = client.call(ApiKey::FindCoordinator, version, &request);
        let found: Vec<(i16, i32)> = if version < 4 {
            vec![(response.error_code, response.node_id.0)]
        } else {
            response.coordinators.iter().map(|c| (c.error_code, c.node_id.0)).collect()
        };
        let node = if code == 0 { 1 } else { -1 };
        let expected = vec![(code, node); if version < 4 { 1 } else { 2 }];
        assert_eq!(found, expected, "FindCoordinator v{version} of type {kind}");
    }
}

pub(crate) fn join_request(version: i16, group_name: &str, member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(vec![0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff].into());
    JoinGroupRequest::default()
        .with_group_id(group(group_name))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(if version >= 1 { 10_000 } else { -1 })
        .with_member_id(text(member))
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

/// Joins as a group's only member; id and generation.
pub(crate) fn join(client: &mut Client, version: i16, name: &str) -> (String, i32) {
    let request = join_request(version, name, "");
    let mut response: JoinGroupResponse = client.call(ApiKey::JoinGroup, version, &request);
    if version >= 4 {
        assert_eq!(response.error_code, 79, "JoinGroup v{version} without an id");
        let request = join_request(version, name, &response.member_id);
        response = client.call(ApiKey::JoinGroup, version, &request);
    }
    assert_eq!(response.error_code, 0, "JoinGroup v{version}");
    assert_eq!(response.leader, response.member_id);
    assert_eq!(response.members.len(), 1);
    assert_eq!(response.protocol_name.as_deref(), Some("range"));
    assert_eq!(response.protocol_type.as_deref(), (version >= 7).then_some("consumer"));
    (response.member_id.to_string(), response.generation_id)
}

fn join_group(client: &mut Client, version: i16) {
    let name = format!("join{version}");
    join(client, version, &name);
    let request = join_request(version, &name, "nobody");
    let response: JoinGroupResponse = client.call(ApiKey::JoinGroup, version, &request);
    assert_eq!((response.error_code, response.generation_id), (25, -1), "JoinGroup v{version}");
}

pub(crate) fn sync(
    client: &mut Client,
    version: i16,
    name: &str,
    member: &str,
    generation: i32,
) -> SyncGroupResponse {
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(text(member))
        .with_assignment(vec![1, 2, 3].into());
    let request = SyncGroupRequest::default()
        .with_group_id(group(name))
        .with_generation_id(generation)
        .with_member_id(text(member))
        .with_protocol_type((version >= 5).then(|| text("consumer")))
        .with_protocol_name((version >= 5).then(|| text("range")))
        .with_assignments(vec![assignment]);
    client.call(ApiKey::SyncGroup, version, &request)
}

fn sync_group(client: &mut Client, version: i16) {
    let name = format!("sync{version}");
    let (member, generation) = join(client, 5, &name);
    let wrong = sync(client, version, &name, &member, generation + 1);
    assert_eq!(wrong.error_code, 22, "SyncGroup v{version}");
    let synced = sync(client, version, &name, &member, generation);
    assert_eq!((synced.error_code, &*synced.assignment), (0, &[1, 2, 3][..]), "SyncGroup v{version}");
    assert_eq!(synced.protocol_name.as_deref(), (version >= 5).then_some("range"));
}

fn heartbeat(client: &mut Client, version: i16) {
    let name = format!("beat{version}");
    let (member, generation) = join(client, 5, &name);
    for (member, generation, code) in
        [(&*member, generation, 0), (&member, generation + 1, 22), ("nobody", generation, 25)]
    {
        let request = HeartbeatRequest::default()
            .with_group_id(group(&name))
            .with_generation_id(generation)
            .with_member_id(text(member));
        let response: HeartbeatResponse = client.call(ApiKey::Heartbeat, version, &request);
        assert_eq!(response.error_code, code, "Heartbeat v{version}");
    }
}

fn leave_group(client: &mut Client, version: i16) {
    let name = format!("leave{version}");
    let (member, _) = join(client, 5, &name);
    let request = LeaveGroupRequest::default().with_group_id(group(&name));
    if version < 3 {
        for (id, code) in [(&*member, 0), ("nobody", 25)] {
            let request = request.clone().with_member_id(text(id));
            let response: LeaveGroupResponse = client.call(ApiKey::LeaveGroup, version, &request);
            assert_eq!(response.error_code, code, "LeaveGroup v{version}");
        }
        return;
    }
    let members = [&*member, "nobody"].map(|id| MemberIdentity::default().with_member_id(text(id)));
    let request = request.with_members(members.to_vec());
    let response: LeaveGroupResponse = client.call(ApiKey::LeaveGroup, version, &request);
    let codes: Vec<i16> = response.members.iter().map(|m| m.error_code).collect();
    assert_eq!((response.error_code, codes), (0, vec![0, 25]), "LeaveGroup v{version}");
}

pub(crate) fn commit_request(version: i16, name: &str) -> OffsetCommitRequest {
    let partition = |index| {
        OffsetCommitRequestPartition::default()
            .with_partition_index(index)
            .with_committed_offset(7)
            .with_committed_metadata(Some(text("note")))
            .with_committed_leader_epoch(if version >= 6 { 0 } else { -1 })
    };
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name("t"))
        .with_partitions(vec![partition(0), partition(9)]);
    let none =
        OffsetCommitRequestTopic::default().with_name(topic_name("none")).with_partitions(vec![partition(0)]);
    OffsetCommitRequest::default()
        .with_group_id(group(name))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic, none])
}

pub(crate) fn commit(client: &mut Client, version: i16, name: &str) -> Vec<i16> {
    let request = commit_request(version, name);
    let response: OffsetCommitResponse = client.call(ApiKey::OffsetCommit, version, &request);
    response.topics.iter().flat_map(|t| t.partitions.iter().map(|p| p.error_code)).collect()
}

fn offset_commit(client: &mut Client, version: i16) {
    assert_eq!(commit(client, version, "plain"), [0, 3, 3], "OffsetCommit v{version}");
}

fn offset_fetch(client: &mut Client, version: i16) {
    commit(client, 6, "plain");
    let request = OffsetFetchRequest::default().with_require_stable(version >= 7);
    let epoch = if version >= 5 { 0 } else { -1 };
    let expected = vec![(0, 7, epoch, "note".to_owned()), (9, -1, -1, String::new())];
    if version < 8 {
        let topic =
            OffsetFetchRequestTopic::default().with_name(topic_name("t")).with_partition_indexes(vec![0, 9]);
        let request = request.with_group_id(group("plain")).with_topics(Some(vec![topic]));
        let response: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, version, &request);
        let found: Vec<_> = response.topics[0]
            .partitions
            .iter()
            .map(|p| {
                let metadata = p.metadata.as_ref().unwrap().to_string();
                (p.partition_index, p.committed_offset, p.committed_leader_epoch, metadata)
            })
            .collect();
        assert_eq!(found, expected, "OffsetFetch v{version}");
        return;
    }
    let topic =
        OffsetFetchRequestTopics::default().with_name(topic_name("t")).with_partition_indexes(vec![0, 9]);
    let asking =
        OffsetFetchRequestGroup::default().with_group_id(group("plain")).with_topics(Some(vec![topic]));
    let all = OffsetFetchRequestGroup::default().with_group_id(group("nobody")).with_topics(None);
    let request = request.with_groups(vec![asking, all]);
    let response: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, version, &request);
    let found: Vec<_> = response.groups[0].topics[0]
        .partitions
        .iter()
        .map(|p| {
            let metadata = p.metadata.as_ref().unwrap().to_string();
            (p.partition_index, p.committed_offset, p.committed_leader_epoch, metadata)
        })
        .collect();
    assert_eq!(found, expected, "OffsetFetch v{version}");
    assert_eq!((response.groups[1].error_code, response.groups[1].topics.len()), (0, 0));
}

fn offset_delete(client: &mut Client) {
    commit(client, 6, "plain");
    let partitions = [0, 9].map(|at| OffsetDeleteRequestPartition::default().with_partition_index(at));
    let topic =
        OffsetDeleteRequestTopic::default().with_name(topic_name("t")).with_partitions(partitions.to_vec());
    for (name, code, codes) in [("plain", 0, vec![0, 3]), ("nobody", 69, vec![]), ("", 24, vec![])] {
        let request =
            OffsetDeleteRequest::default().with_group_id(group(name)).with_topics(vec![topic.clone()]);
        let response: OffsetDeleteResponse = client.call(ApiKey::OffsetDelete, 0, &request);
        let found: Vec<i16> =
            response.topics.iter().flat_map(|t| t.partitions.iter().map(|p| p.error_code)).collect();
        assert_eq!((response.error_code, found), (code, codes), "OffsetDelete of {name}");
    }
}

fn list_groups(client: &mut Client, version: i16) {
    commit(client, 6, "plain");
    let list = |client: &mut Client, request: &ListGroupsRequest| {
        let response: ListGroupsResponse = client.call(ApiKey::ListGroups, version, request);
        response.groups.into_iter().find(|g| g.group_id == group("plain"))
    };
    let request = ListGroupsRequest::default();
    let found = list(client, &request).unwrap();
    let state = if version >= 4 { "Empty" } else { "" };
    let kind = if version >= 5 { "classic" } else { "" };
    assert_eq!((&*found.group_state, &*found.group_type), (state, kind), "ListGroups v{version}");
    if version >= 4 {
        let of = |state: &str| request.clone().with_states_filter(vec![text(state)]);
        assert!(list(client, &of("empty")).is_some() && list(client, &of("Stable")).is_none());
    }
    if version >= 5 {
        let of = |kind: &str| request.clone().with_types_filter(vec![text(kind)]);
        assert!(list(client, &of("Classic")).is_some() && list(client, &of("consumer")).is_none());
    }
}

fn describe_groups(client: &mut Client, version: i16) {
    let name = format!("told{version}");
    let (member, generation) = join(client, 5, &name);
    sync(client, 3, &name, &member, generation);
    let request = DescribeGroupsRequest::default().with_groups(vec![group(&name), group("nobody")]);
    let response: DescribeGroupsResponse = client.call(ApiKey::DescribeGroups, version, &request);
    let [found, missing] = &response.groups[..] else { panic!("DescribeGroups v{version}") };
    assert_eq!((&*found.group_state, &*found.protocol_data, found.error_code), ("Stable", "range", 0));
    let shown = &found.members[0];
    assert_eq!((&*shown.client_id, &*shown.client_host), ("test", "/127.0.0.1"));
    assert_eq!((shown.member_metadata.len(), &*shown.member_assignment), (10, &[1, 2, 3][..]));
    let code = if version >= 6 { 69 } else { 0 };
    assert_eq!((&*missing.group_state, missing.error_code), ("Dead", code), "DescribeGroups v{version}");
}

fn delete_groups(client: &mut Client, version: i16) {
    commit(client, 6, "doomed");
    let name = format!("busy{version}");
    join(client, 5, &name);
    let names = vec![group("doomed"), group(&name), group("nobody")];
    let request = DeleteGroupsRequest::default().with_groups_names(names);
    let response: DeleteGroupsResponse = client.call(ApiKey::DeleteGroups, version, &request);
    let codes: Vec<i16> = response.results.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [0, 68, 69], "DeleteGroups v{version}");
}
