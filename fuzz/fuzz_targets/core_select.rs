//! Any column list compiles or is refused, and what it makes is JSON.
//!
//! `cargo +nightly fuzz run core_select -- -max_len=256`

#![no_main]

use std::io::Cursor;

use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|select: &str| {
    for (kind, text) in [
        (RecordingKind::Csv(CsvOptions::default()), "a,b,c.d\n2021-01-01,\"x\"\"\",5\n"),
        (RecordingKind::JsonLines, "{\"a\":\"2021-01-01\",\"b\":{\"c\":[null]},\"\\u0064\":0.10}\n"),
    ] {
        let options = RecordingOptions {
            select: Some(select.to_owned()),
            schedule: Schedule::Unpaced,
            ..RecordingOptions::new(kind)
        };
        let Ok(mut recording) = Recording::open("data", Box::new(Cursor::new(text)), &options) else {
            continue;
        };
        let mut run = Run::new(1 << 16, 10);
        if recording.fill(&mut run).is_ok() {
            for record in run.records() {
                serde_json::from_slice::<IgnoredAny>(record.body.expect("there is a body")).expect("a body is JSON");
            }
        }
    }
});
