//! From bytes to rows and event times. Bodies are the lines as they stand, so that little but reading is measured;
//! the libraries underneath are measured beside, on the same bytes.
//!
//! `cargo bench -p kadence-core --bench parse`

#![allow(missing_docs, reason = "the names are the table")]

mod support;

use kadence_core::codec::Format;
use kadence_core::source::RecordingOptions;

fn main() {
    divan::main();
}

fn lines(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { format: Format::Raw, ..options }
}

mod rows_of_csv {
    use divan::Bencher;
    use divan::counter::ItemsCount;

    use super::lines;
    use super::support::{FOUR, QUOTED, ROWS, TWO, csv, measure};

    #[divan::bench]
    fn two_columns(bencher: Bencher<'_, '_>) {
        measure(bencher, &TWO, &lines(csv()));
    }

    #[divan::bench]
    fn two_columns_csv_core(bencher: Bencher<'_, '_>) {
        csv_core_alone(bencher, &TWO);
    }

    #[divan::bench]
    fn four_columns(bencher: Bencher<'_, '_>) {
        measure(bencher, &FOUR, &lines(csv()));
    }

    #[divan::bench]
    fn four_columns_csv_core(bencher: Bencher<'_, '_>) {
        csv_core_alone(bencher, &FOUR);
    }

    #[divan::bench]
    fn quoted(bencher: Bencher<'_, '_>) {
        measure(bencher, &QUOTED, &lines(csv()));
    }

    #[divan::bench]
    fn quoted_csv_core(bencher: Bencher<'_, '_>) {
        csv_core_alone(bencher, &QUOTED);
    }

    fn csv_core_alone(bencher: Bencher<'_, '_>, text: &str) {
        let (mut cells, mut ends) = ([0; 1024], [0; 64]);
        bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
            let mut reader = csv_core::Reader::new();
            let mut rest = text.as_bytes();
            let mut rows = 0_usize;
            loop {
                let (result, read, ..) = reader.read_record(rest, &mut cells, &mut ends);
                rest = &rest[read..];
                match result {
                    csv_core::ReadRecordResult::Record => rows += 1,
                    csv_core::ReadRecordResult::End => return rows,
                    _ => {}
                }
            }
        });
    }
}

mod rows_of_json_lines {
    use std::hint::black_box;

    use divan::Bencher;
    use divan::counter::ItemsCount;

    use super::lines;
    use super::support::{OBJECTS, ROWS, json_lines, measure};

    #[divan::bench]
    fn nested(bencher: Bencher<'_, '_>) {
        measure(bencher, &OBJECTS, &lines(json_lines()));
    }

    #[divan::bench]
    fn nested_serde_json_value(bencher: Bencher<'_, '_>) {
        bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
            for line in OBJECTS.lines() {
                black_box(serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"));
            }
        });
    }
}

/// Rows of two columns with their event times.
mod event_times {
    use std::hint::black_box;
    use std::sync::LazyLock;

    use divan::Bencher;
    use divan::counter::ItemsCount;
    use kadence_core::source::{RecordingOptions, TimeFormat};

    use super::lines;
    use super::support::{ROWS, TWO, csv, dates, measure};

    static ISO: LazyLock<String> = LazyLock::new(|| dates(' ', ""));
    static MILLIS: LazyLock<String> = LazyLock::new(|| dates('T', ".287Z"));
    static OFFSET: LazyLock<String> = LazyLock::new(|| dates('T', "+09:00"));

    fn timed(time_format: TimeFormat) -> RecordingOptions {
        RecordingOptions { time: Some("timestamp".into()), time_format, ..lines(csv()) }
    }

    #[divan::bench]
    fn epoch_seconds(bencher: Bencher<'_, '_>) {
        measure(bencher, &TWO, &timed(TimeFormat::Auto));
    }

    #[divan::bench]
    fn date_and_time(bencher: Bencher<'_, '_>) {
        measure(bencher, &ISO, &timed(TimeFormat::Auto));
    }

    #[divan::bench]
    fn date_and_time_in_a_zone(bencher: Bencher<'_, '_>) {
        let options = RecordingOptions { time_zone: Some("Europe/Berlin".into()), ..timed(TimeFormat::Auto) };
        measure(bencher, &ISO, &options);
    }

    #[divan::bench]
    fn rfc3339_utc(bencher: Bencher<'_, '_>) {
        measure(bencher, &MILLIS, &timed(TimeFormat::Auto));
    }

    #[divan::bench]
    fn rfc3339_offset(bencher: Bencher<'_, '_>) {
        measure(bencher, &OFFSET, &timed(TimeFormat::Auto));
    }

    #[divan::bench]
    fn strftime(bencher: Bencher<'_, '_>) {
        measure(bencher, &ISO, &timed("%Y-%m-%d %H:%M:%S".parse().expect("it is a format")));
    }

    #[divan::bench]
    fn date_and_time_jiff(bencher: Bencher<'_, '_>) {
        bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
            for line in ISO.lines().skip(1) {
                let time: jiff::civil::DateTime = line[..19].parse().expect("it is a time");
                black_box(jiff::tz::TimeZone::UTC.to_timestamp(time).expect("it is in range"));
            }
        });
    }

    #[divan::bench]
    fn rfc3339_jiff(bencher: Bencher<'_, '_>) {
        bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
            for line in MILLIS.lines().skip(1) {
                black_box(line[..24].parse::<jiff::Timestamp>().expect("it is a time"));
            }
        });
    }
}
