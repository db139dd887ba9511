//! What holds for any input.

use std::fmt::Write as _;
use std::time::Duration;

use kadence_core::ratio::Ratio;
use kadence_core::record::Facts;
use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_core::schedule::{Schedule, Timeline};
use kadence_core::source::{Recording, RecordingOptions};
use kadence_core::stamp::{StampFormat, StampWriter};
use kadence_core::text::{CellType, ColumnTypes};
use kadence_testing::faults::Trickle;
use proptest::prelude::*;

use crate::{csv, drain, json_lines, raw, read, selecting};

fn schedules() -> impl Strategy<Value = Schedule> {
    let ratio = || {
        (0_u32..100_000, 1_u32..1_000_000_000)
            .prop_map(|(whole, nanos)| format!("{whole}.{nanos:09}").parse::<Ratio>().unwrap())
    };
    prop_oneof![
        ratio().prop_map(|speed| Schedule::Recorded { speed }),
        ratio().prop_map(|per_second| Schedule::Rate { per_second }),
        any::<u64>().prop_map(|nanos| Schedule::Interval(Duration::from_nanos(nanos))),
        Just(Schedule::Unpaced),
    ]
}

/// A CSV cell as it could be written: with quotes where it needs them, or anyway.
fn quoted(cell: &str, anyway: bool) -> String {
    if anyway || cell.contains([',', '"', '\n', '\r']) || cell.is_empty() {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn json_of(body: &str) -> serde_json::Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{body}: {error}"))
}

proptest! {
    #[test]
    fn due_times_never_decrease(
        schedule in schedules(),
        times in prop::collection::vec(any::<i64>(), 1..50),
    ) {
        let mut timeline = Timeline::new(schedule);
        let mut latest = Duration::ZERO;
        for time in times {
            let due = timeline.due(Some(Timestamp::from_nanos(time)));
            prop_assert!(due >= latest, "{due:?} after {latest:?}");
            latest = due;
        }
    }

    #[test]
    fn json_bodies_read_back_as_the_cells(
        rows in prop::collection::vec((".{0,12}|[,\"\r\n]{0,4}|-?[0-9]{1,5}(\\.[0-9]{1,3})?", any::<bool>()), 1..20),
        // With zeros at its start a file looks like UTF-16.
        name in "[^,\"\r\n\0\u{feff}]{1,6}",
    ) {
        let mut text = format!("{},line\n", quoted(&name, true));
        prop_assume!(name != "line");
        for (n, (cell, anyway)) in rows.iter().enumerate() {
            let _ = writeln!(text, "{},{n}", quoted(cell, *anyway));
        }
        let as_text = RecordingOptions { types: ColumnTypes::new(vec![("line".into(), CellType::Int)], CellType::Text), ..csv() };
        for (options, is_text) in [(csv(), false), (as_text, true)] {
            let given = read(text.as_str(), &options);
            prop_assert_eq!(&given.error, &None);
            prop_assert_eq!(given.bodies.len(), rows.len());
            for ((n, body), (cell, _)) in given.bodies.iter().enumerate().zip(&rows) {
                let body = json_of(body);
                prop_assert_eq!(&body["line"], n);
                match &body[&name] {
                    serde_json::Value::String(found) => prop_assert_eq!(found, cell),
                    serde_json::Value::Null => prop_assert!(is_text && cell.is_empty()),
                    serde_json::Value::Number(number) => {
                        prop_assert!(!is_text);
                        prop_assert_eq!(number.as_f64(), cell.parse().ok());
                    }
                    other => prop_assert!(false, "{} became {}", cell, other),
                }
            }
        }
    }

    /// However the bytes come, the records are the same, and so is the error.
    #[test]
    fn short_reads_change_nothing(
        text in "([a-c]?[,\"\r\n {}:1]?){0,40}",
        at_most in 1_usize..9,
        kind in 0_usize..3,
    ) {
        let options = [csv(), json_lines(), raw()][kind].clone();
        let whole = read(text.as_str(), &options);
        let reader = Box::new(Trickle::new(text.clone().into(), at_most));
        match Recording::open("data", reader, &options) {
            Ok(recording) => prop_assert_eq!(drain(recording), whole),
            Err(faults) => prop_assert_eq!(Some(crate::shown(&faults[0])), whole.error),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        kind in 0_usize..3,
        select in prop_oneof![Just("*"), Just("*, uuid() AS u"), Just("line() AS n, event_time() AS t")],
    ) {
        let options = selecting(select, [csv(), json_lines(), raw()][kind].clone());
        let given = read(bytes, &options);
        for body in &given.bodies {
            if kind < 2 {
                json_of(body);
            }
        }
    }

    #[test]
    fn no_column_list_makes_it_panic(select in "([ab*,.()'`]|AS|IGNORE|now| |%Y|x){0,16}") {
        let given = read("a,b,c\n2021-01-01,x,5\n", &selecting(&select, csv()));
        for body in &given.bodies {
            json_of(body);
        }
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_no_trace(
        drafts in prop::collection::vec((any::<bool>(), prop::option::of("[a-z]{0,4}"), "[a-z]{0,8}", 0_usize..3), 0..30),
    ) {
        let format = StampFormat::new("%S%f", Some("UTC")).unwrap();
        let build = |only_kept: bool| {
            let mut run = Run::new(1 << 20, 1_000);
            let mut given_up = run.draft();
            given_up.bytes().resize(if only_kept { 0 } else { 2 << 20 }, b'x');
            drop(given_up);
            assert!(run.has_room(), "it takes no room either");
            for (n, (kept, key, body, slots)) in drafts.iter().enumerate() {
                if only_kept && !kept {
                    continue;
                }
                let mut draft = run.draft();
                if let Some(key) = key {
                    draft.bytes().extend_from_slice(key.as_bytes());
                    draft.end_key();
                }
                draft.bytes().extend_from_slice(body.as_bytes());
                for _ in 0..*slots {
                    draft.slot(0, format.width());
                }
                if *kept {
                    draft.finish(Facts { sequence: n as u64, ..Facts::default() });
                }
            }
            let mut writer = StampWriter::new(std::slice::from_ref(&format));
            run.stamp(0..run.len(), Timestamp::from_nanos(7_000_008_000), &mut writer);
            let slice = run.slice(0..run.len(), &[], Timestamp::default());
            slice
                .iter()
                .map(|record| (record.key.map(<[u8]>::to_vec), record.body.map(<[u8]>::to_vec), record.facts))
                .collect::<Vec<_>>()
        };
        prop_assert_eq!(build(false), build(true));
    }

    #[test]
    fn bodies_together_are_the_bodies_one_by_one(
        records in prop::collection::vec((prop::option::weighted(0.2, "[a-z]{0,4}"), "[a-z]{0,8}"), 0..12),
        cut in (0_usize..13, 0_usize..13),
    ) {
        let mut run = Run::new(1 << 20, 1_000);
        for (key, body) in &records {
            let mut draft = run.draft();
            if let Some(key) = key {
                draft.bytes().extend_from_slice(key.as_bytes());
                draft.end_key();
            }
            draft.bytes().extend_from_slice(body.as_bytes());
            draft.finish(Facts::default());
        }
        let (from, to) = (cut.0.min(run.len()), cut.1.min(run.len()));
        let slice = run.slice(from.min(to)..from.max(to), &[], Timestamp::default());
        let one_by_one: Vec<_> = slice.iter().filter_map(|record| record.body).collect();
        prop_assert_eq!(slice.bodies().collect::<Vec<_>>().concat(), one_by_one.concat());
        let keys: usize = slice.iter().filter_map(|record| record.key).map(<[u8]>::len).sum();
        prop_assert_eq!(slice.size(), keys + one_by_one.concat().len());
    }

    #[test]
    fn stamps_fill_their_slots_and_nothing_else(
        bodies in prop::collection::vec(("[a-z]{0,5}", 0_usize..3, "[a-z]{0,5}"), 1..20),
        nanos in any::<i64>(),
        cut in 0_usize..20,
    ) {
        let format = StampFormat::new("%Y-%m-%d %H:%M:%S.%f", Some("UTC")).unwrap();
        let mut run = Run::new(1 << 20, 1_000);
        for (before, slots, after) in &bodies {
            let mut draft = run.draft();
            draft.bytes().extend_from_slice(before.as_bytes());
            for _ in 0..*slots {
                draft.slot(0, format.width());
            }
            draft.bytes().extend_from_slice(after.as_bytes());
            draft.finish(Facts::default());
        }
        let at = Timestamp::from_nanos(nanos);
        let cut = cut.min(bodies.len());
        let mut writer = StampWriter::new(std::slice::from_ref(&format));
        // Each record is stamped with the others of its hand-over, and only then.
        run.stamp(0..cut, at, &mut writer);
        let later = Timestamp::from_nanos(8_000_009_000);
        run.stamp(cut..bodies.len(), later, &mut writer);
        let instant = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap();
        let micros = nanos.rem_euclid(1_000_000_000) / 1_000;
        let civil = jiff::tz::TimeZone::UTC.to_datetime(instant);
        let stamp = format!("{}.{micros:06}", civil.strftime("%Y-%m-%d %H:%M:%S"));
        for (n, (record, (before, slots, after))) in
            run.slice(0..run.len(), &[], at).iter().zip(&bodies).enumerate()
        {
            let slot = if n < cut { stamp.as_str() } else { "1970-01-01 00:00:08.000009" };
            let expected = format!("{before}{}{after}", slot.repeat(*slots));
            prop_assert_eq!(String::from_utf8_lossy(record.body.unwrap()), expected);
        }
    }
}
