use crate::{
    client::{Batch, Client, encode, fetch_request, produce_request, start, start_with},
    group_versions::{commit_request, group, join_request, sync},
};
use bytes::Bytes;
use kadence_broker::{Broker, FullHook, served};
use kafka_protocol::messages::{
    ApiKey, DescribeGroupsRequest, DescribeGroupsResponse, JoinGroupResponse, RequestHeader,
};
use kafka_protocol::protocol::Encodable;
use std::{fs, io::Read, io::Write, time::Duration};

/// What the process may grow by while it is attacked; other tests run beside these.
const MEMORY_BYTES: u64 = 400 << 20;

/// A broker under attack, and what has to hold afterwards.
struct Siege {
    broker: Broker,
    memory: u64,
}

impl Siege {
    fn start() -> Self {
        let broker = start();
        let mut client = Client::connect(&broker);
        client.metadata("good");
        client.produce("good", 0, Batch::of(&["a"]).bytes());
        Self { broker, memory: resident_bytes() }
    }

    fn attacker(&self) -> Client {
        let client = Client::connect(&self.broker);
        client.stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        client
    }

    /// Sends a frame and waits until the broker has answered it or closed the connection.
    fn throw(&self, client: &mut Client, frame: &[u8]) {
        if client.write_frame(frame).is_err() || client.read_frame().is_err() {
            *client = self.attacker();
        }
    }

    /// The listener accepts, the topic works, nothing panicked, memory is as it was.
    fn survived(self) {
        let mut client = Client::connect(&self.broker);
        assert_eq!(client.produce("good", 0, Batch::of(&["b"]).bytes()).error_code, 0);
        assert!(client.fetch("good", 0, 0).records.is_some_and(|r| r.len() > 100));
        assert_eq!(client.metadata("good").partitions.len(), 1);
        assert_eq!(self.broker.stats().panics, 0);
        let grown = resident_bytes().saturating_sub(self.memory);
        assert!(grown < MEMORY_BYTES, "grown by {grown} bytes");
    }
}

/// 0 where the system does not tell.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// The start of a request in the header version that belongs to it.
fn head(api: ApiKey, version: i16) -> Vec<u8> {
    let mut out = Vec::new();
    RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_correlation_id(7)
        .encode(&mut out, api.request_header_version(version))
        .unwrap();
    out
}

fn every_version() -> impl Iterator<Item = (ApiKey, i16)> {
    served().flat_map(|(api, versions)| versions.map(move |version| (api, version)))
}

/// Small, seeded, the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

#[test]
fn lengths_that_cannot_be_close_the_connection() {
    let siege = Siege::start();
    for length in [0, 1, 7, -1, i32::MIN, i32::MAX, (100 << 20) + 1] {
        let mut client = siege.attacker();
        client.stream.write_all(&length.to_be_bytes()).unwrap();
        assert!(client.is_closed(), "{length}");
    }
    let mut client = siege.attacker();
    client.stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(client.is_closed());
    siege.survived();
}

#[test]
fn bodies_of_one_byte_over_and_over_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    for (api, version) in every_version() {
        for filler in [0xff, 0x7f, 0x00, 0x01, 0x80] {
            for len in [0, 1, 3, 8, 40, 300] {
                let mut frame = head(api, version);
                frame.resize(frame.len() + len, filler);
                siege.throw(&mut client, &frame);
            }
        }
    }
    siege.survived();
}

#[test]
fn keys_and_versions_that_are_not_served_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    for key in (-3..100).chain([i16::MIN, i16::MAX]) {
        for version in [-1, 0, 5, 20, i16::MIN, i16::MAX] {
            let mut frame = key.to_be_bytes().to_vec();
            frame.extend_from_slice(&version.to_be_bytes());
            frame.extend_from_slice(&[0, 0, 0, 7, 0xff, 0xff, 0, 0xff, 0xff, 0xff]);
            siege.throw(&mut client, &frame);
        }
    }
    siege.survived();
}

