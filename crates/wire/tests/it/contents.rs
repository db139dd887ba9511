use bytes::BytesMut;
use kadence_wire::{
    batch::{BatchHeader, Codec},
    contents::{BatchKind, BatchWriter, contents, one_record, unpacked},
    records::RecordsError,
};
use kafka_protocol::{
    indexmap::IndexMap,
    protocol::StrBytes,
    records::{
        Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    },
};
use proptest::prelude::*;

const CODECS: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];
const MOST: u64 = 1 << 20;

/// Key, value, time and number of headers.
type Made = (Option<Vec<u8>>, Option<Vec<u8>>, i64, usize);

fn record() -> impl Strategy<Value = Made> {
    let bytes = || prop::option::of(prop::collection::vec(any::<u8>(), 0..200));
    (bytes(), bytes(), 0..1_000_000_i64, 0..3_usize)
}

/// A batch as `kafka-protocol` writes it.
fn produced(records: &[Made]) -> Vec<u8> {
    let records: Vec<Record> = records
        .iter()
        .enumerate()
        .map(|(at, (key, value, timestamp, headers))| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: TimestampType::Creation,
            offset: at as i64,
            sequence: at as i32,
            timestamp: *timestamp,
            key: key.clone().map(Into::into),
            value: value.clone().map(Into::into),
            headers: (0..*headers)
                .map(|number| (StrBytes::from_string(format!("h{number}")), Some(vec![7; number].into())))
                .collect::<IndexMap<_, _>>(),
        })
        .collect();
    let mut out = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut out, &records, &options).unwrap();
    out.to_vec()
}

