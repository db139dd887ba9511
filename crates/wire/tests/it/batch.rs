use bytes::{BufMut, Bytes, BytesMut};
use kadence_wire::batch::{BatchError, BatchHeader, HEADER_LEN, place, renew_crc, set_log_append_time};
use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, RngSeed, TestRunner},
};

/// A batch of `count` records that are just bytes.
pub(crate) fn batch(attributes: i16, count: i32, base_timestamp: i64, latest: i64, records: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i64(0);
    out.put_i32((HEADER_LEN - 12 + records.len()) as i32);
    out.put_i32(-1);
    out.put_i8(2);
    out.put_u32(0);
    out.put_i16(attributes);
    out.put_i32(count - 1);
    out.put_i64(base_timestamp);
    out.put_i64(latest);
    out.put_i64(9);
    out.put_i16(1);
    out.put_i32(i32::MAX - 1);
    out.put_i32(count);
    out.put_slice(records);
    renew_crc(&mut out);
    out.freeze()
}

#[test]
fn a_good_batch_is_read_as_it_was_written() {
    let bytes = batch(0, 3, 100, 120, b"records");
    let header = BatchHeader::parse_produced(&bytes).unwrap();
    assert_eq!((header.len, header.count, header.last_offset_delta), (bytes.len(), 3, 2));
    assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (9, 1, i32::MAX - 1));
    assert_eq!((header.base_timestamp, header.max_timestamp), (100, 120));
    assert_eq!(header.last_sequence(), 0, "after the greatest sequence comes 0");
}

#[test]
fn placing_a_batch_leaves_its_checksum_valid() {
    let mut bytes = BytesMut::from(&batch(0, 1, 0, 0, b"x")[..]);
    place(&mut bytes, 77, 3);
    let header = BatchHeader::parse(&bytes).unwrap();
    assert_eq!((header.base_offset, header.leader_epoch), (77, 3));
    place(&mut bytes, 0, 0);
    assert!(BatchHeader::parse_produced(&bytes).is_ok());
    set_log_append_time(&mut bytes, 555);
    let header = BatchHeader::parse_produced(&bytes).unwrap();
    assert!(header.is_log_append_time());
    assert_eq!(header.max_timestamp, 555);
}

#[test]
fn old_formats_are_named() {
    for magic in [0, 1, 3, -1_i8] {
        let mut bytes = vec![0; 40];
        bytes[16] = magic as u8;
        assert_eq!(BatchHeader::parse(&bytes), Err(BatchError::Magic { found: magic }));
    }
}

/// Nothing a header says may lead to a panic, an overflow included.
#[test]
fn arbitrary_headers_are_read_or_refused() {
    let config =
        Config { cases: 20_000, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() };
    let change = (0..HEADER_LEN, any::<u8>());
    TestRunner::new(config)
        .run(&(vec(change, 0..12), 0_usize..80), |(changes, len)| {
            let mut bytes = batch(0, 2, 5, 9, &[7; 19]).to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            bytes.resize(len, 0);
            if len > HEADER_LEN {
                renew_crc(&mut bytes);
            }
            if let Ok(header) = BatchHeader::parse_produced(&bytes) {
                let _ = (header.last_sequence(), header.is_transactional());
            }
            let _ = kadence_wire::records::first_at(&bytes, 6, &mut 1000);
            Ok(())
        })
        .unwrap();
}
