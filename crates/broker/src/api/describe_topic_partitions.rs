//! `DescribeTopicPartitions`, key 75, version 0: topics in order of their names, page by page.

use super::{Api, LEADER_EPOCH, NO_OPERATIONS, TOPIC_OPERATIONS};
use crate::{call::Call, close::Close, topic_name::check_name, topics::Topic};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, TopicName,
        describe_topic_partitions_response::{
            Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
        },
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// Partitions in one answer, whatever is asked for; Kafka's `max.request.partition.size.limit`.
const MAX_PARTITIONS: usize = 2000;

pub(crate) struct DescribeTopicPartitions;

impl Api for DescribeTopicPartitions {
    const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = DescribeTopicPartitionsRequest;
    type Response = DescribeTopicPartitionsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let (from, mut skip) = request.cursor.as_ref().map_or(("", 0), |cursor| {
            (cursor.topic_name.as_str(), usize::try_from(cursor.partition_index).unwrap_or(0))
        });
        let mut left =
            usize::try_from(request.response_partition_limit).unwrap_or(0).clamp(1, MAX_PARTITIONS);
        let mut response = DescribeTopicPartitionsResponse::default();
        for (name, topic) in asked(call, &request, from) {
            if *name != *from {
                skip = 0;
            }
            if left == 0 {
                response.next_cursor = Some(Cursor::default().with_topic_name(name).with_partition_index(0));
                break;
            }
            let Some(topic) = topic else {
                response.topics.push(missing(name));
                continue;
            };
            let end = topic.partitions.len().min(skip.saturating_add(left));
            let shown = skip.min(end)..end;
            left -= shown.len();
            response.topics.push(describe(call, &topic, shown));
            if end < topic.partitions.len() {
                let cursor = Cursor::default().with_topic_name(name).with_partition_index(end as i32);
                response.next_cursor = Some(cursor);
                break;
            }
        }
        Ok(Some(response))
    }
}

/// The topics from a name on, in order; all there are if none is named.
fn asked(
    call: &Call,
    request: &DescribeTopicPartitionsRequest,
    from: &str,
) -> Vec<(TopicName, Option<Arc<Topic>>)> {
    if request.topics.is_empty() {
        let all = call.node.topics.all().into_iter();
        return all
            .filter(|topic| *topic.name >= *from)
            .map(|topic| (TopicName(topic.name.clone()), Some(topic)))
            .collect();
    }
    let names: BTreeSet<&str> = request.topics.iter().map(|t| t.name.as_str()).collect();
    let find = |name| call.node.topics.named(name);
    names.range(from..).map(|name| (TopicName(super::text(name)), find(name))).collect()
}

fn missing(name: TopicName) -> DescribeTopicPartitionsResponseTopic {
    let error =
        check_name(&name).err().map_or(ResponseError::UnknownTopicOrPartition, |refusal| refusal.error);
    DescribeTopicPartitionsResponseTopic::default()
        .with_error_code(error.code())
        .with_name(Some(name))
        .with_topic_authorized_operations(NO_OPERATIONS)
}

fn describe(
    call: &Call,
    topic: &Topic,
    shown: std::ops::Range<usize>,
) -> DescribeTopicPartitionsResponseTopic {
    let node = || vec![call.node_id()];
    let partitions = shown.map(|index| {
        DescribeTopicPartitionsResponsePartition::default()
            .with_partition_index(index as i32)
            .with_leader_id(call.node_id())
            .with_leader_epoch(LEADER_EPOCH)
            .with_replica_nodes(node())
            .with_isr_nodes(node())
            .with_eligible_leader_replicas(Some(Vec::new()))
            .with_last_known_elr(Some(Vec::new()))
    });
    DescribeTopicPartitionsResponseTopic::default()
        .with_name(Some(TopicName(topic.name.clone())))
        .with_topic_id(topic.id)
        .with_topic_authorized_operations(TOPIC_OPERATIONS)
        .with_partitions(partitions.collect())
}
