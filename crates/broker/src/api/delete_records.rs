//! `DeleteRecords`, key 21, versions 0 to 2.
//!
//! The records before an offset are gone for every reader; their space is free with the whole segment.

use super::Api;
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DeleteRecordsRequest, DeleteRecordsResponse, TopicName,
        delete_records_request::DeleteRecordsPartition,
        delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
    },
};

/// All records there are.
const ALL: i64 = -1;

pub(crate) struct DeleteRecords;

impl Api for DeleteRecords {
    const KEY: ApiKey = ApiKey::DeleteRecords;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = DeleteRecordsRequest;
    type Response = DeleteRecordsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let topics = request.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|wanted| answer(call, &topic.name, wanted));
            let partitions = partitions.collect();
            DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions)
        });
        Ok(Some(DeleteRecordsResponse::default().with_topics(topics.collect())))
    }
}

fn answer(call: &Call, topic: &TopicName, wanted: &DeleteRecordsPartition) -> DeleteRecordsPartitionResult {
    let answer = DeleteRecordsPartitionResult::default().with_partition_index(wanted.partition_index);
    match delete(call, topic, wanted) {
        Ok(low_watermark) => answer.with_low_watermark(low_watermark),
        Err(error) => answer.with_low_watermark(-1).with_error_code(error.code()),
    }
}

/// The first offset that is left.
fn delete(call: &Call, topic: &TopicName, wanted: &DeleteRecordsPartition) -> Result<i64, ResponseError> {
    let topic = call.node.topics.named(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let partition = topic.partition(wanted.partition_index).ok_or(ResponseError::UnknownTopicOrPartition)?;
    if topic.settings.cleanup_policy == "compact" {
        return Err(ResponseError::PolicyViolation);
    }
    let before = (wanted.offset != ALL).then_some(wanted.offset);
    partition
        .delete_before(before, |offset| call.node.topics.note_start(&topic, wanted.partition_index, offset))
}
