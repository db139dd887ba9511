use crate::{allocation::largest, batch::batch};
use kadence_wire::records::{Found, RecordsError, earliest, first_at};
use std::io::Write;

const BUDGET: u64 = 1 << 20;

/// Records one after the other, 10 ms apart, with values of `size` bytes.
pub(crate) fn records(count: i32, size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for at in 0..count {
        let mut record = vec![0];
        varint(&mut record, i64::from(at) * 10);
        varint(&mut record, i64::from(at));
        varint(&mut record, -1);
        varint(&mut record, size as i64);
        record.resize(record.len() + size, b'x');
        varint(&mut record, 0);
        varint(&mut out, record.len() as i64);
        out.append(&mut record);
    }
    out
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn xerial(blocks: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
    for block in blocks {
        let packed = snap::raw::Encoder::new().compress_vec(block).unwrap();
        out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    out
}

/// The same records in each form a producer may send: the attributes' codec and the bytes.
pub(crate) fn packed(plain: &[u8]) -> Vec<(i16, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(plain).unwrap();
    let (head, tail) = plain.split_at(plain.len() / 2);
    vec![
        (0, plain.to_vec()),
        (1, gzip.finish().unwrap()),
        (2, snap::raw::Encoder::new().compress_vec(plain).unwrap()),
        (2, xerial(&[head, tail])),
        (3, lz4.finish().unwrap()),
        (4, zstd::encode_all(plain, 3).unwrap()),
    ]
}

#[test]
fn the_first_record_at_or_after_a_time_is_found_in_every_codec() {
    for (codec, bytes) in packed(&records(100, 30)) {
        let bytes = batch(codec, 100, 1_000, 1_990, &bytes);
        for (timestamp, expected) in [
            (0, Some(0)),
            (1_000, Some(0)),
            (1_001, Some(1)),
            (1_500, Some(50)),
            (1_990, Some(99)),
            (1_991, None),
        ] {
            let found = first_at(&bytes, timestamp, &mut BUDGET.clone()).unwrap();
            let expected = expected.map(|at: i32| Found {
                offset_delta: at,
                timestamp: 1_000 + i64::from(at) * 10,
                has_key: false,
            });
            assert_eq!(found, expected, "codec {codec} at {timestamp}");
        }
    }
}

#[test]
fn the_earliest_record_is_found_wherever_it_stands() {
    for (codec, bytes) in packed(&records(100, 30)) {
        let bytes = batch(codec, 100, 1_000, 1_990, &bytes);
        assert_eq!(earliest(&bytes, &mut BUDGET.clone()).unwrap(), 1_000, "codec {codec}");
        assert!(earliest(&bytes, &mut 100).is_err(), "codec {codec}");
    }
}

#[test]
fn what_was_unpacked_is_taken_from_the_budget_and_no_more_is() {
    for (codec, bytes) in packed(&records(1000, 1000)) {
        let bytes = batch(codec, 1000, 0, 9_990, &bytes);
        let mut budget = 100_000;
        let (found, taken) = largest(|| first_at(&bytes, 9_990, &mut budget));
        assert!(matches!(found, Err(RecordsError::Large { .. })), "codec {codec}: {found:?}");
        assert!(taken < 40 << 20, "codec {codec} took {taken} bytes");
    }
    let plain = batch(0, 100, 0, 990, &records(100, 30));
    let mut budget = BUDGET;
    first_at(&plain, 500, &mut budget).unwrap();
    assert!((1_700..2_200).contains(&(BUDGET - budget)), "{}", BUDGET - budget);
}

#[test]
fn damaged_records_are_refused() {
    for (codec, bytes) in packed(&records(100, 30)) {
        for at in 0..bytes.len().min(200) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0xff;
            let (_, taken) =
                largest(|| first_at(&batch(codec, 100, 0, 990, &bytes), 990, &mut BUDGET.clone()));
            assert!(taken < 40 << 20, "codec {codec} byte {at} took {taken} bytes");
            bytes.truncate(at);
            assert!(
                first_at(&batch(codec, 100, 0, 990, &bytes), 990, &mut BUDGET.clone()).is_err(),
                "codec {codec} cut at {at}"
            );
        }
    }
}
