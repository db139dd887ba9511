//! `DescribeGroups`, key 15, versions 0 to 6.
//!
//! A group that is not there is `Dead`, and from version 6 on an error. Differs from Kafka: a group that is asked for
//! twice is answered once.

use super::{Api, GROUP_OPERATIONS, NO_OPERATIONS, operations, text};
use crate::{call::Call, close::Close, groups::Described, response_error::Refusal};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DescribeGroupsRequest, DescribeGroupsResponse, GroupId,
        describe_groups_response::{DescribedGroup, DescribedGroupMember},
    },
};
use std::collections::HashSet;

/// About what a member takes in the answer, beside its metadata and assignment.
const MEMBER_BYTES: usize = 1024;
/// From here on static members are shown as such.
const INSTANCES: i16 = 4;
/// From here on a missing group is an error.
const MISSING_IS_ERROR: i16 = 6;

pub(crate) struct DescribeGroups;

impl Api for DescribeGroups {
    const KEY: ApiKey = ApiKey::DescribeGroups;
    const MIN: i16 = 0;
    const MAX: i16 = 6;
    type Request = DescribeGroupsRequest;
    type Response = DescribeGroupsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let of_group = operations(request.include_authorized_operations, GROUP_OPERATIONS);
        let mut seen = HashSet::new();
        let asked = request.groups.into_iter().filter(|id| seen.insert(id.clone()));
        let groups = asked.map(|id| {
            let found = call.node.groups.with(|groups, _| groups.describe(&id));
            match found {
                Some(found) => {
                    call.spending.add(cost(&found))?;
                    Ok(describe(call.version, id, found).with_authorized_operations(of_group))
                }
                None => Ok(missing(call.version, id, of_group)),
            }
        });
        let groups = groups.collect::<Result<_, Close>>()?;
        Ok(Some(DescribeGroupsResponse::default().with_groups(groups)))
    }
}

/// About what a group takes in the answer.
fn cost(found: &Described) -> usize {
    found.members.iter().map(|m| MEMBER_BYTES + m.metadata.len() + m.assignment.len()).sum()
}

fn missing(version: i16, id: GroupId, operations: i32) -> DescribedGroup {
    let error = ResponseError::GroupIdNotFound;
    let refusal = Refusal::new(error, format!("Group {} not found.", &*id));
    let group = DescribedGroup::default()
        .with_group_id(id)
        .with_group_state(text("Dead"))
        .with_authorized_operations(if version < MISSING_IS_ERROR { operations } else { NO_OPERATIONS });
    if version < MISSING_IS_ERROR {
        return group;
    }
    group.with_error_code(error.code()).with_error_message(Some(text(&refusal.message)))
}

fn describe(version: i16, id: GroupId, found: Described) -> DescribedGroup {
    let members = found.members.into_iter().map(|member| {
        DescribedGroupMember::default()
            .with_member_id(text(&member.id))
            .with_group_instance_id(member.instance.as_deref().filter(|_| version >= INSTANCES).map(text))
            .with_client_id(text(&member.client_id))
            // As Java writes an address without a name.
            .with_client_host(text(&format!("/{}", member.host)))
            .with_member_metadata(member.metadata)
            .with_member_assignment(member.assignment)
    });
    DescribedGroup::default()
        .with_group_id(id)
        .with_group_state(text(found.state.name()))
        .with_protocol_type(found.protocol_type.as_deref().map(text).unwrap_or_default())
        .with_protocol_data(found.protocol.as_deref().map(text).unwrap_or_default())
        .with_members(members.collect())
}
