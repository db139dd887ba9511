//! `ListTransactions`, key 66, versions 0 to 1, by states and producer ids, and from version 1 on by duration.
//!
//! Version 2 has patterns in a dialect of regular expressions of its own, and is not served.

use super::{Api, text};
use crate::{
    call::Call,
    close::Close,
    transactions::{Listed, State},
};
use kafka_protocol::messages::{
    ApiKey, ListTransactionsRequest, ListTransactionsResponse, ProducerId, TransactionalId,
    list_transactions_response::TransactionState,
};
use std::collections::HashSet;

/// About what a transaction takes in the answer, beside its id.
const LISTED_BYTES: usize = 128;
/// States of Kafka's that no transaction is in here.
const NEVER: [&str; 2] = ["Dead", "PrepareEpochFence"];

pub(crate) struct ListTransactions;

impl Api for ListTransactions {
    const KEY: ApiKey = ApiKey::ListTransactions;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = ListTransactionsRequest;
    type Response = ListTransactionsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        // A filter may be long: it is looked through once, not for every transaction.
        let is_known = |name: &str| NEVER.contains(&name) || State::ALL.iter().any(|s| s.name() == name);
        let (known, unknown): (Vec<_>, Vec<_>) =
            request.state_filters.into_iter().partition(|name| is_known(name));
        let states: Vec<State> = State::ALL
            .into_iter()
            .filter(|state| known.is_empty() || known.iter().any(|name| **name == *state.name()))
            .collect();
        let producers: HashSet<i64> = request.producer_id_filters.iter().map(|id| id.0).collect();
        let (now, least) = (call.node.clock.now_ms(), request.duration_filter);
        let mut listed = call.node.transactions.list();
        listed.retain(|transaction| {
            states.contains(&transaction.state)
                && (producers.is_empty() || producers.contains(&transaction.producer.id))
                && (least < 0 || now.saturating_sub(transaction.since_ms) > least)
        });
        call.spending.add(listed.iter().map(|l| LISTED_BYTES + 2 * l.id.len()).sum())?;
        let states = listed.iter().map(|Listed { id, state, producer, .. }| {
            TransactionState::default()
                .with_transactional_id(TransactionalId(text(id)))
                .with_producer_id(ProducerId(producer.id))
                .with_transaction_state(text(state.name()))
        });
        let response = ListTransactionsResponse::default().with_unknown_state_filters(unknown);
        Ok(Some(response.with_transaction_states(states.collect())))
    }
}
