use crate::{
    client::{Batch, Client, fetch_request, produce_request, start, start_with, topic_name},
    topics::create_with,
};
use bytes::Bytes;
use kadence_broker::FullHook;
use kafka_protocol::messages::{
    ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, FetchResponse, ProduceResponse,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[test]
fn a_batch_comes_back_as_it_was_with_its_offset() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let batch = Batch::of(&["a", "b", "c"]).bytes();
    for expected in [0, 3, 6] {
        assert_eq!(client.produce("t", 0, batch.clone()).base_offset, expected);
    }
    let records = client.fetch("t", 0, 4).records.unwrap();
    assert_eq!(records.len(), 2 * batch.len(), "whole batches, from the one that holds the offset");
    assert_eq!(records[..8], 3_i64.to_be_bytes());
    assert_eq!(records[16..batch.len()], batch[16..], "what the checksum covers is untouched");
}

/// The broker does not look into compressed records, so any bytes stand for them.
#[test]
fn every_codec_is_stored_and_unknown_ones_are_refused() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    for (codec, code) in [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 76), (7, 76)] {
        let mut batch = Batch::of(&["a"]);
        batch.attributes = codec;
        assert_eq!(client.produce("t", 0, batch.with_body(b"packed")).error_code, code, "codec {codec}");
    }
    let mut zstd = Batch::of(&["a"]);
    zstd.attributes = 4;
    let request = produce_request("t", 0, zstd.with_body(b"packed"));
    let response: ProduceResponse = client.call(ApiKey::Produce, 6, &request);
    assert_eq!(response.responses[0].partition_responses[0].error_code, 76, "zstd is younger than version 6");
}

#[test]
fn batches_that_kafka_refuses_are_refused_by_the_same_codes() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let good = Batch::of(&["a", "b"]);
    let bytes = good.bytes().to_vec();
    let changed = |at: usize, to: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        Bytes::from(bytes)
    };
    let sealed = |at: usize, to: &[u8]| {
        let mut bytes = changed(at, to).to_vec();
        let crc = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        Bytes::from(bytes)
    };
    let twice = [&bytes[..], &bytes[..]].concat();
    let cases: Vec<(&str, Bytes, i16)> = vec![
        ("nothing", Bytes::new(), 87),
        ("half a header", Bytes::copy_from_slice(&bytes[..30]), 87),
        ("a cut batch", Bytes::copy_from_slice(&bytes[..bytes.len() - 1]), 87),
        ("two batches", Bytes::from(twice), 87),
        ("a flipped bit", changed(bytes.len() - 1, &[0xff]), 2),
        ("format version 1", changed(16, &[1]), 87),
        ("a negative length", changed(8, &(-1_i32).to_be_bytes()), 87),
        ("the greatest length", changed(8, &i32::MAX.to_be_bytes()), 87),
        ("a base offset", changed(0, &5_i64.to_be_bytes()), 87),
        ("a negative delta", sealed(23, &(-1_i32).to_be_bytes()), 87),
        ("the greatest delta", sealed(23, &i32::MAX.to_be_bytes()), 87),
        ("a count that differs", sealed(57, &9_i32.to_be_bytes()), 87),
        ("no records", sealed(57, &0_i32.to_be_bytes()), 87),
        ("control records", sealed(21, &0x20_i16.to_be_bytes()), 87),
        ("a transaction without an id", sealed(21, &0x10_i16.to_be_bytes()), 53),
        ("a producer without sequence", good.clone().by(5, 0, -1).bytes(), 87),
        ("a producer without epoch", good.clone().by(5, -1, 0).bytes(), 87),
    ];
    for (case, batch, code) in cases {
        let response = client.produce("t", 0, batch);
        assert_eq!(response.error_code, code, "{case}: {:?}", response.error_message);
        assert_eq!(response.base_offset, -1, "{case}");
    }
    assert_eq!(client.produce("t", 0, good.bytes()).base_offset, 0, "none of them took an offset");
}

#[test]
fn a_batch_above_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let at_limit = Batch::of(&[&"x".repeat(500)]).bytes();
    create_with(&mut client, "t", &[("max.message.bytes", &at_limit.len().to_string())]);
    assert_eq!(client.produce("t", 0, at_limit).error_code, 0);
    let response = client.produce("t", 0, Batch::of(&[&"x".repeat(501)]).bytes());
    assert_eq!(response.error_code, 10);
    assert!(response.error_message.unwrap().contains("max.message.bytes"));
}

