//! Recordings in memory, and what reads them.

#![allow(dead_code, reason = "each benchmark takes what it needs")]

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::LazyLock;

use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source};

/// The rows of each recording: few enough to stay in the caches, so that the memory of the machine is not measured.
pub(crate) const ROWS: usize = 10_000;

/// `timestamp,value`, as epoch seconds with milliseconds.
pub(crate) static TWO: LazyLock<String> = LazyLock::new(|| {
    rows("timestamp,value", |n| format!("{}.{:03},{}", 1_600_000_000 + n / 1_000, n % 1_000, n % 100))
});

/// The same with quotes around the times.
pub(crate) static QUOTED: LazyLock<String> = LazyLock::new(|| {
    rows("timestamp,value", |n| format!("\"{}.{:03}\",{}", 1_600_000_000 + n / 1_000, n % 1_000, n % 100))
});

/// Four columns of an accelerometer.
pub(crate) static FOUR: LazyLock<String> = LazyLock::new(|| {
    let tenth = |n: usize, of: usize| (n % of) as f64 / of as f64 * 2.0 - 1.0;
    rows("sec,X,Y,Z", |n| {
        format!(
            "{:.6},{:.6},{:.6},{:.6}",
            9656.0 + n as f64 / 100.0,
            tenth(n, 256),
            tenth(n, 97),
            tenth(n, 31)
        )
    })
});

/// `timestamp,value` with a date and a time, and what `suffix` puts behind it.
pub(crate) fn dates(separator: char, suffix: &str) -> String {
    rows("timestamp,value", |n| {
        let (hour, minute, second) = (n / 3_600 % 24, n / 60 % 60, n % 60);
        format!("2021-01-01{separator}{hour:02}:{minute:02}:{second:02}{suffix},{}", n % 100)
    })
}

/// Objects with an object in them.
pub(crate) static OBJECTS: LazyLock<String> = LazyLock::new(|| {
    let object =
        |n| format!("{{\"timestamp\":{},\"sensor\":{{\"id\":7,\"value\":{}}}}}", 1_600_000_000 + n, n % 100);
    let text = rows("", object);
    text.trim_start().to_owned()
});

fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
    (0..ROWS).fold(format!("{header}\n"), |mut text, n| {
        let _ = writeln!(text, "{}", row(n));
        text
    })
}

/// CSV with a header line, unpaced.
pub(crate) fn csv() -> RecordingOptions {
    RecordingOptions {
        schedule: Schedule::Unpaced,
        ..RecordingOptions::new(RecordingKind::Csv(CsvOptions::default()))
    }
}

/// JSON Lines, unpaced.
pub(crate) fn json_lines() -> RecordingOptions {
    RecordingOptions { schedule: Schedule::Unpaced, ..RecordingOptions::new(RecordingKind::JsonLines) }
}

/// Encodes all of `text` and says how many records there are.
pub(crate) fn drain(text: &'static str, options: &RecordingOptions, run: &mut Run) -> usize {
    let mut recording = Recording::open("bench", Box::new(Cursor::new(text.as_bytes())), options)
        .expect("the recording is good");
    let mut records = 0;
    loop {
        run.clear();
        let more = recording.fill(run).expect("the rows are good");
        records += run.len();
        if !more {
            return records;
        }
    }
}

/// Measures [`drain`], in records.
pub(crate) fn measure(bencher: divan::Bencher<'_, '_>, text: &'static str, options: &RecordingOptions) {
    let mut run = Run::new(256 * 1024, 8_192);
    assert_eq!(drain(text, options, &mut run), ROWS);
    bencher.counter(divan::counter::ItemsCount::new(ROWS)).bench_local(|| drain(text, options, &mut run));
}
