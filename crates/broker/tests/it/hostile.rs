use crate::{
    client::{Batch, Client, encode, fetch_request, produce_request, start, topic_name},
    group_versions::{commit_request, group, join_request, sync},
};
use kadence_broker::{Broker, served};
use kafka_protocol::messages::{
    ApiKey, CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DescribeGroupsRequest, DescribeGroupsResponse, FetchResponse, JoinGroupResponse, RequestHeader,
    create_partitions_request::CreatePartitionsTopic,
    create_topics_request::{CreatableReplicaAssignment, CreatableTopic},
};
use kafka_protocol::protocol::Encodable;
use std::{
    fs,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What the process may grow by while it is attacked; other tests run beside these.
const MEMORY_BYTES: u64 = 400 << 20;

/// A broker under attack, and what has to hold meanwhile and afterwards.
pub(crate) struct Siege {
    pub(crate) broker: Broker,
    neighbour: Neighbour,
    memory: u64,
}

impl Siege {
    pub(crate) fn start() -> Self {
        Self::of(start())
    }

    pub(crate) fn of(broker: Broker) -> Self {
        let mut client = Client::connect(&broker);
        client.metadata("good");
        client.produce("good", 0, Batch::of(&["a"]).bytes());
        let neighbour = Neighbour::start(&broker);
        Self { broker, neighbour, memory: resident_bytes() }
    }

    pub(crate) fn attacker(&self) -> Client {
        let client = Client::connect(&self.broker);
        client.stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        client
    }

    /// Sends a frame and waits until the broker has answered it or closed the connection.
    pub(crate) fn throw(&self, client: &mut Client, frame: &[u8]) {
        if client.write_frame(frame).is_err() || client.read_frame().is_err() {
            *client = self.attacker();
        }
    }

    /// The neighbour worked all along, the listener accepts, the topic works, nothing panicked, memory is as it was.
    pub(crate) fn survived(self) {
        self.neighbour.worked();
        let mut client = Client::connect(&self.broker);
        assert_eq!(client.produce("good", 0, Batch::of(&["b"]).bytes()).error_code, 0);
        assert!(client.fetch("good", 0, 0).records.is_some_and(|r| r.len() > 100));
        assert_eq!(client.metadata("good").partitions.len(), 1);
        assert_eq!(self.broker.stats().panics, 0);
        let grown = resident_bytes().saturating_sub(self.memory);
        assert!(grown < MEMORY_BYTES, "grown by {grown} bytes");
    }
}

/// A good client that produces and consumes for as long as the siege lasts.
struct Neighbour {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Neighbour {
    fn start(broker: &Broker) -> Self {
        let mut client = Client::connect(broker);
        client.metadata("steady");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut rounds = 0;
            // One round at least comes after the attack.
            loop {
                let last = stopped.load(Relaxed);
                round(&mut client, rounds);
                rounds += 1;
                if last {
                    return;
                }
            }
        });
        Self { stop, thread }
    }

    fn worked(self) {
        self.stop.store(true, Relaxed);
        self.thread.join().expect("the neighbour was served");
    }
}

/// What is produced is read back, alone and at its place; then a short wait for something that does not come.
fn round(client: &mut Client, round: i64) {
    let value = format!("round {round}");
    let produced = client.produce("steady", 0, Batch::of(&[&value]).bytes());
    assert_eq!((produced.error_code, produced.base_offset), (0, round));
    let read = client.fetch("steady", 0, round);
    let records = read.records.unwrap_or_default();
    assert!(records.windows(value.len()).any(|w| w == value.as_bytes()), "{value}");
    let request = fetch_request("steady", &[(0, round + 1)]).with_max_wait_ms(5);
    let response: FetchResponse = client.call(ApiKey::Fetch, 12, &request);
    assert_eq!(response.responses[0].partitions[0].error_code, 0);
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
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
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

/// Numbers that a topic cannot have take neither memory nor time.
#[test]
fn two_thousand_million_partitions_are_refused_at_once() {
    const MANY: i32 = 2_000_000_000;
    let siege = Siege::start();
    let mut client = Client::connect(&siege.broker);
    for version in 2..=7 {
        let topic =
            |name: &str| CreatableTopic::default().with_name(topic_name(name)).with_replication_factor(1);
        let assigned =
            CreatableReplicaAssignment::default().with_partition_index(MANY).with_broker_ids(vec![1.into()]);
        let topics = vec![
            topic("many").with_num_partitions(MANY),
            topic("most").with_num_partitions(i32::MAX),
            topic("least").with_num_partitions(i32::MIN),
            topic("placed")
                .with_num_partitions(-1)
                .with_replication_factor(-1)
                .with_assignments(vec![assigned]),
        ];
        let request = CreateTopicsRequest::default().with_topics(topics);
        let response: CreateTopicsResponse = client.call(ApiKey::CreateTopics, version, &request);
        assert!(response.topics.iter().all(|t| t.error_code != 0), "v{version}: {:?}", response.topics);
    }
    for version in 0..=3 {
        let topic = CreatePartitionsTopic::default().with_name(topic_name("good")).with_count(MANY);
        let request = CreatePartitionsRequest::default().with_topics(vec![topic.with_assignments(None)]);
        let response: CreatePartitionsResponse = client.call(ApiKey::CreatePartitions, version, &request);
        assert_ne!(response.results[0].error_code, 0, "v{version}");
    }
    assert_eq!(siege.broker.stats().partitions, 2);
    siege.survived();
}
