//! `InitProducerId`, key 22, versions 0 to 5.
//!
//! Gives an idempotent producer its id. Differs from Kafka: a transactional id is refused, as there is no
//! coordinator for transactions.

use super::Api;
use crate::{dispatch::Close, shared::Call};
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, InitProducerIdRequest, InitProducerIdResponse, ProducerId},
};

pub(crate) struct InitProducerId;

impl Api for InitProducerId {
    const KEY: ApiKey = ApiKey::InitProducerId;
    const MIN: i16 = 0;
    const MAX: i16 = 5;
    type Request = InitProducerIdRequest;
    type Response = InitProducerIdResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = InitProducerIdResponse::default();
        if request.transactional_id.is_some() {
            let error = ResponseError::UnsupportedVersion.code();
            let response = response.with_error_code(error).with_producer_id(ProducerId(-1));
            return Ok(Some(response.with_producer_epoch(-1)));
        }
        let id = ProducerId(call.shared.new_producer_id());
        Ok(Some(response.with_producer_id(id).with_producer_epoch(0)))
    }
}
