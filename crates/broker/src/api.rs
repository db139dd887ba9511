//! The APIs: a file for each, or for the few that ask for and change the same thing.

mod acls;
mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod alter_configs;
pub(crate) mod api_versions;
mod create_partitions;
mod create_topics;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
pub(crate) mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod describe_transactions;
mod elect_leaders;
mod end_txn;
pub(crate) mod fetch;
mod find_coordinator;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
pub(crate) mod join_group;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_transactions;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod quotas;
mod reassignments;
mod sasl_handshake;
mod scram;
pub(crate) mod sync_group;
#[cfg(test)]
mod tests;
mod txn_offset_commit;
mod update_features;

pub(crate) use acls::{CreateAcls, DeleteAcls, DescribeAcls};
pub(crate) use add_offsets_to_txn::AddOffsetsToTxn;
pub(crate) use add_partitions_to_txn::AddPartitionsToTxn;
pub(crate) use alter_configs::AlterConfigs;
pub(crate) use api_versions::ApiVersions;
pub(crate) use create_partitions::CreatePartitions;
pub(crate) use create_topics::CreateTopics;
pub(crate) use delete_groups::DeleteGroups;
pub(crate) use delete_records::DeleteRecords;
pub(crate) use delete_topics::DeleteTopics;
pub(crate) use describe_cluster::DescribeCluster;
pub(crate) use describe_configs::DescribeConfigs;
pub(crate) use describe_groups::DescribeGroups;
pub(crate) use describe_producers::DescribeProducers;
pub(crate) use describe_quorum::DescribeQuorum;
pub(crate) use describe_topic_partitions::DescribeTopicPartitions;
pub(crate) use describe_transactions::DescribeTransactions;
pub(crate) use elect_leaders::ElectLeaders;
pub(crate) use end_txn::EndTxn;
pub(crate) use find_coordinator::FindCoordinator;
pub(crate) use heartbeat::Heartbeat;
pub(crate) use incremental_alter_configs::IncrementalAlterConfigs;
pub(crate) use init_producer_id::InitProducerId;
pub(crate) use leave_group::LeaveGroup;
pub(crate) use list_config_resources::ListConfigResources;
pub(crate) use list_groups::ListGroups;
pub(crate) use list_offsets::ListOffsets;
pub(crate) use list_transactions::ListTransactions;
pub(crate) use metadata::Metadata;
pub(crate) use offset_commit::OffsetCommit;
pub(crate) use offset_delete::OffsetDelete;
pub(crate) use offset_fetch::OffsetFetch;
pub(crate) use offset_for_leader_epoch::OffsetForLeaderEpoch;
pub(crate) use produce::Produce;
pub(crate) use quotas::{AlterClientQuotas, DescribeClientQuotas};
pub(crate) use reassignments::{AlterPartitionReassignments, ListPartitionReassignments};
pub(crate) use sasl_handshake::SaslHandshake;
pub(crate) use scram::{AlterUserScramCredentials, DescribeUserScramCredentials};
pub(crate) use txn_offset_commit::TxnOffsetCommit;
pub(crate) use update_features::UpdateFeatures;

use crate::{call::Call, close::Close, response_error::Refusal, topics::Topic};
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, TopicName},
    protocol::{Decodable, Encodable, StrBytes},
};
use std::sync::Arc;
use uuid::Uuid;

/// An API that is answered at once.
pub(crate) trait Api {
    const KEY: ApiKey;
    const MIN: i16;
    const MAX: i16;
    type Request: Decodable;
    type Response: Encodable;

    /// The response, or none where the client wants none.
    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close>;
}

/// The only leader epoch there is.
const LEADER_EPOCH: i32 = 0;

/// What everybody may do, a bit for each operation by Kafka's numbers: all there is for the resource, as with a Kafka
/// without an authorizer.
const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;
const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
const GROUP_OPERATIONS: i32 = 0b1101_0100_1000;
/// No list of operations.
const NO_OPERATIONS: i32 = i32::MIN;

/// The operations of a resource, if they are asked for.
fn operations(asked: bool, all: i32) -> i32 {
    if asked { all } else { NO_OPERATIONS }
}

/// What a fetch or a look-up may see: only what is committed.
const READ_COMMITTED: i8 = 1;

/// An error as a client of `version` knows it: `PRODUCER_FENCED` came with version `since`.
fn fenced(error: ResponseError, version: i16, since: i16) -> ResponseError {
    if error == ResponseError::ProducerFenced && version < since {
        ResponseError::InvalidProducerEpoch
    } else {
        error
    }
}

/// An error as a client of `version` knows it: `TRANSACTION_ABORTABLE` came with version `since`.
fn abortable(error: ResponseError, version: i16, since: i16) -> ResponseError {
    if error == ResponseError::TransactionAbortable && version < since {
        ResponseError::InvalidTxnState
    } else {
        error
    }
}

/// Finds a topic by its id in versions that use ids, by its name in others.
fn find_topic(call: &Call, by_id: bool, name: &TopicName, id: Uuid) -> Result<Arc<Topic>, ResponseError> {
    if by_id {
        call.node.topics.with_id(id).ok_or(ResponseError::UnknownTopicId)
    } else {
        call.node.topics.named(name).ok_or(ResponseError::UnknownTopicOrPartition)
    }
}

/// Checks the leader epoch a client believes in; -1 is no belief.
fn check_leader_epoch(epoch: i32) -> Result<(), ResponseError> {
    if epoch > LEADER_EPOCH { Err(ResponseError::UnknownLeaderEpoch) } else { Ok(()) }
}

/// The code of a result.
fn code<T>(result: &Result<T, ResponseError>) -> i16 {
    result.as_ref().err().map_or(0, ResponseError::code)
}

/// The code and text of a result.
fn outcome<T>(result: &Result<T, Refusal>) -> (i16, Option<StrBytes>) {
    match result {
        Ok(_) => (0, None),
        Err(refusal) => (refusal.error.code(), Some(text(&refusal.message))),
    }
}

fn text(s: &str) -> StrBytes {
    StrBytes::from_string(s.to_owned())
}
