//! `DescribeConfigs`, key 32, versions 1 to 4, of topics, of the broker, of groups and of clients' metrics.
//!
//! Differs from Kafka: all settings of the broker are read-only, as they are set when it starts; those that it does not
//! act on have Kafka's defaults, but for `log.dirs`, which is the broker's directory. So have those of groups and of
//! clients' metrics, which cannot be set.

use super::{Api, text};
use crate::{
    call::Call,
    close::Close,
    config::{KNOWN, Kind, Known},
    options::{Options, PASSWORD, PROPERTIES, Property, PropertyKind, inert},
    response_error::Refusal,
    topics::Topic,
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
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;
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
    /// As `DescribeConfigs` numbers it.
    kind: i8,
    read_only: bool,
    values: Vec<(&'static str, Option<String>, i8)>,
    doc: &'static str,
}

/// Settings of groups that Kafka's later protocols have, which are not served: name, type, default.
const OF_GROUPS: [(&str, Kind, &str); 17] = [
    ("consumer.assignment.interval.ms", Kind::Int, "1000"),
    ("consumer.heartbeat.interval.ms", Kind::Int, "5000"),
    ("consumer.session.timeout.ms", Kind::Int, "45000"),
    ("share.assignment.interval.ms", Kind::Int, "1000"),
    ("share.auto.offset.reset", Kind::Text, "latest"),
    ("share.delivery.count.limit", Kind::Int, "5"),
    ("share.heartbeat.interval.ms", Kind::Int, "5000"),
    ("share.isolation.level", Kind::Text, "read_uncommitted"),
    ("share.partition.max.record.locks", Kind::Int, "2000"),
    ("share.record.lock.duration.ms", Kind::Int, "30000"),
    ("share.renew.acknowledge.enable", Kind::Bool, "true"),
    ("share.session.timeout.ms", Kind::Int, "45000"),
    ("streams.assignment.interval.ms", Kind::Int, "1000"),
    ("streams.heartbeat.interval.ms", Kind::Int, "5000"),
    ("streams.initial.rebalance.delay.ms", Kind::Int, "3000"),
    ("streams.num.standby.replicas", Kind::Int, "0"),
    ("streams.session.timeout.ms", Kind::Int, "45000"),
];
/// Settings of subscriptions to clients' metrics.
const OF_METRICS: [(&str, Kind, &str); 3] =
    [("interval.ms", Kind::Int, "300000"), ("match", Kind::List, ""), ("metrics", Kind::List, "")];

fn describe(
    call: &Call,
    resource: &DescribeConfigsResource,
    more: &More,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let options = &call.node.options;
    let settings: Vec<Setting> = match resource.resource_type {
        TOPIC => {
            let topic = call.node.topics.named(&resource.resource_name).ok_or_else(|| {
                let error = ResponseError::UnknownTopicOrPartition;
                Refusal::new(error, format!("Topic '{}' does not exist.", &*resource.resource_name))
            })?;
            KNOWN.iter().map(|known| topic_setting(&topic, known, options)).collect()
        }
        BROKER => {
            let name = resource.resource_name.as_str();
            let id = options.node_id;
            if !name.is_empty() && name.parse() != Ok(id) {
                let message =
                    format!("Unexpected broker id, expected {id} or empty string, but received {name}");
                return Err(Refusal::new(ResponseError::InvalidRequest, message));
            }
            broker_settings(options)
        }
        GROUP | CLIENT_METRICS if resource.resource_name.is_empty() => {
            let what = if resource.resource_type == GROUP { "Group" } else { "Client metrics subscription" };
            let message = format!("{what} name must not be empty");
            return Err(Refusal::new(ResponseError::InvalidRequest, message));
        }
        GROUP => OF_GROUPS.iter().map(fixed).collect(),
        CLIENT_METRICS => OF_METRICS.iter().map(fixed).collect(),
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
        values.push((known.name, Some(own.to_owned()), SOURCE_TOPIC));
    }
    let (default, factory) = (known.default_of(&options.topic_defaults), known.factory_value());
    let name = known.server.unwrap_or(known.name);
    if default != factory {
        values.push((name, Some(default), SOURCE_SERVER));
    }
    values.push((name, Some(factory.to_owned()), SOURCE_DEFAULT));
    Setting { name: known.name, kind: known.kind as i8, read_only: false, values, doc: known.doc }
}

fn broker_settings(options: &Options) -> Vec<Setting> {
    let factory = Options::default();
    let describe = |property: &Property| {
        let (value, default) = (options.get(property.kind), factory.get(property.kind));
        let mut values = Vec::new();
        if default != value {
            values.push((property.name, Some(value), SOURCE_SERVER));
        }
        values.push((property.name, Some(default), SOURCE_DEFAULT));
        let kind = match property.kind {
            PropertyKind::Bool(_) => Kind::Bool,
            PropertyKind::Number(..) => Kind::Long,
            PropertyKind::Text(..) => Kind::Text,
        };
        Setting { name: property.name, kind: kind as i8, read_only: true, values, doc: property.doc }
    };
    let inert = inert().map(|setting| {
        let default = setting.default.map(str::to_owned);
        let mut values = vec![(setting.name, default, SOURCE_DEFAULT)];
        let mut doc = INERT;
        // It is no property that is set by its name.
        if let Some(dir) = options.data_dir.as_ref().filter(|_| setting.name == LOG_DIRS) {
            values.insert(0, (LOG_DIRS, Some(dir.display().to_string()), SOURCE_SERVER));
            doc = "The directory that keeps records, topics, offsets and transactions.";
        }
        Setting { name: setting.name, kind: setting.kind, read_only: true, values, doc }
    });
    PROPERTIES.iter().map(describe).chain(inert).collect()
}

/// The setting that says where a Kafka keeps its logs, which here is the broker's directory.
const LOG_DIRS: &str = "log.dirs";

/// What is said of a setting that nothing here acts on.
const INERT: &str = "Kafka's; this broker does not act on it.";

fn fixed((name, kind, value): &(&'static str, Kind, &'static str)) -> Setting {
    let values = vec![(*name, Some((*value).to_owned()), SOURCE_DEFAULT)];
    Setting { name, kind: *kind as i8, read_only: true, values, doc: INERT }
}

fn answer(setting: Setting, more: &More) -> DescribeConfigsResourceResult {
    let Setting { name, kind, read_only, values, doc } = setting;
    let (value, source) =
        values.first().map_or((None, SOURCE_DEFAULT), |(_, v, s)| (v.as_deref().map(text), *s));
    let synonyms = values.into_iter().filter(|_| more.synonyms).map(|(name, value, source)| {
        DescribeConfigsSynonym::default()
            .with_name(text(name))
            .with_value(value.as_deref().map(text))
            .with_source(source)
    });
    DescribeConfigsResourceResult::default()
        .with_name(text(name))
        .with_value(value)
        .with_read_only(read_only)
        .with_config_source(source)
        .with_is_sensitive(kind == PASSWORD)
        .with_config_type(kind)
        .with_synonyms(synonyms.collect())
        .with_documentation(more.docs.then(|| text(doc)))
}
