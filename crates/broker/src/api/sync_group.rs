//! `SyncGroup`, key 14, versions 0 to 5.
//!
//! The answer comes when the leader has assigned.

use super::text;
use crate::{
    answer::{Waiting, decode, encode},
    call::Call,
    close::Close,
    groups::Sync,
};
use bytes::Bytes;
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, SyncGroupRequest, SyncGroupResponse},
};
use std::future::ready;

pub(crate) const VERSIONS: (i16, i16) = (0, 5);
/// From here on the protocol is named, in requests as well.
const PROTOCOL: i16 = 5;

pub(crate) fn answer(call: &Call, body: Bytes) -> Result<Waiting, Close> {
    let request: SyncGroupRequest = decode(ApiKey::SyncGroup, call.version, body)?;
    let (version, correlation_id, spending) = (call.version, call.correlation_id, call.spending.clone());
    if version >= PROTOCOL && (request.protocol_type.is_none() || request.protocol_name.is_none()) {
        let error = ResponseError::InconsistentGroupProtocol;
        let response = SyncGroupResponse::default().with_error_code(error.code());
        let answer = encode(ApiKey::SyncGroup, version, correlation_id, &spending, &response);
        return Ok(Box::pin(ready(answer)));
    }
    let assignments =
        request.assignments.iter().map(|a| (a.member_id.as_str(), a.assignment.as_ref())).collect();
    let sync = Sync {
        member: &request.member_id,
        instance: request.group_instance_id.as_deref(),
        generation: request.generation_id,
        protocol_type: request.protocol_type.as_deref(),
        protocol: request.protocol_name.as_deref(),
        assignments: &assignments,
    };
    let waiting = call.node.groups.sync(&request.group_id, &sync);
    Ok(Box::pin(async move {
        let response = SyncGroupResponse::default();
        let answer = waiting.answer().await.ok_or(Close::Stopped)?;
        spending.add(answer.as_ref().map_or(0, |synced| synced.assignment.len()))?;
        let response = match answer {
            Ok(synced) if version >= PROTOCOL => response
                .with_protocol_type(synced.protocol_type.as_deref().map(text))
                .with_protocol_name(synced.protocol.as_deref().map(text))
                .with_assignment(synced.assignment),
            Ok(synced) => response.with_assignment(synced.assignment),
            Err(error) => response.with_error_code(error.code()),
        };
        encode(ApiKey::SyncGroup, version, correlation_id, &spending, &response)
    }))
}
