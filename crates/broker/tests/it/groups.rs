use crate::{
    client::{Batch, Client, PATIENCE, start, start_with, text, topic_name, until},
    group_versions::{commit, commit_request, group, join, join_request, sync},
};
use kadence_broker::{Broker, MAX_GROUP_SIZE};
use kafka_protocol::messages::{
    ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, HeartbeatRequest, HeartbeatResponse,
    JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse, SyncGroupRequest, SyncGroupResponse,
    leave_group_request::MemberIdentity,
    offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
};
use std::{sync::mpsc::sync_channel, thread};

/// The version that is tested; from it on members come back with the id they are given.
const JOIN: i16 = 5;

fn heartbeat(client: &mut Client, member: &str, generation: i32) -> i16 {
    let request = HeartbeatRequest::default()
        .with_group_id(group("g"))
        .with_generation_id(generation)
        .with_member_id(text(member));
    let response: HeartbeatResponse = client.call(ApiKey::Heartbeat, 3, &request);
    response.error_code
}

/// Sends a join that will wait, and returns once it does.
fn join_and_wait(broker: &Broker, client: &mut Client, member: &str) {
    let waiting = broker.stats().waiting_members;
    client.send(ApiKey::JoinGroup, 3, &join_request(3, "g", member));
    until(|| broker.stats().waiting_members > waiting);
}

#[test]
fn a_second_member_waits_for_the_first_to_join_again() {
    let broker = start();
    let (mut one, mut two) = (Client::connect(&broker), Client::connect(&broker));
    let (leader, generation) = join(&mut one, JOIN, "g");
    assert_eq!(sync(&mut one, 3, "g", &leader, generation).error_code, 0);
    join_and_wait(&broker, &mut two, "");
    assert_eq!(heartbeat(&mut one, &leader, generation), 27, "others are served meanwhile");
    let again: JoinGroupResponse = one.call(ApiKey::JoinGroup, JOIN, &join_request(JOIN, "g", &leader));
    let second: JoinGroupResponse = two.receive(ApiKey::JoinGroup, 3).unwrap();
    assert_eq!((again.generation_id, second.generation_id), (generation + 1, generation + 1));
    assert_eq!((again.members.len(), second.members.len()), (2, 0));
    assert_eq!(second.leader, again.member_id);
}

#[test]
fn who_hangs_up_while_joining_holds_up_nobody() {
    let broker = start();
    let mut one = Client::connect(&broker);
    let (leader, generation) = join(&mut one, JOIN, "g");
    sync(&mut one, 3, "g", &leader, generation);
    let mut two = Client::connect(&broker);
    join_and_wait(&broker, &mut two, "");
    drop(two);
    until(|| broker.stats().waiting_members == 0);
    let again: JoinGroupResponse = one.call(ApiKey::JoinGroup, JOIN, &join_request(JOIN, "g", &leader));
    assert_eq!((again.error_code, again.generation_id), (0, generation + 1));
}

/// Real time: the first member says nothing more, and the second one's join is answered by the clock.
#[test]
fn a_silent_member_is_left_behind_after_its_session() {
    let broker = start_with(|o| o.set("group.min.session.timeout.ms", "1").unwrap());
    let mut one = Client::connect(&broker);
    let request = join_request(3, "g", "").with_session_timeout_ms(50).with_rebalance_timeout_ms(60_000);
    let silent: JoinGroupResponse = one.call(ApiKey::JoinGroup, 3, &request);
    sync(&mut one, 3, "g", &silent.member_id, silent.generation_id);
    let mut two = Client::connect(&broker);
    let second: JoinGroupResponse = two.call(ApiKey::JoinGroup, 3, &join_request(3, "g", ""));
    assert_eq!((second.error_code, second.members.len()), (0, 1));
    assert_eq!(heartbeat(&mut one, &silent.member_id, second.generation_id), 25);
}

#[test]
fn a_member_that_is_taken_out_makes_room_at_once() {
    let broker = start();
    let (mut one, mut two) = (Client::connect(&broker), Client::connect(&broker));
    let (leader, generation) = join(&mut one, JOIN, "g");
    sync(&mut one, 3, "g", &leader, generation);
    join_and_wait(&broker, &mut two, "");
    let member = MemberIdentity::default().with_member_id(text(&leader));
    let request = LeaveGroupRequest::default().with_group_id(group("g")).with_members(vec![member]);
    let left: LeaveGroupResponse = one.call(ApiKey::LeaveGroup, 4, &request);
    assert_eq!(left.members[0].error_code, 0);
    let second: JoinGroupResponse = two.receive(ApiKey::JoinGroup, 3).unwrap();
    assert_eq!((second.leader.clone(), second.members.len()), (second.member_id, 1));
}

#[test]
fn more_members_than_a_group_may_have_do_not_leave_at_once() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let (member, generation) = join(&mut client, JOIN, "g");
    let member = MemberIdentity::default().with_member_id(text(&member));
    let members = vec![member.clone(); MAX_GROUP_SIZE + 1];
    let request = LeaveGroupRequest::default().with_group_id(group("g")).with_members(members);
    let left: LeaveGroupResponse = client.call(ApiKey::LeaveGroup, 4, &request);
    assert_eq!((left.error_code, left.members.len()), (42, 0));
    assert_eq!(heartbeat(&mut client, &member.member_id, generation), 0);
}

