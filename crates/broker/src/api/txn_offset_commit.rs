//! `TxnOffsetCommit`, key 28, versions 0 to 4.
//!
//! Offsets wait in their group for the end of the transaction, which the group has to be part of. Version 5 belongs
//! to transactions of version 2, which are not served. Differs from Kafka: an offset that is committed in another way
//! meanwhile gives way to the transaction's.

use super::{Api, abortable, code};
use crate::{
    call::Call,
    close::Close,
    groups::{Commit, Committer},
    transactions::Writer,
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
        txn_offset_commit_response::{TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic},
    },
};

/// From here on clients know that a transaction may have to be aborted.
const ABORTABLE: i16 = 4;

pub(crate) struct TxnOffsetCommit;

impl Api for TxnOffsetCommit {
    const KEY: ApiKey = ApiKey::TxnOffsetCommit;
    const MIN: i16 = 0;
    const MAX: i16 = 4;
    type Request = TxnOffsetCommitRequest;
    type Response = TxnOffsetCommitResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let who = Writer {
            id: &request.transactional_id,
            producer_id: request.producer_id.0,
            epoch: request.producer_epoch,
        };
        let member = Committer {
            member: &request.member_id,
            instance: request.group_instance_id.as_deref(),
            generation: request.generation_id,
        };
        let commits: Vec<Commit<'_>> = request
            .topics
            .iter()
            .flat_map(|topic| {
                topic.partitions.iter().map(|partition| Commit {
                    topic: &topic.name,
                    partition: partition.partition_index,
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.committed_metadata.as_deref().unwrap_or_default(),
                })
            })
            .collect();
        let node = &call.node;
        let results = node.transactions.commit_offsets(&who, (&request.group_id, &member), &commits);
        let mut codes = results.into_iter().map(|result| code(&result.map_err(|e| known(e, call.version))));
        let answers = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().zip(&mut codes).map(|(partition, code)| {
                TxnOffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
            });
            TxnOffsetCommitResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        Ok(Some(TxnOffsetCommitResponse::default().with_topics(answers.collect())))
    }
}

/// The group's coordinator says it otherwise where the producer is not the current one.
fn known(error: ResponseError, version: i16) -> ResponseError {
    match error {
        ResponseError::ProducerFenced => ResponseError::InvalidProducerEpoch,
        error => abortable(error, version, ABORTABLE),
    }
}
