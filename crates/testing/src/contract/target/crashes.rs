//! Targets that die while they commit, and targets whose line to the other side is cut then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::Disposition;
use kadence_core::target::{Batch, Claim, Committed, Rejects, Target, Verdict};

use super::{Judge, TargetUnderTest, claim, commit, mark, part, partition, row, run_of, sorted};
use crate::line::Cut;

/// How often a claim is tried again, 50 ms apart: the other side may take its time to notice that a line is cut.
const TRIES: u32 = 1_200;

/// Dies inside the transaction, with rows that were written.
struct Dying;

impl Rejects for Dying {
    fn rejected(&mut self, _: usize, _: &str) -> Verdict {
        panic!("the process is killed, as it was told to be")
    }
}

pub(super) fn who_dies_before_the_commit_leaves_nothing(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let ours = claim(&mut target, 0);
    let parts = [part(&ours, 3, mark(2))];
    let records = run_of(&[(0, 0, r#"{"id":1}"#), (0, 1, "no JSON"), (0, 2, r#"{"id":2}"#)]);
    let dying = move || target.commit(&Batch { parts: &parts, records: &records }, &mut Dying);
    assert!(catch_unwind(AssertUnwindSafe(dying)).is_err(), "what is no JSON is not taken");
    let mut successor = under_test.target();
    let again = claim(&mut successor, 0);
    assert_eq!((again.next, again.mark), (None, None));
    assert_eq!(sorted(under_test), []);
    let records = run_of(&[(0, 0, r#"{"id":1}"#)]);
    assert_eq!(commit(&mut successor, &[part(&again, 1, mark(0))], &records), Committed::Done);
    assert_eq!(sorted(under_test), [row(0, 0, 1)]);
}

/// Claims under an epoch, or under any, as soon as the other side has come to itself.
fn claim_again(target: &mut impl Target, epoch: Option<i64>) -> Claim {
    let never = Stop::new();
    for _ in 0..TRIES {
        match target.claim(&[(partition(0), epoch)]) {
            Ok(mut claims) => return claims.pop().expect("nobody else has claimed it"),
            Err(error) if error.disposition == Disposition::Retry => {
                let _ = never.wait(Duration::from_millis(50));
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no claim goes well any more")
}

/// The answer to a commit does not come. Whoever claims then, the one whose line was cut or its successor, believes the
/// ledger, and commits again what is not there.
pub(super) fn a_commit_whose_line_is_cut_is_what_the_ledger_says(
    under_test: &mut impl TargetUnderTest,
    by_successor: bool,
) {
    const CUTS: [Cut; 6] =
        [Cut::Before, Cut::Behind, Cut::Meanwhile, Cut::Meanwhile, Cut::Behind, Cut::Before];
    let Some((mut target, mut line)) = under_test.target_by_line() else { return };
    let mut ours = claim(&mut target, 0);
    let first = run_of(&[(0, 0, r#"{"id":0}"#)]);
    assert_eq!(commit(&mut target, &[part(&ours, 1, mark(0))], &first), Committed::Done);
    ours.next = Some(1);
    for (cut, offset) in CUTS.into_iter().zip(1..) {
        let body = format!(r#"{{"id":{offset}}}"#);
        let (records, parts) = (run_of(&[(0, offset, &body)]), [part(&ours, offset + 1, mark(offset))]);
        let batch = Batch { parts: &parts, records: &records };
        line.cut_next(cut);
        let cut_off = target.commit(&batch, &mut Judge(Verdict::RollBack, Vec::new()));
        assert_eq!(cut_off.expect("no error: nobody knows"), Committed::Unknown, "{cut:?}");
        assert_eq!(line.cuts(), if by_successor { 1 } else { offset as u32 });
        if by_successor {
            (target, line) = under_test.target_by_line().expect("there was one");
        }
        let claim = claim_again(&mut target, (!by_successor).then_some(ours.epoch));
        let (before, behind) = (ours.next, Some(offset + 1));
        match cut {
            Cut::Before => assert_eq!(claim.next, before),
            Cut::Meanwhile => assert!([before, behind].contains(&claim.next), "{claim:?}"),
            Cut::Behind => assert_eq!((claim.next, claim.mark), (behind, Some(mark(offset)))),
        }
        if claim.next == before {
            let parts = [part(&claim, offset + 1, mark(offset))];
            assert_eq!(commit(&mut target, &parts, &records), Committed::Done, "{cut:?}");
        }
        ours = Claim { next: behind, ..claim };
    }
    let expected: Vec<_> = (0..=CUTS.len() as i64).map(|offset| row(0, offset, offset)).collect();
    assert_eq!(sorted(under_test), expected, "each row once");
}
