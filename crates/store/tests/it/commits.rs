//! One transaction: the comparison, the rows, the commit, and what goes wrong with each.

use std::sync::atomic::Ordering;

use kadence_core::fault::{Disposition, Fault};
use kadence_core::record::{Facts, Record};
use kadence_core::run::Run;
use kadence_core::target::{Batch, Committed, Part, Target as _};
use kadence_store::{Datum, Kind, LandingOptions, SqlTarget, Store as _};

use crate::script::{Answer, LeftOut, Script, partition, records, target};

const UPDATE: &str = "UPDATE kadence_ledger SET";

fn land(target: &mut SqlTarget<Script>, count: usize) -> (Result<Committed, Fault>, Vec<usize>) {
    let part = Part { partition: partition(), epoch: 1, expected: Some(0), next: count as i64, mark: None };
    let mut left_out = LeftOut::default();
    let committed = target.commit(&Batch { parts: &[part], records: &records(count) }, &mut left_out);
    (committed, left_out.0)
}

/// A script with a table, and a target that has landed in it.
fn landed() -> (Script, SqlTarget<Script>) {
    let script = Script::default();
    script.table("t");
    let mut target = target(&script);
    assert_eq!(land(&mut target, 1).0.unwrap(), Committed::Done);
    script.asked();
    (script, target)
}

#[test]
fn the_comparison_is_answered_before_rows_are_written_and_they_before_the_commit() {
    let (script, mut target) = landed();
    assert_eq!(land(&mut target, 3).0.unwrap(), Committed::Done);
    assert_eq!(script.asked(), ["begin", UPDATE, "savepoint", "write t 0..3", "commit"]);
}

#[test]
fn a_comparison_that_finds_no_line_or_several_is_no_commit() {
    for count in [0, 2] {
        let (script, mut target) = landed();
        script.answer(UPDATE, Answer::Count(count));
        assert_eq!(land(&mut target, 3).0.unwrap(), Committed::Fenced(vec![partition()]));
        assert_eq!(script.asked(), ["begin", UPDATE, "roll back"], "{count} lines");
    }
}

/// Whatever goes wrong but a row, with whatever statement: nothing behind it is sent but a rollback.
#[test]
fn an_error_that_is_no_rows_rolls_all_back() {
    for at in ["UPDATE kadence_ledger", "savepoint", "write t"] {
        for kind in [Kind::Again, Kind::Locked, Kind::Changed, Kind::Stop, Kind::Lost] {
            let (script, mut target) = landed();
            script.answer(at, Answer::Fails(kind));
            let (committed, left_out) = land(&mut target, 3);
            let error = committed.expect_err("it failed");
            let is_tried_again = error.disposition == Disposition::Retry;
            assert_eq!((is_tried_again, left_out), (kind != Kind::Stop, vec![]), "{at}, {kind:?}");
            let asked = script.asked();
            let behind: Vec<&str> =
                asked.iter().map(String::as_str).skip_while(|asked| !asked.starts_with(at)).skip(1).collect();
            // Who is lost has lost its transaction too.
            let expected: &[&str] = if kind == Kind::Lost { &[] } else { &["roll back"] };
            assert_eq!(behind, expected, "{at}, {kind:?}");
            // The session is used again only where it was rolled back.
            assert_eq!(land(&mut target, 3).0.unwrap(), Committed::Done);
            assert_eq!(script.sessions(), if kind == Kind::Lost { 2 } else { 1 }, "{at}, {kind:?}");
        }
    }
}

#[test]
fn a_session_that_cannot_roll_back_is_let_go() {
    let (script, mut target) = landed();
    script.answer("write t", Answer::Fails(Kind::Again)).answer("roll back", Answer::Fails(Kind::Lost));
    assert!(land(&mut target, 3).0.is_err());
    assert_eq!(land(&mut target, 3).0.unwrap(), Committed::Done);
    assert_eq!(script.sessions(), 2);
}

