//! `OffsetFetch`, key 9, versions 1 to 9; from version 8 on of several groups, null topics asking for all.
//!
//! An offset that an open transaction may change is refused to who wants stable ones. Differs from Kafka: a group,
//! topic or partition that is asked for twice is answered once.

use super::{Api, text};
use crate::{
    call::Call,
    close::Close,
    groups::{Committed, Coordinator, Offsets},
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, GroupId, OffsetFetchRequest, OffsetFetchResponse, TopicName,
        offset_fetch_response::{
            OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
            OffsetFetchResponseTopic, OffsetFetchResponseTopics,
        },
    },
    protocol::StrBytes,
};
use std::collections::HashSet;

/// From here on several groups are asked for at once.
const BATCH: i16 = 8;
/// From here on there are leader epochs.
const EPOCH: i16 = 5;
/// About what a partition takes in the answer, beside its metadata.
const FOUND_BYTES: usize = 192;
const NONE: i64 = -1;
const NO_EPOCH: i32 = -1;

pub(crate) struct OffsetFetch;

impl Api for OffsetFetch {
    const KEY: ApiKey = ApiKey::OffsetFetch;
    const MIN: i16 = 1;
    const MAX: i16 = 9;
    type Request = OffsetFetchRequest;
    type Response = OffsetFetchResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = OffsetFetchResponse::default();
        let stable = request.require_stable;
        if call.version < BATCH {
            let asked = request
                .topics
                .map(|topics| topics.into_iter().map(|t| (t.name, t.partition_indexes)).collect());
            let found = look_up(call, &request.group_id, (asked, stable))?;
            let topics = found.into_iter().map(|topic| single(call.version, topic));
            return Ok(Some(response.with_topics(topics.collect())));
        }
        let mut seen = HashSet::new();
        let mut answers = Vec::new();
        for group in request.groups {
            if seen.insert(group.group_id.clone()) {
                let asked = group
                    .topics
                    .map(|topics| topics.into_iter().map(|t| (t.name, t.partition_indexes)).collect());
                let found = look_up(call, &group.group_id, (asked, stable))?;
                answers.push(of_group(group.group_id, found));
            }
        }
        Ok(Some(response.with_groups(answers)))
    }
}

/// What a group has for a partition.
struct Found {
    partition: i32,
    offset: i64,
    leader_epoch: i32,
    metadata: StrBytes,
    error: i16,
}

impl Found {
    fn unstable(partition: i32) -> Self {
        Self { error: ResponseError::UnstableOffsetCommit.code(), ..Self::new(partition, None) }
    }

    fn new(partition: i32, offset: Option<&Committed>) -> Self {
        Self {
            partition,
            error: 0,
            offset: offset.map_or(NONE, |o| o.offset),
            leader_epoch: offset.map_or(NO_EPOCH, |o| o.leader_epoch),
            metadata: offset.map_or_else(StrBytes::default, |o| o.metadata.clone()),
        }
    }
}

type FoundTopic = (TopicName, Vec<Found>);
type Asked = Vec<(TopicName, Vec<i32>)>;

/// Looks up offsets, and counts what they take in the answer before anybody else may look up theirs.
fn look_up(
    call: &Call,
    group: &GroupId,
    (asked, stable): (Option<Asked>, bool),
) -> Result<Vec<FoundTopic>, Close> {
    call.node.groups.with(|groups, _| {
        let found = find(groups, group, asked, stable);
        let topic = |(name, partitions): &FoundTopic| -> usize {
            2 * name.len() + partitions.iter().map(|p| FOUND_BYTES + p.metadata.len()).sum::<usize>()
        };
        call.spending.add(found.iter().map(topic).sum())?;
        Ok(found)
    })
}

fn find(groups: &Coordinator, group: &GroupId, asked: Option<Asked>, stable: bool) -> Vec<FoundTopic> {
    let offsets = groups.offsets(group);
    let Some(asked) = asked else { return offsets.map(|o| all(o, stable)).unwrap_or_default() };
    let mut seen = HashSet::new();
    let mut topics = Vec::with_capacity(asked.len());
    for (name, indexes) in asked {
        let partitions = indexes.into_iter().filter(|index| seen.insert((name.clone(), *index))).map(
            |index| match offsets {
                Some(offsets) if stable && offsets.is_unstable(&name, index) => Found::unstable(index),
                offsets => Found::new(index, offsets.and_then(|o| o.get(&name, index))),
            },
        );
        let partitions = partitions.collect();
        topics.push((name, partitions));
    }
    topics
}

fn all(offsets: &Offsets, stable: bool) -> Vec<FoundTopic> {
    let topic = |(name, partitions): (&crate::groups::Id, _)| {
        let found = |(index, offset)| {
            if stable && offsets.is_unstable(name, index) {
                Found::unstable(index)
            } else {
                Found::new(index, Some(offset))
            }
        };
        let partitions: Vec<_> = Iterator::map(partitions, found).collect();
        (TopicName(text(name)), partitions)
    };
    offsets.all().map(topic).collect()
}

fn single(version: i16, (name, partitions): FoundTopic) -> OffsetFetchResponseTopic {
    let partitions = partitions.into_iter().map(|found| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(found.partition)
            .with_committed_offset(found.offset)
            .with_committed_leader_epoch(if version < EPOCH { NO_EPOCH } else { found.leader_epoch })
            .with_metadata(Some(found.metadata))
            .with_error_code(found.error)
    });
    OffsetFetchResponseTopic::default().with_name(name).with_partitions(partitions.collect())
}

fn of_group(group: GroupId, topics: Vec<FoundTopic>) -> OffsetFetchResponseGroup {
    let topics = topics.into_iter().map(|(name, partitions)| {
        let partitions = partitions.into_iter().map(|found| {
            OffsetFetchResponsePartitions::default()
                .with_partition_index(found.partition)
                .with_committed_offset(found.offset)
                .with_committed_leader_epoch(found.leader_epoch)
                .with_metadata(Some(found.metadata))
                .with_error_code(found.error)
        });
        OffsetFetchResponseTopics::default().with_name(name).with_partitions(partitions.collect())
    });
    OffsetFetchResponseGroup::default().with_group_id(group).with_topics(topics.collect())
}