#[test]
fn random_bodies_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    let mut random = Random(0x5eed);
    let all: Vec<_> = every_version().collect();
    for _ in 0..4_000 {
        let (api, version) = all[random.below(all.len())];
        let mut frame = head(api, version);
        for _ in 0..random.below(80) {
            // Small numbers are the likelier counts and lengths.
            let byte = if random.below(2) == 0 { random.below(4) as u8 } else { random.next() as u8 };
            frame.push(byte);
        }
        siege.throw(&mut client, &frame);
    }
    siege.survived();
}

#[test]
fn requests_with_a_few_bytes_changed_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    let mut random = Random(0xbad);
    let batch = Batch::of(&["a", "bb"]).by(3, 0, 0).bytes();
    let mut good: Vec<Vec<u8>> =
        [(3, ApiKey::Produce), (9, ApiKey::Produce), (4, ApiKey::Fetch), (12, ApiKey::Fetch)]
            .into_iter()
            .map(|(version, api)| match api {
                ApiKey::Produce => encode(api, version, &produce_request("good", 0, batch.clone())).to_vec(),
                _ => encode(api, version, &fetch_request("good", &[(0, 0), (0, 1)])).to_vec(),
            })
            .collect();
    for version in [0, 3, 5, 6, 9] {
        good.push(encode(ApiKey::JoinGroup, version, &join_request(version, "g", "")).to_vec());
    }
    for version in [2, 8] {
        good.push(encode(ApiKey::OffsetCommit, version, &commit_request(version, "plain")).to_vec());
    }
    for _ in 0..4_000 {
        let mut frame = good[random.below(good.len())].clone();
        for _ in 0..=random.below(3) {
            // The key and version stay.
            let at = 4 + random.below(frame.len() - 4);
            frame[at] = random.next() as u8;
        }
        // A changed wait would hold up the test, not the broker.
        client.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        siege.throw(&mut client, &frame);
    }
    siege.survived();
}

/// The checksum is right, so the header is believed; what it says is not.
#[test]
fn sealed_batches_with_extreme_headers_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    client.metadata("victim");
    let good = Batch::of(&["a", "b"]).bytes();
    let fields = [(23, 4), (27, 8), (35, 8), (43, 8), (51, 2), (53, 4), (57, 4), (21, 2)];
    for (at, len) in fields {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let mut bytes = good.to_vec();
            bytes[at..at + len].fill(byte);
            let crc = crc32c::crc32c(&bytes[21..]);
            bytes[17..21].copy_from_slice(&crc.to_be_bytes());
            client.produce("victim", 0, Bytes::from(bytes));
        }
    }
    client.fetch("victim", 0, 0);
    siege.survived();
}

/// A small request must not have a large answer many times over.
#[test]
fn a_group_that_is_asked_for_many_times_is_told_once() {
    let siege = Siege::start();
    let mut client = Client::connect(&siege.broker);
    let mut request = join_request(3, "g", "");
    request.protocols[0].metadata = vec![0; 400_000].into();
    let joined: JoinGroupResponse = client.call(ApiKey::JoinGroup, 3, &request);
    assert_eq!(sync(&mut client, 3, "g", &joined.member_id, joined.generation_id).error_code, 0);
    let request = DescribeGroupsRequest::default().with_groups(vec![group("g"); 40_000]);
    let response: DescribeGroupsResponse = client.call(ApiKey::DescribeGroups, 5, &request);
    assert_eq!((response.groups.len(), response.groups[0].members.len()), (1, 1));
    assert_eq!(response.groups[0].members[0].member_metadata.len(), 400_000);
    siege.survived();
}

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

/// A frame of a few bytes must not make the broker take memory for what the frame claims.
#[test]
fn claims_of_many_elements_are_refused_without_taking_memory() {
    let siege = Siege::start();
    for (api, version) in every_version() {
        let mut frame = head(api, version);
        for count in [[0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x07], [0x00, 0xff, 0xff, 0xff]] {
            frame.extend_from_slice(&count);
        }
        frame.resize(frame.len() + 64, 0);
        siege.throw(&mut siege.attacker(), &frame);
    }
    siege.survived();
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
    let refused = held
        .iter_mut()
        .map(|c| {
            c.stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
            c.is_closed()
        })
        .filter(|closed| *closed)
        .count();
    assert!(refused > 10, "{refused} of 60");
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
