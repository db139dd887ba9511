//! `DescribeTransactions`, key 65, version 0.
//!
//! Differs from Kafka: partitions of topics that are deleted meanwhile are left out, and so are those where the end of
//! the transaction is marked already; when the last transaction began is not known after a restart; an id that is
//! asked for twice is answered once.

use super::{Api, text};
use crate::{call::Call, close::Close, transactions::Place};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DescribeTransactionsRequest, DescribeTransactionsResponse, ProducerId, TopicName,
        TransactionalId,
        describe_transactions_response::{TopicData, TransactionState},
    },
};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// About what a partition takes in the answer.
const PLACE_BYTES: usize = 96;

pub(crate) struct DescribeTransactions;

impl Api for DescribeTransactions {
    const KEY: ApiKey = ApiKey::DescribeTransactions;
    const MIN: i16 = 0;
    const MAX: i16 = 0;
    type Request = DescribeTransactionsRequest;
    type Response = DescribeTransactionsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        // An id is described once: its partitions may be many more than the request has bytes.
        let mut seen = HashSet::new();
        let ids = request.transactional_ids.into_iter().filter(|id| seen.insert(id.clone()));
        let states: Result<Vec<_>, Close> = ids.map(|id| describe(call, id)).collect();
        Ok(Some(DescribeTransactionsResponse::default().with_transaction_states(states?)))
    }
}

fn describe(call: &Call, id: TransactionalId) -> Result<TransactionState, Close> {
    let found = call.node.transactions.describe(&id);
    let answer = TransactionState::default().with_transactional_id(id);
    let Some((found, places)) = found else {
        let error = if answer.transactional_id.is_empty() {
            ResponseError::InvalidRequest
        } else {
            ResponseError::TransactionalIdNotFound
        };
        return Ok(answer.with_error_code(error.code()));
    };
    call.spending.add(places.len() * PLACE_BYTES)?;
    Ok(answer
        .with_transaction_state(text(found.state.name()))
        .with_transaction_timeout_ms(found.producer.timeout_ms)
        .with_transaction_start_time_ms(found.since_ms)
        .with_producer_id(ProducerId(found.producer.id))
        .with_producer_epoch(found.producer.epoch)
        .with_topics(topics(call, &places)))
}

fn topics(call: &Call, places: &[Place]) -> Vec<TopicData> {
    let mut by_topic: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
    for &(topic, index) in places {
        by_topic.entry(topic).or_default().push(index);
    }
    let topic = |(id, partitions)| {
        let topic = call.node.topics.with_id(id)?;
        let name = TopicName(topic.name.clone());
        Some(TopicData::default().with_topic(name).with_partitions(partitions))
    };
    by_topic.into_iter().filter_map(topic).collect()
}
