//! `Metadata`, key 3, versions 0 to 13.
//!
//! The broker is listed at the address the client reached it at, so each of several listeners leads back to
//! itself. Differs from Kafka: a topic that is created by asking has its leader at once, and authorized operations
//! are never listed.

use super::{Api, CLUSTER_OPERATIONS, LEADER_EPOCH, TOPIC_OPERATIONS, operations, text};
use crate::{call::Call, close::Close, config::TopicConfig, topic_name::check_name, topics::Topic};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, MetadataRequest, MetadataResponse, TopicName,
        metadata_request::MetadataRequestTopic,
        metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
    },
};
use std::{collections::HashSet, sync::Arc};

/// From here on a topic may be asked for by its id, and null names are allowed.
const BY_ID: i16 = 12;

pub(crate) struct Metadata;

impl Api for Metadata {
    const KEY: ApiKey = ApiKey::Metadata;
    const MIN: i16 = 0;
    const MAX: i16 = 13;
    type Request = MetadataRequest;
    type Response = MetadataResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let node = &call.node;
        // Before version 1 an empty list meant all.
        let all = request.topics.as_ref().is_none_or(|t| call.version == 0 && t.is_empty());
        let of_topics = operations(request.include_topic_authorized_operations, TOPIC_OPERATIONS);
        let topics = if all {
            node.topics.all().iter().map(|t| describe(call, t, of_topics)).collect()
        } else {
            // A name is answered once, however often it is asked for.
            let mut seen = HashSet::new();
            let asked = request.topics.unwrap_or_default();
            let create = request.allow_auto_topic_creation;
            asked
                .iter()
                .filter(|t| seen.insert((t.name.clone(), t.topic_id)))
                .map(|t| find(call, t, create, of_topics))
                .collect()
        };
        let of_cluster = operations(request.include_cluster_authorized_operations, CLUSTER_OPERATIONS);
        let (host, port) = call.advertised();
        let broker =
            MetadataResponseBroker::default().with_node_id(call.node_id()).with_host(host).with_port(port);
        Ok(Some(
            MetadataResponse::default()
                .with_brokers(vec![broker])
                .with_cluster_id(Some(text(&node.cluster_id)))
                .with_controller_id(call.node_id())
                .with_cluster_authorized_operations(of_cluster)
                .with_topics(topics),
        ))
    }
}

fn find(call: &Call, asked: &MetadataRequestTopic, create: bool, operations: i32) -> MetadataResponseTopic {
    // An id goes before a name: clients that ask by id send an empty name along.
    let by_id = call.version >= BY_ID && !asked.topic_id.is_nil();
    let found = match &asked.name {
        _ if by_id => call.node.topics.with_id(asked.topic_id).ok_or(ResponseError::UnknownTopicId),
        Some(name) => named(call, name, create),
        None => Err(ResponseError::InvalidRequest),
    };
    match found {
        Ok(topic) => describe(call, &topic, operations),
        Err(error) => {
            let name = asked.name.clone().or_else(|| (call.version < BY_ID).then(TopicName::default));
            MetadataResponseTopic::default()
                .with_error_code(error.code())
                .with_name(name)
                .with_topic_id(asked.topic_id)
                .with_topic_authorized_operations(operations)
        }
    }
}

fn named(call: &Call, name: &str, create: bool) -> Result<Arc<Topic>, ResponseError> {
    let node = &call.node;
    if let Some(topic) = node.topics.named(name) {
        return Ok(topic);
    }
    check_name(name).map_err(|refusal| refusal.error)?;
    // Before version 4 a client could not say that it does not want the topic.
    if !(node.options.auto_create_topics && (create || call.version < 4)) {
        return Err(ResponseError::UnknownTopicOrPartition);
    }
    let partitions = node.options.default_partitions;
    match node.topics.create(name, partitions, TopicConfig::default(), false) {
        Ok(topic) => Ok(topic),
        // Another client was faster.
        Err(refusal) if refusal.error == ResponseError::TopicAlreadyExists => {
            node.topics.named(name).ok_or(ResponseError::UnknownTopicOrPartition)
        }
        Err(refusal) => Err(refusal.error),
    }
}

fn describe(call: &Call, topic: &Topic, operations: i32) -> MetadataResponseTopic {
    let node = || vec![call.node_id()];
    let partitions = (0..topic.partitions.len()).map(|index| {
        MetadataResponsePartition::default()
            .with_partition_index(index as i32)
            .with_leader_id(call.node_id())
            .with_leader_epoch(LEADER_EPOCH)
            .with_replica_nodes(node())
            .with_isr_nodes(node())
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(topic.name.clone())))
        .with_topic_id(topic.id)
        .with_topic_authorized_operations(operations)
        .with_partitions(partitions.collect())
}
