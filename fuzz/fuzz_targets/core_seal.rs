//! A manifest is read or refused, a seal of any bytes is looked for, and what is held against it comes to an end.
//!
//! `cargo +nightly fuzz run core_seal -- -max_len=65536 -malloc_limit_mb=256`

#![no_main]

use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_core::seal::{Audit, HEADER, Manifest, Place};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // A manifest, and behind it the values of headers, each behind its length.
    let split = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    let (text, mut rest) = data.split_at(split);
    let Some(manifest) = str::from_utf8(text).ok().and_then(|text| Manifest::parse(text).ok()) else { return };
    assert_eq!(Manifest::parse(&manifest.to_text()).unwrap(), manifest);
    let (mut topic, mut table) = (Audit::new(&manifest), Audit::of_table(&manifest, None));
    let mut offset = 0;
    while let Some((&length, behind)) = rest.split_first() {
        let (value, behind) = behind.split_at(behind.len().min(length.into()));
        let mut run = Run::new(1_024, 1);
        let mut draft = run.draft();
        draft.header(HEADER.as_bytes(), Some(value));
        draft.finish(Facts::default());
        let place = Place { topic: 0, partition: i32::from(length), offset };
        topic.look(place, &run.record(0));
        table.look_at_row(place, None);
        (rest, offset) = (behind, offset + 1);
    }
    let found = topic.finish();
    assert!(found.found <= offset as u64);
    table.finish();
});
