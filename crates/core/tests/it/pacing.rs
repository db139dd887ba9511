//! When records leave.

use std::time::Duration;

use kadence_core::record::Timestamp;
use kadence_core::schedule::{OutOfOrder, Schedule};
use kadence_core::source::{Lookalike, RecordingOptions};
use kadence_testing::faults::Mishap;

use crate::simulation::{START, Simulation};
use crate::{csv, csv_without_header, raw};

/// The first nine rows of a published sample: gaps of 4, 2, 1, 4, 1, 9, 2 and 1 seconds.
const NINE_ROWS: &str = "timestamp,value\n\
    2021-01-01 00:00:00,51.0\n2021-01-01 00:00:04,60.0\n2021-01-01 00:00:06,82.0\n\
    2021-01-01 00:00:07,86.0\n2021-01-01 00:00:11,74.0\n2021-01-01 00:00:12,74.0\n\
    2021-01-01 00:00:21,87.0\n2021-01-01 00:00:23,99.0\n2021-01-01 00:00:24,23.0\n";

fn recorded(speed: &str, options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { schedule: Schedule::Recorded { speed: speed.parse().unwrap() }, ..options }
}

fn rate(per_second: &str) -> Schedule {
    Schedule::Rate { per_second: per_second.parse().unwrap() }
}

/// `rows` rows a second apart.
fn seconds(rows: u32) -> String {
    let row = |n| format!("{},{n}\n", 1_600_000_000 + n);
    ["t,n\n".to_owned()].into_iter().chain((0..rows).map(row)).collect()
}

#[test]
fn recorded_gaps_are_kept_exactly_at_any_speed() {
    for (speed, second_us) in [("1", 1_000_000), ("10", 100_000), ("0.5", 2_000_000)] {
        let played = Simulation::new().play(NINE_ROWS, &recorded(speed, csv())).succeeds();
        let gaps = [4, 2, 1, 4, 1, 9, 2, 1].map(|seconds| seconds * second_us);
        assert_eq!(played.gaps_us(), gaps, "speed {speed}");
        assert_eq!(played.left_us()[8], 24 * second_us, "speed {speed}");
        assert_eq!(played.outcome.report.ideal_s, Some((24 * second_us) as f64 / 1e6));
        assert_eq!(played.outcome.report.missed, Some(0));
        assert_eq!(played.outcome.report.lateness_us.unwrap().max, 0.0);
    }
}

#[test]
fn microseconds_of_an_epoch_on_an_arbitrary_start_are_kept() {
    let mut four_rows = String::new();
    std::io::Read::read_to_string(&mut Lookalike::new(0, 4), &mut four_rows).unwrap();
    let options = csv_without_header(&["sec", "X", "Y", "Z"]);

    let played = Simulation::new().play(four_rows.as_str(), &recorded("1", options.clone())).succeeds();
    assert_eq!(played.gaps_us(), [10_127, 10_724, 9_434]);

    let every_second = RecordingOptions { schedule: Schedule::Interval(Duration::from_secs(1)), ..options };
    let played = Simulation::new().play(four_rows, &every_second).succeeds();
    assert_eq!(played.gaps_us(), [1_000_000; 3]);
}

#[test]
fn a_recorded_day_leaves_on_time_to_the_last_second() {
    let played = Simulation::new().play(seconds(86_401), &recorded("1", csv())).succeeds();
    assert!(played.left_us().iter().enumerate().all(|(second, &left)| left == second as u128 * 1_000_000));
    assert_eq!(played.outcome.report.elapsed_s, 86_400.0);
    assert_eq!(played.outcome.report.skew_percent, Some(0.0));
}

#[test]
fn a_rate_or_an_interval_spaces_records_evenly_whatever_their_times() {
    for (schedule, left_us) in [
        (rate("1000"), [0, 1_000, 2_000, 3_000]),
        (rate("3"), [0, 333_333, 666_666, 1_000_000]),
        (rate("0.25"), [0, 4_000_000, 8_000_000, 12_000_000]),
        (Schedule::Interval(Duration::from_micros(1_500)), [0, 1_500, 3_000, 4_500]),
        (Schedule::Interval(Duration::ZERO), [0; 4]),
    ] {
        let options = RecordingOptions { schedule, ..raw() };
        let played = Simulation::new().play("a\nb\nc\nd\n", &options).succeeds();
        assert_eq!(played.left_us(), left_us, "{schedule:?}");
    }
}

#[test]
fn unpaced_records_leave_at_once_and_have_no_lateness() {
    let played = Simulation::new().play(NINE_ROWS, &csv()).succeeds();
    assert_eq!(played.left_us(), [0; 9]);
    let report = played.outcome.report;
    assert_eq!((report.ideal_s, report.missed), (None, None));
    assert!(report.lateness_us.is_none() && report.skew_percent.is_none());
}

