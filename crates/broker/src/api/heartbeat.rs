//! `Heartbeat`, key 12, versions 0 to 4.

use super::{Api, code};
use crate::{call::Call, close::Close, groups::Committer};
use kafka_protocol::messages::{ApiKey, HeartbeatRequest, HeartbeatResponse};

pub(crate) struct Heartbeat;

impl Api for Heartbeat {
    const KEY: ApiKey = ApiKey::Heartbeat;
    const MIN: i16 = 0;
    const MAX: i16 = 4;
    type Request = HeartbeatRequest;
    type Response = HeartbeatResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let who = Committer {
            member: &request.member_id,
            instance: request.group_instance_id.as_deref(),
            generation: request.generation_id,
        };
        let result = call.node.groups.with(|groups, now| groups.heartbeat(now, &request.group_id, &who));
        Ok(Some(HeartbeatResponse::default().with_error_code(code(&result))))
    }
}