/// Far larger than any buffer, so it is read and answered in many steps.
#[test]
fn a_very_large_batch_passes_where_it_is_allowed() {
    let broker = start_with(|o| o.set("message.max.bytes", "60000000").unwrap());
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let batch = Batch::of(&[&"x".repeat(40_000_000)]).bytes();
    for expected in [0, 1] {
        assert_eq!(client.produce("t", 0, batch.clone()).base_offset, expected);
    }
    let stored = client.fetch("t", 0, 1).records.unwrap();
    assert_eq!(stored[16..], batch[16..]);
}

#[test]
fn a_produce_request_that_wants_no_answer_gets_none_and_a_wrong_one_ends_the_connection() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.send(ApiKey::Produce, 9, &produce_request("t", 0, Batch::of(&["a"]).bytes()).with_acks(0));
    assert_eq!(client.produce("t", 0, Batch::of(&["b"]).bytes()).base_offset, 1);
    client.send(ApiKey::Produce, 9, &produce_request("t", 7, Batch::of(&["a"]).bytes()).with_acks(0));
    assert!(client.is_closed());
    let mut client = Client::connect(&broker);
    let request = produce_request("t", 0, Batch::of(&["a"]).bytes()).with_acks(2);
    let response: ProduceResponse = client.call(ApiKey::Produce, 9, &request);
    assert_eq!(response.responses[0].partition_responses[0].error_code, 21);
}

#[test]
fn a_batch_sent_again_is_acknowledged_with_its_first_offset() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let id = client.producer_id();
    let batch = |sequence| Batch::of(&["a", "b"]).by(id, 0, sequence).bytes();
    for at in 0..6 {
        assert_eq!(client.produce("t", 0, batch(2 * at)).base_offset, i64::from(2 * at));
    }
    for at in 1..6 {
        let again = client.produce("t", 0, batch(2 * at));
        assert_eq!((again.error_code, again.base_offset), (0, i64::from(2 * at)), "batch {at}");
    }
    assert_eq!(client.produce("t", 0, batch(0)).error_code, 45, "older than the last five");
    assert_eq!(client.fetch("t", 0, 0).high_watermark, 12, "nothing was stored twice");
}

#[test]
fn sequences_and_epochs_are_checked() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let id = client.producer_id();
    assert_ne!(client.producer_id(), id);
    let mut send = |epoch, sequence| {
        client.produce("t", 0, Batch::of(&["a"]).by(id, epoch, sequence).bytes()).error_code
    };
    assert_eq!(send(0, 0), 0);
    assert_eq!(send(0, 2), 45, "a gap");
    assert_eq!(send(0, 1), 0);
    assert_eq!(send(2, 1), 45, "a new epoch starts at 0");
    assert_eq!(send(2, 0), 0);
    assert_eq!(send(0, 2), 47, "an old epoch");
    assert_eq!(send(2, 1), 0);
    // A producer that the partition does not know may start anywhere, as in Kafka.
    let other = client.producer_id();
    let mut send = |sequence, values: &[&str]| {
        client.produce("t", 0, Batch::of(values).by(other, 0, sequence).bytes()).error_code
    };
    assert_eq!(send(i32::MAX - 1, &["a", "b"]), 0);
    assert_eq!(send(0, &["c"]), 0, "after the greatest sequence comes 0");
}

#[test]
fn records_of_a_topic_with_log_append_time_carry_the_time_of_arrival() {
    let broker = start();
    let mut client = Client::connect(&broker);
    create_with(&mut client, "t", &[("message.timestamp.type", "LogAppendTime")]);
    let stamp = client.produce("t", 0, Batch::of(&["a"]).bytes()).log_append_time_ms;
    assert!(stamp > 1_500_000_000_000, "{stamp}");
    let stored = client.fetch("t", 0, 0).records.unwrap();
    assert_eq!(stored[21..23], 8_i16.to_be_bytes());
    assert_eq!(stored[35..43], stamp.to_be_bytes());
    assert_eq!(stored[17..21], crc32c::crc32c(&stored[21..]).to_be_bytes());
}