#[test]
fn a_limit_ends_the_recording_early_and_well() {
    for (limit, records) in [(0, 0), (1, 1), (8, 8), (9, 9), (10, 9)] {
        let options = RecordingOptions { limit: Some(limit), ..recorded("1", csv()) };
        let played = Simulation::new().play(NINE_ROWS, &options).succeeds();
        assert_eq!(played.records.len(), records, "limit {limit}");
    }
}

#[test]
fn clamped_records_leave_at_once_and_keep_their_event_times() {
    let text = "t,n\n10,0\n14,1\n7,2\n13,3\n15,4\n";
    let options = RecordingOptions { out_of_order: OutOfOrder::Clamp, ..recorded("1", csv()) };
    let played = Simulation::new().play(text, &options).succeeds();
    assert_eq!(played.left_us(), [0, 4_000_000, 4_000_000, 4_000_000, 5_000_000]);
    let times = played.records.iter().map(|record| record.facts.time.unwrap().as_nanos() / 1_000_000_000);
    assert_eq!(times.collect::<Vec<_>>(), [10, 14, 7, 13, 15]);
}

#[test]
fn a_record_carries_the_instant_at_which_it_left() {
    let played = Simulation::new().play(NINE_ROWS, &recorded("1", csv())).succeeds();
    for record in played.records {
        // The clock was moved before the run began.
        let since_start = record.timestamp.as_nanos() - START.as_nanos() - 12_345_000_000_000;
        assert_eq!(Duration::from_nanos(since_start.unsigned_abs()), record.left);
    }
}

/// One slow record is late itself and makes those late that were due meanwhile; after that all are on time again.
#[test]
fn lateness_appears_once_and_shifts_nothing() {
    let by = Duration::from_millis(2_500);
    let simulation = Simulation::new().fault(3, Mishap::Slow { by });
    let played = simulation.play(seconds(10), &recorded("1", csv())).succeeds();
    let left: Vec<u128> = played.left_us().iter().map(|us| us / 1_000).collect();
    assert_eq!(left, [0, 1_000, 2_000, 3_000, 5_500, 5_500, 6_000, 7_000, 8_000, 9_000]);
    assert_eq!(played.outcome.report.missed, Some(2));
    let worst_us = played.outcome.report.lateness_us.unwrap().max;
    assert!((worst_us - 1_500_000.0).abs() < 1_500.0, "{worst_us}");
}

#[test]
fn a_full_sink_is_waited_for_and_nothing_is_dropped() {
    // Each wait for room lasts 20 ms of the simulated clock: seven of them make 140 ms.
    let simulation =
        Simulation::new().fault(2, Mishap::Full { offers: 7 }).fault(5, Mishap::Full { offers: 1 });
    let options = RecordingOptions { schedule: rate("100"), ..csv() };
    let played = simulation.play(seconds(30), &options).succeeds();
    let left: Vec<u128> = played.left_us().iter().map(|us| us / 1_000).collect();
    assert_eq!(left[..6], [0, 10, 160, 160, 160, 180]);
    // Those that were due while there was no room leave together, the others when they are due.
    assert!(left[6..19].iter().all(|&ms| ms == 180), "{left:?}");
    assert_eq!(left[19..], (19..30).map(|n| n * 10).collect::<Vec<_>>());
    let sequences = played.records.iter().map(|record| record.facts.sequence);
    assert!(sequences.eq(0..30), "each record once, in order");
}

#[test]
fn a_sink_that_takes_one_record_at_a_time_gets_them_all() {
    let options = RecordingOptions { schedule: rate("1000000"), ..csv() };
    for at_most in [1, 7] {
        let played = Simulation::new().at_most(at_most).play(seconds(5_000), &options).succeeds();
        assert!(
            played.records.iter().map(|record| record.facts.sequence).eq(0..5_000),
            "{at_most} at a time"
        );
    }
}

