use super::{GROUP, REBALANCE, SESSION, Sim, metadata, rules, says};
use crate::{
    groups::{Commit, Committer, Coordinator, Rules, coordinator::MAX_GROUPS, group::State},
    memory::Memory,
};
use kafka_protocol::ResponseError;
use std::{sync::Arc, time::Duration};

#[test]
fn a_lone_member_has_its_share_without_waiting() {
    let mut sim = Sim::new();
    let first = sim.join(GROUP, "", &says());
    let joined = sim.joined(first);
    assert_eq!((joined.generation, joined.protocol.as_deref()), (1, Some("range")));
    assert_eq!(joined.leader, joined.member);
    assert_eq!(joined.members.len(), 1);
    assert_eq!(sim.state(), State::CompletingRebalance);
    let synced = sim.sync(&joined.member, 1, &[(&joined.member, b"mine")]);
    assert_eq!(&*sim.synced(synced).unwrap().assignment, b"mine");
    assert_eq!(sim.state(), State::Stable);
    assert_eq!(sim.now, Duration::ZERO);
}

#[test]
fn a_client_that_can_comes_back_with_the_id_it_is_given() {
    let mut sim = Sim::new();
    let mut asking = says();
    asking.asks_for_id = true;
    let first = sim.join(GROUP, "", &asking);
    assert_eq!(sim.join_error(first), ResponseError::MemberIdRequired);
    let id = sim.joins[&first].as_ref().unwrap_err().member.clone();
    assert!(id.starts_with("client-"), "{id}");
    let second = sim.join(GROUP, &id, &asking);
    assert_eq!(sim.joined(second).member, id);
}

#[test]
fn an_id_that_is_not_used_in_time_is_void() {
    let mut sim = Sim::new();
    let mut asking = says();
    asking.asks_for_id = true;
    let first = sim.join(GROUP, "", &asking);
    let id = sim.joins[&first].as_ref().unwrap_err().member.clone();
    sim.pass(SESSION);
    assert_eq!(sim.sizes().0, 0, "the group was never used");
    assert_eq!(sim.memory.used(), 0);
    let late = sim.join(GROUP, &id, &asking);
    assert_eq!(sim.join_error(late), ResponseError::UnknownMemberId);
}

#[test]
fn members_wait_for_each_other_and_one_is_told_of_all() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(2);
    let third = sim.join(GROUP, "", &says());
    assert!(sim.waits(third));
    for id in &ids {
        assert_eq!(sim.heartbeat(id, generation), Err(ResponseError::RebalanceInProgress));
    }
    let first = sim.join(GROUP, &ids[0], &says());
    assert!(sim.waits(first) && sim.waits(third));
    let second = sim.join(GROUP, &ids[1], &says());
    let answers = [first, second, third].map(|ticket| sim.joined(ticket));
    assert!(answers.iter().all(|a| a.generation == generation + 1 && a.leader == answers[0].leader));
    let told: Vec<usize> = answers.iter().map(|a| a.members.len()).collect();
    assert_eq!(told, [3, 0, 0]);
}

#[test]
fn the_protocol_is_one_that_all_know_and_most_prefer() {
    let mut sim = Sim::new();
    let offer = |names: &[&'static str]| {
        let mut says = says();
        says.protocols = names.iter().map(|name| (*name, metadata(&["t"], b""))).collect();
        says
    };
    let (one, two, three) =
        (offer(&["new", "sticky", "range"]), offer(&["range", "sticky"]), offer(&["range", "sticky"]));
    let a = sim.join(GROUP, "", &one);
    let a = sim.joined(a);
    assert_eq!(a.protocol.as_deref(), Some("new"));
    let b = sim.join(GROUP, "", &two);
    sim.join(GROUP, &a.member, &one);
    let b = sim.joined(b);
    assert_eq!(b.protocol.as_deref(), Some("sticky"), "one vote each, and the elder's counts");
    let c = sim.join(GROUP, "", &three);
    sim.join(GROUP, &a.member, &one);
    sim.join(GROUP, &b.member, &two);
    assert_eq!(sim.joined(c).protocol.as_deref(), Some("range"));
    let stranger = sim.join(GROUP, "", &offer(&["new"]));
    assert_eq!(sim.join_error(stranger), ResponseError::InconsistentGroupProtocol);
    let nothing = sim.join("other", "", &offer(&[]));
    assert_eq!(sim.join_error(nothing), ResponseError::InconsistentGroupProtocol);
    assert_eq!(sim.sizes().0, 1, "a refused first member leaves no group");
}

#[test]
fn a_follower_that_joins_again_unchanged_keeps_the_generation() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(2);
    let leader = sim.machine.leader(GROUP);
    let follower = ids.iter().find(|id| **id != leader).unwrap();
    let again = sim.join(GROUP, follower, &says());
    assert_eq!(sim.joined(again).generation, generation);
    assert_eq!(sim.state(), State::Stable);
    let mut changed = says();
    changed.protocols[0].1 = metadata(&["t", "u"], b"");
    let again = sim.join(GROUP, follower, &changed);
    assert!(sim.waits(again), "changed metadata starts a rebalance");
    assert_eq!(sim.state(), State::PreparingRebalance);
}

