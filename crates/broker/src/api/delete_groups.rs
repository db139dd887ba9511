//! `DeleteGroups`, key 42, versions 0 to 2.

use super::{Api, code};
use crate::{call::Call, close::Close};
use kafka_protocol::messages::{
    ApiKey, DeleteGroupsRequest, DeleteGroupsResponse, delete_groups_response::DeletableGroupResult,
};

pub(crate) struct DeleteGroups;

impl Api for DeleteGroups {
    const KEY: ApiKey = ApiKey::DeleteGroups;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = DeleteGroupsRequest;
    type Response = DeleteGroupsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let results = request.groups_names.into_iter().map(|id| {
            let deleted = call.node.groups.delete(&id);
            DeletableGroupResult::default().with_group_id(id).with_error_code(code(&deleted))
        });
        Ok(Some(DeleteGroupsResponse::default().with_results(results.collect())))
    }
}
