use super::{GROUP, SESSION, Says, Sim, metadata, says};
use crate::groups::{Committer, Id, group::State};
use kafka_protocol::ResponseError;

fn instance(name: &'static str) -> Says {
    Says { instance: Some(name), asks_for_id: true, ..says() }
}

/// A stable group of two static members, the leader first.
fn pair(sim: &mut Sim) -> (Vec<Id>, i32) {
    let a = sim.join(GROUP, "", &instance("a"));
    let a = sim.joined(a).member;
    let b = sim.join(GROUP, "", &instance("b"));
    sim.join(GROUP, &a, &instance("a"));
    let ids = vec![a, sim.joined(b).member];
    let generation = sim.sync_all(&ids);
    (ids, generation)
}

#[test]
fn a_static_member_comes_back_without_a_rebalance() {
    let mut sim = Sim::new();
    let (ids, generation) = pair(&mut sim);
    let back = sim.join(GROUP, "", &instance("b"));
    let joined = sim.joined(back);
    assert_eq!((joined.generation, sim.state()), (generation, State::Stable));
    assert_ne!(joined.member, ids[1]);
    let share = sim.sync(&joined.member, generation, &[]);
    assert_eq!(&*sim.synced(share).unwrap().assignment, ids[1].as_bytes(), "the share of the one before");
}

#[test]
fn a_leader_that_comes_back_is_told_not_to_assign() {
    let mut sim = Sim::new();
    let (ids, _) = pair(&mut sim);
    let back = sim.join(GROUP, "", &instance("a"));
    let joined = sim.joined(back);
    assert!(joined.skip_assignment && joined.leader == joined.member && joined.members.len() == 2);
    let old = Says { can_skip_assignment: false, ..instance("a") };
    let back = sim.join(GROUP, "", &old);
    let again = sim.joined(back);
    assert!(!again.skip_assignment && again.leader == joined.member && again.members.is_empty());
    assert_ne!(again.member, ids[0]);
}

#[test]
fn the_one_before_is_fenced() {
    let mut sim = Sim::new();
    let (ids, generation) = pair(&mut sim);
    let back = sim.join(GROUP, "", &instance("b"));
    let new = sim.joined(back).member;
    let who = |member| Committer { member, instance: Some("b"), generation };
    assert_eq!(sim.machine.heartbeat(sim.now, GROUP, &who(&ids[1])), Err(ResponseError::FencedInstanceId));
    assert_eq!(sim.commit(&who(&ids[1]), "t", 1), Err(ResponseError::FencedInstanceId));
    assert_eq!(sim.machine.heartbeat(sim.now, GROUP, &who(&new)), Ok(()));
    let late = sim.join(GROUP, &ids[1], &instance("b"));
    assert_eq!(sim.join_error(late), ResponseError::FencedInstanceId);
    assert_eq!(sim.leave(&ids[1], Some("b")), Err(ResponseError::FencedInstanceId));
}

#[test]
fn one_that_waits_is_fenced_as_well() {
    let mut sim = Sim::new();
    let (ids, _) = pair(&mut sim);
    let waiting = sim.join(GROUP, &ids[0], &instance("a"));
    assert!(sim.waits(waiting), "the leader starts a rebalance");
    let back = sim.join(GROUP, "", &instance("a"));
    assert_eq!(sim.join_error(waiting), ResponseError::FencedInstanceId);
    assert!(sim.waits(back));
}

#[test]
fn other_topics_start_a_rebalance_and_other_details_do_not() {
    let mut sim = Sim::new();
    let (_, generation) = pair(&mut sim);
    let with = |topics: &[&str], rest: &[u8]| Says {
        protocols: vec![("range", metadata(topics, rest))],
        ..instance("b")
    };
    let back = sim.join(GROUP, "", &with(&["t"], b"owned partitions"));
    assert_eq!(sim.joined(back).generation, generation);
    let back = sim.join(GROUP, "", &with(&["t", "u"], b""));
    assert!(sim.waits(back));
}

#[test]
fn a_static_member_is_taken_out_by_its_instance() {
    let mut sim = Sim::new();
    let (ids, generation) = pair(&mut sim);
    assert_eq!(sim.leave("", Some("nobody")), Err(ResponseError::UnknownMemberId));
    assert_eq!(sim.leave("", Some("b")), Ok(()));
    let who = Committer { member: &ids[0], instance: Some("a"), generation };
    assert_eq!(sim.machine.heartbeat(sim.now, GROUP, &who), Err(ResponseError::RebalanceInProgress));
}

/// A static member that does not join again keeps its place until its session ends.
#[test]
fn an_absent_static_member_keeps_its_place_for_its_session() {
    let mut sim = Sim::new();
    let (ids, generation) = pair(&mut sim);
    let long = Says { session: SESSION * 6, ..instance("b") };
    let back = sim.join(GROUP, "", &long);
    assert_eq!(sim.joined(back).generation, generation);
    let waiting = sim.join(GROUP, &ids[0], &instance("a"));
    sim.pass(SESSION * 3);
    let joined = sim.joined(waiting);
    assert_eq!((joined.generation, joined.members.len()), (generation + 1, 2));
    sim.sync(&ids[0], joined.generation, &[]);
    for _ in 0..6 {
        let _ = sim.heartbeat(&ids[0], joined.generation);
        sim.pass(SESSION / 2);
    }
    assert_eq!(sim.sizes().1, 1);
}
