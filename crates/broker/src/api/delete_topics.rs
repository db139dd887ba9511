//! `DeleteTopics`, key 20, versions 1 to 6, by name and, from version 6, by id.
//!
//! Differs from Kafka: a topic is gone when the answer comes.

use super::{Api, text};
use crate::{
    dispatch::Close,
    shared::Call,
    topics::{Refusal, Topic},
};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, TopicName,
        delete_topics_request::DeleteTopicState, delete_topics_response::DeletableTopicResult,
    },
};
use std::sync::Arc;

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
        let mut gone = Vec::new();
        let responses = asked.map(|topic| delete(call, topic, &mut gone)).collect();
        if !gone.is_empty() {
            // After the topics: nobody can commit to them any more.
            let topics = gone.iter().map(|topic: &Arc<Topic>| topic.name.as_str()).collect();
            call.shared.groups.with(|groups, _| groups.forget_topics(&topics));
        }
        Ok(Some(DeleteTopicsResponse::default().with_responses(responses)))
    }
}

fn delete(call: &Call, asked: DeleteTopicState, deleted: &mut Vec<Arc<Topic>>) -> DeletableTopicResult {
    let topics = &call.shared.topics;
    let found = match &asked.name {
        Some(name) if asked.topic_id.is_nil() => {
            topics.named(name).ok_or_else(|| refusal(ResponseError::UnknownTopicOrPartition))
        }
        Some(_) => Err(refusal(ResponseError::InvalidRequest)),
        None => topics.with_id(asked.topic_id).ok_or_else(|| refusal(ResponseError::UnknownTopicId)),
    };
    let result = found.and_then(|topic| {
        if !call.shared.options.delete_topics {
            return Err(refusal(ResponseError::TopicDeletionDisabled));
        }
        topics.delete(&topic.name)
    });
    let answer = DeletableTopicResult::default();
    match result {
        Ok(topic) => {
            deleted.push(Arc::clone(&topic));
            answer.with_name(Some(TopicName(topic.name.clone()))).with_topic_id(topic.id)
        }
        Err(refusal) => answer
            .with_name(asked.name)
            .with_topic_id(asked.topic_id)
            .with_error_code(refusal.error.code())
            .with_error_message(Some(text(&refusal.message))),
    }
}

fn refusal(error: ResponseError) -> Refusal {
    Refusal::new(error, error.to_string())
}
