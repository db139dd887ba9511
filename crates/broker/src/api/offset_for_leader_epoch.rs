//! `OffsetForLeaderEpoch`, key 23, versions 2 to 4.
//!
//! There is one leader epoch, which ends where the log ends.

use super::{Api, LEADER_EPOCH, check_leader_epoch};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, TopicName,
        offset_for_leader_epoch_request::OffsetForLeaderPartition,
        offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult},
    },
};

/// No epoch and no offset.
const NONE: (i32, i64) = (-1, -1);

pub(crate) struct OffsetForLeaderEpoch;

impl Api for OffsetForLeaderEpoch {
    const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;
    const MIN: i16 = 2;
    const MAX: i16 = 4;
    type Request = OffsetForLeaderEpochRequest;
    type Response = OffsetForLeaderEpochResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let topics = request.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|wanted| {
                let found = find(call, &topic.topic, wanted);
                let (epoch, end) = *found.as_ref().unwrap_or(&NONE);
                EpochEndOffset::default()
                    .with_partition(wanted.partition)
                    .with_error_code(super::code(&found))
                    .with_leader_epoch(epoch)
                    .with_end_offset(end)
            });
            let partitions = partitions.collect();
            OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
        });
        Ok(Some(OffsetForLeaderEpochResponse::default().with_topics(topics.collect())))
    }
}

/// The greatest epoch up to the one asked for, and where it ends.
fn find(
    call: &Call,
    name: &TopicName,
    wanted: &OffsetForLeaderPartition,
) -> Result<(i32, i64), ResponseError> {
    let topic = call.node.topics.named(name).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let partition = topic.partition(wanted.partition).ok_or(ResponseError::UnknownTopicOrPartition)?;
    check_leader_epoch(wanted.current_leader_epoch)?;
    if wanted.leader_epoch != LEADER_EPOCH {
        return Ok(NONE);
    }
    let end = partition.lock().log.end();
    Ok((LEADER_EPOCH, end))
}
