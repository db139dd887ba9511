//! `LeaveGroup`, key 13, versions 0 to 5; from version 3 on several members at once, also by their instance ids.
//!
//! Differs from Kafka: no more members than a group may have are named at once.

use super::{Api, code};
use crate::{call::Call, close::Close, options::MAX_GROUP_SIZE};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, LeaveGroupRequest, LeaveGroupResponse, leave_group_request::MemberIdentity,
        leave_group_response::MemberResponse,
    },
};

/// From here on each member has a result.
const BATCH: i16 = 3;

pub(crate) struct LeaveGroup;

impl Api for LeaveGroup {
    const KEY: ApiKey = ApiKey::LeaveGroup;
    const MIN: i16 = 0;
    const MAX: i16 = 5;
    type Request = LeaveGroupRequest;
    type Response = LeaveGroupResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let mut members = request.members;
        if call.version < BATCH {
            members = vec![MemberIdentity::default().with_member_id(request.member_id)];
        }
        if members.len() > MAX_GROUP_SIZE {
            let error = ResponseError::InvalidRequest;
            return Ok(Some(LeaveGroupResponse::default().with_error_code(error.code())));
        }
        let named: Vec<(&str, Option<&str>)> =
            members.iter().map(|m| (m.member_id.as_str(), m.group_instance_id.as_deref())).collect();
        let response = LeaveGroupResponse::default();
        let results = match call.node.groups.leave(&request.group_id, &named) {
            Ok(results) => results,
            Err(error) => return Ok(Some(response.with_error_code(error.code()))),
        };
        if call.version < BATCH {
            return Ok(Some(response.with_error_code(results.first().map_or(0, code))));
        }
        let answers = members.into_iter().zip(&results).map(|(member, result)| {
            MemberResponse::default()
                .with_member_id(member.member_id)
                .with_group_instance_id(member.group_instance_id)
                .with_error_code(code(result))
        });
        Ok(Some(response.with_members(answers.collect())))
    }
}
