//! Doors for fuzz targets, which only a build by cargo-fuzz has: what a broker does with bytes, without sockets.

use crate::{
    answer::Answer,
    call::Came,
    clock::Clock,
    dispatch::{self, Admission, Reply},
    journal,
    log::Log,
    memory::Memory,
    node::Node,
    options::{Options, TopicSettings},
    producers::Producers,
    served::Served,
    server::{Ended, Reader},
};
use bytes::Bytes;
use kadence_wire::{
    batch::{self, BatchHeader, HEADER_LEN, renew_crc},
    frame::{PREFIX_LEN, RequestStart, request_len},
};
use kafka_protocol::messages::ApiKey;
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    task::JoinSet,
    time::timeout,
};

/// The largest request of a broker here.
pub const MAX_REQUEST_BYTES: usize = 256 << 10;
/// What its records may take.
const MEMORY_BYTES: u64 = 4 << 20;
/// Longer than any wait a client can ask for.
const EVER: Duration = Duration::from_hours(24 * 365);

/// Stands for the id of topic `t` in a request, which is a new one in each broker.
pub const TOPIC_ID: [u8; 16] = [0xa5; 16];
/// Stands for the producer id of the last answer that had one.
pub const PRODUCER_ID: [u8; 8] = [0x5a; 8];
/// Stands for the unique end of the member id of the last answer that had one.
pub const MEMBER_ID: [u8; 36] = *b"mmmmmmmm-mmmm-mmmm-mmmm-mmmmmmmmmmmm";

/// Reads `bytes` as what a partition remembers of its producers, and what that was written as once more.
pub fn producers(bytes: &[u8]) {
    if let Ok(read) = Producers::restore(bytes) {
        assert_eq!(Producers::restore(&read.snapshot()), Ok(read));
    }
}

/// Has a broker of its own answer `stream`: requests with their length prefixes, as on a connection.
///
/// A request that closes its connection ends that request only. Checksums of batches are made right, and what the
/// constants here stand for is filled in, so that what lies behind these checks is reached. The runtime's clock has
/// to be paused, so that nothing waits in real time.
pub async fn requests(stream: &[u8]) {
    let node = Arc::new(node());
    let mut groups = JoinSet::new();
    groups.spawn(Arc::clone(&node.groups).run());
    let mut waiting = JoinSet::new();
    let mut known = Known::default();
    let mut rest = stream;
    while let Some((prefix, tail)) = rest.split_first_chunk::<PREFIX_LEN>() {
        let Ok(len) = request_len(*prefix, MAX_REQUEST_BYTES) else { break };
        let Some((frame, tail)) = tail.split_at_checked(len) else { break };
        rest = tail;
        let mut frame = frame.to_vec();
        known.fill_in(&node, &mut frame);
        renew_checksums(&mut frame);
        let start = RequestStart::parse(&frame).expect("a frame has the length of a request's start");
        if let Some(answer) = answer(&node, Bytes::from(frame), &mut waiting).await {
            known.learn(&start, &answer);
        }
        tokio::task::yield_now().await;
        while let Some(answer) = waiting.try_join_next() {
            known.learn(&start, &answer.expect("no answer panics"));
        }
    }
    timeout(EVER, waiting.join_all()).await.expect("nobody waits for ever");
    assert_eq!(node.requests.used(), 0, "memory for requests is given back");
    assert_eq!(node.waiting.load(Relaxed), 0);
    assert_eq!(node.data.used().min(MEMORY_BYTES), node.data.used());
}

/// A node in memory.
fn node() -> Node {
    let served = Served::new(dispatch::served());
    Node::new(options(), Clock::SYSTEM, served).expect("a broker in memory starts")
}

fn options() -> Options {
    let mut options = Options {
        memory_limit_bytes: MEMORY_BYTES,
        max_request_bytes: MAX_REQUEST_BYTES,
        topic_defaults: TopicSettings { max_message_bytes: 64 << 10, ..TopicSettings::default() },
        ..Options::default()
    };
    options.set("group.max.size", "20").expect("a size in its range");
    options
}

/// The answer of one request, in one piece; one that comes later goes to `waiting`.
async fn answer(node: &Arc<Node>, frame: Bytes, waiting: &mut JoinSet<Vec<u8>>) -> Option<Vec<u8>> {
    let start = RequestStart::parse(&frame).ok()?;
    let [local, peer] = [9092, 50_000].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let answer = match dispatch::admit(node, Came { local, peer, listener: 0 }, frame).ok()? {
        Admission::Answer(answer) => answer,
        Admission::Request(request) => {
            let spending = request.spending();
            let reply = timeout(EVER, request.answer()).await.expect("no request takes for ever");
            match reply.ok()? {
                Reply::Ready(answer) => answer,
                Reply::Later(answer) => {
                    waiting.spawn(async move {
                        let answer = answer.await.map_or_else(|_| Vec::new(), |answer| whole(start, answer));
                        drop(spending);
                        answer
                    });
                    return None;
                }
            }
        }
    };
    Some(whole(start, answer))
}

/// Puts an answer together, which has to say its own length and the number of its request.
fn whole(start: RequestStart, answer: Answer) -> Vec<u8> {
    let bytes = answer.concat();
    if let Some((prefix, body)) = bytes.split_first_chunk() {
        assert_eq!(i32::from_be_bytes(*prefix) as usize, body.len(), "{start:?}");
        assert_eq!(body.first_chunk(), Some(&start.correlation_id.to_be_bytes()), "{start:?}");
    }
    bytes
}

/// What answers said that a request may need, as a client would remember it.
#[derive(Default)]
struct Known {
    producer_id: Option<[u8; 8]>,
    member_id: Option<[u8; 36]>,
}

