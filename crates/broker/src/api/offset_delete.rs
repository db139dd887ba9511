//! `OffsetDelete`, key 47, version 0.

use super::{Api, code};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, OffsetDeleteRequest, OffsetDeleteResponse,
        offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
    },
};

pub(crate) struct OffsetDelete;

impl Api for OffsetDelete {
    const KEY: ApiKey = ApiKey::OffsetDelete;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = OffsetDeleteRequest;
    type Response = OffsetDeleteResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let asked: Vec<(&str, i32)> = request
            .topics
            .iter()
            .flat_map(|t| t.partitions.iter().map(|p| (t.name.as_str(), p.partition_index)))
            .collect();
        let deleted = call.node.groups.delete_offsets(&request.group_id, &asked);
        let results = match deleted {
            Ok(results) => results,
            Err(error) => return Ok(Some(OffsetDeleteResponse::default().with_error_code(error.code()))),
        };
        let mut results = results.iter();
        let topics = request.topics.iter().map(|topic| {
            let known = call.node.topics.named(&topic.name);
            let partitions = topic.partitions.iter().zip(&mut results).map(|(partition, result)| {
                let index = partition.partition_index;
                let exists = known.as_ref().is_some_and(|t| t.partition(index).is_some());
                let unknown = ResponseError::UnknownTopicOrPartition.code();
                OffsetDeleteResponsePartition::default()
                    .with_partition_index(index)
                    .with_error_code(if exists { code(result) } else { unknown })
            });
            OffsetDeleteResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        Ok(Some(OffsetDeleteResponse::default().with_topics(topics.collect())))
    }
}
