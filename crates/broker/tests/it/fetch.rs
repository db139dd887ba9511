use crate::client::{Batch, Client, PATIENCE, fetch_request, start, topic_name};
use kadence_broker::Broker;
use kafka_protocol::messages::{
    ApiKey, BrokerId, DeleteTopicsRequest, DeleteTopicsResponse, FetchRequest, FetchResponse,
    ListOffsetsRequest, ListOffsetsResponse,
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use std::{sync::mpsc::sync_channel, thread};

const LONG_MS: i32 = 600_000;

fn fetch(client: &mut Client, request: &FetchRequest) -> FetchResponse {
    client.call(ApiKey::Fetch, 12, request)
}

/// Sends a fetch that waits, and returns once the broker has it waiting.
fn wait_for_data(broker: &Broker) -> Client {
    let mut consumer = Client::connect(broker);
    consumer.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    consumer.send(ApiKey::Fetch, 12, &fetch_request("t", &[(0, 0)]).with_max_wait_ms(LONG_MS));
    while broker.stats().waiting_fetches == 0 {
        thread::yield_now();
    }
    consumer
}

/// The answer has to come long before the wait is over: waiting is by notification.
#[test]
fn a_waiting_fetch_is_woken_by_a_produce() {
    let broker = start();
    let mut producer = Client::connect(&broker);
    producer.metadata("t");
    let mut consumer = wait_for_data(&broker);
    producer.produce("t", 0, Batch::of(&["a"]).bytes());
    let response: FetchResponse = consumer.receive(ApiKey::Fetch, 12).unwrap();
    assert!(response.responses[0].partitions[0].records.as_ref().unwrap().len() > 61);
    assert_eq!(broker.stats().waiting_fetches, 0);
}

#[test]
fn a_waiting_fetch_is_woken_when_its_topic_goes() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let mut consumer = wait_for_data(&broker);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    let response: FetchResponse = consumer.receive(ApiKey::Fetch, 12).unwrap();
    assert_eq!(response.responses[0].partitions[0].error_code, 3);
}

#[test]
fn a_fetch_without_wait_or_least_size_answers_at_once() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = fetch_request("t", &[(0, 0)]);
    for request in [request.clone(), request.with_max_wait_ms(LONG_MS).with_min_bytes(0)] {
        let response = fetch(&mut client, &request);
        assert_eq!(response.responses[0].partitions[0].high_watermark, 0);
    }
}

#[test]
fn a_client_that_leaves_while_its_fetch_waits_frees_its_seat() {
    let broker = start();
    Client::connect(&broker).metadata("t");
    let (sender, receiver) = sync_channel(1);
    let leaving = thread::spawn(move || {
        for _ in 0..20 {
            drop(wait_for_data(&broker));
            while broker.stats().connections > 0 || broker.stats().waiting_fetches > 0 {
                thread::yield_now();
            }
        }
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(PATIENCE).expect("seats are freed at once");
    leaving.join().unwrap();
}

#[test]
fn sizes_are_kept_to_but_for_the_first_batch() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let batch = Batch::of(&[&"x".repeat(1_000)]).bytes();
    for _ in 0..5 {
        client.produce("t", 0, batch.clone());
    }
    let size = batch.len() as i32;
    for (most, whole, expected) in [
        (size * 3, size * 9, 3),
        (size * 3 - 1, size * 9, 2),
        (size * 9, size * 2, 2),
        (1, size * 9, 1),
        (size * 9, 1, 1),
        (0, 0, 1),
        (-1, -1, 1),
        (i32::MAX, i32::MAX, 5),
    ] {
        let mut request = fetch_request("t", &[(0, 0)]).with_max_bytes(whole);
        request.topics[0].partitions[0].partition_max_bytes = most;
        let response = fetch(&mut client, &request);
        let found = response.responses[0].partitions[0].records.as_ref().unwrap().len();
        assert_eq!(found, batch.len() * expected, "{most} of {whole}");
    }
}

#[test]
fn offsets_outside_the_log_and_unknown_epochs_are_refused() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.produce("t", 0, Batch::of(&["a", "b"]).bytes());
    for (offset, code) in [(-1, 1), (0, 0), (1, 0), (2, 0), (3, 1), (i64::MAX, 1), (i64::MIN, 1)] {
        assert_eq!(client.fetch("t", 0, offset).error_code, code, "offset {offset}");
    }
    let mut request = fetch_request("t", &[(0, 0)]);
    request.topics[0].partitions[0].current_leader_epoch = 3;
    assert_eq!(fetch(&mut client, &request).responses[0].partitions[0].error_code, 75);
    let session = fetch_request("t", &[(0, 0)]).with_session_id(9).with_session_epoch(4);
    assert_eq!(fetch(&mut client, &session).error_code, 70);
}

/// Large batches travel beside the encoded answer, small ones in it; the bytes are the same for every version.
#[test]
fn every_version_fetches_the_same_bytes_for_small_and_large_batches() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let id = client.metadata("t").topic_id;
    let mut expected = Vec::new();
    for (at, size) in [10, 20_000, 10, 10, 5_000].into_iter().enumerate() {
        let batch = Batch::of(&[&"x".repeat(size)]).bytes();
        client.produce("t", 0, batch.clone());
        expected.extend_from_slice(&(at as i64).to_be_bytes());
        expected.extend_from_slice(&batch[8..12]);
        expected.extend_from_slice(&0_i32.to_be_bytes());
        expected.extend_from_slice(&batch[16..]);
    }
    for version in 4..=17 {
        let mut request = fetch_request("t", &[(0, 0), (0, 3)]);
        if version >= 13 {
            request.topics[0].topic = topic_name("");
            request.topics[0].topic_id = id;
        }
        let response: FetchResponse = client.call(ApiKey::Fetch, version, &request);
        let partitions = &response.responses[0].partitions;
        assert_eq!(partitions[0].records.as_ref().unwrap()[..], expected[..], "v{version}");
        let tail = partitions[1].records.as_ref().unwrap();
        assert_eq!(tail[..], expected[expected.len() - tail.len()..], "v{version}");
        assert_eq!(tail[..8], 3_i64.to_be_bytes(), "v{version}");
    }
}

fn list(client: &mut Client, timestamp: i64) -> (i64, i64) {
    let partition = ListOffsetsPartition::default().with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(topic_name("t")).with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let response: ListOffsetsResponse = client.call(ApiKey::ListOffsets, 7, &request);
    let found = &response.topics[0].partitions[0];
    assert_eq!(found.error_code, 0);
    (found.offset, found.timestamp)
}

#[test]
fn offsets_are_found_by_time() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    assert_eq!(list(&mut client, -1), (0, -1));
    assert_eq!(list(&mut client, -3), (-1, -1));
    assert_eq!(list(&mut client, 0), (-1, -1));
    for base in [1_000, 2_000, 1_500] {
        let mut batch = Batch::of(&["a", "b", "c"]);
        batch.base_timestamp = base;
        client.produce("t", 0, batch.bytes());
    }
    for (timestamp, found) in [
        (-1, (9, -1)),
        (-2, (0, -1)),
        (-3, (5, 2_002)),
        (-4, (0, -1)),
        (0, (0, 1_000)),
        (1_001, (1, 1_001)),
        (1_002, (2, 1_002)),
        (1_003, (3, 2_000)),
        (2_002, (5, 2_002)),
        (2_003, (-1, -1)),
        (i64::MAX, (-1, -1)),
    ] {
        assert_eq!(list(&mut client, timestamp), found, "at {timestamp}");
    }
}
