use crate::{
    client::{Batch, Client, topic_name},
    hostile::{Random, Siege},
};
use bytes::Bytes;
use kadence_wire::batch::BatchHeader;
use kafka_protocol::messages::{
    ApiKey, BrokerId, ListOffsetsRequest, ListOffsetsResponse,
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};

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
            seal(&mut bytes);
            client.produce("victim", 0, Bytes::from(bytes));
        }
    }
    client.fetch("victim", 0, 0);
    siege.survived();
}

fn seal(batch: &mut [u8]) {
    let crc = crc32c::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
}

/// Whatever of them is stored is read again, looked up by time, and in nobody's way.
#[test]
fn sealed_batches_with_a_few_bytes_changed_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    client.metadata("victim");
    let mut random = Random(0xba7c4);
    let mut stored = 0;
    for at in 0..3_000 {
        let mut bytes = Batch::of(&["a", "bb", "ccc"]).by(random.below(3) as i64, 0, at).bytes().to_vec();
        for _ in 0..=random.below(3) {
            // Where the records begin and end stays right most of the time.
            let from = if random.below(10) == 0 { 0 } else { 21 };
            let place = from + random.below(bytes.len() - from);
            bytes[place] = random.next() as u8;
        }
        seal(&mut bytes);
        stored += usize::from(client.produce("victim", 0, Bytes::from(bytes)).error_code == 0);
    }
    assert!(stored > 100, "{stored} of 3000 were good enough");
    let end = client.fetch("victim", 0, 0).high_watermark;
    let mut at = 0;
    while at < end {
        let read = client.fetch("victim", 0, at);
        assert_eq!(read.error_code, 0);
        at = last_offset(&read.records.unwrap()).max(at) + 1;
    }
    for timestamp in [-3, 0, 999, 1_000, 1_002, 1_003, 1 << 40, i64::MAX] {
        assert_eq!(offset_at(&mut client, "victim", timestamp).0, 0, "{timestamp}");
    }
    siege.survived();
}

/// The last offset of the batches in a fetch's answer, the last of which may be cut off.
fn last_offset(mut batches: &[u8]) -> i64 {
    let mut last = -1;
    while let Ok(header) = BatchHeader::parse(batches) {
        last = header.base_offset + i64::from(header.last_offset_delta);
        batches = &batches[header.len..];
    }
    last
}

/// Error code and offset of the first record at or after `timestamp`.
fn offset_at(client: &mut Client, topic: &str, timestamp: i64) -> (i16, i64) {
    let partition = ListOffsetsPartition::default().with_partition_index(0).with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let response: ListOffsetsResponse = client.call(ApiKey::ListOffsets, 7, &request);
    let found = &response.topics[0].partitions[0];
    (found.error_code, found.offset)
}

/// Offsets that jump by two thousand million with each batch stay in order.
#[test]
fn batches_that_claim_the_most_records_do_no_harm() {
    let siege = Siege::start();
    let mut client = siege.attacker();
    client.metadata("victim");
    let mut bytes = Batch::of(&["a"]).bytes().to_vec();
    bytes[23..27].copy_from_slice(&(i32::MAX - 1).to_be_bytes());
    bytes[57..61].copy_from_slice(&i32::MAX.to_be_bytes());
    seal(&mut bytes);
    let span = i64::from(i32::MAX);
    for at in 0..50 {
        let produced = client.produce("victim", 0, Bytes::from(bytes.clone()));
        assert_eq!((produced.error_code, produced.base_offset), (0, at * span));
    }
    for offset in [0, 1, span - 1, span, 25 * span + 7, 50 * span - 1] {
        let read = client.fetch("victim", 0, offset);
        let first = BatchHeader::parse(&read.records.unwrap()).unwrap();
        assert_eq!(first.base_offset, offset / span * span);
    }
    assert_eq!(client.fetch("victim", 0, 50 * span).error_code, 0);
    // There is one record where two thousand million are claimed; the lookup ends with the bytes.
    assert_eq!(offset_at(&mut client, "victim", 1_001).0, 0);
    siege.survived();
}

/// A frame of zstd that unpacks to `unpacked` zeros behind `head`: four bytes for each 128 KiB.
fn bomb(head: &[u8], unpacked: usize) -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    // No checksum, no size, a window of 128 KiB.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let block = |kind: usize, size: usize, last: bool| {
        let header = size << 3 | kind << 1 | usize::from(last);
        [header as u8, (header >> 8) as u8, (header >> 16) as u8]
    };
    out.extend_from_slice(&block(0, head.len(), false));
    out.extend_from_slice(head);
    let count = unpacked / BLOCK;
    for at in 0..count {
        out.extend_from_slice(&block(1, BLOCK, at + 1 == count));
        out.push(0);
    }
    out
}

/// Half a megabyte that unpacks to sixteen gigabytes; who looks for a time in it is answered from its start.
#[test]
fn a_compressed_bomb_is_looked_into_as_far_as_allowed() {
    let siege = Siege::start();
    let mut client = Client::connect(&siege.broker);
    client.metadata("victim");
    // One record of 32 gigabytes, by its own account: length, attributes, deltas of time and offset.
    let head = [0x80, 0x80, 0x80, 0x80, 0xf0, 0x01, 0, 0, 0];
    let mut bytes = Batch::of(&["a", "b"]).with_body(&bomb(&head, 16 << 30)).to_vec();
    bytes[22] = 4;
    seal(&mut bytes);
    for (codec, body) in [
        // Blocks of snappy that claim four gigabytes, alone and as Java clients write them.
        (2, vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0xfe, 0, 0]),
        (
            2,
            [
                &[0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0][..],
                &[0, 0, 0, 1, 0, 0, 0, 1],
                &[0x7f, 0xff, 0xff, 0xff],
                &[9; 9],
            ]
            .concat(),
        ),
    ] {
        let mut claim = Batch::of(&["a"]).with_body(&body).to_vec();
        claim[22] = codec;
        seal(&mut claim);
        assert_eq!(client.produce("victim", 0, Bytes::from(claim)).error_code, 0);
    }
    let produced = client.produce("victim", 0, Bytes::from(bytes));
    assert_eq!((produced.error_code, produced.base_offset), (0, 2));
    // The latest time is in the bomb: its header says 1001.
    assert_eq!(offset_at(&mut client, "victim", 1_001), (0, 2));
    assert_eq!(offset_at(&mut client, "victim", -3), (0, 2));
    assert_eq!(offset_at(&mut client, "victim", 1_000).0, 0);
    siege.survived();
}
