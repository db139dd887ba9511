use super::{GROUP, REBALANCE, SESSION, Says, Sim, rules, says};
use crate::groups::{Rules, group::State};
use kafka_protocol::ResponseError;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);
const ALMOST_A_SESSION: Duration = Duration::from_millis(9_999);

#[test]
fn a_silent_member_is_dropped_and_the_others_rebalance() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(2);
    for _ in 0..9 {
        sim.pass(Duration::from_secs(1));
        assert_eq!(sim.heartbeat(&ids[0], generation), Ok(()));
    }
    sim.pass(Duration::from_secs(1));
    assert_eq!(sim.heartbeat(&ids[0], generation), Err(ResponseError::RebalanceInProgress));
    assert_eq!(sim.heartbeat(&ids[1], generation), Err(ResponseError::UnknownMemberId));
    let again = sim.join(GROUP, &ids[0], &says());
    assert_eq!(sim.joined(again).generation, generation + 1, "nobody else is waited for");
}

#[test]
fn a_heartbeat_says_what_is_wrong() {
    let mut sim = Sim::new();
    assert_eq!(sim.heartbeat("x", 1), Err(ResponseError::UnknownMemberId));
    let (ids, generation) = sim.stable(1);
    assert_eq!(sim.heartbeat(&ids[0], generation), Ok(()));
    assert_eq!(sim.heartbeat(&ids[0], generation - 1), Err(ResponseError::IllegalGeneration));
    assert_eq!(sim.heartbeat("nobody", generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn members_that_do_not_join_again_are_left_behind() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(2);
    let third = sim.join(GROUP, "", &says());
    let first = sim.join(GROUP, &ids[0], &says());
    let mut passed = Duration::ZERO;
    while passed + SESSION / 2 < REBALANCE {
        sim.pass(SESSION / 2);
        passed += SESSION / 2;
        // Heartbeats keep the session, and are no substitute for joining.
        assert_eq!(sim.heartbeat(&ids[1], generation), Err(ResponseError::RebalanceInProgress));
    }
    sim.pass(REBALANCE.saturating_sub(passed + MOMENT));
    assert!(sim.waits(first) && sim.waits(third));
    sim.pass(MOMENT);
    assert_eq!(sim.joined(first).generation, generation + 1);
    assert_eq!(sim.heartbeat(&ids[1], generation), Err(ResponseError::UnknownMemberId));
}

#[test]
fn members_that_do_not_fetch_their_share_are_left_behind() {
    let mut sim = Sim::new();
    let first = sim.join(GROUP, "", &says());
    let leader = sim.joined(first).member;
    let second = sim.join(GROUP, "", &says());
    let again = sim.join(GROUP, &leader, &says());
    let (leader, generation) = (sim.joined(again).member, sim.joined(second).generation);
    let lazy = sim.joined(second).member;
    let synced = sim.sync(&leader, generation, &[]);
    assert!(sim.synced(synced).is_ok());
    for _ in 0..30 {
        assert_eq!(sim.heartbeat(&leader, generation), Ok(()));
        assert_eq!(sim.heartbeat(&lazy, generation), Ok(()));
        sim.pass(Duration::from_secs(1));
    }
    assert_eq!(sim.heartbeat(&lazy, generation), Err(ResponseError::UnknownMemberId));
    assert_eq!(sim.heartbeat(&leader, generation), Err(ResponseError::RebalanceInProgress));
}

#[test]
fn a_leader_that_never_assigns_is_replaced() {
    let mut sim = Sim::new();
    let (ids, _) = sim.stable(2);
    let leader = sim.machine.leader(GROUP);
    let other = ids.iter().find(|id| **id != leader).unwrap().clone();
    sim.join(GROUP, &leader, &says());
    let joined = sim.join(GROUP, &other, &says());
    let waiting = sim.sync(&other, sim.joined(joined).generation, &[]);
    sim.pass(ALMOST_A_SESSION);
    assert!(sim.waits(waiting));
    sim.pass(MOMENT);
    assert_eq!(sim.synced(waiting), Err(ResponseError::RebalanceInProgress));
    let again = sim.join(GROUP, &other, &says());
    assert_eq!(sim.joined(again).leader, other);
}

#[test]
fn a_rebalance_before_the_assignment_sends_waiting_members_back() {
    let mut sim = Sim::new();
    let (ids, _) = sim.stable(2);
    let leader = sim.machine.leader(GROUP);
    let other = ids.iter().find(|id| **id != leader).unwrap().clone();
    sim.join(GROUP, &leader, &says());
    sim.join(GROUP, &other, &says());
    let generation = sim.machine.generation(GROUP);
    let waiting = sim.sync(&other, generation, &[]);
    sim.join(GROUP, "", &says());
    assert_eq!(sim.synced(waiting), Err(ResponseError::RebalanceInProgress));
    let late = sim.sync(&leader, generation, &[]);
    assert_eq!(sim.synced(late), Err(ResponseError::RebalanceInProgress));
}

/// Nobody waits for a connection that is gone; its member has its session timeout to come back.
#[test]
fn a_client_that_goes_away_while_it_joins_holds_up_nobody() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(1);
    let asking = Says { asks_for_id: true, ..says() };
    let newcomer = sim.join(GROUP, "", &asking);
    let newcomer = sim.joins[&newcomer].as_ref().unwrap_err().member.clone();
    let newcomer = sim.join(GROUP, &newcomer, &asking);
    sim.give_up(newcomer);
    let again = sim.join(GROUP, &ids[0], &says());
    let joined = sim.joined(again);
    assert_eq!((joined.generation, joined.members.len()), (generation + 1, 2));
    assert_eq!(joined.leader, ids[0]);
    let synced = sim.sync(&ids[0], joined.generation, &[]);
    assert!(sim.synced(synced).is_ok());
    for _ in 0..10 {
        sim.pass(SESSION / 10);
        let _ = sim.heartbeat(&ids[0], joined.generation);
    }
    assert_eq!(sim.state(), State::PreparingRebalance);
    let again = sim.join(GROUP, &ids[0], &says());
    assert_eq!(sim.joined(again).members.len(), 1);
}

/// An old client is told its id with its generation only, so nobody can come back for it.
#[test]
fn one_without_an_id_that_goes_away_is_gone_at_once() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(1);
    let newcomer = sim.join(GROUP, "", &says());
    let again = sim.join(GROUP, &ids[0], &says());
    assert_eq!(sim.joined(newcomer).generation, generation + 1);
    assert_eq!(sim.joined(again).members.len(), 2);
    let ids = [ids[0].clone(), sim.joined(newcomer).member];
    sim.sync_all(&ids);
    let newcomer = sim.join(GROUP, "", &says());
    let waiting = sim.join(GROUP, &ids[0], &says());
    sim.give_up(newcomer);
    assert_eq!(sim.sizes().1, 2);
    let again = sim.join(GROUP, &ids[1], &says());
    assert_eq!((sim.joined(waiting).members.len(), sim.joined(again).generation), (2, generation + 2));
}

