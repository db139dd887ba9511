//! Bodies read as typed rows; `serde_json`'s tree is measured beside, on the same bytes. Allocations are counted.
//!
//! `cargo bench -p kadence-core --bench decode`

#![allow(missing_docs, reason = "the names are the table")]

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use kadence_core::codec::{Decoder as _, Encoder as _, JsonDecoder, JsonEncoder};
use kadence_core::data::RowBuffer;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// Records of a batch.
const RECORDS: usize = 1_000;

fn main() {
    divan::main();
}

/// Objects of four fields.
fn bodies() -> Vec<String> {
    (0..RECORDS)
        .map(|n| {
            let reading = n as f64 * 0.37 + 0.123_456;
            format!(
                "{{\"time\":\"2026-01-01T00:00:{:02}Z\",\"sensor\":{n},\"value\":{reading:.6},\"ok\":true}}",
                n % 60
            )
        })
        .collect()
}

#[divan::bench]
fn four_fields(bencher: Bencher<'_, '_>) {
    let (bodies, mut rows, mut decoder) = (bodies(), RowBuffer::new(), JsonDecoder::new());
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        rows.clear(1 << 20);
        for body in &bodies {
            decoder.decode(black_box(body.as_bytes()), &mut rows).expect("the body is good");
        }
        black_box(rows.len())
    });
}

#[divan::bench]
fn four_fields_serde_json_value(bencher: Bencher<'_, '_>) {
    let bodies = bodies();
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        let mut fields = 0;
        for body in &bodies {
            let value: serde_json::Value =
                serde_json::from_slice(black_box(body.as_bytes())).expect("the body is good");
            fields += value.as_object().map_or(0, serde_json::Map::len);
        }
        black_box(fields)
    });
}

#[divan::bench]
fn four_fields_written(bencher: Bencher<'_, '_>) {
    let (mut rows, mut decoder, mut into) = (RowBuffer::new(), JsonDecoder::new(), Vec::new());
    for body in bodies() {
        decoder.decode(body.as_bytes(), &mut rows).expect("the body is good");
    }
    let mut encoder = JsonEncoder::new();
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        into.clear();
        for row in rows.iter() {
            encoder.encode(black_box(row), &mut into).expect("the row is good");
        }
        black_box(into.len())
    });
}
