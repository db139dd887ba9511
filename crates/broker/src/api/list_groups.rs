//! `ListGroups`, key 16, versions 0 to 5, by states from version 4 on and by types from version 5 on.
//!
//! Every group is of the classic type.

use super::{Api, text};
use crate::{
    call::Call,
    close::Close,
    groups::{Listed, State},
};
use kafka_protocol::{
    messages::{ApiKey, GroupId, ListGroupsRequest, ListGroupsResponse, list_groups_response::ListedGroup},
    protocol::StrBytes,
};

const TYPE: &str = "classic";
/// About what a group takes in the answer, beside its names.
const LISTED_BYTES: usize = 256;
/// From here on answers have states.
const STATES: i16 = 4;
/// From here on answers have types.
const TYPES: i16 = 5;

pub(crate) struct ListGroups;

impl Api for ListGroups {
    const KEY: ApiKey = ApiKey::ListGroups;
    const MIN: i16 = 0;
    const MAX: i16 = 5;
    type Request = ListGroupsRequest;
    type Response = ListGroupsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let passes = |filter: &[StrBytes], word: &str| {
            filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(word))
        };
        // A filter may be long: it is looked through once, not for every group.
        let of_type = passes(&request.types_filter, TYPE);
        let states = State::ALL.map(|state| of_type && passes(&request.states_filter, state.name()));
        let groups = call.node.groups.with(|groups, _| groups.list());
        let cost = |group: &Listed| {
            LISTED_BYTES + 2 * (group.id.len() + group.protocol_type.as_ref().map_or(0, |kind| kind.len()))
        };
        call.spending.add(groups.iter().map(cost).sum())?;
        let wanted = groups.into_iter().filter(|group| {
            State::ALL.iter().zip(states).any(|(state, passes)| passes && *state == group.state)
        });
        let listed = wanted.map(|group| {
            let state = if call.version >= STATES { group.state.name() } else { "" };
            let kind = if call.version >= TYPES { TYPE } else { "" };
            ListedGroup::default()
                .with_group_id(GroupId(text(&group.id)))
                .with_protocol_type(group.protocol_type.as_deref().map(text).unwrap_or_default())
                .with_group_state(text(state))
                .with_group_type(text(kind))
        });
        Ok(Some(ListGroupsResponse::default().with_groups(listed.collect())))
    }
}
