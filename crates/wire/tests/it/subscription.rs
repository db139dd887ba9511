use crate::requests::text;
use bytes::{Bytes, BytesMut};
use kadence_wire::subscription::topics;
use kafka_protocol::{
    messages::{ConsumerProtocolSubscription, TopicName, consumer_protocol_subscription::TopicPartition},
    protocol::Encodable,
};
use proptest::{
    collection::vec,
    prelude::any,
    prop_assert_eq, proptest,
    test_runner::{Config, RngSeed},
};

/// As clients write it, with the version in front.
fn written(version: i16, names: &[String]) -> Vec<u8> {
    let mut subscription = ConsumerProtocolSubscription::default()
        .with_topics(names.iter().map(|name| text(name)).collect())
        .with_user_data(Some(Bytes::from_static(b"user data")));
    if version >= 1 {
        let owned = TopicPartition::default().with_topic(TopicName(text("t"))).with_partitions(vec![1, 2]);
        subscription = subscription.with_owned_partitions(vec![owned]);
    }
    let mut out = BytesMut::new();
    out.extend_from_slice(&version.to_be_bytes());
    subscription.encode(&mut out, version).unwrap();
    out.to_vec()
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_clients_write_is_read_in_every_version(version in 0..4_i16, names in vec("[a-z.]{0,9}", 0..9)) {
        let bytes = written(version, &names);
        prop_assert_eq!(topics(&bytes), Some(names.iter().map(String::as_str).collect()));
    }

    #[test]
    fn changed_bytes_are_read_or_not_without_harm(
        names in vec("[a-z]{0,9}", 0..9),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = written(3, &names);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(read) = topics(&bytes) {
            let len: usize = read.iter().map(|name| name.len() + 2).sum();
            assert!(6 + len <= bytes.len());
        }
    }
}
