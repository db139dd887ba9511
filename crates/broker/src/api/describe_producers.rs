//! `DescribeProducers`, key 61, version 0.
//!
//! Differs from Kafka: a partition that is asked for twice is refused with `INVALID_REQUEST` the second time.

use super::Api;
use crate::{call::Call, close::Close, producers::Active};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DescribeProducersRequest, DescribeProducersResponse, ProducerId,
        describe_producers_response::{PartitionResponse, ProducerState, TopicResponse},
    },
};
use std::collections::HashSet;

/// About what a producer takes in the answer.
const ACTIVE_BYTES: usize = 160;

pub(crate) struct DescribeProducers;

impl Api for DescribeProducers {
    const KEY: ApiKey = ApiKey::DescribeProducers;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = DescribeProducersRequest;
    type Response = DescribeProducersResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        // A partition is described once: its producers may be many more than the request has bytes.
        let mut seen = HashSet::new();
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in request.topics {
            let known = call.node.topics.named(&topic.name);
            let mut partitions = Vec::with_capacity(topic.partition_indexes.len());
            for index in topic.partition_indexes {
                let answer =
                    PartitionResponse::default().with_partition_index(index).with_error_message(None);
                let partition = known.as_ref().and_then(|topic| topic.partition(index));
                partitions.push(match partition {
                    None => answer.with_error_code(ResponseError::UnknownTopicOrPartition.code()),
                    Some(_) if !seen.insert((topic.name.clone(), index)) => {
                        answer.with_error_code(ResponseError::InvalidRequest.code())
                    }
                    Some(partition) => {
                        let state = partition.lock();
                        call.spending.add(state.producers.len() * ACTIVE_BYTES)?;
                        answer.with_active_producers(state.producers.active().iter().map(active).collect())
                    }
                });
            }
            topics.push(TopicResponse::default().with_name(topic.name).with_partitions(partitions));
        }
        Ok(Some(DescribeProducersResponse::default().with_topics(topics)))
    }
}

fn active(producer: &Active) -> ProducerState {
    ProducerState::default()
        .with_producer_id(ProducerId(producer.id))
        .with_producer_epoch(producer.epoch.into())
        .with_last_sequence(producer.last_sequence)
        .with_last_timestamp(producer.last_timestamp)
        .with_coordinator_epoch(producer.coordinator_epoch)
        .with_current_txn_start_offset(producer.open)
}
