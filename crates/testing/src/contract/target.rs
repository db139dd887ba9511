//! The contract of a target.

mod crashes;

use std::sync::Arc;

use kadence_core::fault::Disposition;
use kadence_core::feed::{Mark, Partition};
use kadence_core::record::{Facts, Headers, Record, Timestamp};
use kadence_core::run::Run;
use kadence_core::target::{Batch, Claim, Committed, Part, Rejects, Target, Verdict};

use crate::line::Line;

/// A place to land records in, and how to look at what is there.
///
/// Bodies are JSON objects `{"id": N}`; the target lands them in one table or the like, with topic, partition and
/// offset beside them.
pub trait TargetUnderTest {
    /// The target.
    type Target: Target;

    /// Another target for the same place, with a session of its own.
    fn target(&mut self) -> Self::Target;

    /// The same over a line that can be cut, where there is a line.
    fn target_by_line(&mut self) -> Option<(Self::Target, Line)> {
        None
    }

    /// What is there, in any order.
    fn rows(&mut self) -> Vec<LandedRow>;
}

/// A row at the other side of a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LandedRow {
    /// The record's topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// The `id` in its body.
    pub id: i64,
}

impl LandedRow {
    /// The row that a database's own client gives as topic, partition, offset and id, with tabs between them.
    pub fn read(text: &str) -> Self {
        let mut cells = text.split('\t');
        let mut cell = || cells.next().expect("a row has four cells");
        let topic = cell().to_owned();
        let mut number = || cell().parse::<i64>().expect("a number");
        Self { topic, partition: number() as i32, offset: number(), id: number() }
    }
}

/// Checks that the targets that `make` makes keep to what [`Target`] promises. Each place is empty at first.
pub fn target<T: TargetUnderTest>(mut make: impl FnMut() -> T) {
    a_claim_raises_the_epoch_and_tells_the_place(&mut make());
    rows_and_ledger_change_together(&mut make());
    who_claimed_last_writes(&mut make());
    another_offset_is_refused(&mut make());
    one_part_that_does_not_compare_keeps_all_back(&mut make());
    a_claim_with_a_condition_rests_on_it(&mut make());
    an_offset_moves_without_records(&mut make());
    what_is_left_out_is_told_in_order(&mut make());
    what_is_rolled_back_leaves_nothing(&mut make());
    another_topic_of_the_same_name_is_refused(&mut make());
    two_sessions_never_write_one_record_twice(&mut make());
    crashes::who_dies_before_the_commit_leaves_nothing(&mut make());
    for by_successor in [false, true] {
        crashes::a_commit_whose_line_is_cut_is_what_the_ledger_says(&mut make(), by_successor);
    }
}

const ID: [u8; 16] = [7; 16];

fn partition(index: i32) -> Partition {
    Partition { topic: Arc::from("records"), id: Some(ID), index }
}

/// Records with these offsets and ids, of part 0 unless told otherwise.
fn run_of(records: &[(u32, i64, &str)]) -> Run {
    let mut run = Run::new(1 << 20, 1 << 20);
    for (lane, offset, body) in records {
        let facts = Facts {
            lane: *lane,
            sequence: *offset as u64,
            partition: Some(*lane as i32),
            time: Some(Timestamp::from_nanos(1_600_000_000_000_000_000 + offset)),
            line: 0,
        };
        run.push(
            &Record { key: None, body: Some(body.as_bytes()), headers: Headers::default(), facts },
            facts,
        );
    }
    run
}

fn part(claim: &Claim, next: i64, mark: impl Into<Option<Mark>>) -> Part {
    let mark = mark.into();
    Part { partition: claim.partition.clone(), epoch: claim.epoch, expected: claim.next, next, mark }
}

fn mark(offset: i64) -> Mark {
    Mark::new(offset, Some(Timestamp::from_nanos(5_000_000)), None, Some(b"{}"))
}

/// Notes what is rejected, and says always the same.
struct Judge(Verdict, Vec<usize>);

impl Rejects for Judge {
    fn rejected(&mut self, place: usize, reason: &str) -> Verdict {
        assert!(!reason.is_empty(), "a reason says something");
        self.1.push(place);
        self.0
    }
}

fn claim(target: &mut impl Target, index: i32) -> Claim {
    let mut claims = target.claim(&[(partition(index), None)]).expect("a good target is claimed");
    assert_eq!(claims.len(), 1);
    claims.remove(0)
}

