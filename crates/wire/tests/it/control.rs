use bytes::Bytes;
use kadence_wire::{
    batch::{BatchHeader, place, set_log_append_time},
    control::{MARKER_LEN, Marker},
};
use kafka_protocol::{messages::EndTxnMarker, protocol::Decodable, records::RecordBatchDecoder};
use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, RngSeed, TestRunner},
};

fn marker(commit: bool) -> Marker {
    Marker { producer_id: 1 << 40, producer_epoch: 7, coordinator_epoch: 3, commit }
}

#[test]
fn a_marker_is_read_as_it_was_written() {
    for commit in [false, true] {
        let mut bytes = marker(commit).encode(1_234);
        assert_eq!(bytes.len(), MARKER_LEN);
        place(&mut bytes, 99, 0);
        let header = BatchHeader::parse(&bytes).unwrap();
        assert_eq!((header.base_offset, header.count, header.max_timestamp), (99, 1, 1_234));
        assert_eq!((header.base_sequence, header.last_offset_delta), (-1, 0));
        assert_eq!(Marker::parse(&header, &bytes), Some(marker(commit)));
        set_log_append_time(&mut bytes, 5_678);
        let header = BatchHeader::parse(&bytes).unwrap();
        assert_eq!(Marker::parse(&header, &bytes), Some(marker(commit)), "also where the broker stamps");
    }
}

#[test]
fn others_read_a_marker_as_a_control_record() {
    for commit in [false, true] {
        let mut bytes = Bytes::from(marker(commit).encode(1_234));
        let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
        let [record] = &set.records[..] else { panic!("{} records", set.records.len()) };
        assert!(record.transactional && record.control);
        assert_eq!((record.producer_id, record.producer_epoch, record.timestamp), (1 << 40, 7, 1_234));
        let key = record.key.clone().unwrap();
        assert_eq!(&key[..], if commit { [0, 0, 0, 1] } else { [0, 0, 0, 0] });
        let mut value = record.value.clone().unwrap();
        assert_eq!(value.split_to(2), [0, 0][..]);
        assert_eq!(EndTxnMarker::decode(&mut value, 0).unwrap().coordinator_epoch, 3);
        assert!(value.is_empty());
    }
}

#[test]
fn other_batches_are_no_markers() {
    let mut runner = TestRunner::new(Config {
        cases: 5_000,
        rng_seed: RngSeed::Fixed(4),
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&(vec((0..MARKER_LEN, any::<u8>()), 0..4), 0..MARKER_LEN), |(changes, len)| {
            let mut bytes = marker(true).encode(0);
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            if let Ok(header) = BatchHeader::parse(&bytes) {
                assert_eq!(Marker::parse(&header, &bytes[..len]), None);
                if let Some(read) = Marker::parse(&header, &bytes) {
                    assert!(header.is_control() && header.is_transactional());
                    assert_eq!(read.producer_id, header.producer_id);
                }
            }
            Ok(())
        })
        .unwrap();
}