#[test]
fn records_too_far_from_the_brokers_time_are_refused() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let hour = 60 * 60 * 1000;
    let mut send = |topic: &str, base_timestamp: i64, delta: i64| {
        let records = vec![(delta, b"a".to_vec()), (0, b"b".to_vec())];
        let batch = Batch { base_timestamp, records, ..Batch::of(&[]) };
        client.produce(topic, 0, batch.bytes()).error_code
    };
    assert_eq!((send("t", now + hour / 2, 0), send("t", now + 2 * hour, 0), send("t", 0, 0)), (0, 32, 0));
    create_with(&mut Client::connect(&broker), "fresh", &[("message.timestamp.before.max.ms", "3600000")]);
    assert_eq!((send("fresh", now, 0), send("fresh", now - 2 * hour, 2 * hour)), (0, 32));
    create_with(
        &mut Client::connect(&broker),
        "stamped",
        &[("message.timestamp.before.max.ms", "1"), ("message.timestamp.type", "LogAppendTime")],
    );
    assert_eq!(send("stamped", 5, 0), 0);
}

#[test]
fn more_replicas_than_there_are_refuse_acks_all() {
    let broker = start();
    let mut client = Client::connect(&broker);
    create_with(&mut client, "t", &[("min.insync.replicas", "2")]);
    assert_eq!(client.produce("t", 0, Batch::of(&["a"]).bytes()).error_code, 19);
}

#[test]
fn at_the_memory_limit_data_is_refused_with_a_reason_and_deleting_frees_it() {
    let told = Arc::new(AtomicU64::new(0));
    let hook = Arc::clone(&told);
    let broker = start_with(|o| {
        o.memory_limit_bytes = 1 << 20;
        o.on_full = Some(FullHook::new(move |limit| {
            hook.fetch_add(limit, Ordering::Relaxed);
        }));
    });
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let batch = Batch::of(&[&"x".repeat(10_000)]).bytes();
    let stored = (0..200).take_while(|_| client.produce("t", 0, batch.clone()).error_code == 0).count();
    assert!((80..=104).contains(&stored), "{stored}");
    let refused = client.produce("t", 0, batch.clone());
    assert_eq!(refused.error_code, 44, "producers give up on POLICY_VIOLATION");
    assert!(refused.error_message.unwrap().contains("memory limit of 1048576 bytes"));
    assert_eq!(told.load(Ordering::Relaxed), 1 << 20, "the hook is called once");
    assert!(broker.stats().refused_at_limit >= 2);
    assert!(broker.stats().memory_used_bytes <= 1 << 20);
    assert_eq!(client.fetch("t", 0, 0).high_watermark, stored as i64, "what is there stays");

    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    assert_eq!(broker.stats().memory_used_bytes, 0);
    client.metadata("t");
    assert_eq!(client.produce("t", 0, batch).error_code, 0);
}

/// A producer with several batches in flight learns the reason for each, and does not repeat the later ones.
#[test]
fn at_the_memory_limit_the_batches_behind_a_refused_one_get_the_same_reason() {
    let broker = start_with(|o| o.memory_limit_bytes = 1 << 16);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let id = client.producer_id();
    let value = "x".repeat(10_000);
    let codes: Vec<i16> = (0..9)
        .map(|at| client.produce("t", 0, Batch::of(&[&value]).by(id, 0, at).bytes()).error_code)
        .collect();
    let stored = codes.iter().take_while(|code| **code == 0).count();
    assert!((4..=6).contains(&stored), "{codes:?}");
    assert!(codes[stored..].iter().all(|code| *code == 44), "{codes:?}");
    let again = client.produce("t", 0, Batch::of(&[&value]).by(id, 0, 2).bytes());
    assert_eq!((again.error_code, again.base_offset), (0, 2), "what is stored is still acknowledged");
}

/// Small batches cost more than their bytes; the limit is about memory, not about data.
#[test]
fn small_batches_and_producers_count_with_what_they_really_take() {
    let broker = start_with(|o| o.memory_limit_bytes = 1 << 20);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let stored = (0..20_000)
        .take_while(|at| client.produce("t", 0, Batch::of(&["x"]).by(*at, 0, 0).bytes()).error_code == 0)
        .count();
    assert!((1_000..4_000).contains(&stored), "{stored}");
}

/// Who sends without waiting for an answer may be gone before the request is looked at.
#[test]
fn a_request_of_a_client_that_is_gone_is_carried_out() {
    let broker = start();
    let mut reader = Client::connect(&broker);
    reader.metadata("t");
    for sent in 1..=200 {
        let mut client = Client::connect(&broker);
        let request = produce_request("t", 0, Batch::of(&["a"]).bytes()).with_acks(0);
        client.send(ApiKey::Produce, 9, &request);
        drop(client);
        let request = fetch_request("t", &[(0, sent - 1)]).with_max_wait_ms(5_000);
        let response: FetchResponse = reader.call(ApiKey::Fetch, 12, &request);
        assert_eq!(response.responses[0].partitions[0].high_watermark, sent);
    }
}
