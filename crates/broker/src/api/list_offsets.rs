//! `ListOffsets`, key 2, versions 1 to 10.
//!
//! Earliest, latest, by timestamp and the greatest timestamp; for who reads only what is committed, all up to the
//! last stable offset. Differs from Kafka: there is no tiered storage, so
//! the earliest local offset is the earliest, and nothing is in a tier; a batch that does not unpack is taken from
//! its start.

use super::{Api, LEADER_EPOCH, READ_COMMITTED, check_leader_epoch};
use crate::{call::Call, close::Close, log::Stored};
use kadence_wire::records;
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
/// The most one request may have unpacked.
const UNPACK_BYTES: u64 = 256 * 1024 * 1024;
const NONE: (i64, i64) = (-1, -1);
/// From here on answers have a leader epoch.
const EPOCH: i16 = 4;

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
        let mut budget = UNPACK_BYTES;
        let committed = request.isolation_level == READ_COMMITTED;
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for wanted in &topic.partitions {
                let once = seen.insert((topic.name.clone(), wanted.partition_index));
                let found = if once {
                    find(call, &topic.name, (wanted, committed), &mut budget)
                } else {
                    Err(ResponseError::InvalidRequest)
                };
                partitions.push(answer(call.version, wanted.partition_index, found));
            }
            topics
                .push(ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions));
        }
        Ok(Some(ListOffsetsResponse::default().with_topics(topics)))
    }
}

fn answer(
    version: i16,
    index: i32,
    found: Result<(i64, i64), ResponseError>,
) -> ListOffsetsPartitionResponse {
    let response = ListOffsetsPartitionResponse::default().with_partition_index(index);
    match found {
        Ok((offset, timestamp)) => {
            let epoch = if offset < 0 || version < EPOCH { -1 } else { LEADER_EPOCH };
            response.with_offset(offset).with_timestamp(timestamp).with_leader_epoch(epoch)
        }
        Err(error) => {
            response.with_error_code(error.code()).with_offset(-1).with_timestamp(-1).with_leader_epoch(-1)
        }
    }
}

/// Offset and timestamp; -1 for what there is not.
fn find(
    call: &Call,
    name: &TopicName,
    (wanted, committed): (&ListOffsetsPartition, bool),
    budget: &mut u64,
) -> Result<(i64, i64), ResponseError> {
    let topic = call.node.topics.named(name).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let partition = topic.partition(wanted.partition_index).ok_or(ResponseError::UnknownTopicOrPartition)?;
    check_leader_epoch(wanted.current_leader_epoch)?;
    let (batch, start, before) = loop {
        let state = partition.lock();
        let before = if committed { state.last_stable() } else { state.log.end() };
        let lookup = match wanted.timestamp {
            LATEST => return Ok((before, -1)),
            EARLIEST | EARLIEST_LOCAL => return Ok((state.log.start(), -1)),
            GREATEST_TIMESTAMP => state.log.latest(),
            LATEST_TIERED => return Ok(NONE),
            timestamp if timestamp >= 0 => state.log.first_at(timestamp),
            _ => return Err(ResponseError::InvalidRequest),
        };
        let (start, generation) = (state.log.start(), state.log.generation());
        // The partition is free again while the batch is looked for and into.
        drop(state);
        let found = call.node.faults.told(lookup.load()).map_err(|_| ResponseError::KafkaStorageError)?;
        // A part of the log may have been compacted meanwhile; then it is looked for once more.
        if partition.lock().log.generation() == generation {
            break (found, start, before);
        }
    };
    let Some(batch) = batch else { return Ok(NONE) };
    let timestamp = if wanted.timestamp >= 0 { wanted.timestamp } else { batch.max_timestamp };
    let (offset, timestamp) = within(&batch, timestamp, budget);
    // Records of a batch may be deleted when the batch is not.
    let offset = offset.max(start);
    Ok(if offset < before { (offset, timestamp) } else { NONE })
}

/// The first record of `batch` at or after `timestamp`. A batch that cannot be looked into is given from its
/// start: a consumer then reads some records too many, and none too few.
fn within(batch: &Stored, timestamp: i64, budget: &mut u64) -> (i64, i64) {
    match records::first_at(&batch.bytes, timestamp, budget) {
        Ok(Some(found)) => (batch.base_offset + i64::from(found.offset_delta), found.timestamp),
        Ok(None) | Err(_) => (batch.base_offset, batch.max_timestamp),
    }
}
