//! `AddPartitionsToTxn`, key 24, versions 0 to 5; from version 4 on of several transactions, or only to ask whether
//! partitions are part of one.
//!
//! All partitions are added or none: where one is unknown, the others are not attempted. Differs from Kafka: anybody
//! may use the versions from 4 on, which Kafka keeps for brokers.

use super::{Api, fenced};
use crate::{
    call::Call,
    close::Close,
    partition::Partition,
    transactions::{Place, Writer},
};
use kafka_protocol::{
    ResponseError,
    messages::{
        AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, ApiKey,
        add_partitions_to_txn_request::AddPartitionsToTxnTopic,
        add_partitions_to_txn_response::{
            AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
        },
    },
};
use std::sync::Arc;

/// From here on clients know what it is to be fenced.
const FENCED: i16 = 2;
/// From here on several transactions are named at once.
const BATCH: i16 = 4;

pub(crate) struct AddPartitionsToTxn;

impl Api for AddPartitionsToTxn {
    const KEY: ApiKey = ApiKey::AddPartitionsToTxn;
    const MIN: i16 = 0;
    const MAX: i16 = 5;
    type Request = AddPartitionsToTxnRequest;
    type Response = AddPartitionsToTxnResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = AddPartitionsToTxnResponse::default();
        if call.version < BATCH {
            let who = Writer {
                id: &request.v3_and_below_transactional_id,
                producer_id: request.v3_and_below_producer_id.0,
                epoch: request.v3_and_below_producer_epoch,
            };
            let results = add(call, &who, &request.v3_and_below_topics, false);
            return Ok(Some(response.with_results_by_topic_v3_and_below(results)));
        }
        let results = request.transactions.iter().map(|transaction| {
            let who = Writer {
                id: &transaction.transactional_id,
                producer_id: transaction.producer_id.0,
                epoch: transaction.producer_epoch,
            };
            AddPartitionsToTxnResult::default()
                .with_transactional_id(transaction.transactional_id.clone())
                .with_topic_results(add(call, &who, &transaction.topics, transaction.verify_only))
        });
        Ok(Some(response.with_results_by_transaction(results.collect())))
    }
}

type Found = Option<(Place, Arc<Partition>)>;

fn add(
    call: &Call,
    who: &Writer<'_>,
    topics: &[AddPartitionsToTxnTopic],
    verify_only: bool,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let transactions = &call.node.transactions;
    let mut found: Vec<Found> = Vec::new();
    for topic in topics {
        let known = call.node.topics.named(&topic.name);
        found.extend(topic.partitions.iter().map(|&index| {
            let topic = known.as_ref()?;
            Some(((topic.id, index), Arc::clone(topic.partition(index)?)))
        }));
    }
    let all: Option<Vec<(Place, Arc<Partition>)>> = found.iter().cloned().collect();
    let added = match all {
        Some(all) if !verify_only => transactions.add(who, &all),
        Some(_) => Ok(()),
        None => Err(ResponseError::OperationNotAttempted),
    };
    let mut results = found.iter().map(|found| match found {
        None => Err(ResponseError::UnknownTopicOrPartition),
        Some((place, _)) if verify_only => transactions.verify(who, *place),
        Some(_) => added,
    });
    let answer = |topic: &AddPartitionsToTxnTopic| {
        let partitions = topic.partitions.iter().zip(&mut results).map(|(&index, result)| {
            let code = result.err().map_or(0, |error| fenced(error, call.version, FENCED).code());
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(index)
                .with_partition_error_code(code)
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(partitions.collect())
    };
    topics.iter().map(answer).collect()
}