#[test]
fn a_leader_that_joins_again_starts_a_rebalance() {
    let mut sim = Sim::new();
    let (_, generation) = sim.stable(2);
    let leader = sim.machine.leader(GROUP);
    let again = sim.join(GROUP, &leader, &says());
    assert!(sim.waits(again));
    sim.pass(REBALANCE);
    assert_eq!(sim.joined(again).generation, generation + 1);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut sim = Sim::new();
    for (session, group, error) in [
        (Duration::from_secs(5), GROUP, ResponseError::InvalidSessionTimeout),
        (Duration::from_hours(1), GROUP, ResponseError::InvalidSessionTimeout),
        (SESSION, "", ResponseError::InvalidGroupId),
        (SESSION, &"x".repeat(2000), ResponseError::InvalidGroupId),
    ] {
        let mut says = says();
        says.session = session;
        let ticket = sim.join(group, "", &says);
        assert_eq!(sim.join_error(ticket), error);
    }
    let ticket = sim.join(GROUP, "nobody", &says());
    assert_eq!(sim.join_error(ticket), ResponseError::UnknownMemberId);
    let mut large = says();
    large.protocols[0].1 = vec![0; 600 * 1024];
    let ticket = sim.join(GROUP, "", &large);
    assert_eq!(sim.join_error(ticket), ResponseError::PolicyViolation);
    let mut many = says();
    many.protocols = vec![("range", Vec::new()); 17];
    let ticket = sim.join(GROUP, "", &many);
    assert_eq!(sim.join_error(ticket), ResponseError::PolicyViolation);
    assert_eq!((sim.sizes().0, sim.memory.used()), (0, 0));
}

#[test]
fn a_group_has_a_greatest_size() {
    let mut sim = Sim::new();
    let (ids, _) = sim.stable(5);
    let sixth = sim.join(GROUP, "", &says());
    assert_eq!(sim.join_error(sixth), ResponseError::GroupMaxSizeReached);
    let again = sim.join(GROUP, &ids[1], &says());
    assert!(!sim.joined(again).member.is_empty());
    let mut asking = says();
    asking.asks_for_id = true;
    for at in 0..6 {
        let ticket = sim.join("ids", "", &asking);
        let error = if at < 5 { ResponseError::MemberIdRequired } else { ResponseError::GroupMaxSizeReached };
        assert_eq!(sim.join_error(ticket), error, "{at}");
    }
}

#[test]
fn first_members_are_given_time_to_find_each_other() {
    let delay = Duration::from_secs(3);
    let mut sim = Sim::with(Rules { initial_rebalance_delay: delay, ..rules() });
    let first = sim.join(GROUP, "", &says());
    sim.pass(Duration::from_secs(2));
    let second = sim.join(GROUP, "", &says());
    assert!(sim.waits(first) && sim.waits(second));
    sim.pass(Duration::from_millis(3_999));
    assert!(sim.waits(first), "somebody came, so the time is extended once");
    sim.pass(Duration::from_millis(1));
    assert_eq!((sim.joined(first).generation, sim.joined(second).generation), (1, 1));
}

#[test]
fn memory_is_counted_and_its_limit_refuses() {
    let mut sim = Sim::new();
    let mut large = says();
    large.protocols[0].1 = vec![0; 400 * 1024];
    for at in 0..3 {
        let ticket = sim.join(&format!("g{at}"), "", &large);
        if at < 2 {
            assert!(!sim.joined(ticket).member.is_empty());
        } else {
            assert_eq!(sim.join_error(ticket), ResponseError::PolicyViolation);
        }
    }
    assert!(sim.memory.used() > 800 * 1024 && sim.memory.refused() == 1);
    let mut changed = large.clone();
    changed.protocols[0].1.fill(1);
    let id = sim.machine.leader("g0");
    let again = sim.join("g0", &id, &changed);
    assert_eq!(sim.joined(again).generation, 2, "one that is there already takes nothing more");
    sim.pass(REBALANCE + SESSION);
    for at in 0..2 {
        sim.machine.delete(&format!("g{at}")).unwrap();
    }
    assert_eq!(sim.memory.used(), 0);
}

#[test]
fn idle_groups_make_room_for_new_ones() {
    let mut sim = Sim::with(Rules { max_size: 5, ..rules() });
    sim.memory = Memory::new(1 << 30, None);
    sim.machine = Coordinator::new(rules(), Arc::clone(&sim.memory));
    let who = Committer { member: "", instance: None, generation: -1 };
    let commit = Commit { topic: "t", partition: 0, offset: 1, leader_epoch: 0, metadata: "" };
    let (ids, _) = sim.stable(1);
    sim.leave(&ids[0], None).unwrap();
    for at in 1..=MAX_GROUPS {
        let result = sim.machine.commit(sim.now, &format!("g{at}"), &who, &[commit], |_, _| true);
        assert_eq!(result, [Ok(())], "{at}");
    }
    assert!(sim.machine.describe(GROUP).is_none(), "the group without offsets has made room");
    let result = sim.machine.commit(sim.now, "one more", &who, &[commit], |_, _| true);
    assert_eq!(result, [Err(ResponseError::PolicyViolation)]);
    let ticket = sim.join("one more", "", &says());
    assert_eq!(sim.join_error(ticket), ResponseError::PolicyViolation);
}
