//! `CreatePartitions`, key 37, versions 0 to 3.
//!
//! Differs from Kafka: a topic or broker has a limit of partitions.

use super::{Api, outcome};
use crate::{call::Call, close::Close, response_error::Refusal};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, CreatePartitionsRequest, CreatePartitionsResponse,
        create_partitions_request::CreatePartitionsTopic,
        create_partitions_response::CreatePartitionsTopicResult,
    },
};
use std::collections::HashMap;

pub(crate) struct CreatePartitions;

impl Api for CreatePartitions {
    const KEY: ApiKey = ApiKey::CreatePartitions;
    const MIN: i16 = 0;
    const MAX: i16 = 3;
    type Request = CreatePartitionsRequest;
    type Response = CreatePartitionsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let mut times = HashMap::new();
        for topic in &request.topics {
            *times.entry(topic.name.clone()).or_insert(0) += 1;
        }
        let results = request.topics.iter().filter_map(|topic| {
            let grown = match times.insert(topic.name.clone(), 0) {
                Some(1) => grow(call, topic, request.validate_only),
                // Told once, not for every repetition.
                Some(0) | None => return None,
                Some(_) => Err(Refusal::new(ResponseError::InvalidRequest, "Duplicate topic in request.")),
            };
            let (code, message) = outcome(&grown);
            let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
            Some(result.with_error_code(code).with_error_message(message))
        });
        Ok(Some(CreatePartitionsResponse::default().with_results(results.collect())))
    }
}

fn grow(call: &Call, wanted: &CreatePartitionsTopic, dry: bool) -> Result<(), Refusal> {
    let assigned = wanted.assignments.as_deref();
    if assigned.unwrap_or_default().iter().any(|a| a.broker_ids != [call.node_id()]) {
        let node = call.node_id().0;
        let message = format!("Replica assignments name broker {node} only, as it is the only one.");
        return Err(Refusal::new(ResponseError::InvalidReplicaAssignment, message));
    }
    call.node.topics.grow(&wanted.name, wanted.count, assigned.map(<[_]>::len), dry)
}