#[test]
fn a_row_that_is_refused_is_left_out_behind_a_savepoint() {
    let (script, mut target) = landed();
    script.answer("write t 0..3", Answer::Fails(Kind::Row(Some(1))));
    script.answer("write t 1..3", Answer::Fails(Kind::Row(Some(0))));
    let (committed, left_out) = land(&mut target, 3);
    assert_eq!((committed.unwrap(), left_out), (Committed::Done, vec![1]));
    let asked = script.asked().join(", ");
    let expected = "begin, UPDATE kadence_ledger SET, savepoint, write t 0..3, back to savepoint, \
                    savepoint, write t 0..1, savepoint, write t 1..3, back to savepoint, \
                    savepoint, write t 2..3, commit";
    assert_eq!(asked, expected);
}

/// The script fails the test where a definition, or a row, comes at the wrong time.
#[test]
fn tables_are_made_and_changed_before_the_transaction() {
    let script = Script::default();
    let mut target = target(&script);
    assert_eq!(land(&mut target, 2).0.unwrap(), Committed::Done);
    let asked = script.asked();
    let place = |what: &str| asked.iter().position(|asked| asked.starts_with(what)).unwrap();
    assert!(place("CREATE TABLE t") < place("begin"), "{asked:?}");
    assert!(place("prepare t") < place("begin"), "{asked:?}");
}

#[test]
fn a_commit_without_an_answer_is_unknown_and_its_session_is_not_used_again() {
    let (script, mut target) = landed();
    script.answer("commit", Answer::Lost);
    assert_eq!(land(&mut target, 3).0.unwrap(), Committed::Unknown);
    assert_eq!(land(&mut target, 3).0.unwrap(), Committed::Done);
    assert_eq!(script.sessions(), 2);
}

#[test]
fn a_commit_that_is_refused_is_an_error_and_no_doubt() {
    let (script, mut target) = landed();
    script.answer("commit", Answer::Fails(Kind::Again));
    assert_eq!(land(&mut target, 3).0.expect_err("nothing is done").disposition, Disposition::Retry);
}

/// Whether it was landed, the ledger says: so also whether its tombstones were passed over.
#[test]
fn tombstones_of_a_lost_answer_are_counted_once_the_ledger_has_them() {
    for (next, counted) in [(3, 3), (0, 0)] {
        let (script, mut target) = landed();
        let mut run = Run::new(1_000, 10);
        for sequence in 0..3 {
            run.draft().finish(Facts { sequence, partition: Some(0), ..Facts::default() });
        }
        let mut tombstones = Run::new(1_000, 10);
        for record in run.records() {
            tombstones.push(&Record { body: None, ..record.clone() }, record.facts);
        }
        script.answer("commit", Answer::Lost);
        let part = Part { partition: partition(), epoch: 1, expected: Some(0), next: 3, mark: None };
        let batch = Batch { parts: &[part], records: &tombstones };
        assert_eq!(target.commit(&batch, &mut LeftOut::default()).unwrap(), Committed::Unknown);
        let text = |text: &str| Datum::Text(text.into());
        let mut line = vec![text("cluster"), text("records"), text(""), Datum::Int(0), Datum::Int(next)];
        line.extend([Datum::Int(1), text("session-1"), Datum::Null, Datum::Null, Datum::Null]);
        script.answer("SELECT cluster_id", Answer::Rows(vec![line]));
        target.claim(&[(partition(), Some(1))]).unwrap();
        assert_eq!(target.counts().tombstones.load(Ordering::Relaxed), counted);
    }
}

/// Nor under another schema's name.
#[test]
fn no_rows_go_where_a_ledger_is() {
    for table in ["kadence_ledger", "main.kadence_ledger", "other.kadence_landings"] {
        let script = Script::default();
        script.table("kadence_landings").table("kadence_ledger").table(table);
        let options = LandingOptions { name: "n".into(), table: table.into(), ..LandingOptions::default() };
        let mut target = SqlTarget::new(script.clone(), options, "cluster", |_| {}).unwrap();
        let error = land(&mut target, 1).0.expect_err("it is the ledger's");
        assert!(error.to_string().contains("is where a ledger is"), "{error}");
    }
}
