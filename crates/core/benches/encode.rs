//! From the bytes of a recording to bodies. What reading costs by itself is in the rows of `parse`.
//!
//! `cargo bench -p kadence-core --bench encode`

#![allow(missing_docs, reason = "the names are the table")]

mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_core::source::RecordingOptions;
use kadence_core::stamp::{DEFAULT_NOW, StampFormat, StampWriter};
use kadence_core::text::{CellType, ColumnTypes};

fn main() {
    divan::main();
}

fn text(options: RecordingOptions) -> RecordingOptions {
    RecordingOptions { types: ColumnTypes::new(Vec::new(), CellType::Verbatim), ..options }
}

mod csv_into {
    use std::hint::black_box;

    use divan::Bencher;
    use divan::counter::ItemsCount;
    use kadence_core::codec::{Format, Shape};
    use kadence_core::source::RecordingOptions;

    use super::support::{FOUR, ROWS, TWO, csv, measure};
    use super::text;

    #[divan::bench]
    fn object_of_two(bencher: Bencher<'_, '_>) {
        measure(bencher, &TWO, &csv());
    }

    #[divan::bench]
    fn array_of_two(bencher: Bencher<'_, '_>) {
        measure(bencher, &TWO, &RecordingOptions { shape: Shape::Array, ..csv() });
    }

    #[divan::bench]
    fn object_of_four_texts(bencher: Bencher<'_, '_>) {
        measure(bencher, &FOUR, &text(csv()));
    }

    #[divan::bench]
    fn object_of_four_texts_uuid_now(bencher: Bencher<'_, '_>) {
        let select = Some("uuid() AS _id, now() AS _date, *".into());
        measure(bencher, &FOUR, &RecordingOptions { select, ..text(csv()) });
    }

    #[divan::bench]
    fn lines_as_they_stand(bencher: Bencher<'_, '_>) {
        measure(bencher, &TWO, &RecordingOptions { format: Format::Raw, ..csv() });
    }

    #[divan::bench]
    fn csv_lines(bencher: Bencher<'_, '_>) {
        measure(bencher, &TWO, &RecordingOptions { format: Format::Csv, ..csv() });
    }

    /// What a program does that makes a value of each row and has that written.
    #[divan::bench]
    fn object_of_two_serde_json_value(bencher: Bencher<'_, '_>) {
        let mut body = Vec::new();
        bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
            for line in TWO.lines().skip(1) {
                let (timestamp, value) = line.split_once(',').expect("there are two cells");
                let number = |cell: &str| serde_json::from_str::<serde_json::Number>(cell).expect("a number");
                body.clear();
                let row = serde_json::json!({ "timestamp": number(timestamp), "value": number(value) });
                serde_json::to_writer(&mut body, &row).expect("memory takes it");
                black_box(&body);
            }
        });
    }
}

mod json_lines_into {
    use divan::Bencher;
    use kadence_core::source::RecordingOptions;

    use super::support::{OBJECTS, json_lines, measure};

    #[divan::bench]
    fn objects_as_they_stand(bencher: Bencher<'_, '_>) {
        measure(bencher, &OBJECTS, &json_lines());
    }

    #[divan::bench]
    fn object_of_nested_paths(bencher: Bencher<'_, '_>) {
        let select = Some("timestamp, sensor.value AS value".into());
        measure(bencher, &OBJECTS, &RecordingOptions { select, ..json_lines() });
    }
}

/// Filling in the hand-over instants of a slice of 1,024 records.
#[divan::bench]
fn now_in_1024_slots(bencher: Bencher<'_, '_>) {
    const RECORDS: usize = 1_024;
    let format = StampFormat::new(DEFAULT_NOW, Some("UTC")).expect("it is a format");
    let mut run = Run::new(1 << 20, RECORDS);
    for _ in 0..RECORDS {
        let mut draft = run.draft();
        draft.slot(0, format.width());
        draft.finish(kadence_core::record::Facts::default());
    }
    let mut writer = StampWriter::new(std::slice::from_ref(&format));
    let mut nanos = 1_600_000_000_000_000_000;
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        nanos += 1_000_000;
        run.stamp(0..RECORDS, Timestamp::from_nanos(nanos), &mut writer);
    });
}
