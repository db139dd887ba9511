//! `DescribeConfigs`, key 32, versions 1 to 4, of topics and of the broker.
//!
//! Differs from Kafka: the broker lists the properties it understands, all of them read-only.

use super::{Api, text};
use crate::{
    config::{KNOWN, Kind, Known},
    dispatch::Close,
    options::{Options, PROPERTIES, Property, PropertyKind},
    shared::{Call, NODE_ID},
    topics::{Refusal, Topic},
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DescribeConfigsRequest, DescribeConfigsResponse,
        describe_configs_request::DescribeConfigsResource,
        describe_configs_response::{
            DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
        },
    },
};
use std::collections::HashSet;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const SOURCE_TOPIC: i8 = 1;
const SOURCE_SERVER: i8 = 4;
const SOURCE_DEFAULT: i8 = 5;

pub(crate) struct DescribeConfigs;

impl Api for DescribeConfigs {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
    const MIN: i16 = 1;
    const MAX: i16 = 4;
    type Request = DescribeConfigsRequest;
    type Response = DescribeConfigsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let more = More { synonyms: request.include_synonyms, docs: request.include_documentation };
        // A resource is answered once, however often it is asked for.
        let mut seen = HashSet::new();
        let results =
            request.resources.iter().filter(|r| seen.insert((r.resource_type, r.resource_name.clone()))).map(
                |resource| {
                    let result = DescribeConfigsResult::default()
                        .with_resource_type(resource.resource_type)
                        .with_resource_name(resource.resource_name.clone());
                    match describe(call, resource, &more) {
                        Ok(configs) => result.with_configs(configs),
                        Err(refusal) => result
                            .with_error_code(refusal.error.code())
                            .with_error_message(Some(text(&refusal.message))),
                    }
                },
            );
        Ok(Some(DescribeConfigsResponse::default().with_results(results.collect())))
    }
}

/// What else was asked for.
struct More {
    synonyms: bool,
    docs: bool,
}

/// One setting, with where each of its values comes from; the first is the one in force.
struct Setting {
    name: &'static str,
    kind: Kind,
    read_only: bool,
    values: Vec<(&'static str, String, i8)>,
    doc: &'static str,
}

fn describe(
    call: &Call,
    resource: &DescribeConfigsResource,
    more: &More,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let options = &call.shared.options;
    let settings: Vec<Setting> = match resource.resource_type {
        TOPIC => {
            let topic = call.shared.topics.named(&resource.resource_name).ok_or_else(|| {
                let error = ResponseError::UnknownTopicOrPartition;
                Refusal::new(error, format!("Topic '{}' does not exist.", &*resource.resource_name))
            })?;
            KNOWN.iter().map(|known| topic_setting(&topic, known, options)).collect()
        }
        BROKER => {
            let name = resource.resource_name.as_str();
            if !name.is_empty() && name.parse() != Ok(NODE_ID) {
                let message =
                    format!("Unexpected broker id, expected {NODE_ID} or empty string, but received {name}");
                return Err(Refusal::new(ResponseError::InvalidRequest, message));
            }
            broker_settings(options)
        }
        other => {
            let message = format!("Unsupported resource type: {other}");
            return Err(Refusal::new(ResponseError::InvalidRequest, message));
        }
    };
    // Null asks for all; so does an empty list of older clients.
    let keys: HashSet<&str> = resource.configuration_keys.iter().flatten().map(|k| &**k).collect();
    let wanted = settings.into_iter().filter(|s| keys.is_empty() || keys.contains(s.name));
    Ok(wanted.map(|setting| answer(setting, more)).collect())
}

fn topic_setting(topic: &Topic, known: &'static Known, options: &Options) -> Setting {
    let mut values = Vec::new();
    if let Some(own) = topic.config.own(known.name) {
        values.push((known.name, own.to_owned(), SOURCE_TOPIC));
    }
    let (default, factory) = (known.default_of(&options.topic_defaults), known.factory_value());
    let name = known.server.unwrap_or(known.name);
    if default != factory {
        values.push((name, default, SOURCE_SERVER));
    }
    values.push((name, factory.to_owned(), SOURCE_DEFAULT));
    Setting { name: known.name, kind: known.kind, read_only: false, values, doc: known.doc }
}

fn broker_settings(options: &Options) -> Vec<Setting> {
    let factory = Options::default();
    let describe = |property: &Property| {
        let (value, default) = (options.get(property.kind), factory.get(property.kind));
        let mut values = vec![(property.name, default, SOURCE_DEFAULT)];
        if values[0].1 != value {
            values.insert(0, (property.name, value, SOURCE_SERVER));
        }
        let kind = match property.kind {
            PropertyKind::Bool(_) => Kind::Bool,
            PropertyKind::Number(..) => Kind::Long,
            PropertyKind::Text(..) => Kind::Text,
        };
        Setting { name: property.name, kind, read_only: true, values, doc: property.doc }
    };
    PROPERTIES.iter().map(describe).collect()
}

fn answer(setting: Setting, more: &More) -> DescribeConfigsResourceResult {
    let Setting { name, kind, read_only, values, doc } = setting;
    let (value, source) = values.first().map_or((None, SOURCE_DEFAULT), |(_, v, s)| (Some(text(v)), *s));
    let synonyms = values.into_iter().filter(|_| more.synonyms).map(|(name, value, source)| {
        DescribeConfigsSynonym::default()
            .with_name(text(name))
            .with_value(Some(text(&value)))
            .with_source(source)
    });
    DescribeConfigsResourceResult::default()
        .with_name(text(name))
        .with_value(value)
        .with_read_only(read_only)
        .with_config_source(source)
        .with_config_type(kind as i8)
        .with_synonyms(synonyms.collect())
        .with_documentation(more.docs.then(|| text(doc)))
}
