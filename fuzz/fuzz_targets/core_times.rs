//! Any format is refused or reads any text as a time or as none, the same one each time it stands in a recording.
//!
//! `cargo +nightly fuzz run core_times -- -max_len=256`

#![no_main]

use std::io::Cursor;

use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str, u8)| {
    let (format, text, zone) = data;
    let Ok(time_format) = format.parse() else { return };
    let zone = ["UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns"][usize::from(zone % 4)];
    let options = RecordingOptions {
        time: (zone != "Pacific/Apia").then(|| "t".into()),
        time_format,
        time_zone: Some(zone.into()),
        schedule: Schedule::Unpaced,
        select: Some("event_time() AS e".into()),
        ..RecordingOptions::new(RecordingKind::Csv(CsvOptions::default()))
    };
    let cell = text.replace('"', "\"\"");
    let rows = format!("t\n\"{cell}\"\n\"{cell}\"\n");
    let Ok(mut recording) = Recording::open("data", Box::new(Cursor::new(rows.into_bytes())), &options) else { return };
    let mut run = Run::new(1 << 16, 100);
    recording.fill(&mut run).expect("the second row is as the first");
    assert_eq!(run.len(), 2);
    assert_eq!(run.facts(0).time, run.facts(1).time);
    assert!(run.facts(0).time.is_some());
});
