//! Whose partition it is, and whose session is ended.

use kadence_core::fault::Disposition;
use kadence_core::target::Target as _;
use kadence_store::{Datum, Kind, Store as _};

use crate::script::{Answer, Script, partition, target};

/// A line of the ledger, as it is read.
fn line(epoch: i64, token: &str) -> Vec<Datum> {
    let text = |text: &str| Datum::Text(text.into());
    let mut line = vec![text("cluster"), text("records"), text(""), Datum::Int(0)];
    line.extend([Datum::Int(7), Datum::Int(epoch), text(token)]);
    line.extend([Datum::Null, Datum::Null, Datum::Null]);
    line
}

const LINE: &str = "SELECT cluster_id, topic, topic_id, partition_id, next_offset";

#[test]
fn a_claim_under_another_epoch_changes_nothing() {
    for (condition, is_claimed) in [(None, true), (Some(3), true), (Some(2), false), (Some(4), false)] {
        let script = Script::default();
        script.answer(LINE, Answer::Rows(vec![line(3, "theirs")]));
        let claims = target(&script).claim(&[(partition(), condition)]).unwrap();
        assert_eq!(claims.len(), usize::from(is_claimed), "{condition:?}");
        let changes = script.asked().into_iter().filter(|asked| asked.starts_with("UPDATE")).count();
        assert_eq!(changes, usize::from(is_claimed), "{condition:?}");
        assert!(claims.iter().all(|claim| (claim.epoch, claim.next) == (4, Some(7))), "{claims:?}");
    }
}

#[test]
fn an_epoch_that_was_not_raised_is_no_claim() {
    let script = Script::default();
    script.answer(LINE, Answer::Rows(vec![line(3, "theirs")])).answer("UPDATE", Answer::Count(0));
    assert_eq!(target(&script).claim(&[(partition(), None)]).unwrap(), []);
}

/// The session that the ledger names is ended, and no other; then the claim goes on.
#[test]
fn a_line_that_is_locked_has_its_owner_ended_by_the_name_in_the_ledger() {
    let script = Script::default();
    script.answer(LINE, Answer::Fails(Kind::Locked));
    script.answer(LINE, Answer::Rows(vec![line(3, "theirs")]));
    script.answer(LINE, Answer::Rows(vec![line(3, "theirs")]));
    script.answer("end theirs", Answer::Ended);
    let claims = target(&script).claim(&[(partition(), None)]).unwrap();
    assert_eq!(claims.len(), 1);
    let asked = script.asked();
    let ended: Vec<_> = asked.iter().filter(|asked| asked.starts_with("end ")).collect();
    assert_eq!(ended, ["end theirs"]);
    let place = |what: &str| asked.iter().position(|asked| asked == what).unwrap();
    assert!(place("roll back") < place("end theirs"), "who waits holds nothing meanwhile: {asked:?}");
}

/// A worker that never had the partition is no way round a landing that was dropped.
#[test]
fn a_claim_is_for_the_landing_that_the_worker_belongs_to() {
    for (found, is_claimed) in [(Some("ours"), true), (Some("anothers"), false), (None, false)] {
        let script = Script::default();
        let rows = found.map(|group| vec![Datum::Text(group.into())]).into_iter().collect();
        script.answer("SELECT group_id", Answer::Rows(rows));
        let mut target = target(&script);
        target.set_group("ours");
        let claimed = target.claim(&[(partition(), None)]);
        assert_eq!(claimed.is_ok(), is_claimed, "{found:?}: {claimed:?}");
        let changes = script.asked().iter().filter(|asked| asked.starts_with("INSERT")).count();
        assert_eq!(changes, usize::from(is_claimed), "{found:?}");
    }
}

#[test]
fn a_lock_that_nobody_known_holds_is_waited_for() {
    for token in ["", "session-1", "theirs"] {
        let script = Script::default();
        script.answer(LINE, Answer::Fails(Kind::Locked));
        script.answer(LINE, Answer::Rows(vec![line(3, token)]));
        let error = target(&script).claim(&[(partition(), None)]).expect_err("it is locked");
        assert_eq!(error.disposition, Disposition::Retry, "{token}");
        let ended: Vec<_> = script.asked().into_iter().filter(|asked| asked.starts_with("end ")).collect();
        // Nobody has that lock any more; nobody's lock, and one's own, are not asked for.
        assert_eq!(ended.len(), usize::from(token == "theirs"), "{token}");
    }
}

#[test]
fn a_claim_whose_answer_is_lost_is_made_again() {
    let script = Script::default();
    script.answer("commit", Answer::Lost);
    let mut target = target(&script);
    let error = target.claim(&[(partition(), None)]).expect_err("nobody knows");
    assert_eq!(error.disposition, Disposition::Retry);
    script.answer(LINE, Answer::Rows(vec![line(1, "session-1")]));
    let claims = target.claim(&[(partition(), None)]).unwrap();
    assert_eq!((claims[0].epoch, script.sessions()), (2, 2));
}

#[test]
fn a_ledger_of_a_later_form_is_left_alone() {
    for (form, is_known) in [(1, true), (2, false)] {
        let script = Script::default();
        let text = || Datum::Text("x".into());
        script.answer("SELECT form", Answer::Rows(vec![vec![Datum::Int(form), text(), text(), text()]]));
        let landing = target(&script).landing();
        assert_eq!(landing.is_ok(), is_known, "{landing:?}");
        if let Err(error) = landing {
            assert!(error.kind == Kind::Stop && error.to_string().contains("form 2"), "{error}");
        }
    }
}
