//! Every documented form of a time, read as jiff reads it. Python's reading is compared by the suites of other people's
//! programs; what neither of them reads has worked examples beside the code.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use kadence_core::source::{CsvOptions, RecordingKind, RecordingOptions, Refusal, Strftime};

use crate::{drain, open, unpaced};

/// How many times of each form are read.
const TIMES: usize = 10_000;

/// Zones with and without summer time, with odd offsets, and one that once skipped a day.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
];

/// Forms that jiff writes and reads whole. Behind `%s` it drops the fraction, and `%Q` says nothing to it alone.
const FORMS: [&str; 40] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S.%N",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%:z",
    "%F %T %z",
    "%F %R",
    "%F",
    "%D %T",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S.%f",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%y %l:%M:%S %P",
    "%e %B %Y %k:%M:%S",
    "%d %b %Y %H:%M:%S %z",
    "%d %h %Y %H:%M",
    "%a, %d %b %Y %H:%M:%S %z",
    "%A, %B %e, %Y %I:%M:%S.%f %p",
    "%a %b %e %H:%M:%S %Y",
    "%b %d %H:%M:%S %Y",
    "%Y/%m/%d-%H:%M:%S:%f",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M%S%z",
    "%y%m%d %H%M%S",
    "%Y-%j %T",
    "%j/%y %T",
    "%G-W%V-%u %T",
    "%G-W%V-%w %T",
    "%G W%V %A %T",
    "%g W%V %a %T",
    "%Y week %U %w %T",
    "%Y week %W %u %T",
    "%C%y-%m-%d %T",
    "%s",
    "%-d.%-m.%Y %-H:%M:%S",
    "%_d.%_m.%Y%n%_H:%M:%S",
    "%d%%%m%%%Y%t%T",
];

/// Pseudo-random numbers: every run reads the same times.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A time of the years in which two digits say which year is meant, in nanoseconds.
    fn time(&mut self) -> i64 {
        let (first, last) = (-31_449_600_i64, 3_124_137_600_i64);
        let seconds = first + (self.next() % (last - first).unsigned_abs()).cast_signed();
        let nanos = match self.next() % 4 {
            0 => 0,
            1 => (self.next() % 1_000).cast_signed() * 1_000_000,
            2 => (self.next() % 1_000_000).cast_signed() * 1_000,
            _ => (self.next() % 1_000_000_000).cast_signed(),
        };
        seconds * 1_000_000_000 + nanos
    }
}

/// The event times of a recording with these texts in its one column.
fn event_times(texts: &[String], options: &RecordingOptions) -> Vec<i64> {
    let rows: String = texts.iter().map(|text| format!("\"{text}\"\n")).collect();
    let given = drain(open(format!("t\n{rows}"), options).unwrap());
    assert_eq!(given.error, None);
    given.facts.iter().map(|facts| facts.time.unwrap().as_nanos()).collect()
}

fn options(format: &str, zone: &str) -> RecordingOptions {
    RecordingOptions {
        time: Some("t".into()),
        time_format: format.parse().unwrap(),
        time_zone: Some(zone.into()),
        ..unpaced(RecordingKind::Csv(CsvOptions::default()))
    }
}

#[track_caller]
fn agree(what: &str, texts: &[String], found: &[i64], expected: &[Option<i64>]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for ((text, found), expected) in texts.iter().zip(found).zip(expected) {
        assert_eq!(Some(*found), *expected, "{what}: {text}");
    }
}

#[test]
fn formats_are_read_as_jiff_reads_them() {
    let mut numbers = Numbers(1);
    for format in FORMS {
        for zone in ZONES {
            let tz = TimeZone::get(zone).unwrap();
            let texts: Vec<String> = (0..TIMES / ZONES.len())
                .map(|_| {
                    let time = jiff::Timestamp::from_nanosecond(numbers.time().into()).unwrap();
                    time.to_zoned(tz.clone()).strftime(format).to_string()
                })
                .collect();
            let expected: Vec<Option<i64>> = texts
                .iter()
                .map(|text| {
                    let read =
                        strtime::parse(format, text).unwrap_or_else(|error| panic!("{format}: {error}"));
                    let time = read.to_timestamp().or_else(|_| tz.to_timestamp(read.to_datetime().unwrap()));
                    i64::try_from(time.unwrap().as_nanosecond()).ok()
                })
                .collect();
            agree(
                &format!("{format} in {zone}"),
                &texts,
                &event_times(&texts, &options(format, zone)),
                &expected,
            );
        }
    }
}

