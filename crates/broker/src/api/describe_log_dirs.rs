//! `DescribeLogDirs`, key 35, versions 1 to 5: how large partitions are.
//!
//! Differs from Kafka: a broker in memory calls its directory `memory`, whose size is the memory limit.

use super::text;
use crate::{
    answer::{Answer, decode, encode},
    call::Call,
    close::Close,
    topics::Topic,
};
use bytes::{BufMut as _, Bytes, BytesMut};
use kadence_wire::frame::PREFIX_LEN;
use kafka_protocol::messages::{
    ApiKey, DescribeLogDirsRequest, DescribeLogDirsResponse, TopicName,
    describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

const IN_MEMORY: &str = "memory";
/// What is not known.
const UNKNOWN: i64 = -1;

/// The versions that are served. The last one adds a byte to each directory, and `kafka-protocol` does not have it.
pub(crate) const VERSIONS: std::ops::RangeInclusive<i16> = 1..=5;
const LAST_DECODED: i16 = 4;

pub(crate) fn answer(call: &Call, body: Bytes) -> Result<Answer, Close> {
    let version = call.version.min(LAST_DECODED);
    let request: DescribeLogDirsRequest = decode(ApiKey::DescribeLogDirs, version, body)?;
    let response = describe_all(call, request);
    let mut answer =
        encode(ApiKey::DescribeLogDirs, version, call.correlation_id, &call.spending, &response)?;
    if call.version > LAST_DECODED {
        answer = not_cordoned(&answer);
    }
    Ok(answer)
}

/// Adds to the only directory that it takes partitions. The flag comes before the tagged fields of the directory, and
/// is zero as their number is, and that of the response's fields; so another zero at the end is all.
fn not_cordoned(answer: &Answer) -> Answer {
    let mut whole = BytesMut::new();
    for piece in answer {
        whole.extend_from_slice(piece);
    }
    whole.put_u8(0);
    if let Some(len) = whole.len().checked_sub(PREFIX_LEN) {
        whole[..PREFIX_LEN].copy_from_slice(&(len as u32).to_be_bytes());
    }
    vec![whole.freeze()]
}

fn describe_all(call: &Call, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    let topics = match request.topics {
        None => call.node.topics.all().iter().map(|topic| describe(topic, None)).collect(),
        Some(asked) => {
            let mut wanted: BTreeMap<TopicName, BTreeSet<i32>> = BTreeMap::new();
            for topic in asked {
                wanted.entry(topic.topic).or_default().extend(topic.partitions);
            }
            // What is not here is left out.
            let found = wanted.iter().filter_map(|(name, partitions)| {
                Some(describe(&*call.node.topics.named(name)?, Some(partitions)))
            });
            found.filter(|topic| !topic.partitions.is_empty()).collect()
        }
    };
    let path = call.node.topics.path();
    let (total, usable) = path.map_or_else(|| memory(call), room);
    let result = DescribeLogDirsResult::default()
        .with_log_dir(path.map_or_else(|| text(IN_MEMORY), |path| text(&path.to_string_lossy())))
        .with_topics(topics)
        .with_total_bytes(total)
        .with_usable_bytes(usable);
    DescribeLogDirsResponse::default().with_results(vec![result])
}

fn describe(topic: &Topic, wanted: Option<&BTreeSet<i32>>) -> DescribeLogDirsTopic {
    let all = (0..).zip(&topic.partitions);
    let partitions = all.filter(|(index, _)| wanted.is_none_or(|wanted| wanted.contains(index))).map(
        |(index, partition)| {
            let size = partition.lock().log.size_bytes();
            DescribeLogDirsPartition::default().with_partition_index(index).with_partition_size(size as i64)
        },
    );
    DescribeLogDirsTopic::default()
        .with_name(TopicName(topic.name.clone()))
        .with_partitions(partitions.collect())
}

fn memory(call: &Call) -> (i64, i64) {
    let data = &call.node.data;
    let (limit, used) = (data.limit(), data.used());
    (limit as i64, limit.saturating_sub(used) as i64)
}

/// The size of the file system that has a directory, and what is left of it.
fn room(path: &Path) -> (i64, i64) {
    #[cfg(unix)]
    {
        rustix::fs::statvfs(path).map_or((UNKNOWN, UNKNOWN), |found| {
            let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize) as i64;
            (bytes(found.f_blocks), bytes(found.f_bavail))
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        (UNKNOWN, UNKNOWN)
    }
}
