//! What the wrapper cannot ask about topics: their ids, and to change one setting while the others stay.

use std::ffi::{CString, c_char};
use std::ptr;

use kadence_core::feed::TopicId;
use rdkafka::bindings as rd;
use rdkafka::error::RDKafkaErrorCode as Code;

use super::admin::{Asking, Refusal, c_name, elements, refusal, refusal_of, text_at};

/// A topic's name, and its id or why it has none to tell.
pub(crate) type Described = (String, Result<TopicId, Refusal>);

/// The id of each of `topics`, in no order in particular, or why a topic has none to tell. A broker without ids has
/// none, which is no refusal.
pub(crate) fn topic_ids(asking: Asking<'_>, topics: &[&str]) -> Result<Vec<Described>, Refusal> {
    let names: Vec<CString> = topics.iter().map(|name| c_name(name)).collect();
    let mut names: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let kind = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    let answer = asking.ask(kind, |client, options, queue| {
        // SAFETY: names, options and queue outlive the call, which copies what it needs of them.
        unsafe {
            let topics = rd::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
            rd::rd_kafka_DescribeTopics(client, topics, options, queue);
            rd::rd_kafka_TopicCollection_destroy(topics);
        }
    })?;
    // SAFETY: all that is read belongs to `answer`, which lives to the end of this function.
    unsafe {
        let result = rd::rd_kafka_event_DescribeTopics_result(answer.ptr());
        let topics = elements(&answer, |length| rd::rd_kafka_DescribeTopics_result_topics(result, length));
        Ok(topics
            .iter()
            .map(|&topic| {
                let name = text_at(rd::rd_kafka_TopicDescription_name(topic));
                let refused = refusal_of(rd::rd_kafka_TopicDescription_error(topic));
                (name, refused.map(|()| id_at(rd::rd_kafka_TopicDescription_topic_id(topic))))
            })
            .collect())
    }
}

/// # Safety
///
/// `id` is null or lives during the call.
unsafe fn id_at(id: *const rd::rd_kafka_Uuid_t) -> TopicId {
    if id.is_null() {
        return None;
    }
    // SAFETY: by this function's contract.
    let (high, low) = unsafe {
        (rd::rd_kafka_Uuid_most_significant_bits(id), rd::rd_kafka_Uuid_least_significant_bits(id))
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    (bytes != [0; 16]).then_some(bytes)
}

/// Gives settings of a topic a value, or their default again where there is none; all others stay.
pub(crate) fn alter_configs(
    asking: Asking<'_>,
    topic: &str,
    settings: &[(&str, Option<&str>)],
) -> Result<(), Refusal> {
    use rd::rd_kafka_AlterConfigOpType_t as Op;
    let name = c_name(topic);
    // SAFETY: the resource is made here and destroyed here, after the request has copied it; names and values
    // outlive the calls, which copy them.
    let resource = unsafe {
        rd::rd_kafka_ConfigResource_new(rd::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC, name.as_ptr())
    };
    if resource.is_null() {
        // An empty name.
        return Err(Refusal { code: Code::InvalidTopic, text: None });
    }
    let mut fault = Ok(());
    for (name, value) in settings {
        let (op, text) = match value {
            Some(value) => (Op::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, Some(c_name(value))),
            None => (Op::RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE, None),
        };
        let (name, value) = (c_name(name), text.as_ref().map_or(ptr::null(), |text| text.as_ptr()));
        // SAFETY: as above; the error is ours to destroy.
        unsafe {
            let error =
                rd::rd_kafka_ConfigResource_add_incremental_config(resource, name.as_ptr(), op, value);
            fault = fault.and(refusal_of(error));
            if !error.is_null() {
                rd::rd_kafka_error_destroy(error);
            }
        }
    }
    let kind = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS;
    let answer = fault.and_then(|()| {
        let mut resources = [resource];
        asking.ask(kind, |client, options, queue| {
            // SAFETY: resources, options and queue outlive the call, which copies what it needs of them.
            unsafe {
                rd::rd_kafka_IncrementalAlterConfigs(
                    client,
                    resources.as_mut_ptr(),
                    resources.len(),
                    options,
                    queue,
                );
            }
        })
    });
    // SAFETY: nobody else has it.
    unsafe { rd::rd_kafka_ConfigResource_destroy(resource) }
    let answer = answer?;
    // SAFETY: all that is read belongs to `answer`, which lives to the end of this function.
    unsafe {
        let result = rd::rd_kafka_event_IncrementalAlterConfigs_result(answer.ptr());
        let resources =
            elements(&answer, |length| rd::rd_kafka_IncrementalAlterConfigs_result_resources(result, length));
        resources.iter().try_for_each(|&resource| {
            refusal(
                rd::rd_kafka_ConfigResource_error(resource),
                rd::rd_kafka_ConfigResource_error_string(resource),
            )
        })
    }
}
