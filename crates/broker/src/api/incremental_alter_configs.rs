//! `IncrementalAlterConfigs`, key 44, versions 0 and 1: sets, deletes, or changes lists, for topics.
//!
//! Differs from Kafka: the broker's own properties are set when it starts and not changed afterwards; unknown names
//! are refused in deletions as well.

use super::{
    Api,
    alter_configs::{change_topic, refuse_null, repeated},
    outcome,
};
use crate::{
    call::Call,
    close::Close,
    config::{ListChange, TopicConfig},
    response_error::Refusal,
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
        incremental_alter_configs_response::AlterConfigsResourceResponse,
    },
};

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(crate) struct IncrementalAlterConfigs;

impl Api for IncrementalAlterConfigs {
    const KEY: ApiKey = ApiKey::IncrementalAlterConfigs;
    const MIN: i16 = 0;
    const MAX: i16 = 1;
    type Request = IncrementalAlterConfigsRequest;
    type Response = IncrementalAlterConfigsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let target =
            |resource: &AlterConfigsResource| (resource.resource_type, resource.resource_name.clone());
        let repeated = repeated(request.resources.iter().map(target));
        let responses = request.resources.iter().map(|resource| {
            let once = !repeated.contains(&target(resource));
            let (code, message) = outcome(&alter(call, resource, once, request.validate_only));
            AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(code)
                .with_error_message(message)
        });
        Ok(Some(IncrementalAlterConfigsResponse::default().with_responses(responses.collect())))
    }
}

fn alter(call: &Call, resource: &AlterConfigsResource, once: bool, dry: bool) -> Result<(), Refusal> {
    let names = resource.configs.iter().map(|c| c.name.as_str());
    let target = (resource.resource_type, resource.resource_name.as_str());
    change_topic(call, target, names, once, dry, |config| {
        resource.configs.iter().try_for_each(|setting| apply(call, config, setting))
    })
}

fn apply(call: &Call, config: &mut TopicConfig, setting: &AlterableConfig) -> Result<(), Refusal> {
    let (name, value) = (setting.name.as_str(), setting.value.as_deref());
    let defaults = &call.node.options.topic_defaults;
    if setting.config_operation != DELETE {
        refuse_null(name, value)?;
    }
    let applied = match setting.config_operation {
        SET => config.set(name, value),
        DELETE => config.unset(name),
        APPEND => config.change_list(name, value, ListChange::Append, defaults),
        SUBTRACT => config.change_list(name, value, ListChange::Subtract, defaults),
        other => {
            let message = format!("Unknown operation {other} for {name}");
            return Err(Refusal::new(ResponseError::InvalidRequest, message));
        }
    };
    applied.map_err(|message| Refusal::new(ResponseError::InvalidConfig, message))
}