#[test]
fn nobody_leaves_a_group_that_cannot_be() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let request = LeaveGroupRequest::default().with_group_id(group(""));
    for members in [vec![], vec![MemberIdentity::default().with_member_id(text("x"))]] {
        let request = request.clone().with_members(members);
        let left: LeaveGroupResponse = client.call(ApiKey::LeaveGroup, 4, &request);
        assert_eq!((left.error_code, left.members.len()), (24, 0));
    }
}

#[test]
fn a_sync_that_has_to_name_the_protocol_names_it() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let (member, generation) = join(&mut client, JOIN, "g");
    for (kind, name) in [(None, None), (Some("consumer"), None), (None, Some("range"))] {
        let request = SyncGroupRequest::default()
            .with_group_id(group("g"))
            .with_generation_id(generation)
            .with_member_id(text(&member))
            .with_protocol_type(kind.map(text))
            .with_protocol_name(name.map(text));
        let response: SyncGroupResponse = client.call(ApiKey::SyncGroup, 5, &request);
        assert_eq!(response.error_code, 23, "{kind:?} {name:?}");
    }
    assert_eq!(sync(&mut client, 5, "g", &member, generation).error_code, 0);
}

#[test]
fn a_broker_that_is_full_is_still_read_by_groups() {
    let broker = start_with(|o| o.memory_limit_bytes = 1 << 16);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    for size in [4000, 100, 1] {
        while client.produce("t", 0, Batch::of(&[&"x".repeat(size)]).bytes()).error_code == 0 {}
    }
    let (member, generation) = join(&mut client, JOIN, "g");
    assert_eq!(sync(&mut client, 3, "g", &member, generation).error_code, 0);
    let request =
        commit_request(6, "g").with_member_id(text(&member)).with_generation_id_or_member_epoch(generation);
    for _ in 0..3 {
        let response: OffsetCommitResponse = client.call(ApiKey::OffsetCommit, 6, &request);
        assert_eq!(response.topics[0].partitions[0].error_code, 0);
    }
}

/// Answers that clients do not take fill the memory for requests and answers; the next large one finds no room.
#[test]
fn large_answers_are_counted_until_they_are_taken() {
    let broker = start_with(|o| {
        o.set("offset.metadata.max.bytes", "32767").unwrap();
        o.set("num.partitions", "1000").unwrap();
        o.set("socket.request.max.bytes", "1048576").unwrap();
    });
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let note = "x".repeat(32_767);
    let indexes: Vec<i32> = (0..1000).collect();
    for some in indexes.chunks(30) {
        let partition = |index: &i32| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(*index)
                .with_committed_metadata(Some(text(&note)))
        };
        let topic = OffsetCommitRequestTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(some.iter().map(partition).collect());
        let request = commit_request(6, "g").with_topics(vec![topic]);
        let response: OffsetCommitResponse = client.call(ApiKey::OffsetCommit, 6, &request);
        assert!(response.topics[0].partitions.iter().all(|p| p.error_code == 0));
    }
    let all = OffsetFetchRequest::default().with_group_id(group("g")).with_topics(None);
    let mut slow = [Client::connect(&broker), Client::connect(&broker)];
    for client in &mut slow {
        client.send(ApiKey::OffsetFetch, 5, &all);
        assert_eq!(client.stream.peek(&mut [0]).unwrap(), 1, "its answer is being written");
    }
    client.send(ApiKey::OffsetFetch, 5, &all);
    assert!(client.is_closed());
    let mut small = Client::connect(&broker);
    assert_eq!(commit(&mut small, 6, "g"), [0, 0, 3], "small answers get through");
    for client in &mut slow {
        let taken: OffsetFetchResponse = client.receive(ApiKey::OffsetFetch, 5).unwrap();
        assert_eq!(taken.topics[0].partitions.len(), 1000);
        // Answered after the memory of the answer before was given back.
        heartbeat(client, "nobody", 1);
    }
    let again: OffsetFetchResponse = small.call(ApiKey::OffsetFetch, 5, &all);
    assert_eq!(again.topics[0].partitions.len(), 1000);
}

#[test]
fn a_topic_that_is_deleted_takes_its_offsets_along() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    assert_eq!(commit(&mut client, 6, "plain"), [0, 3, 3]);
    assert_eq!(broker.stats().groups, 1);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    client.metadata("t");
    let request = OffsetFetchRequest::default().with_group_id(group("plain")).with_topics(None);
    let response: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, 5, &request);
    assert_eq!(response.topics.len(), 0);
}

#[test]
fn shutdown_does_not_wait_for_a_group() {
    let broker = start_with(|o| o.set("group.initial.rebalance.delay.ms", "600000").unwrap());
    let mut client = Client::connect(&broker);
    let request = join_request(3, "g", "").with_rebalance_timeout_ms(600_000);
    client.send(ApiKey::JoinGroup, 3, &request);
    until(|| broker.stats().waiting_members == 1);
    let (sender, receiver) = sync_channel(1);
    let stopping = thread::spawn(move || {
        broker.shutdown();
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(PATIENCE).expect("shutdown does not wait");
    stopping.join().unwrap();
    assert!(client.is_closed());
}