/// The batch with those of its records that are wanted, packed as `kind` says, from offset 100 on.
fn rewritten(batch: &[u8], kind: BatchKind, is_wanted: impl Fn(i64) -> bool, last: i64) -> Vec<u8> {
    let header = BatchHeader::parse(batch).unwrap();
    let mut room = Vec::new();
    let records = unpacked(batch, &header, MOST, &mut room).unwrap();
    let mut writer = BatchWriter::new(100, kind);
    for content in contents(&header, records) {
        let content = content.unwrap();
        let offset = 100 + i64::from(content.offset_delta);
        assert!(writer.has_room(offset, &content, 1 << 20));
        if is_wanted(offset) {
            writer.push(offset, &content);
        }
    }
    writer.finish(last).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_batch_that_is_written_anew_has_the_records_that_were_kept(
        records in prop::collection::vec(record(), 1..40),
        kept in any::<u64>(),
        codec in 0..CODECS.len(),
        delete_horizon in prop::option::of(1_000_000..2_000_000_i64),
    ) {
        let batch = produced(&records);
        let codec = CODECS[codec];
        let kind = BatchKind { codec, stamped: None, delete_horizon };
        let is_wanted = |offset: i64| kept >> (offset - 100) & 1 == 1;
        let last = 100 + records.len() as i64 + 5;
        let bytes = rewritten(&batch, kind, is_wanted, last);
        let header = BatchHeader::parse(&bytes).unwrap();
        prop_assert_eq!(header.base_offset + i64::from(header.last_offset_delta), last);
        let is_empty = (0..records.len() as i64).all(|at| !is_wanted(100 + at));
        let codec = if is_empty { Codec::None } else { codec };
        prop_assert_eq!((header.codec, header.delete_horizon()), (codec, delete_horizon));
        prop_assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (-1, -1, -1));
        let mut room = Vec::new();
        let own = unpacked(&bytes, &header, MOST, &mut room).unwrap();
        let own: Vec<_> = contents(&header, own).map(Result::unwrap).collect();
        let expected: Vec<_> =
            records.iter().enumerate().filter(|(at, _)| is_wanted(100 + *at as i64)).collect();
        prop_assert_eq!(own.len(), expected.len());
        for (content, (at, (key, value, timestamp, _))) in own.iter().zip(&expected) {
            prop_assert_eq!(content.offset_delta as usize, *at);
            prop_assert_eq!((content.key, content.timestamp), (key.as_deref(), *timestamp));
            prop_assert_eq!(content.is_tombstone(), value.is_none());
        }
        prop_assert_eq!(header.max_timestamp, expected.iter().map(|(_, record)| record.2).max().unwrap_or(-1));
        // As strangers read it; values and headers are what they were.
        if codec == Codec::None {
            let read = RecordBatchDecoder::decode(&mut &*bytes).unwrap().records;
            prop_assert_eq!(read.len(), expected.len());
            for (read, (at, (key, value, timestamp, headers))) in read.iter().zip(&expected) {
                prop_assert_eq!((read.offset, read.timestamp), (100 + *at as i64, *timestamp));
                prop_assert_eq!((read.key.as_deref(), read.value.as_deref()), (key.as_deref(), value.as_deref()));
                prop_assert_eq!(read.headers.len(), *headers);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_records_are_refused(
        records in prop::collection::vec(record(), 1..10),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let mut batch = produced(&records);
        let at = 61 + at.index(batch.len() - 61);
        batch[at] = with;
        let header = BatchHeader::parse(&batch).unwrap();
        let mut room = Vec::new();
        let bytes = unpacked(&batch, &header, MOST, &mut room).unwrap();
        // Whatever it comes to, it comes to an end, and not to a panic.
        let _ = contents(&header, bytes).take_while(Result::is_ok).count();
    }
}

#[test]
fn times_of_arrival_stay_those_of_the_batch() {
    let batch = produced(&[(Some(b"a".to_vec()), None, 5, 0), (Some(b"b".to_vec()), None, 9, 0)]);
    let kind = BatchKind { codec: Codec::Zstd, stamped: Some(77), delete_horizon: None };
    let bytes = rewritten(&batch, kind, |_| true, 101);
    let header = BatchHeader::parse(&bytes).unwrap();
    assert!(header.is_log_append_time() && header.max_timestamp == 77);
    let mut room = Vec::new();
    let own = unpacked(&bytes, &header, MOST, &mut room).unwrap();
    assert!(contents(&header, own).all(|content| content.unwrap().timestamp == 77));
}

#[test]
fn no_more_is_unpacked_than_allowed() {
    let batch = produced(&[(Some(vec![1; 5_000]), Some(vec![2; 100_000]), 5, 0)]);
    for codec in CODECS.into_iter().filter(|codec| *codec != Codec::None) {
        let kind = BatchKind { codec, stamped: None, delete_horizon: None };
        let bytes = rewritten(&batch, kind, |_| true, 100);
        let header = BatchHeader::parse(&bytes).unwrap();
        let refused = unpacked(&bytes, &header, 100_000, &mut Vec::new()).map(<[u8]>::len);
        assert!(matches!(refused, Err(RecordsError::Large { .. })), "{codec:?}: {refused:?}");
    }
}

#[test]
fn a_batch_without_records_covers_its_offsets() {
    let kind = BatchKind { codec: Codec::Gzip, stamped: None, delete_horizon: None };
    let bytes = BatchWriter::new(7, kind).finish(1_000).unwrap();
    let header = BatchHeader::parse(&bytes).unwrap();
    assert_eq!((header.base_offset, header.last_offset_delta, header.count, header.len), (7, 993, 0, 61));
}

#[test]
fn one_record_is_what_a_producer_sends() {
    for value in [Some(&b"value"[..]), None] {
        let bytes = one_record(b"key", value, 123, (7, 2), 5);
        let header = BatchHeader::parse_produced(&bytes).unwrap();
        assert_eq!(
            (header.producer_id, header.producer_epoch, header.base_sequence, header.count),
            (7, 2, 5, 1)
        );
        let read = RecordBatchDecoder::decode(&mut &*bytes).unwrap().records;
        assert_eq!((read[0].key.as_deref(), read[0].value.as_deref()), (Some(&b"key"[..]), value));
        assert_eq!((read.len(), read[0].timestamp), (1, 123));
    }
}
