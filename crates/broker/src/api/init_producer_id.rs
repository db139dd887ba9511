//! `InitProducerId`, key 22, versions 0 to 5.
//!
//! Gives an idempotent producer its id, and one with a transactional id its epoch as well, which fences the one before.
//! Differs from Kafka: an open transaction of the one before is aborted at once, where Kafka has the client ask again
//! meanwhile; who says what it had is fenced also while its transaction is open, if it is not the current one; an idle
//! transactional id is forgotten when others need its room, not after a time.

use super::{Api, fenced};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, InitProducerIdRequest, InitProducerIdResponse, ProducerId},
};

/// From here on clients know what it is to be fenced.
const FENCED: i16 = 4;
const NONE: (i64, i16) = (-1, -1);

pub(crate) struct InitProducerId;

impl Api for InitProducerId {
    const KEY: ApiKey = ApiKey::InitProducerId;
    const MIN: i16 = 0;
    const MAX: i16 = 5;
    type Request = InitProducerIdRequest;
    type Response = InitProducerIdResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = InitProducerIdResponse::default();
        Ok(Some(match init(call, &request) {
            Ok((id, epoch)) => response.with_producer_id(ProducerId(id)).with_producer_epoch(epoch),
            Err(error) => response
                .with_error_code(fenced(error, call.version, FENCED).code())
                .with_producer_id(ProducerId(NONE.0))
                .with_producer_epoch(NONE.1),
        }))
    }
}

fn init(call: &Call, request: &InitProducerIdRequest) -> Result<(i64, i16), ResponseError> {
    let had = match (request.producer_id.0, request.producer_epoch) {
        NONE => None,
        (id, epoch) if id == NONE.0 || epoch == NONE.1 => return Err(ResponseError::InvalidRequest),
        had => Some(had),
    };
    let node = &call.node;
    let Some(id) = &request.transactional_id else {
        return Ok((node.producer_ids.take()?, 0));
    };
    if id.is_empty() {
        return Err(ResponseError::InvalidRequest);
    }
    let timeout_ms = request.transaction_timeout_ms;
    let most = node.options.max_transaction_timeout.as_millis();
    if !u128::try_from(timeout_ms).is_ok_and(|timeout| (1..=most).contains(&timeout)) {
        return Err(ResponseError::InvalidTransactionTimeout);
    }
    let producer = node.transactions.init(id, timeout_ms, had)?;
    Ok((producer.id, producer.epoch))
}
