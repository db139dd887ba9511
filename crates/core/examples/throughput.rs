//! What a million records cost from the text of a recording to a sink that keeps nothing: CPU seconds of all
//! threads, the best of five. Run it with `cargo run --release -p kadence-core --example throughput`.

#![allow(clippy::print_stdout, reason = "its output is the measurement")]

use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::SystemClock;
use kadence_core::pipeline::{Control, ReplayOptions, replay};
use kadence_core::schedule::Schedule;
use kadence_core::sink::NullSink;
use kadence_core::source::{CsvOptions, Lookalike, Recording, RecordingKind, RecordingOptions};

const RECORDS: u64 = 1_000_000;

fn main() {
    let csv = RecordingOptions::new(RecordingKind::Csv(CsvOptions::default()));
    let jsonl = RecordingOptions::new(RecordingKind::JsonLines);
    let columns = ["sec", "X", "Y", "Z"].map(String::from).to_vec();
    let lookalike = RecordingOptions::new(RecordingKind::Csv(CsvOptions {
        columns: Some(columns),
        ..CsvOptions::default()
    }));
    let stamped = Some("uuid() AS _id, now() AS _date, *".to_owned());
    let mut hasc = Vec::new();
    std::io::copy(&mut Lookalike::new(1, RECORDS), &mut hasc).expect("memory takes it");

    measure(
        "csv, epoch seconds",
        &rows("timestamp,value", |n| format!("{}.{:03},{}", 1_600_000_000 + n / 1_000, n % 1_000, n % 100)),
        &csv,
    );
    let date_time = |n| {
        format!(
            "2021-01-{:02} {:02}:{:02}:{:02},{}",
            1 + n / 86_400,
            n / 3_600 % 24,
            n / 60 % 60,
            n % 60,
            n % 100
        )
    };
    measure("csv, YYYY-MM-DD hh:mm:ss", &rows("timestamp,value", date_time), &csv);
    measure("csv, four columns", &hasc, &lookalike);
    measure(
        "csv, four columns, uuid and now",
        &hasc,
        &RecordingOptions { select: stamped.clone(), ..lookalike },
    );
    let object =
        |n| format!("{{\"timestamp\":{},\"sensor\":{{\"id\":7,\"value\":{}}}}}", 1_600_000_000 + n, n % 100);
    let objects = rows("", object);
    measure("json lines as they stand", &objects, &jsonl);
    measure("json lines, uuid and now", &objects, &RecordingOptions { select: stamped, ..jsonl.clone() });
    let nested = Some("timestamp, sensor.value AS value".to_owned());
    measure("json lines, nested path", &objects, &RecordingOptions { select: nested, ..jsonl });
}

fn rows(header: &str, row: impl Fn(u64) -> String) -> Vec<u8> {
    let mut text = Vec::new();
    if !header.is_empty() {
        writeln!(text, "{header}").expect("memory takes it");
    }
    for n in 0..RECORDS {
        writeln!(text, "{}", row(n)).expect("memory takes it");
    }
    text
}

fn measure(what: &str, text: &[u8], options: &RecordingOptions) {
    let paced = [false, true].map(|paced| {
        let best = (0..5).map(|_| cpu_seconds(text, options, paced)).min_by(f64::total_cmp);
        best.unwrap_or_default()
    });
    println!("{what:32} {:6.3} s unpaced, {:6.3} s paced", paced[0], paced[1]);
}

fn cpu_seconds(text: &[u8], options: &RecordingOptions, paced: bool) -> f64 {
    // A time column is read and checked in both cases; paced, everything is due at once.
    let schedule = if paced {
        Schedule::Recorded { speed: "1000000000".parse().expect("positive") }
    } else {
        Schedule::Unpaced
    };
    let options =
        RecordingOptions { schedule, time_format: kadence_core::source::TimeFormat::Auto, ..options.clone() };
    let reader = Box::new(Cursor::new(text.to_vec()));
    let recording = Recording::open("bench", reader, &options).expect("the recording is good");
    let replay_options = ReplayOptions {
        verb: "replay",
        schedule,
        spin: Duration::ZERO,
        tolerance: Duration::from_millis(10),
        stamps: recording.stamps().to_vec(),
        sealing: None,
    };
    let before = cpu();
    let control = Control::new(Arc::new(SystemClock));
    let outcome = replay(recording, &mut NullSink::default(), &replay_options, &control);
    let spent = cpu().saturating_sub(before);
    assert_eq!(outcome.report.accepted, RECORDS, "{:?}", outcome.failure);
    spent.as_secs_f64()
}

fn cpu() -> Duration {
    let reading = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(reading.tv_sec.cast_unsigned(), u32::try_from(reading.tv_nsec).unwrap_or_default())
}
