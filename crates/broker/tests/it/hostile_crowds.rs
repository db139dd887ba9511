use crate::{
    client::{Batch, Client, encode, fetch_request, produce_request, start_with, until},
    group_versions::join_request,
    hostile::Siege,
};
use kadence_broker::FullHook;
use kafka_protocol::messages::{ApiKey, ProduceResponse};
use std::{
    io::{Read, Write},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Members that wait hold nothing of their requests, or a crowd of them would close the broker to others.
#[test]
fn waiting_members_leave_room_for_the_requests_of_others() {
    let broker = start_with(|o| {
        o.max_request_bytes = 1 << 20;
        o.set("group.initial.rebalance.delay.ms", "600000").unwrap();
    });
    let mut request = join_request(3, "g", "").with_rebalance_timeout_ms(600_000);
    request.protocols[0].metadata = vec![0; 500_000].into();
    let mut held = Vec::new();
    for at in 0..150 {
        let mut client = Client::connect(&broker);
        client.stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        client.send(ApiKey::JoinGroup, 3, &request);
        while broker.stats().waiting_members <= at {
            assert!(!client.is_closed(), "member {at} is sent away");
        }
        held.push(client);
    }
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let large = Batch::of(&[&"x".repeat(900_000)]).bytes();
    assert_eq!(client.produce("t", 0, large).error_code, 0);
    drop(held);
    while broker.stats().waiting_members > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn half_open_connections_and_huge_announcements_hold_up_nobody() {
    let siege = Siege::start();
    let mut held = Vec::new();
    for at in 0..600_usize {
        let mut client = siege.attacker();
        match at % 3 {
            0 => {}
            1 => client.stream.write_all(&[0, 0]).unwrap(),
            _ => client.stream.write_all(&(99_i32 << 20).to_be_bytes()).unwrap(),
        }
        held.push(client);
    }
    Client::connect(&siege.broker).metadata("good");
    drop(held);
    siege.survived();
}

/// Many large requests that never end: their bytes are counted, and who comes too late is sent away.
#[test]
fn unfinished_requests_share_a_limit() {
    let broker = start_with(|o| o.max_request_bytes = 4 << 20);
    let mut held = Vec::new();
    let piece = vec![0; 3 << 20];
    for _ in 0..60 {
        let mut client = Client::connect(&broker);
        client.stream.write_all(&(4_i32 << 20).to_be_bytes()).unwrap();
        // The broker may close while it is written to.
        let _ = client.stream.write_all(&piece);
        held.push(client);
    }
    for client in &held {
        client.stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    }
    // Whoever is sent away learns it a moment later.
    let refused =
        |held: &mut Vec<Client>| held.iter_mut().filter_map(|c| c.is_closed().then_some(())).count();
    until(|| refused(&mut held) > 10);
    Client::connect(&broker).metadata("good");
    drop(held);
    assert_eq!(Client::connect(&broker).metadata("good").error_code, 0);
}

#[test]
fn connections_beyond_the_limit_are_closed_and_room_is_reused() {
    let broker = start_with(|o| o.max_connections = 3);
    let mut held: Vec<Client> = (0..3).map(|_| Client::connect(&broker)).collect();
    for client in &mut held {
        client.metadata("t");
    }
    assert!(Client::connect(&broker).is_closed());
    held.pop();
    while broker.stats().connections > 2 {
        std::thread::yield_now();
    }
    Client::connect(&broker).metadata("t");
}

#[test]
fn a_silent_connection_is_closed() {
    let broker = start_with(|o| o.set("connections.max.idle.ms", "50").unwrap());
    let mut client = Client::connect(&broker);
    client.stream.write_all(&[0, 0, 0, 50, 1]).unwrap();
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
}

/// The hook stands for any bug: what panics is one connection, not the listener or the partition.
#[test]
fn a_panic_ends_its_connection_and_nothing_else() {
    let broker = start_with(|o| {
        o.memory_limit_bytes = 10_000;
        o.on_full = Some(FullHook::new(|_| panic!("a panic for the test")));
    });
    let mut client = Client::connect(&broker);
    client.metadata("t");
    assert_eq!(client.produce("t", 0, Batch::of(&["a"]).bytes()).error_code, 0);
    let large = Batch::of(&[&"x".repeat(20_000)]).bytes();
    client.send(ApiKey::Produce, 9, &produce_request("t", 0, large));
    assert!(client.is_closed());
    let mut client = Client::connect(&broker);
    assert_eq!(client.produce("t", 0, Batch::of(&["b"]).bytes()).base_offset, 1);
    while broker.stats().panics == 0 {
        std::thread::yield_now();
    }
}

/// A byte of each request in turn: they hold a place, not the broker, and are answered in the end.
#[test]
fn slow_writers_are_answered_when_they_are_done() {
    let siege = Siege::start();
    let request = encode(ApiKey::Produce, 9, &produce_request("good", 0, Batch::of(&["slow"]).bytes()));
    let frame = [&(request.len() as u32).to_be_bytes()[..], &request].concat();
    let mut writers: Vec<Client> = (0..50).map(|_| Client::connect(&siege.broker)).collect();
    for byte in frame {
        for writer in &mut writers {
            writer.stream.write_all(&[byte]).unwrap();
        }
    }
    for writer in &mut writers {
        let response: ProduceResponse = writer.receive(ApiKey::Produce, 9).unwrap();
        assert_eq!(response.responses[0].partition_responses[0].error_code, 0);
    }
    siege.survived();
}

/// They ask for much, over and over, and read nothing of it.
#[test]
fn slow_readers_hold_up_nobody_and_take_little_memory() {
    slow_readers(Siege::start());
}

/// What is read from a disk takes memory; who does not take it while others need that memory is sent away.
#[test]
fn slow_readers_of_a_directory_hold_up_nobody_and_take_little_memory() {
    let folder = TempDir::new().unwrap();
    slow_readers(Siege::of(start_with(|o| {
        o.data_dir = Some(folder.path().to_owned());
        o.max_request_bytes = 8 << 20;
    })));
}

fn slow_readers(siege: Siege) {
    let mut client = Client::connect(&siege.broker);
    client.metadata("large");
    let batch = Batch::of(&[&"x".repeat(1_000_000)]).bytes();
    for _ in 0..20 {
        assert_eq!(client.produce("large", 0, batch.clone()).error_code, 0);
    }
    let readers: Vec<Client> = (0..150)
        .map(|at| {
            // Large answers take most of the memory, and smaller ones what they leave.
            let bytes = if at < 50 { 20 << 20 } else { 1 << 20 };
            let mut request = fetch_request("large", &[(0, 0)]).with_max_bytes(bytes);
            request.topics[0].partitions[0].partition_max_bytes = bytes;
            let request = encode(ApiKey::Fetch, 12, &request);
            let mut reader = siege.attacker();
            for _ in 0..20 {
                reader.write_frame(&request).unwrap();
            }
            reader
        })
        .collect();
    for at in 0..20 {
        // It may be told to come again while there is no room.
        while client.fetch("large", 0, at).records.is_none_or(|records| records.is_empty()) {
            thread::yield_now();
        }
    }
    siege.survived();
    drop(readers);
}

/// Requests that stop before their end take all the memory there is for requests, for as long as nobody else needs
/// it.
#[test]
fn requests_that_stop_half_way_leave_room_for_those_of_others() {
    let siege = Siege::of(start_with(|o| o.max_request_bytes = 8 << 20));
    let zeros = vec![0; 8 << 20];
    // Large ones take most of the memory, and smaller ones what they leave.
    let sizes = [7_000; 10].into_iter().chain([1_000; 40]).chain([150; 30]);
    let held: Vec<Client> = sizes
        .map(|kilobytes: usize| {
            let mut client = siege.attacker();
            let len = kilobytes << 10;
            client.stream.write_all(&(len as u32).to_be_bytes()).unwrap();
            // The broker may close while it is written to.
            let _ = client.stream.write_all(&zeros[..len - 1]);
            client
        })
        .collect();
    let large = Batch::of(&[&"x".repeat(900_000)]).bytes();
    let request = encode(ApiKey::Produce, 9, &produce_request("good", 0, large));
    let produced = loop {
        let mut client = Client::connect(&siege.broker);
        if client.write_frame(&request).is_ok()
            && let Ok(response) = client.receive::<ProduceResponse>(ApiKey::Produce, 9)
        {
            break response;
        }
    };
    assert_eq!(produced.responses[0].partition_responses[0].error_code, 0);
    siege.survived();
    drop(held);
}
