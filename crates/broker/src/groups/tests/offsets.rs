use super::{GROUP, Sim, metadata, says};
use crate::groups::{Commit, Committer};
use kafka_protocol::ResponseError;
use std::collections::HashSet;

const OUTSIDE: Committer<'_> = Committer { member: "", instance: None, generation: -1 };

fn committed(sim: &Sim, topic: &str) -> Option<i64> {
    sim.machine.offsets(GROUP)?.get(topic, 0).map(|o| o.offset)
}

#[test]
fn anybody_may_commit_while_there_are_no_members() {
    let mut sim = Sim::new();
    assert_eq!(sim.commit(&OUTSIDE, "t", 5), Ok(()));
    assert_eq!(sim.commit(&OUTSIDE, "t", 3), Ok(()));
    assert_eq!(committed(&sim, "t"), Some(3));
    assert_eq!(sim.commit(&OUTSIDE, "none", 3), Err(ResponseError::UnknownTopicOrPartition));
    let (ids, generation) = sim.stable(1);
    assert_eq!(sim.commit(&OUTSIDE, "t", 9), Err(ResponseError::UnknownMemberId));
    assert_eq!(committed(&sim, "t"), Some(3));
    let member = Committer { member: &ids[0], instance: None, generation };
    assert_eq!(sim.commit(&member, "t", 9), Ok(()));
    assert_eq!(
        sim.commit(&Committer { generation: 7, ..member }, "t", 1),
        Err(ResponseError::IllegalGeneration)
    );
    assert_eq!(sim.commit(&Committer { member: "x", ..member }, "t", 1), Err(ResponseError::UnknownMemberId));
    assert_eq!(committed(&sim, "t"), Some(9));
}

#[test]
fn a_generation_of_a_group_that_is_gone_is_refused() {
    let mut sim = Sim::new();
    let old = Committer { member: "x", instance: None, generation: 3 };
    assert_eq!(sim.commit(&old, "t", 1), Err(ResponseError::IllegalGeneration));
    assert_eq!(sim.sizes().0, 0);
}

#[test]
fn a_member_commits_while_others_join_and_not_before_it_has_its_share() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(1);
    let newcomer = sim.join(GROUP, "", &says());
    let member = Committer { member: &ids[0], instance: None, generation };
    assert_eq!(sim.commit(&member, "t", 4), Ok(()), "what it read before it gives its share up");
    sim.join(GROUP, &ids[0], &says());
    let generation = sim.joined(newcomer).generation;
    let member = Committer { generation, ..member };
    assert_eq!(sim.commit(&member, "t", 5), Err(ResponseError::RebalanceInProgress));
}

#[test]
fn metadata_has_a_limit() {
    let mut sim = Sim::new();
    let long = "x".repeat(101);
    for (metadata, expected) in
        [(&long[..100], Ok(())), (&long[..], Err(ResponseError::OffsetMetadataTooLarge))]
    {
        let commit = Commit { topic: "t", partition: 0, offset: 1, leader_epoch: 0, metadata };
        let result = sim.machine.commit(sim.now, GROUP, &OUTSIDE, &[commit], |_, _| true);
        assert_eq!(result, [expected]);
    }
}

#[test]
fn offsets_go_with_their_topic_and_with_their_group() {
    let mut sim = Sim::new();
    for topic in ["t", "u"] {
        sim.commit(&OUTSIDE, topic, 1).unwrap();
    }
    sim.machine.forget_topics(&HashSet::from(["t"]));
    assert_eq!((committed(&sim, "t"), committed(&sim, "u")), (None, Some(1)));
    sim.machine.forget_topics(&HashSet::from(["t", "v", "w"]));
    assert_eq!(committed(&sim, "u"), Some(1));
    sim.machine.delete(GROUP).unwrap();
    assert_eq!((committed(&sim, "u"), sim.memory.used()), (None, 0));
}

#[test]
fn offsets_of_topics_that_are_consumed_are_not_deleted() {
    let mut sim = Sim::new();
    for topic in ["t", "u"] {
        sim.commit(&OUTSIDE, topic, 1).unwrap();
    }
    let (ids, _) = sim.stable(1);
    let both = [("t", 0), ("u", 0)];
    let deleted = sim.machine.delete_offsets(sim.now, GROUP, &both);
    assert_eq!(deleted, Ok(vec![Err(ResponseError::GroupSubscribedToTopic), Ok(())]));
    assert_eq!((committed(&sim, "t"), committed(&sim, "u")), (Some(1), None));
    sim.leave(&ids[0], None).unwrap();
    assert_eq!(sim.machine.delete_offsets(sim.now, GROUP, &both), Ok(vec![Ok(()), Ok(())]));
    assert_eq!(committed(&sim, "t"), None);
}

/// What a member wants cannot be told, so it may want anything.
#[test]
fn unreadable_metadata_protects_all_topics() {
    let mut sim = Sim::new();
    sim.commit(&OUTSIDE, "t", 1).unwrap();
    let mut odd = says();
    odd.protocols[0].1 = vec![0xff; 3];
    let ticket = sim.join(GROUP, "", &odd);
    assert!(!sim.joined(ticket).member.is_empty());
    let deleted = sim.machine.delete_offsets(sim.now, GROUP, &[("t", 0)]);
    assert_eq!(deleted, Ok(vec![Err(ResponseError::GroupSubscribedToTopic)]));
}

/// Reading all names would hold up other groups.
#[test]
fn too_many_names_protect_all_topics() {
    let mut sim = Sim::new();
    let mut with = |count: usize| {
        let mut many = says();
        many.protocols[0].1 = metadata(&vec![""; count], b"");
        let ticket = sim.join(GROUP, "", &many);
        let id = sim.joined(ticket).member;
        let deleted = sim.machine.delete_offsets(sim.now, GROUP, &[("t", 0)]).unwrap();
        sim.leave(&id, None).unwrap();
        deleted[0]
    };
    assert_eq!(with(200_000), Ok(()));
    assert_eq!(with(200_001), Err(ResponseError::GroupSubscribedToTopic));
}

#[test]
fn the_memory_limit_refuses_offsets() {
    let mut sim = Sim::new();
    let commit = |partition| Commit { topic: "t", partition, offset: 1, leader_epoch: 0, metadata: "" };
    let all: Vec<_> = (0..10_000).map(commit).collect();
    let results = sim.machine.commit(sim.now, GROUP, &OUTSIDE, &all, |_, _| true);
    let refused = results.iter().filter(|r| **r == Err(ResponseError::PolicyViolation)).count();
    assert!((1..10_000).contains(&refused), "{refused}");
    let again = sim.machine.commit(sim.now, GROUP, &OUTSIDE, &all[..1], |_, _| true);
    assert_eq!(again, [Ok(())], "what is there already takes nothing more");
    let metadata = "x".repeat(100);
    let longer = Commit { metadata: &metadata, ..all[0] };
    let again = sim.machine.commit(sim.now, GROUP, &OUTSIDE, &[longer], |_, _| true);
    assert_eq!((again, committed(&sim, "t")), (vec![Err(ResponseError::PolicyViolation)], Some(1)));
    sim.machine.delete(GROUP).unwrap();
    assert_eq!(sim.memory.used(), 0);
}
