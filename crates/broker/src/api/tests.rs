use super::{Api, DescribeGroups, ListGroups, OffsetFetch};
use crate::{
    call::{Call, Came, Spending},
    clock::Clock,
    close::Close,
    groups::{Commit, Committer, Join, Sync},
    memory::Memory,
    node::Node,
    options::Options,
    served::Served,
};
use bytes::Bytes;
use kafka_protocol::{
    messages::{DescribeGroupsRequest, GroupId, ListGroupsRequest, OffsetFetchRequest},
    protocol::StrBytes,
};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

const LARGE: usize = 100 * 1024;

fn call(version: i16) -> Call {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 9092));
    Call {
        node: Arc::new(Node::new(Options::default(), Clock::SYSTEM, Served::default()).unwrap()),
        version,
        correlation_id: 7,
        came: Came { local: here, peer: here, listener: 0 },
        client_id: Bytes::new(),
        spending: Spending::new(&Memory::new(u64::MAX, None)),
    }
}

fn group(id: &str) -> GroupId {
    GroupId(StrBytes::from_string(id.to_owned()))
}

/// The answer is made where there is room for it, and where there is none it is not even begun.
fn is_counted<A: Api<Request: Clone>>(call: &Call, request: A::Request) {
    assert!(A::answer(call, request.clone()).is_ok());
    let spending = Spending::new(&Memory::new(LARGE as u64 - 1, None));
    let call = Call { spending, ..call.clone() };
    assert!(matches!(A::answer(&call, request), Err(Close::Crowded)));
}

fn commit(call: &Call, id: &str, partitions: i32, metadata: &str) {
    let who = Committer { member: "", instance: None, generation: -1 };
    let commit = |partition| Commit { topic: "t", partition, offset: 1, leader_epoch: 0, metadata };
    let commits: Vec<_> = (0..partitions).map(commit).collect();
    let results = call.node.groups.commit(id, &who, &commits, |_, _| true);
    assert!(results.iter().all(Result::is_ok));
}

#[test]
fn many_offsets_are_counted() {
    let call = call(5);
    commit(&call, "g", 30, &"x".repeat(4000));
    is_counted::<OffsetFetch>(
        &call,
        OffsetFetchRequest::default().with_group_id(group("g")).with_topics(None),
    );
}

#[test]
fn many_groups_are_counted() {
    let call = call(4);
    for at in 0..1000 {
        commit(&call, &format!("a group of its own, number {at}"), 1, "");
    }
    is_counted::<ListGroups>(&call, ListGroupsRequest::default());
}

#[test]
fn large_members_are_counted() {
    let (half, call) = (vec![0; LARGE / 2], call(5));
    let join = Join {
        member: "",
        instance: None,
        session_timeout: Duration::from_secs(10),
        rebalance_timeout: Duration::from_secs(10),
        protocol_type: "consumer",
        protocols: &[("range", &half)],
        client_id: "client",
        host: Ipv4Addr::LOCALHOST.into(),
        unique: Uuid::nil(),
        asks_for_id: false,
        can_skip_assignment: false,
    };
    let member = format!("client-{}", join.unique);
    let joined = call.node.groups.join("g", &join);
    let sync = Sync {
        member: &member,
        instance: None,
        generation: 1,
        protocol_type: None,
        protocol: None,
        assignments: &HashMap::from([(member.as_str(), half.as_slice())]),
    };
    let synced = call.node.groups.sync("g", &sync);
    is_counted::<DescribeGroups>(&call, DescribeGroupsRequest::default().with_groups(vec![group("g")]));
    drop((joined, synced));
}
