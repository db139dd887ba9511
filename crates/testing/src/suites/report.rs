//! The table at the end.

use super::place::{Place, say};
use super::run::{Row, Verdict};
use super::table::Counts;

/// What all suites come to.
#[derive(Debug, PartialEq, Eq)]
struct Total {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Prints the table, what there is to say of it, and the closing line; whether nothing failed.
pub(super) fn tell(place: &Place, rows: &[Row], seconds: u64) -> bool {
    let total = total(rows);
    let line = |cells: [&str; 6]| {
        let [name, result, passed, failed, ignored, seconds] = cells;
        format!("{name:<13} {result:<8} {passed:>7} {failed:>7} {ignored:>8} {seconds:>8}")
    };
    say(format!("\n{}", line(["suite", "result", "passed", "failed", "ignored", "seconds"])));
    for row in rows {
        let result = match row.result {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::Ignored => "ignored",
        };
        let [passed, failed, ignored, seconds] =
            [row.passed, row.failed, row.ignored, row.seconds].map(|number| number.to_string());
        say(line([row.suite, result, &passed, &failed, &ignored, &seconds]));
    }
    let [passed, failed, skipped, seconds] =
        [total.passed, total.failed, total.skipped, seconds].map(|number| number.to_string());
    say(line(["all", "", &passed, &failed, &skipped, &seconds]));
    for note in place.notes().iter().chain(rows.iter().filter_map(|row| row.note.as_ref())) {
        say(note);
    }
    say(format!("\n{passed} passed, {failed} failed, {skipped} skipped"));
    total.failed == 0
}

fn total(rows: &[Row]) -> Total {
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
    let passed_over = rows.iter().filter(|row| row.suite == "tests").map(|row| row.ignored).sum::<u64>();
    let made_up_for = rows.iter().filter(|row| row.counts == Counts::TestsPassedOver && row.ran);
    let made_up_for = made_up_for.map(|row| row.passed + row.failed).sum::<u64>();
    // The tests of a suite that is left out are counted where they were passed over.
    let left_out =
        rows.iter().filter(|row| row.result == Verdict::Ignored && row.counts != Counts::TestsPassedOver);
    Total {
        passed: sum(|row| row.passed),
        failed: sum(|row| row.failed),
        skipped: passed_over.saturating_sub(made_up_for) + left_out.count() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(suite: &'static str, result: Verdict, numbers: [u64; 3], counts: Counts) -> Row {
        let [passed, failed, ignored] = numbers;
        let ran = passed + failed > 0;
        Row { suite, result, passed, failed, ignored, seconds: 1, counts, ran, note: None }
    }

    #[test]
    fn a_test_is_skipped_if_no_suite_runs_it() {
        let tests = row("tests", Verdict::Passed, [50, 0, 30], Counts::Tests);
        let foreign = row("foreign", Verdict::Failed, [19, 1, 0], Counts::TestsPassedOver);
        let left_out = row("kafka", Verdict::Ignored, [0, 0, 0], Counts::TestsPassedOver);
        let (found, expected) = (total(&[tests, foreign.clone(), left_out]), (69, 1, 10));
        assert_eq!((found.passed, found.failed, found.skipped), expected);
        assert_eq!(total(&[foreign]).skipped, 0, "nobody passed over anything");
    }

    #[test]
    fn a_suite_that_is_left_out_is_one() {
        let rows = [
            row("fmt", Verdict::Passed, [1, 0, 0], Counts::Suite),
            row("deny", Verdict::Ignored, [0, 0, 0], Counts::Suite),
        ];
        assert_eq!(total(&rows), Total { passed: 1, failed: 0, skipped: 1 });
    }
}
