//! Answers: requests decoded, responses encoded and counted.

use crate::{call::Spending, close::Close};
use bytes::Bytes;
use kadence_wire::frame::encode_response;
use kafka_protocol::{
    messages::ApiKey,
    protocol::{Decodable, Encodable},
};
use std::pin::Pin;

/// A response in pieces; none for a request that wants no answer.
pub(crate) type Answer = Vec<Bytes>;
/// An answer that comes later.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = Result<Answer, Close>> + Send>>;

/// Encodes a response, which is counted until the client has it.
pub(crate) fn encode<R: Encodable>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    spending: &Spending,
    response: &R,
) -> Result<Answer, Close> {
    let encoded = encode_response(key, version, correlation_id, response)?;
    spending.at_least(encoded.len())?;
    Ok(vec![encoded])
}

/// Decodes the body of a request that passed the bounds.
pub(crate) fn decode<R: Decodable>(key: ApiKey, version: i16, mut body: Bytes) -> Result<R, Close> {
    R::decode(&mut body, version).map_err(|e| Close::Decode {
        api_key: key as i16,
        api_version: version,
        what: e.to_string(),
    })
}
