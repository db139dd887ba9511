use bytes::{Bytes, BytesMut};
use kadence_wire::{fetch::encode_response, frame};
use kafka_protocol::{
    messages::{
        ApiKey, FetchResponse, TopicName,
        fetch_response::{FetchableTopicResponse, PartitionData},
    },
    protocol::StrBytes,
};
use uuid::Uuid;

/// The pieces joined are what `kafka-protocol` writes for the same response, in every version.
#[test]
fn a_response_in_pieces_is_the_response() {
    for version in 4..=17 {
        for sizes in [&[][..], &[0], &[10], &[5000], &[10, 5000, 20, 20], &[9000, 9000, 1]] {
            let batches: Vec<Bytes> =
                sizes.iter().map(|size| Bytes::from(vec![b'r'; *size])).filter(|b| !b.is_empty()).collect();
            let joined: Vec<u8> = batches.concat();
            let response = |records: Bytes| {
                let partition = PartitionData::default()
                    .with_partition_index(3)
                    .with_high_watermark(8)
                    .with_last_stable_offset(8)
                    .with_records(Some(records));
                let partitions = vec![partition.clone(), partition];
                let topic = FetchableTopicResponse::default().with_partitions(partitions);
                let topic = if version >= 13 {
                    topic.with_topic_id(Uuid::max())
                } else {
                    topic.with_topic(TopicName(StrBytes::from_static_str("topic")))
                };
                FetchResponse::default().with_responses(vec![topic.clone(), topic])
            };
            let whole = response(Bytes::from(joined));
            let expected = frame::encode_response(ApiKey::Fetch, version, 7, &whole).unwrap();
            let pieces = encode_response(version, 7, &response(Bytes::new()), vec![batches; 4]).unwrap();
            let found = pieces.iter().fold(BytesMut::new(), |mut all, piece| {
                all.extend_from_slice(piece);
                all
            });
            assert_eq!(found, expected, "v{version} {sizes:?}");
        }
    }
}
