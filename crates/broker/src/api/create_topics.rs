//! `CreateTopics`, key 19, versions 2 to 7.
//!
//! Differs from Kafka: the replication factor is 1 (or -1, the default), and a topic or broker has a limit of
//! partitions.

use super::{Api, outcome, text};
use crate::{
    call::Call,
    close::Close,
    config::{KNOWN, Known, TopicConfig},
    response_error::Refusal,
    topics::Topic,
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, CreateTopicsRequest, CreateTopicsResponse,
        create_topics_request::CreatableTopic,
        create_topics_response::{CreatableTopicConfigs, CreatableTopicResult},
    },
};
use std::{collections::HashMap, sync::Arc};

/// The broker's default for partitions or replicas.
const DEFAULT: i32 = -1;
const SOURCE_TOPIC: i8 = 1;
const SOURCE_DEFAULT: i8 = 5;

pub(crate) struct CreateTopics;

impl Api for CreateTopics {
    const KEY: ApiKey = ApiKey::CreateTopics;
    const MIN: i16 = 2;
    const MAX: i16 = 7;
    type Request = CreateTopicsRequest;
    type Response = CreateTopicsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let mut times = HashMap::new();
        for topic in &request.topics {
            *times.entry(topic.name.clone()).or_insert(0) += 1;
        }
        let results = request.topics.iter().filter_map(|topic| match times.insert(topic.name.clone(), 0) {
            Some(1) => Some(result(topic, call, &create(call, topic, request.validate_only))),
            // Told once, not for every repetition.
            Some(0) | None => None,
            Some(_) => {
                let error = ResponseError::InvalidRequest;
                Some(result(topic, call, &Err(Refusal::new(error, "Duplicate topic in request."))))
            }
        });
        Ok(Some(CreateTopicsResponse::default().with_topics(results.collect())))
    }
}

fn create(call: &Call, wanted: &CreatableTopic, dry: bool) -> Result<(Arc<Topic>, i32), Refusal> {
    let partitions = partitions(call, wanted)?;
    let mut config = TopicConfig::default();
    for setting in &wanted.configs {
        let set = config.set(&setting.name, setting.value.as_deref());
        set.map_err(|message| Refusal::new(ResponseError::InvalidConfig, message))?;
    }
    let topic = call.node.topics.create(&wanted.name, partitions, config, dry)?;
    Ok((topic, partitions))
}

fn partitions(call: &Call, wanted: &CreatableTopic) -> Result<i32, Refusal> {
    if !matches!(wanted.replication_factor, 1 | -1) {
        let message = format!(
            "Replication factor is {}; this broker is a single node and keeps one copy.",
            wanted.replication_factor
        );
        return Err(Refusal::new(ResponseError::InvalidReplicationFactor, message));
    }
    if wanted.assignments.is_empty() {
        return Ok(match wanted.num_partitions {
            DEFAULT => call.node.options.default_partitions,
            number => number,
        });
    }
    if wanted.num_partitions != DEFAULT {
        let message = "Both the number of partitions and replica assignments are set.";
        return Err(Refusal::new(ResponseError::InvalidRequest, message));
    }
    let mut indexes: Vec<i32> = wanted.assignments.iter().map(|a| a.partition_index).collect();
    indexes.sort_unstable();
    let consecutive = indexes.iter().zip(0..).all(|(index, expected)| *index == expected);
    let here = wanted.assignments.iter().all(|a| a.broker_ids == [call.node_id()]);
    if consecutive && here {
        return Ok(indexes.len() as i32);
    }
    let node = call.node_id().0;
    let message = format!("Replica assignments name partitions from 0 on, each on broker {node} only.");
    Err(Refusal::new(ResponseError::InvalidReplicaAssignment, message))
}

fn result(
    wanted: &CreatableTopic,
    call: &Call,
    created: &Result<(Arc<Topic>, i32), Refusal>,
) -> CreatableTopicResult {
    let (code, message) = outcome(created);
    let result = CreatableTopicResult::default()
        .with_name(wanted.name.clone())
        .with_error_code(code)
        .with_error_message(message);
    match created {
        Ok((topic, partitions)) => result
            .with_topic_id(topic.id)
            .with_num_partitions(*partitions)
            .with_replication_factor(1)
            .with_configs(Some(configs(call, topic))),
        Err(_) => result.with_num_partitions(-1).with_replication_factor(-1).with_configs(None),
    }
}

fn configs(call: &Call, topic: &Topic) -> Vec<CreatableTopicConfigs> {
    let describe = |known: &Known| {
        let own = topic.config.own(known.name);
        let value =
            own.map_or_else(|| known.default_of(&call.node.options.topic_defaults), ToOwned::to_owned);
        CreatableTopicConfigs::default()
            .with_name(text(known.name))
            .with_value(Some(text(&value)))
            .with_config_source(if own.is_some() { SOURCE_TOPIC } else { SOURCE_DEFAULT })
    };
    KNOWN.iter().map(describe).collect()
}
