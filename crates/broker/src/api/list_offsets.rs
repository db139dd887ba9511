//! `ListOffsets`, key 2, versions 1 to 10.
//!
//! Earliest, latest, by timestamp and the greatest timestamp. Differs from Kafka: there is no tiered storage, so
//! the earliest local offset is the earliest, and nothing is in a tier.

use super::{Api, LEADER_EPOCH, check_leader_epoch};
use crate::{dispatch::Close, log::Stored, shared::Call};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ListOffsetsRequest, ListOffsetsResponse, TopicName,
        list_offsets_request::ListOffsetsPartition,
        list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
    },
};
use std::collections::HashSet;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const GREATEST_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const NONE: (i64, i64) = (-1, -1);

pub(crate) struct ListOffsets;

impl Api for ListOffsets {
    const KEY: ApiKey = ApiKey::ListOffsets;
    const MIN: i16 = 1;
    const MAX: i16 = 10;
    type Request = ListOffsetsRequest;
    type Response = ListOffsetsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        // A partition is looked up once: to look into a batch is the dearest thing a request can ask for.
        let mut seen = HashSet::new();
        let topics = request.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|wanted| {
                let once = seen.insert((topic.name.clone(), wanted.partition_index));
                let found = if once { find(call, &topic.name, wanted) } else { Err(ResponseError::InvalidRequest) };
                answer(wanted.partition_index, found)
            });
            let partitions = partitions.collect();
            ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions)
        });
        Ok(Some(ListOffsetsResponse::default().with_topics(topics.collect())))
    }
}

fn answer(index: i32, found: Result<(i64, i64), ResponseError>) -> ListOffsetsPartitionResponse {
    let response = ListOffsetsPartitionResponse::default().with_partition_index(index);
    match found {
        Ok((offset, timestamp)) => {
            let epoch = if offset < 0 { -1 } else { LEADER_EPOCH };
            response.with_offset(offset).with_timestamp(timestamp).with_leader_epoch(epoch)
        }
        Err(error) => {
            response.with_error_code(error.code()).with_offset(-1).with_timestamp(-1).with_leader_epoch(-1)
        }
    }
}

/// Offset and timestamp; -1 for what there is not.
fn find(call: &Call, name: &TopicName, wanted: &ListOffsetsPartition) -> Result<(i64, i64), ResponseError> {
    let topic = call.shared.topics.named(name).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let partition = topic.partition(wanted.partition_index).ok_or(ResponseError::UnknownTopicOrPartition)?;
    check_leader_epoch(wanted.current_leader_epoch)?;
    let (batch, timestamp) = {
        let state = partition.lock();
        match wanted.timestamp {
            LATEST => return Ok((state.log.end(), -1)),
            EARLIEST | EARLIEST_LOCAL => return Ok((state.log.start(), -1)),
            GREATEST_TIMESTAMP => {
                let batch = state.log.latest();
                let timestamp = batch.as_ref().map_or(-1, |b| b.max_timestamp);
                (batch, timestamp)
            }
            LATEST_TIERED => return Ok(NONE),
            timestamp if timestamp >= 0 => (state.log.first_at(timestamp), timestamp),
            _ => return Err(ResponseError::InvalidRequest),
        }
    };
    // The partition is free again while the batch is looked into.
    Ok(batch.map_or(NONE, |batch| within(&batch, timestamp)))
}

/// The first record of `batch` at or after `timestamp`.
fn within(batch: &Stored, _timestamp: i64) -> (i64, i64) {
    (batch.base_offset, batch.max_timestamp)
}
