//! A batch is looked into within its budget, whatever its bytes are, and packed records say what plain ones do.
//!
//! `cargo +nightly fuzz run wire_records -- -max_len=16384 -malloc_limit_mb=64`

#![no_main]

use std::io::Write;

use kadence_wire::{
    batch::{HEADER_LEN, renew_crc},
    records::{Found, first_at},
};
use libfuzzer_sys::fuzz_target;

/// The most that may be unpacked.
const BUDGET: u64 = 1 << 20;

fuzz_target!(|data: (u8, u16, i64, &[u8])| {
    let (choice, count, timestamp, body) = data;
    let codec = i16::from(choice % 5);
    // As they are: packed by a stranger.
    let mut budget = BUDGET >> (choice / 10 % 16);
    let before = budget;
    let strange = batch(codec, count, body);
    let _ = first_at(&strange, timestamp, &mut budget);
    assert!(budget <= before);
    if choice / 5 % 2 == 1 {
        // As records, packed here in each way.
        let plain = look(&batch(0, count, body), timestamp);
        for (codec, packed) in packed(body) {
            assert_eq!(look(&batch(codec, count, &packed), timestamp), plain, "codec {codec}");
        }
    }
});

fn look(batch: &[u8], timestamp: i64) -> Option<Option<Found>> {
    let mut budget = BUDGET;
    first_at(batch, timestamp, &mut budget).ok()
}

/// A batch whose header fits `records`.
fn batch(attributes: i16, count: u16, records: &[u8]) -> Vec<u8> {
    let mut out = vec![0; HEADER_LEN];
    out[8..12].copy_from_slice(&((HEADER_LEN - 12 + records.len()) as i32).to_be_bytes());
    out[16] = 2;
    out[21..23].copy_from_slice(&attributes.to_be_bytes());
    out[23..27].copy_from_slice(&(i32::from(count) - 1).to_be_bytes());
    out[57..61].copy_from_slice(&i32::from(count).to_be_bytes());
    out.extend_from_slice(records);
    renew_crc(&mut out);
    out
}

fn packed(plain: &[u8]) -> [(i16, Vec<u8>); 4] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain).expect("a vector takes all");
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(plain).expect("a vector takes all");
    [
        (1, gzip.finish().expect("a vector takes all")),
        (2, snap::raw::Encoder::new().compress_vec(plain).expect("less than 4 GiB")),
        (3, lz4.finish().expect("a vector takes all")),
        (4, zstd::encode_all(plain, 1).expect("a vector takes all")),
    ]
}
