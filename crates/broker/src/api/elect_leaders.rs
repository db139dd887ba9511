//! `ElectLeaders`, key 43, versions 0 to 2: the only node leads everything, so no election is needed.

use super::{Api, text};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ElectLeadersRequest, ElectLeadersResponse, TopicName,
        elect_leaders_request::TopicPartitions,
        elect_leaders_response::{PartitionResult, ReplicaElectionResult},
    },
};

/// Preferred, and unclean.
const ELECTIONS: std::ops::RangeInclusive<i8> = 0..=1;

pub(crate) struct ElectLeaders;

impl Api for ElectLeaders {
    const KEY: ApiKey = ApiKey::ElectLeaders;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = ElectLeadersRequest;
    type Response = ElectLeadersResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let kind = request.election_type;
        let known = ELECTIONS.contains(&kind);
        let results = match request.topic_partitions {
            // Those that need an election: none.
            None => {
                let all = call.node.topics.all().into_iter();
                all.map(|topic| ReplicaElectionResult::default().with_topic(TopicName(topic.name.clone())))
                    .collect()
            }
            Some(asked) => asked.into_iter().map(|topic| elect(call, kind, topic)).collect(),
        };
        let error = if known { 0 } else { ResponseError::InvalidRequest.code() };
        Ok(Some(
            ElectLeadersResponse::default()
                .with_error_code(if call.version == 0 { 0 } else { error })
                .with_replica_election_results(results),
        ))
    }
}

fn elect(call: &Call, kind: i8, asked: TopicPartitions) -> ReplicaElectionResult {
    let topic = call.node.topics.named(&asked.topic);
    let results = asked.partitions.iter().map(|&index| {
        let name = &*asked.topic;
        let (error, message) = match &topic {
            _ if !ELECTIONS.contains(&kind) => {
                (ResponseError::InvalidRequest, format!("Unknown election type {kind}"))
            }
            None => (ResponseError::UnknownTopicOrPartition, format!("No such topic as {}", &**name)),
            Some(topic) if topic.partition(index).is_none() => {
                let message = format!("No such partition as {}-{index}", &**name);
                (ResponseError::UnknownTopicOrPartition, message)
            }
            Some(_) => {
                let message = "Leader election not needed for topic partition.".to_owned();
                (ResponseError::ElectionNotNeeded, message)
            }
        };
        PartitionResult::default()
            .with_partition_id(index)
            .with_error_code(error.code())
            .with_error_message(Some(text(&crate::response_error::Refusal::new(error, message).message)))
    });
    let results = results.collect();
    ReplicaElectionResult::default().with_topic(asked.topic).with_partition_result(results)
}
