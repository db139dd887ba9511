//! `JoinGroup`, key 11, versions 0 to 9.
//!
//! The answer comes when the next generation begins, and holds nothing of the request while it waits. Differs from
//! Kafka: a static member that comes back with other topics starts a rebalance; a member whose connection is gone
//! while it waits has its session timeout to come back, or is gone if it was not told its id yet; what members may
//! say has a limit (`POLICY_VIOLATION`).

use super::text;
use crate::{
    answer::{Waiting, decode, encode},
    call::Call,
    close::Close,
    groups::{Join, JoinRefused, Joined},
};
use bytes::Bytes;
use kafka_protocol::{
    messages::{ApiKey, JoinGroupRequest, JoinGroupResponse, join_group_response::JoinGroupResponseMember},
    protocol::StrBytes,
};
use std::time::Duration;
use uuid::Uuid;

pub(crate) const VERSIONS: (i16, i16) = (0, 9);
/// From here on a rebalance has a timeout of its own.
const REBALANCE_TIMEOUT: i16 = 1;
/// From here on a client comes back with the id it is given.
const ASKS_FOR_ID: i16 = 4;
/// From here on an answer may be without a protocol.
const NO_PROTOCOL: i16 = 7;
/// From here on a leader may be told not to assign.
const SKIP_ASSIGNMENT: i16 = 9;

/// About what a member takes in the leader's answer, beside its metadata.
const OTHER_BYTES: usize = 512;

pub(crate) fn answer(call: &Call, body: Bytes) -> Result<Waiting, Close> {
    let request: JoinGroupRequest = decode(ApiKey::JoinGroup, call.version, body)?;
    let protocols: Vec<(&str, &[u8])> =
        request.protocols.iter().map(|p| (p.name.as_str(), p.metadata.as_ref())).collect();
    let session_timeout = millis(request.session_timeout_ms).unwrap_or_default();
    let rebalance_timeout =
        millis(request.rebalance_timeout_ms).filter(|_| call.version >= REBALANCE_TIMEOUT);
    let join = Join {
        member: &request.member_id,
        instance: request.group_instance_id.as_deref(),
        session_timeout,
        rebalance_timeout: rebalance_timeout.unwrap_or(session_timeout),
        protocol_type: &request.protocol_type,
        protocols: &protocols,
        client_id: &call.client_id(),
        host: call.came.peer.ip(),
        unique: Uuid::new_v4(),
        asks_for_id: call.version >= ASKS_FOR_ID,
        can_skip_assignment: call.version >= SKIP_ASSIGNMENT,
    };
    let waiting = call.node.groups.join(&request.group_id, &join);
    let (version, correlation_id, spending) = (call.version, call.correlation_id, call.spending.clone());
    Ok(Box::pin(async move {
        let response = match waiting.answer().await.ok_or(Close::Stopped)? {
            Ok(joined) => {
                spending.add(joined.members.iter().map(|m| OTHER_BYTES + m.metadata.len()).sum())?;
                joined_response(version, joined)
            }
            Err(refused) => refused_response(version, &refused),
        };
        encode(ApiKey::JoinGroup, version, correlation_id, &spending, &response)
    }))
}

/// A time a client says; none if it is negative.
fn millis(ms: i32) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}

fn joined_response(version: i16, joined: Joined) -> JoinGroupResponse {
    let members = joined.members.into_iter().map(|member| {
        JoinGroupResponseMember::default()
            .with_member_id(text(&member.id))
            .with_group_instance_id(member.instance.as_deref().map(text))
            .with_metadata(member.metadata)
    });
    JoinGroupResponse::default()
        .with_generation_id(joined.generation)
        .with_protocol_type(joined.protocol_type.as_deref().filter(|_| version >= NO_PROTOCOL).map(text))
        .with_protocol_name(Some(joined.protocol.as_deref().map(text).unwrap_or_default()))
        .with_leader(text(&joined.leader))
        .with_skip_assignment(joined.skip_assignment)
        .with_member_id(text(&joined.member))
        .with_members(members.map(|m| if version < 5 { m.with_group_instance_id(None) } else { m }).collect())
}

fn refused_response(version: i16, refused: &JoinRefused) -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_error_code(refused.error.code())
        .with_generation_id(-1)
        .with_protocol_name((version < NO_PROTOCOL).then(StrBytes::default))
        .with_member_id(text(&refused.member))
}
