//! `UpdateFeatures`, key 57, versions 0 to 2: there are no features, and a change of one is refused in Kafka's words.

use super::{Api, text};
use crate::{call::Call, close::Close, response_error::Refusal};
use kafka_protocol::{
    ResponseError,
    messages::{ApiKey, UpdateFeaturesRequest, UpdateFeaturesResponse},
};

pub(crate) struct UpdateFeatures;

impl Api for UpdateFeatures {
    const KEY: ApiKey = ApiKey::UpdateFeatures;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = UpdateFeaturesRequest;
    type Response = UpdateFeaturesResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = UpdateFeaturesResponse::default();
        let Some(first) = request.feature_updates.first() else { return Ok(Some(response)) };
        let message = format!(
            "The update failed for all features since the following feature had an error: Invalid update version {} \
             for feature {}. Local controller {} does not support this feature.",
            first.max_version_level,
            first.feature.as_str(),
            call.node_id().0,
        );
        let refusal = Refusal::new(ResponseError::InvalidUpdateVersion, message);
        Ok(Some(
            response.with_error_code(refusal.error.code()).with_error_message(Some(text(&refusal.message))),
        ))
    }
}
