//! `AlterConfigs`, key 33, versions 0 to 2: the settings of a topic become those that are named, all others go back
//! to their defaults.
//!
//! Differs from Kafka: the broker's own properties are set when it starts and not changed afterwards.

use super::{Api, outcome};
use crate::{call::Call, close::Close, config::TopicConfig, response_error::Refusal};
use kafka_protocol::{
    ResponseError,
    messages::{
        AlterConfigsRequest, AlterConfigsResponse, ApiKey, alter_configs_request::AlterConfigsResource,
        alter_configs_response::AlterConfigsResourceResponse,
    },
};
use std::{collections::HashSet, hash::Hash};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

pub(crate) struct AlterConfigs;

impl Api for AlterConfigs {
    const KEY: ApiKey = ApiKey::AlterConfigs;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = AlterConfigsRequest;
    type Response = AlterConfigsResponse;

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
        Ok(Some(AlterConfigsResponse::default().with_responses(responses.collect())))
    }
}

fn alter(call: &Call, resource: &AlterConfigsResource, once: bool, dry: bool) -> Result<(), Refusal> {
    let names = resource.configs.iter().map(|c| c.name.as_str());
    let target = (resource.resource_type, resource.resource_name.as_str());
    change_topic(call, target, names, once, dry, |config| {
        resource
            .configs
            .iter()
            .try_for_each(|setting| refuse_null(&setting.name, setting.value.as_deref()))?;
        let mut fresh = TopicConfig::default();
        for setting in &resource.configs {
            let set = fresh.set(&setting.name, setting.value.as_deref());
            set.map_err(|message| Refusal::new(ResponseError::InvalidConfig, message))?;
        }
        *config = fresh;
        Ok(())
    })
}

/// A value has to be there.
pub(super) fn refuse_null(name: &str, value: Option<&str>) -> Result<(), Refusal> {
    let null =
        || Refusal::new(ResponseError::InvalidRequest, format!("Null value not supported for : {name}"));
    value.map(|_| ()).ok_or_else(null)
}

/// Which of `resources` are named more than once.
pub(super) fn repeated<R: Clone + Eq + Hash>(resources: impl Iterator<Item = R>) -> HashSet<R> {
    let mut seen = HashSet::new();
    resources.filter(|resource| !seen.insert(resource.clone())).collect()
}

/// Checks what a change of settings is for, and has `change` do it.
pub(super) fn change_topic<'a>(
    call: &Call,
    (kind, name): (i8, &str),
    mut settings: impl Iterator<Item = &'a str>,
    once: bool,
    dry: bool,
    change: impl FnOnce(&mut TopicConfig) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new(ResponseError::InvalidRequest, message));
    let mut seen = HashSet::new();
    match kind {
        _ if !once => invalid("Each resource must appear at most once."),
        TOPIC if name.is_empty() => invalid("Default topic resources are not allowed."),
        TOPIC if !settings.all(|setting| seen.insert(setting)) => {
            invalid("Error due to duplicate config keys")
        }
        TOPIC => call.node.topics.configure(name, dry, change),
        BROKER => invalid("The properties of this broker are set when it starts and cannot be changed"),
        other => invalid(&format!("Unsupported resource type: {other}")),
    }
}