/// Slots say the instant of the offer that was taken, not of one that was turned away.
#[test]
fn a_record_that_waited_for_room_is_stamped_anew() {
    let simulation = Simulation::new().fault(1, Mishap::Full { offers: 3 });
    let select = "now('%S.%f', 'UTC') AS at".to_owned();
    let options = RecordingOptions { select: Some(select), schedule: rate("1"), ..csv() };
    let played = simulation.play(seconds(3), &options).succeeds();
    let bodies: Vec<_> =
        played.records.iter().map(|record| String::from_utf8_lossy(record.body.as_ref().unwrap())).collect();
    // The run starts at second 21 of a minute.
    assert_eq!(bodies, [r#"{"at":"21.000000"}"#, r#"{"at":"22.060000"}"#, r#"{"at":"23.000000"}"#]);
}

#[test]
fn an_interrupted_run_reports_what_left() {
    for last in [0, 1, 5, 28] {
        let played = Simulation::new().stopped_after(last).play(seconds(30), &recorded("1", csv()));
        let report = &played.outcome.report;
        assert!(played.outcome.failure.is_none(), "{:?}", played.outcome.failure);
        assert!(report.interrupted);
        assert_eq!((report.accepted, report.acknowledged), (last + 1, Some(last + 1)));
        assert_eq!(played.records.len() as u64, last + 1);
    }
    let simulation = Simulation::new();
    simulation.stop.raise();
    let report = simulation.play(seconds(30), &recorded("1", csv())).outcome.report;
    assert!(report.interrupted && report.accepted == 0, "stopped before the first: {report:?}");
}

#[test]
fn a_stop_after_the_last_record_interrupts_nothing() {
    let played = Simulation::new().stopped_after(29).play(seconds(30), &recorded("1", csv())).succeeds();
    assert_eq!(played.records.len(), 30);
}

#[test]
fn rows_before_a_bad_one_leave_at_their_due_times() {
    let text = NINE_ROWS.replace("2021-01-01 00:00:12", "yesterday");
    let played = Simulation::new().play(text, &recorded("1", csv()));
    assert_eq!(
        played.failure(),
        "data:7: column 1 `timestamp`: `yesterday` is no time in the format iso (ISO 8601); state another with \
         --time-format"
    );
    assert_eq!(played.left_us(), [0, 4, 6, 7, 11].map(|second| second * 1_000_000));
    let report = played.outcome.report;
    assert_eq!((report.accepted, report.acknowledged, report.interrupted), (5, Some(5), false));
}

#[test]
fn a_sink_that_refuses_or_loses_a_record_fails_the_run() {
    let refused = Simulation::new().fault(4, Mishap::Refuse).play(seconds(9), &recorded("1", csv()));
    assert_eq!(refused.failure(), "faulty: record 4 is refused");
    assert_eq!((refused.outcome.report.accepted, refused.records.len()), (4, 4));

    let lost = Simulation::new().fault(4, Mishap::Lose).play(seconds(9), &recorded("1", csv()));
    assert_eq!(lost.failure(), "faulty: a record was given up");
    let report = lost.outcome.report;
    assert_eq!((report.accepted, report.acknowledged, report.failed), (9, Some(8), 1));

    let swallowed = Simulation::new().fault(4, Mishap::Swallow).play(seconds(9), &recorded("1", csv()));
    let failure = swallowed.failure();
    assert!(failure.starts_with("1 records were neither acknowledged nor given up"), "{failure}");

    let unflushed = Simulation::new().failing_to_flush().play(seconds(9), &recorded("1", csv()));
    assert_eq!(unflushed.failure(), "faulty: the flush is refused");
}

/// What the recording did wrong is said rather than what became of it.
#[test]
fn a_bad_row_outranks_a_lost_record() {
    let text = "t,n\n1,0\n2,0\nx,0\n";
    let played = Simulation::new().fault(1, Mishap::Lose).play(text, &recorded("1", csv()));
    assert!(played.failure().starts_with("data:4: column 1 `t`: `x` is no time"), "{}", played.failure());
    assert_eq!(played.outcome.report.failed, 1);
}

#[test]
fn progress_shows_where_the_run_is() {
    let simulation = Simulation::new().fault(8, Mishap::Slow { by: Duration::from_millis(1_250) });
    let text = seconds(10);
    simulation.play(text, &recorded("1", csv())).succeeds();
    let position = simulation.progress.position();
    assert_eq!(position.accepted, 10);
    assert_eq!(position.due, Duration::from_secs(9));
    assert_eq!(position.late, Duration::from_millis(250));
    assert_eq!(position.event_time, Some(Timestamp::from_nanos(1_600_000_009_000_000_000)));
}

/// A reader that panics must not look like the end of a recording.
#[test]
fn a_reader_that_dies_is_no_end() {
    struct Dying;
    impl kadence_core::source::Source for Dying {
        fn fill(
            &mut self,
            _run: &mut kadence_core::run::Run,
        ) -> Result<bool, kadence_core::source::RecordingError> {
            panic!("a defect, on purpose")
        }
    }
    let played = Simulation::new().play_source(Dying, rate("1"), Vec::new());
    assert_eq!(played.failure(), "the reader stopped unexpectedly; this is a defect of kadence");
}
