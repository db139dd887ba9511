//! `DeleteTopics`, key 20, versions 1 to 6, by name and, from version 6, by id.
//!
//! Differs from Kafka: a topic is gone when the answer comes.

use super::{Api, text};
use crate::{call::Call, close::Close, response_error::Refusal, topics::Topic};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, TopicName,
        delete_topics_request::DeleteTopicState, delete_topics_response::DeletableTopicResult,
    },
};
use std::{collections::HashSet, sync::Arc};

pub(crate) struct DeleteTopics;

impl Api for DeleteTopics {
    const KEY: ApiKey = ApiKey::DeleteTopics;
    const MIN: i16 = 1;
    const MAX: i16 = 6;
    type Request = DeleteTopicsRequest;
    type Response = DeleteTopicsResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let named = |name| DeleteTopicState::default().with_name(Some(name));
        let asked = request.topic_names.into_iter().map(named).chain(request.topics);
        let responses = asked.map(|topic| delete(call, topic)).collect();
        Ok(Some(DeleteTopicsResponse::default().with_responses(responses)))
    }
}

fn delete(call: &Call, asked: DeleteTopicState) -> DeletableTopicResult {
    let topics = &call.node.topics;
    let found = match &asked.name {
        Some(name) if asked.topic_id.is_nil() => {
            topics.named(name).ok_or_else(|| refusal(ResponseError::UnknownTopicOrPartition))
        }
        Some(_) => Err(refusal(ResponseError::InvalidRequest)),
        None => topics.with_id(asked.topic_id).ok_or_else(|| refusal(ResponseError::UnknownTopicId)),
    };
    let result = found.and_then(|topic| {
        if !call.node.options.delete_topics {
            return Err(refusal(ResponseError::TopicDeletionDisabled));
        }
        take_away(call, &topic.name)
    });
    let answer = DeletableTopicResult::default();
    match result {
        Ok(topic) => {
            topics.remove_logs(&topic);
            answer.with_name(Some(TopicName(topic.name.clone()))).with_topic_id(topic.id)
        }
        Err(refusal) => answer
            .with_name(asked.name)
            .with_topic_id(asked.topic_id)
            .with_error_code(refusal.error.code())
            .with_error_message(Some(text(&refusal.message))),
    }
}

/// Takes a topic away, and with it what groups have of it. In one step, so that nobody commits to it in between, nor
/// to a new one of its name before the old offsets are gone.
fn take_away(call: &Call, name: &str) -> Result<Arc<Topic>, Refusal> {
    call.node.groups.with(|groups, _| {
        let topic = call.node.topics.delete(name)?;
        groups.forget_topics(&HashSet::from([topic.name.as_str()]));
        Ok(topic)
    })
}

fn refusal(error: ResponseError) -> Refusal {
    Refusal::new(error, error.to_string())
}
