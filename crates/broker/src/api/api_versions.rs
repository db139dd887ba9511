//! `ApiVersions`, key 18, versions 0 to 4.
//!
//! A newer version is answered in version 0 with `UNSUPPORTED_VERSION` and the versions of this API, as KIP-511
//! has it. Differs from Kafka: no features are listed, so clients take none for granted.
//!
//! As Kafka does, it lists produce requests from version 0 on and closes the connection on one before 3: librdkafka
//! before 2.11 compresses with gzip, snappy and lz4 only where it finds version 0, and otherwise does not compress, in
//! silence.

use super::Api;
use crate::{call::Call, close::Close, served::Served};
use bytes::Bytes;
use kadence_wire::frame::encode_response;
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, api_versions_response::ApiVersion},
};

pub(crate) struct ApiVersions;

impl Api for ApiVersions {
    const KEY: ApiKey = ApiKey::ApiVersions;
    const MIN: i16 = 0;
    const MAX: i16 = 4;
    type Request = ApiVersionsRequest;
    type Response = ApiVersionsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let named = is_software_name(&request.client_software_name)
            && is_software_name(&request.client_software_version);
        if call.version >= 3 && !named {
            return Ok(Some(empty(ResponseError::InvalidRequest.code())));
        }
        Ok(Some(empty(0).with_api_keys(all(&call.node.served).collect())))
    }
}

/// The answer to a version that is not served.
pub(crate) fn downgrade(served: &Served, correlation_id: i32) -> Result<Bytes, Close> {
    let own = all(served).filter(|v| v.api_key == ApiKey::ApiVersions as i16).collect();
    let response = empty(ResponseError::UnsupportedVersion.code()).with_api_keys(own);
    Ok(encode_response(ApiKey::ApiVersions, 0, correlation_id, &response)?)
}

fn empty(error: i16) -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_error_code(error).with_finalized_features_epoch(-1)
}

fn all(served: &Served) -> impl Iterator<Item = ApiVersion> {
    served.apis().map(|(key, versions)| {
        let min = if key == ApiKey::Produce { 0 } else { *versions.start() };
        ApiVersion::default().with_api_key(key as i16).with_min_version(min).with_max_version(*versions.end())
    })
}

/// Kafka's rule for the name and version a client gives of itself.
fn is_software_name(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(name.chars().next())
        && edge(name.chars().next_back())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}
