//! Any body is read as a row or refused, as `serde_json` has it, and what is written of the row is read as the same.
//!
//! `cargo +nightly fuzz run core_json_rows -- -max_len=512`

#![no_main]

use kadence_core::codec::{Decoder as _, Encoder as _, JsonDecoder, JsonEncoder};
use kadence_core::data::RowBuffer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let (mut rows, mut again) = (RowBuffer::new(), RowBuffer::new());
    let mut decoder = JsonDecoder::new();
    let read = decoder.decode(body, &mut rows);
    let expected = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body);
    match (&read, &expected) {
        (Err(error), Ok(_)) => panic!("serde_json takes it: {error}"),
        (Ok(_), Err(error)) if !error.to_string().contains("out of range") => panic!("serde_json: {error}"),
        _ => {}
    }
    assert_eq!(rows.len(), usize::from(read.is_ok()));
    if read.is_ok() {
        let mut written = Vec::new();
        JsonEncoder::new().encode(rows.row(0), &mut written).expect("JSON can be written as JSON");
        decoder.decode(&written, &mut again).expect("what was written is JSON");
        assert_eq!(again.row(0), rows.row(0));
    }
});
