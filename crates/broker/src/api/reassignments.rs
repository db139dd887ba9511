//! `AlterPartitionReassignments` and `ListPartitionReassignments`, keys 45 and 46: every partition is on the only node,
//! and stays there. To assign it to that node is done at once; none is ever under way.

use super::{Api, text};
use crate::{call::Call, close::Close, response_error::Refusal, topics::Topic};
use kafka_protocol::{
    ResponseError,
    messages::{
        AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ApiKey, BrokerId,
        ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
        alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic},
        alter_partition_reassignments_response::{ReassignablePartitionResponse, ReassignableTopicResponse},
    },
};
use std::collections::HashSet;

pub(crate) struct AlterPartitionReassignments;
pub(crate) struct ListPartitionReassignments;

impl Api for AlterPartitionReassignments {
    const KEY: ApiKey = ApiKey::AlterPartitionReassignments;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = AlterPartitionReassignmentsRequest;
    type Response = AlterPartitionReassignmentsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let responses = request.topics.into_iter().map(|topic| reassign(call, topic)).collect();
        Ok(Some(
            AlterPartitionReassignmentsResponse::default()
                .with_allow_replication_factor_change(request.allow_replication_factor_change)
                .with_responses(responses),
        ))
    }
}

impl Api for ListPartitionReassignments {
    const KEY: ApiKey = ApiKey::ListPartitionReassignments;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = ListPartitionReassignmentsRequest;
    type Response = ListPartitionReassignmentsResponse;

    fn answer(_: &Call, _: Self::Request) -> Result<Option<Self::Response>, Close> {
        Ok(Some(ListPartitionReassignmentsResponse::default()))
    }
}

fn reassign(call: &Call, asked: ReassignableTopic) -> ReassignableTopicResponse {
    let topic = call.node.topics.named(&asked.name);
    let partitions = asked.partitions.iter().map(|partition| {
        let refused = check(call, &asked.name, topic.as_deref(), partition).err();
        ReassignablePartitionResponse::default()
            .with_partition_index(partition.partition_index)
            .with_error_code(refused.as_ref().map_or(0, |refusal| refusal.error.code()))
            .with_error_message(refused.map(|refusal| text(&refusal.message)))
    });
    let partitions = partitions.collect();
    ReassignableTopicResponse::default().with_name(asked.name).with_partitions(partitions)
}

fn check(
    call: &Call,
    name: &str,
    topic: Option<&Topic>,
    asked: &ReassignablePartition,
) -> Result<(), Refusal> {
    let index = asked.partition_index;
    let unknown = |message| Err(Refusal::new(ResponseError::UnknownTopicOrPartition, message));
    match topic {
        None => return unknown(format!("Unable to find a topic named {name}.")),
        Some(topic) if topic.partition(index).is_none() => {
            return unknown(format!("Unable to find partition {name}:{index}."));
        }
        Some(_) => {}
    }
    let Some(replicas) = &asked.replicas else {
        let error = ResponseError::NoReassignmentInProgress;
        return Err(Refusal::new(error, error.to_string()));
    };
    let invalid = |what: String| {
        let message = format!("The manual partition assignment includes {what}.");
        Err(Refusal::new(ResponseError::InvalidReplicaAssignment, message))
    };
    let mut seen = HashSet::new();
    for &BrokerId(replica) in replicas {
        if !seen.insert(replica) {
            return invalid(format!("the broker {replica} more than once"));
        }
        if replica != call.node_id().0 {
            return invalid(format!("broker {replica}, but no such broker is registered"));
        }
    }
    if replicas.is_empty() { invalid("an empty replica list".to_owned()) } else { Ok(()) }
}