#[test]
fn iso_times_are_read_as_jiff_reads_them() {
    let mut numbers = Numbers(2);
    for zone in ZONES {
        let tz = TimeZone::get(zone).unwrap();
        for form in 0..6 {
            let mut texts = Vec::new();
            let mut expected = Vec::new();
            for _ in 0..TIMES / ZONES.len() {
                let time = jiff::Timestamp::from_nanosecond(numbers.time().into()).unwrap();
                let zoned = time.to_zoned(tz.clone());
                let text = match form {
                    0 => zoned.datetime().to_string(),
                    1 => zoned.datetime().to_string().replace('T', " "),
                    2 => time.to_string(),
                    3 => zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
                    4 => zoned.to_string(),
                    _ => zoned.strftime("%Y-%m-%dT%H:%M:%S%.f[%Q]").to_string(),
                };
                let read = match form {
                    0 | 1 => tz.to_timestamp(text.parse::<DateTime>().unwrap()).unwrap(),
                    2 | 3 => text.parse().unwrap(),
                    _ => text.parse::<jiff::Zoned>().unwrap().timestamp(),
                };
                texts.push(text);
                expected.push(i64::try_from(read.as_nanosecond()).ok());
            }
            let found = event_times(&texts, &options("iso", zone));
            agree(&format!("form {form} in {zone}"), &texts, &found, &expected);
        }
    }
}

/// A number of units is read to the last digit, in whatever notation.
#[test]
fn epochs_are_read_to_the_last_digit() {
    let mut numbers = Numbers(3);
    for (format, digits) in [("s", 9), ("ms", 6), ("us", 3), ("ns", 0)] {
        let expected: Vec<i64> = (0..TIMES).map(|_| numbers.time()).collect();
        let plain = |nanos: &i64| {
            let (sign, nanos) = (if *nanos < 0 { "-" } else { "" }, format!("{:010}", nanos.abs()));
            let (whole, fraction) = nanos.split_at(nanos.len() - digits);
            let whole =
                if whole.trim_start_matches('0').is_empty() { "0" } else { whole.trim_start_matches('0') };
            if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
        };
        let scientific = |nanos: &i64| {
            let (sign, nanos) = (if *nanos < 0 { "-" } else { "" }, nanos.abs().to_string());
            let exponent = i32::try_from(nanos.len()).unwrap() - 1 - i32::try_from(digits).unwrap();
            format!("{sign}{}.{}0e{exponent:+03}", &nanos[..1], &nanos[1..])
        };
        for texts in
            [expected.iter().map(plain).collect::<Vec<_>>(), expected.iter().map(scientific).collect()]
        {
            let found = event_times(&texts, &options(format, "UTC"));
            agree(format, &texts, &found, &expected.iter().copied().map(Some).collect::<Vec<_>>());
        }
    }
}

/// The reference lists what is read, and nothing else.
#[test]
fn the_directives_in_the_reference_are_those_that_are_honoured() {
    let page = include_str!("../../../../docs/reference/replay.md");
    let (_, table) = page.split_once("| Directive | Reads |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let listed: std::collections::BTreeSet<String> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| "))
        .flat_map(|row| {
            row.split(" | ").next().unwrap().split(", ").map(|cell| cell.trim_matches('`').to_owned())
        })
        .collect();
    let is_read = |directive: &str| {
        // What a format lacks is no fault of the directive.
        !matches!(
            Strftime::new(directive),
            Err(Refusal::Unknown { .. } | Refusal::Locale { .. } | Refusal::OpenPercent)
        )
    };
    let letters = (b'!'..=b'~').map(|byte| format!("%{}", char::from(byte)));
    let honoured: std::collections::BTreeSet<String> =
        letters.filter(|directive| is_read(directive)).collect();
    assert_eq!(listed, honoured);
    for also in ["%.f", "%:z", "%-d", "%_d"] {
        assert!(is_read(also) && table.contains(also) || page.contains(also), "{also}");
    }
}
