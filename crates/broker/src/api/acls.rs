//! `DescribeAcls`, `CreateAcls` and `DeleteAcls`, keys 29 to 31, versions 1 to 3: there is no authorizer, and each is
//! answered as by a Kafka without one.

use super::{Api, text};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse,
        DescribeAclsRequest, DescribeAclsResponse, create_acls_response::AclCreationResult,
        delete_acls_response::DeleteAclsFilterResult,
    },
};

const DISABLED: ResponseError = ResponseError::SecurityDisabled;
const MESSAGE: &str = "No Authorizer is configured.";

pub(crate) struct DescribeAcls;
pub(crate) struct CreateAcls;
pub(crate) struct DeleteAcls;

impl Api for DescribeAcls {
    const KEY: ApiKey = ApiKey::DescribeAcls;
    const MIN: i16 = 1;
    const MAX: i16 = 3;
    type Request = DescribeAclsRequest;
    type Response = DescribeAclsResponse;

    fn answer(_: &Call, _: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = DescribeAclsResponse::default().with_error_code(DISABLED.code());
        Ok(Some(response.with_error_message(Some(text("No Authorizer is configured on the broker")))))
    }
}

impl Api for CreateAcls {
    const KEY: ApiKey = ApiKey::CreateAcls;
    const MIN: i16 = 1;
    const MAX: i16 = 3;
    type Request = CreateAclsRequest;
    type Response = CreateAclsResponse;

    fn answer(_: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let refused = AclCreationResult::default()
            .with_error_code(DISABLED.code())
            .with_error_message(Some(text(MESSAGE)));
        Ok(Some(CreateAclsResponse::default().with_results(vec![refused; request.creations.len()])))
    }
}

impl Api for DeleteAcls {
    const KEY: ApiKey = ApiKey::DeleteAcls;
    const MIN: i16 = 1;
    const MAX: i16 = 3;
    type Request = DeleteAclsRequest;
    type Response = DeleteAclsResponse;

    fn answer(_: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let refused = DeleteAclsFilterResult::default()
            .with_error_code(DISABLED.code())
            .with_error_message(Some(text(MESSAGE)));
        Ok(Some(DeleteAclsResponse::default().with_filter_results(vec![refused; request.filters.len()])))
    }
}