#[test]
fn a_group_whose_only_newcomer_goes_away_is_empty() {
    let mut sim = Sim::with(Rules { initial_rebalance_delay: Duration::from_secs(3), ..rules() });
    let first = sim.join(GROUP, "", &says());
    sim.give_up(first);
    assert_eq!(sim.sizes().1, 0);
    sim.pass(Duration::from_secs(3));
    assert_eq!(sim.state(), State::Empty);
    assert!(!sim.joins.contains_key(&first), "nobody is there to be answered");
}

/// While it waits it cannot send heartbeats, and its session says nothing.
#[test]
fn a_new_member_that_comes_back_may_wait_longer_than_its_session() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(1);
    let asking = Says { asks_for_id: true, ..says() };
    let ticket = sim.join(GROUP, "", &asking);
    let id = sim.joins[&ticket].as_ref().unwrap_err().member.clone();
    let lost = sim.join(GROUP, &id, &asking);
    sim.pass(MOMENT);
    sim.give_up(lost);
    sim.pass(MOMENT);
    let back = sim.join(GROUP, &id, &asking);
    for _ in 0..4 {
        sim.pass(SESSION / 2);
        let _ = sim.heartbeat(&ids[0], generation);
    }
    assert!(sim.waits(back), "after two sessions");
    sim.join(GROUP, &ids[0], &says());
    assert_eq!(sim.joined(back).member, id);
}

#[test]
fn a_group_shows_shares_only_while_they_are_in_force() {
    let mut sim = Sim::new();
    let (ids, _) = sim.stable(1);
    let shown = |sim: &Sim| {
        let group = sim.machine.describe(GROUP).unwrap();
        (group.members[0].metadata.len(), group.members[0].assignment.len())
    };
    assert_eq!(shown(&sim), (says().protocols[0].1.len(), ids[0].len()));
    sim.join(GROUP, "", &says());
    assert_eq!((sim.state(), shown(&sim)), (State::PreparingRebalance, (0, 0)));
}

#[test]
fn a_group_whose_members_all_fall_silent_is_empty() {
    let mut sim = Sim::new();
    let (ids, _) = sim.stable(1);
    let newcomer = sim.join(GROUP, "", &says());
    sim.join(GROUP, &ids[0], &says());
    assert_eq!(sim.joined(newcomer).leader, ids[0]);
    sim.pass(ALMOST_A_SESSION);
    assert_eq!(sim.state(), State::CompletingRebalance);
    sim.pass(MOMENT);
    assert_eq!(sim.state(), State::Empty);
}

#[test]
fn who_leaves_is_gone_at_once() {
    let mut sim = Sim::new();
    let (ids, generation) = sim.stable(2);
    assert_eq!(sim.leave("nobody", None), Err(ResponseError::UnknownMemberId));
    assert_eq!(sim.leave("", None), Err(ResponseError::UnknownMemberId));
    assert_eq!(sim.leave(&ids[0], None), Ok(()));
    assert_eq!(sim.heartbeat(&ids[1], generation), Err(ResponseError::RebalanceInProgress));
    assert_eq!(sim.leave(&ids[1], None), Ok(()));
    assert_eq!(sim.state(), State::Empty);
    sim.machine.delete(GROUP).unwrap();
    assert_eq!((sim.sizes(), sim.memory.used()), ((0, 0), 0));
}

#[test]
fn a_group_with_members_is_not_deleted() {
    let mut sim = Sim::new();
    let (ids, _) = sim.stable(1);
    assert_eq!(sim.machine.delete(GROUP), Err(ResponseError::NonEmptyGroup));
    assert_eq!(sim.machine.delete("other"), Err(ResponseError::GroupIdNotFound));
    sim.leave(&ids[0], None).unwrap();
    assert_eq!(sim.machine.delete(GROUP), Ok(()));
    assert_eq!(sim.machine.delete(GROUP), Err(ResponseError::GroupIdNotFound));
}
