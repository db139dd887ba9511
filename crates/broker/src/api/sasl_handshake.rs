//! `SaslHandshake`, key 17, versions 0 and 1: no listener has SASL, as Kafka says of a plain one.

use super::Api;
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, SaslHandshakeRequest, SaslHandshakeResponse},
};

pub(crate) struct SaslHandshake;

impl Api for SaslHandshake {
    const KEY: ApiKey = ApiKey::SaslHandshake;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = SaslHandshakeRequest;
    type Response = SaslHandshakeResponse;

    fn answer(_: &Call, _: Self::Request) -> Result<Option<Self::Response>, Close> {
        Ok(Some(SaslHandshakeResponse::default().with_error_code(ResponseError::IllegalSaslState.code())))
    }
}