fn commit(target: &mut impl Target, parts: &[Part], records: &Run) -> Committed {
    let mut judge = Judge(Verdict::RollBack, Vec::new());
    let committed = target.commit(&Batch { parts, records }, &mut judge).expect("a good target commits");
    assert_eq!(judge.1, Vec::<usize>::new(), "good records are not rejected");
    committed
}

fn row(partition: i32, offset: i64, id: i64) -> LandedRow {
    LandedRow { topic: "records".into(), partition, offset, id }
}

fn sorted(under_test: &mut impl TargetUnderTest) -> Vec<LandedRow> {
    let mut rows = under_test.rows();
    rows.sort();
    rows
}

fn a_claim_raises_the_epoch_and_tells_the_place(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let first = claim(&mut target, 0);
    assert_eq!((first.next, first.mark), (None, None));
    let landed = commit(&mut target, &[part(&first, 3, mark(2))], &run_of(&[(0, 2, r#"{"id":1}"#)]));
    assert_eq!(landed, Committed::Done);
    drop(target);
    let second = claim(&mut under_test.target(), 0);
    assert!(second.epoch > first.epoch, "{} after {}", second.epoch, first.epoch);
    assert_eq!((second.next, second.mark), (Some(3), Some(mark(2))), "the ledger outlives its writer");
    assert_eq!(
        claim(&mut under_test.target(), 1).next,
        None,
        "partitions have nothing to do with each other"
    );
}

fn rows_and_ledger_change_together(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let mut ours = claim(&mut target, 0);
    for batch in 0..3 {
        let records = [(0, batch * 2, r#"{"id":1}"#), (0, batch * 2 + 1, r#"{"id":2}"#)];
        let next = batch * 2 + 2;
        let landed = commit(&mut target, &[part(&ours, next, mark(next - 1))], &run_of(&records));
        assert_eq!(landed, Committed::Done);
        ours.next = Some(next);
    }
    let expected: Vec<_> = (0..6).map(|offset| row(0, offset, 1 + offset % 2)).collect();
    assert_eq!(sorted(under_test), expected);
}

fn who_claimed_last_writes(under_test: &mut impl TargetUnderTest) {
    let (mut old, mut new) = (under_test.target(), under_test.target());
    let first = claim(&mut old, 0);
    let second = claim(&mut new, 0);
    let records = run_of(&[(0, 0, r#"{"id":1}"#)]);
    let fenced = commit(&mut old, &[part(&first, 1, mark(0))], &records);
    assert_eq!(fenced, Committed::Fenced(vec![partition(0)]), "an old epoch does not write");
    assert_eq!(sorted(under_test), []);
    assert_eq!(commit(&mut new, &[part(&second, 1, mark(0))], &records), Committed::Done);
    assert_eq!(sorted(under_test), [row(0, 0, 1)]);
    // Nor where the offset is the one that it would expect.
    for mark in [Some(mark(1)), None] {
        let late = part(&Claim { next: Some(1), ..first.clone() }, 2, mark);
        assert_eq!(commit(&mut old, &[late], &run_of(&[(0, 1, r#"{"id":2}"#)])), fenced);
    }
    assert_eq!(sorted(under_test), [row(0, 0, 1)]);
}

fn another_offset_is_refused(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let ours = claim(&mut target, 0);
    let records = run_of(&[(0, 0, r#"{"id":1}"#)]);
    assert_eq!(commit(&mut target, &[part(&ours, 1, mark(0))], &records), Committed::Done);
    for expected in [None, Some(0), Some(2)] {
        let again = part(&Claim { next: expected, ..ours.clone() }, 3, mark(2));
        let committed = commit(&mut target, &[again], &records);
        assert_eq!(committed, Committed::Fenced(vec![partition(0)]), "expected {expected:?}");
    }
    assert_eq!(sorted(under_test), [row(0, 0, 1)]);
    assert_eq!(claim(&mut target, 0).next, Some(1));
}

fn one_part_that_does_not_compare_keeps_all_back(under_test: &mut impl TargetUnderTest) {
    let (mut old, mut new) = (under_test.target(), under_test.target());
    let (kept, lost) = (claim(&mut old, 0), claim(&mut old, 1));
    claim(&mut new, 1);
    let records = run_of(&[(0, 0, r#"{"id":1}"#), (1, 0, r#"{"id":2}"#)]);
    let parts = [part(&kept, 1, mark(0)), part(&lost, 1, mark(0))];
    assert_eq!(commit(&mut old, &parts, &records), Committed::Fenced(vec![partition(1)]));
    assert_eq!(sorted(under_test), []);
    let records = run_of(&[(0, 0, r#"{"id":1}"#)]);
    assert_eq!(commit(&mut old, &[part(&kept, 1, mark(0))], &records), Committed::Done, "it is still ours");
}

fn a_claim_with_a_condition_rests_on_it(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let ours = claim(&mut target, 0);
    let ask =
        |target: &mut _, epoch| Target::claim(target, &[(partition(0), Some(epoch))]).expect("an answer");
    let again = ask(&mut target, ours.epoch);
    assert_eq!(again.len(), 1, "the epoch is still ours");
    assert!(again[0].epoch > ours.epoch);
    assert_eq!(ask(&mut target, ours.epoch), [], "another epoch is somebody else's");
    assert_eq!(ask(&mut target, again[0].epoch + 1), []);
}

fn an_offset_moves_without_records(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let mut ours = claim(&mut target, 0);
    let records = run_of(&[(0, 0, r#"{"id":1}"#)]);
    assert_eq!(commit(&mut target, &[part(&ours, 1, mark(0))], &records), Committed::Done);
    ours.next = Some(1);
    assert_eq!(commit(&mut target, &[part(&ours, 9, None)], &run_of(&[])), Committed::Done);
    let claim = claim(&mut target, 0);
    assert_eq!((claim.next, claim.mark), (Some(9), Some(mark(0))), "the mark stays where no record was read");
}

fn what_is_left_out_is_told_in_order(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let ours = claim(&mut target, 0);
    let bodies = [r#"{"id":1}"#, "no JSON", r#"{"id":2}"#, "[1]", r#"{"id":3}"#];
    let records: Vec<_> = bodies.iter().enumerate().map(|(at, body)| (0, at as i64, *body)).collect();
    let mut judge = Judge(Verdict::LeaveOut, Vec::new());
    let batch = Batch { parts: &[part(&ours, 5, mark(4))], records: &run_of(&records) };
    assert_eq!(target.commit(&batch, &mut judge).expect("neighbours land"), Committed::Done);
    assert_eq!(judge.1, [1, 3]);
    assert_eq!(sorted(under_test), [row(0, 0, 1), row(0, 2, 2), row(0, 4, 3)]);
    assert_eq!(claim(&mut target, 0).next, Some(5), "what is left out is not read again");
}

fn what_is_rolled_back_leaves_nothing(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    let ours = claim(&mut target, 0);
    let records = run_of(&[(0, 0, r#"{"id":1}"#), (0, 1, "no JSON"), (0, 2, r#"{"id":2}"#)]);
    let mut judge = Judge(Verdict::RollBack, Vec::new());
    let batch = Batch { parts: &[part(&ours, 3, mark(2))], records: &records };
    assert_eq!(target.commit(&batch, &mut judge).expect("an answer"), Committed::Refused);
    assert_eq!(judge.1, [1]);
    assert_eq!(sorted(under_test), []);
    let records = run_of(&[(0, 0, r#"{"id":1}"#)]);
    assert_eq!(commit(&mut target, &[part(&ours, 1, mark(0))], &records), Committed::Done);
}

fn another_topic_of_the_same_name_is_refused(under_test: &mut impl TargetUnderTest) {
    let mut target = under_test.target();
    claim(&mut target, 0);
    let other = Partition { id: Some([8; 16]), ..partition(0) };
    let error = target.claim(&[(other, None)]).expect_err("it is another topic");
    assert_eq!(error.disposition, Disposition::Stop, "{error}");
    claim(&mut target, 0);
}

fn two_sessions_never_write_one_record_twice(under_test: &mut impl TargetUnderTest) {
    // Each takes the partition from the other, and writes what follows on the ledger.
    let mut targets = [under_test.target(), under_test.target()];
    for turn in 0..10_i64 {
        let target = &mut targets[turn as usize % 2];
        let ours = claim(target, 0);
        let offset = ours.next.unwrap_or(0);
        let body = format!(r#"{{"id":{turn}}}"#);
        let records = run_of(&[(0, offset, &body)]);
        assert_eq!(commit(target, &[part(&ours, offset + 1, mark(offset))], &records), Committed::Done);
    }
    let expected: Vec<_> = (0..10).map(|at| row(0, at, at)).collect();
    assert_eq!(sorted(under_test), expected);
}
