use super::{GROUP, REBALANCE, SESSION, Says, Sim, metadata, says};
use crate::groups::{Committer, Id, group::State};
use kafka_protocol::ResponseError;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

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

/// The group of [`pair`], where the second member has a session of its own, says nothing more, and the first one has
/// gone on to the next generation after its rebalance timeout. The first one's id and the generation.
fn without_the_second(sim: &mut Sim, session: Duration) -> (Id, i32) {
    let (ids, generation) = pair(sim);
    let back = sim.join(GROUP, "", &Says { session, ..instance("b") });
    assert_eq!(sim.joined(back).generation, generation);
    let waiting = sim.join(GROUP, &ids[0], &instance("a"));
    sim.pass(REBALANCE);
    let joined = sim.joined(waiting);
    assert_eq!((joined.generation, joined.members.len()), (generation + 1, 2));
    let synced = sim.sync(&ids[0], joined.generation, &[]);
    assert!(sim.synced(synced).is_ok());
    (ids[0].clone(), joined.generation)
}

/// Lets time pass until `end` while one member says that it is there; how many members there are a moment before
/// and then.
fn members_at(sim: &mut Sim, (id, generation): &(Id, i32), end: Duration) -> (usize, usize) {
    while sim.now + SESSION / 2 < end {
        sim.pass(SESSION / 2);
        assert_eq!(sim.heartbeat(id, *generation), Ok(()));
    }
    sim.pass(end.saturating_sub(sim.now + MOMENT));
    let before = sim.sizes().1;
    sim.pass(MOMENT);
    (before, sim.sizes().1)
}

#[test]
fn an_absent_static_member_keeps_its_place_for_its_session() {
    let mut sim = Sim::new();
    let session = REBALANCE + REBALANCE / 2;
    let first = without_the_second(&mut sim, session);
    assert_eq!(members_at(&mut sim, &first, session), (2, 1));
}

#[test]
fn an_absent_static_member_goes_when_it_does_not_fetch_its_share() {
    let mut sim = Sim::new();
    let first = without_the_second(&mut sim, REBALANCE * 3);
    assert_eq!(members_at(&mut sim, &first, REBALANCE * 2), (2, 1));
}

/// The one that is left wants no time for joining, and has not joined: there is nobody to lead a generation.
#[test]
fn a_group_without_a_leader_lets_time_go_on() {
    let mut sim = Sim::new();
    let hasty = Says { rebalance: Duration::ZERO, ..instance("a") };
    let (first, second) = (sim.join(GROUP, "", &says()), sim.join(GROUP, "", &hasty));
    let dynamic = sim.joined(first).member;
    sim.join(GROUP, &dynamic, &says());
    let absent = sim.joined(second).member;
    let generation = sim.sync_all(&[dynamic.clone(), absent.clone()]);
    sim.leave(&dynamic, None).unwrap();
    let who = Committer { member: &absent, instance: Some("a"), generation };
    for _ in 0..3 {
        sim.pass(SESSION / 2);
        assert_eq!(sim.heartbeat_as(&who), Err(ResponseError::RebalanceInProgress));
    }
    let back = sim.join(GROUP, &absent, &hasty);
    assert_eq!(sim.joined(back).leader, absent);
}

/// Without a word from the one that is left, its session ends and the group is empty.
#[test]
fn a_group_without_a_leader_ends_with_its_last_session() {
    let mut sim = Sim::new();
    let hasty = Says { rebalance: Duration::ZERO, ..instance("a") };
    let (first, second) = (sim.join(GROUP, "", &says()), sim.join(GROUP, "", &hasty));
    let dynamic = sim.joined(first).member;
    sim.join(GROUP, &dynamic, &says());
    let ids = [dynamic, sim.joined(second).member];
    sim.sync_all(&ids);
    sim.leave(&ids[0], None).unwrap();
    sim.pass(SESSION);
    assert_eq!((sim.state(), sim.sizes().1), (State::Empty, 0));
}
