//! `DescribeLogDirs`, key 35, versions 1 to 4: how large partitions are.
//!
//! Differs from Kafka: a broker in memory calls its directory `memory`, whose size is the memory limit.

use super::{Api, text};
use crate::{dispatch::Close, shared::Call, topics::Topic};
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

pub(crate) struct DescribeLogDirs;

impl Api for DescribeLogDirs {
    const KEY: ApiKey = ApiKey::DescribeLogDirs;
    const MIN: i16 = 1;
    const MAX: i16 = 4;
    type Request = DescribeLogDirsRequest;
    type Response = DescribeLogDirsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let topics = match request.topics {
            None => call.shared.topics.all().iter().map(|topic| describe(topic, None)).collect(),
            Some(asked) => {
                let mut wanted: BTreeMap<TopicName, BTreeSet<i32>> = BTreeMap::new();
                for topic in asked {
                    wanted.entry(topic.topic).or_default().extend(topic.partitions);
                }
                // What is not here is left out.
                let found = wanted.iter().filter_map(|(name, partitions)| {
                    Some(describe(&*call.shared.topics.named(name)?, Some(partitions)))
                });
                found.filter(|topic| !topic.partitions.is_empty()).collect()
            }
        };
        let path = call.shared.topics.path();
        let (total, usable) = path.map_or_else(|| memory(call), room);
        let result = DescribeLogDirsResult::default()
            .with_log_dir(path.map_or_else(|| text(IN_MEMORY), |path| text(&path.to_string_lossy())))
            .with_topics(topics)
            .with_total_bytes(total)
            .with_usable_bytes(usable);
        Ok(Some(DescribeLogDirsResponse::default().with_results(vec![result])))
    }
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
    let data = &call.shared.data;
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
