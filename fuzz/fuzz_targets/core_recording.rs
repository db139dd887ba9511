//! Any bytes are a recording or are refused; its JSON bodies are JSON, and short reads change nothing.
//!
//! `cargo +nightly fuzz run core_recording -- -max_len=4096`

#![no_main]

use std::io::{Cursor, Read};

use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

/// How serde_json names what only itself should say.
const SECRET: &[u8] = b"$serde_json::private::";

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, bytes) = data;
    let kind = match choice % 3 {
        0 => RecordingKind::Csv(CsvOptions::default()),
        1 => RecordingKind::JsonLines,
        _ => RecordingKind::Raw,
    };
    let is_json = choice % 3 < 2;
    let select = match choice / 3 % 3 {
        0 => None,
        1 => Some("*, uuid() AS `another name`".to_owned()).filter(|_| is_json),
        _ => Some("line() AS n, event_time() AS t".to_owned()).filter(|_| is_json),
    };
    let has_uuid = select.as_ref().is_some_and(|select| select.starts_with('*'));
    let schedule = match choice / 9 % 2 {
        0 => Schedule::Unpaced,
        _ => Schedule::Recorded { speed: "1".parse().expect("a ratio") },
    };
    let options = RecordingOptions { select, schedule, ..RecordingOptions::new(kind) };
    let whole = bodies(Box::new(Cursor::new(bytes.to_vec())), &options);
    for body in whole.0.iter().filter(|_| is_json) {
        serde_json::from_slice::<IgnoredAny>(body).expect("a body is JSON");
        // serde_json takes objects whose key is its own secret for something else.
        let is_secret = body.windows(SECRET.len()).any(|window| window == SECRET);
        if choice % 3 == 0 && !is_secret {
            serde_json::from_slice::<serde_json::Value>(body).expect("with numbers that anybody can read");
        }
    }
    if !has_uuid {
        let bytewise = bodies(Box::new(Bytewise(Cursor::new(bytes.to_vec()))), &options);
        assert_eq!(bytewise, whole);
    }
});

fn bodies(reader: Box<dyn Read + Send>, options: &RecordingOptions) -> (Vec<Vec<u8>>, Vec<String>) {
    let mut bodies = Vec::new();
    let mut recording = match Recording::open("data", reader, options) {
        Ok(recording) => recording,
        Err(faults) => return (bodies, faults.iter().map(ToString::to_string).collect()),
    };
    loop {
        let mut run = Run::new(1 << 16, 100);
        let result = recording.fill(&mut run);
        bodies.extend(run.records().map(|record| record.body.unwrap_or_default().to_vec()));
        match result {
            Ok(true) => {}
            Ok(false) => return (bodies, Vec::new()),
            Err(error) => return (bodies, vec![error.to_string()]),
        }
    }
}

/// A reader of one byte a read.
struct Bytewise(Cursor<Vec<u8>>);

impl Read for Bytewise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}