impl Known {
    fn fill_in(&self, node: &Node, frame: &mut [u8]) {
        if let Some(topic) = node.topics.named("t") {
            replace(frame, &TOPIC_ID, topic.id.as_bytes());
        }
        if let Some(id) = &self.producer_id {
            replace(frame, &PRODUCER_ID, id);
        }
        if let Some(id) = &self.member_id {
            replace(frame, &MEMBER_ID, id);
        }
    }

    fn learn(&mut self, start: &RequestStart, answer: &[u8]) {
        if start.api_key == ApiKey::InitProducerId as i16 {
            // Length, number, tagged fields from version 2 on, throttle time, error code.
            let at = PREFIX_LEN + 4 + usize::from(start.api_version >= 2) + 4 + 2;
            self.producer_id = answer.get(at..).and_then(|rest| rest.first_chunk().copied());
        }
        let is_id = |text: &&[u8]| {
            text.iter().zip(MEMBER_ID).all(|(&found, like)| match like {
                b'-' => found == b'-',
                _ => found.is_ascii_hexdigit(),
            })
        };
        let found = answer.windows(MEMBER_ID.len()).find(is_id);
        self.member_id = found.and_then(|id| id.first_chunk().copied()).or(self.member_id);
    }
}

fn replace<const N: usize>(frame: &mut [u8], from: &[u8; N], to: &[u8; N]) {
    let mut at = 0;
    while let Some(found) = frame.get(at..).and_then(|rest| rest.windows(N).position(|w| w == from)) {
        frame[at + found..at + found + N].copy_from_slice(to);
        at += found + N;
    }
}

/// Makes the checksum of whatever looks like a batch right.
fn renew_checksums(frame: &mut [u8]) {
    let mut at = 0;
    while let Some(bytes) = frame.get_mut(at..).filter(|bytes| bytes.len() >= HEADER_LEN) {
        let said = i32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        let len = usize::try_from(said).ok().and_then(|said| said.checked_add(12));
        at += match len.filter(|len| bytes[16] == 2 && (HEADER_LEN..=bytes.len()).contains(len)) {
            Some(len) => {
                renew_crc(&mut bytes[..len]);
                len
            }
            None => 1,
        };
    }
}

/// Opens a directory whose last segment holds these bytes, and reads all of it: once as they are, and once with the
/// checksums and offsets of its batches made right, so that more than the first check is reached.
pub fn recover_log(segment: &[u8]) {
    read_log(segment);
    let mut sound = segment.to_vec();
    let (mut at, mut offset) = (0, 0);
    while let Ok(header) = BatchHeader::parse(&sound[at..]) {
        let batch = &mut sound[at..at + header.len];
        batch::place(batch, offset, 0);
        batch::renew_crc(batch);
        offset += i64::from(header.last_offset_delta.max(0)) + 1;
        at += header.len;
    }
    read_log(&sound);
}

fn read_log(segment: &[u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("kadence-fuzz-{}-{}", process::id(), NEXT.fetch_add(1, Relaxed));
    let dir = env::temp_dir().join(name);
    let file = dir.join("00000000000000000000.log");
    if fs::create_dir_all(&dir).and_then(|()| fs::write(file, segment)).is_err() {
        return;
    }
    let mut told = 0;
    if let Ok(log) = Log::recover(dir.clone(), 0, &Memory::new(u64::MAX, None), &mut |_| told += 1) {
        let (mut offset, mut seen) = (log.start(), 0);
        while offset < log.end() {
            let Ok(batches) = log.read(offset, 1, true, log.end()).load() else { break };
            let Some(batch) = batches.first() else { break };
            let Ok(header) = BatchHeader::parse(batch) else { break };
            offset = header.base_offset + i64::from(header.last_offset_delta) + 1;
            seen += 1;
        }
        assert_eq!(seen, told, "what is recovered can be read, once");
        if log.fault().is_none() {
            assert_eq!(offset, log.end());
        } else {
            assert!(offset <= log.end(), "a damaged log ends where it did, and is served up to the damage");
        }
        for timestamp in [i64::MIN, -1, 0, i64::MAX] {
            assert!(log.first_at(timestamp).load().is_ok());
        }
        assert!(log.latest().load().is_ok());
    }
    let _ = fs::remove_dir_all(dir);
}

/// Reads `bytes` as a journal: what its lines come to is the same when it is written anew.
pub fn journal(bytes: &[u8]) {
    let state = journal::read_all(bytes);
    let mut again = journal::State::default();
    state.events().into_iter().for_each(|event| again.apply(event));
    assert_eq!(again, state);
}

/// What the reader of frames makes of `bytes` when they come in pieces of these sizes, over and over: the frames, and
/// whether it ended where a frame did.
pub async fn frames(bytes: &[u8], pieces: &[u8], max: usize) -> (Vec<Bytes>, bool) {
    let node = node();
    let mut stream = Pieces { bytes, sizes: pieces.iter().cycle() };
    let mut reader = Reader::new(&node.requests);
    let mut frames = Vec::new();
    let mut read = 0;
    loop {
        match reader.frame(&mut stream, max).await {
            Ok(frame) => {
                read += PREFIX_LEN + frame.len();
                frames.push(frame);
                reader.settle();
            }
            Err(ended) => {
                drop(reader);
                assert_eq!(node.requests.used(), 0);
                return (frames, matches!(ended, Ended::Eof) && read == bytes.len());
            }
        }
    }
}

/// A stream that gives a few bytes at a time.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let size = self.sizes.next().map_or(usize::MAX, |size| usize::from(*size).max(1));
        let (piece, rest) = self.bytes.split_at(size.min(buffer.remaining()).min(self.bytes.len()));
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}
