//! Tests of who runs when.

use super::super::counterparts::{KCAT, REAL_KAFKA};
use super::super::place::Room;
use super::super::table::SUITES;
use super::*;

fn suite(name: &str) -> &'static Suite {
    SUITES.iter().find(|suite| suite.name == name).unwrap()
}

fn state(waiting: &[&str], running: &[&str]) -> State {
    let suites = |names: &[&str]| names.iter().map(|name| suite(name)).collect();
    State { waiting: suites(waiting), running: suites(running), counterparts: Vec::new(), rows: Vec::new() }
}

/// Who begins next, and who waits for what.
fn next(state: &mut State, rooms: &Rooms) -> (Option<&'static str>, String) {
    let mut waits = Vec::new();
    let begins = state.next(rooms, &mut waits).map(|(suite, _)| suite.name);
    let waits = waits.into_iter().map(|(suite, reasons)| format!("{suite}: {}", reasons.join(", ")));
    (begins, waits.collect::<Vec<_>>().join("; "))
}

#[test]
fn two_suites_run_at_a_time() {
    let rooms = Rooms::default();
    assert_eq!(next(&mut state(&["fmt"], &["docs"]), &rooms).0, Some("fmt"));
    assert_eq!(next(&mut state(&["fmt"], &["docs", "kafka"]), &rooms), (None, String::new()));
}

#[test]
fn who_measures_is_alone() {
    let rooms = Rooms::default();
    let waits = "punctuality: all others to end";
    assert_eq!(next(&mut state(&["punctuality"], &["fmt"]), &rooms), (None, waits.to_owned()));
    assert_eq!(next(&mut state(&["punctuality", "fmt"], &[]), &rooms), (Some("fmt"), waits.to_owned()));
    assert_eq!(next(&mut state(&["punctuality"], &[]), &rooms).0, Some("punctuality"));
    assert_eq!(next(&mut state(&["fmt"], &["punctuality"]), &rooms), (None, String::new()));
}

#[test]
fn who_waits_says_for_what_and_lets_others_pass() {
    let rooms = Rooms::default();
    let _inside = rooms.enter(Room::Debug, "clippy");
    let mut state = state(&["kafka", "docs", "fuzz"], &["clippy"]);
    state.counterparts = vec![
        (&REAL_KAFKA, Standing::Pending),
        (&KCAT, Standing::Lacking(Lack::Missing("not here".to_owned()))),
    ];
    let (begins, waits) = next(&mut state, &rooms);
    let expected = "kafka: real Kafka; docs: clippy, for which target/debug is compiled";
    assert_eq!((begins, waits), (Some("fuzz"), expected.to_owned()));
}

#[test]
fn a_counterpart_is_kept_while_a_suite_may_need_it() {
    assert!(state(&["punctuality"], &[]).is_needed(&REAL_KAFKA));
    assert!(!state(&["punctuality"], &["fmt"]).is_needed(&KCAT));
    // For its own sake punctuality has none started.
    assert!(wanted(&[suite("punctuality")]).is_empty());
    assert!(wanted(&[suite("kafka")]).iter().any(|counterpart| counterpart.name == REAL_KAFKA.name));
}
