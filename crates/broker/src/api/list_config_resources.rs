//! `ListConfigResources`, key 74, versions 0 and 1: topics and the broker.
//!
//! Version 0 asks for subscriptions to clients' metrics, of which there are none. Differs from Kafka: loggers are not
//! listed, as their levels are not set by clients.

use super::{Api, text};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ListConfigResourcesRequest, ListConfigResourcesResponse,
        list_config_resources_response::ConfigResource,
    },
};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
/// All types there are: topics, brokers, loggers, metrics of clients, groups.
const TYPES: [i8; 5] = [TOPIC, BROKER, 8, 16, 32];

pub(crate) struct ListConfigResources;

impl Api for ListConfigResources {
    const KEY: ApiKey = ApiKey::ListConfigResources;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = ListConfigResourcesRequest;
    type Response = ListConfigResourcesResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let response = ListConfigResourcesResponse::default();
        if call.version == 0 {
            return Ok(Some(response));
        }
        let asked = &request.resource_types;
        if asked.iter().any(|kind| !TYPES.contains(kind)) {
            return Ok(Some(response.with_error_code(ResponseError::UnsupportedVersion.code())));
        }
        let wants = |kind| asked.is_empty() || asked.contains(&kind);
        let resource = |kind, name: &str| {
            ConfigResource::default().with_resource_type(kind).with_resource_name(text(name))
        };
        let mut resources = Vec::new();
        if wants(BROKER) {
            resources.push(resource(BROKER, &call.node_id().0.to_string()));
        }
        if wants(TOPIC) {
            resources.extend(call.node.topics.all().iter().map(|topic| resource(TOPIC, &topic.name)));
        }
        Ok(Some(response.with_config_resources(resources)))
    }
}
