//! What a consumer's queue has to say, one event after the other.
//!
//! The wrapper's own poll tells neither the topic of a partition's end nor the partition of an error, and allocates for
//! each record.

use std::ffi::{CStr, c_void};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::time::Duration;

use rdkafka::bindings as rd;
use rdkafka::client::Client;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::admin::{partitions_at, text_at};

/// A partition by its topic's name.
pub(crate) type Place = (String, i32);

/// What was said.
pub(crate) enum Said {
    /// Nothing in the time given.
    Nothing,
    /// A record.
    Record(Fetched),
    /// There are no more records for now.
    End { place: Place, offset: i64 },
    /// Something went wrong, with this partition if it is about one.
    Failed { code: Code, is_fatal: bool, place: Option<Place> },
    /// The group gives partitions, or takes them.
    Rebalance { gives: bool, partitions: Vec<Place> },
    /// An answer to a commit.
    Committed(Result<(), Code>),
    /// What is of no interest here.
    Other,
}

/// The queue that a consumer polls. It must not outlive the consumer.
pub(crate) struct Events(NonNull<rd::rd_kafka_queue_t>);

// SAFETY: librdkafka locks its queues itself.
unsafe impl Send for Events {}

impl Events {
    pub(crate) fn of<C: ClientContext>(client: &Client<C>) -> Self {
        // SAFETY: the client lives during the call; the reference is given back on drop.
        let queue = unsafe { rd::rd_kafka_queue_get_consumer(client.native_ptr()) };
        Self(NonNull::new(queue).expect("a client with a group's name has a consumer's queue"))
    }

    /// Waits up to `at_most` for what is said next. What is for `client`'s context it is told.
    pub(crate) fn next<C: ClientContext>(&self, client: &Client<C>, at_most: Duration) -> Said {
        let millis = at_most.as_millis().try_into().unwrap_or(i32::MAX);
        // SAFETY: the queue is referenced by this value.
        let event = unsafe { rd::rd_kafka_queue_poll(self.0.as_ptr(), millis) };
        let Some(event) = NonNull::new(event).map(Owned) else { return Said::Nothing };
        // SAFETY: the event is alive.
        match unsafe { rd::rd_kafka_event_type(event.ptr()) } {
            rd::RD_KAFKA_EVENT_FETCH => fetched(event),
            rd::RD_KAFKA_EVENT_ERROR => failed(&event, &**client.context()),
            rd::RD_KAFKA_EVENT_REBALANCE => rebalanced(&event),
            rd::RD_KAFKA_EVENT_OFFSET_COMMIT => {
                // SAFETY: the event is alive.
                let code = unsafe { rd::rd_kafka_event_error(event.ptr()) };
                let is_done = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
                Said::Committed(if is_done { Ok(()) } else { Err(code.into()) })
            }
            rd::RD_KAFKA_EVENT_STATS => {
                // SAFETY: an event of this kind has a text that ends in NUL and lives as long as it does.
                let text = unsafe { CStr::from_ptr(rd::rd_kafka_event_stats(event.ptr())) };
                client.context().stats_raw(text.to_bytes());
                Said::Other
            }
            rd::RD_KAFKA_EVENT_LOG => {
                logged(&event, &**client.context());
                Said::Other
            }
            _ => Said::Other,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // SAFETY: the queue is referenced by this value.
        unsafe { rd::rd_kafka_queue_destroy(self.0.as_ptr()) }
    }
}

/// An event taken from a queue.
struct Owned(NonNull<rd::rd_kafka_event_t>);

impl Owned {
    fn ptr(&self) -> *mut rd::rd_kafka_event_t {
        self.0.as_ptr()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the event was taken from the queue and is destroyed once.
        unsafe { rd::rd_kafka_event_destroy(self.0.as_ptr()) }
    }
}

fn fetched(event: Owned) -> Said {
    // SAFETY: the event is alive, and the record belongs to it.
    let record = unsafe { rd::rd_kafka_event_message_next(event.ptr()) };
    match NonNull::new(record.cast_mut()) {
        Some(record) => Said::Record(Fetched { record, _event: event }),
        None => Said::Other,
    }
}

fn logged(event: &Owned, context: &impl ClientContext) {
    let (mut facility, mut line, mut level) = (ptr::null(), ptr::null(), 0);
    // SAFETY: the event is alive; on success both texts are its own and end in NUL.
    unsafe {
        if rd::rd_kafka_event_log(event.ptr(), &raw mut facility, &raw mut line, &raw mut level) == 0 {
            let level = match level {
                0..=3 => RDKafkaLogLevel::Error,
                4 => RDKafkaLogLevel::Warning,
                5 | 6 => RDKafkaLogLevel::Info,
                _ => RDKafkaLogLevel::Debug,
            };
            context.log(level, text_at(facility).trim(), text_at(line).trim());
        }
    }
}

fn failed(event: &Owned, context: &impl ClientContext) -> Said {
    // SAFETY: the event is alive, its text is its own; the partition is a copy that is destroyed here.
    let (code, is_fatal, reason, partition) = unsafe {
        let code = Code::from(rd::rd_kafka_event_error(event.ptr()));
        let partition = rd::rd_kafka_event_topic_partition(event.ptr());
        let place = NonNull::new(partition).map(|found| {
            let found = found.as_ref();
            (text_at(found.topic), found.partition, found.offset)
        });
        if !partition.is_null() {
            rd::rd_kafka_topic_partition_destroy(partition);
        }
        let reason = text_at(rd::rd_kafka_event_error_string(event.ptr()));
        (code, rd::rd_kafka_event_error_is_fatal(event.ptr()) != 0, reason, place)
    };
    if let (Code::PartitionEOF, Some((topic, partition, offset))) = (code, &partition) {
        return Said::End { place: (topic.clone(), *partition), offset: *offset };
    }
    context.error(ClientError::Global(code), reason.trim());
    Said::Failed { code, is_fatal, place: partition.map(|(topic, partition, _)| (topic, partition)) }
}

fn rebalanced(event: &Owned) -> Said {
    // SAFETY: the event is alive, and the list belongs to it.
    let (code, partitions) = unsafe {
        let list = rd::rd_kafka_event_topic_partition_list(event.ptr());
        (rd::rd_kafka_event_error(event.ptr()), partitions_at(list))
    };
    let gives = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    if !gives && code != RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS {
        return Said::Other;
    }
    let partitions = partitions.into_iter().map(|(topic, partition, ..)| (topic, partition)).collect();
    Said::Rebalance { gives, partitions }
}

/// A record in the client's memory.
pub(crate) struct Fetched {
    record: NonNull<rd::rd_kafka_message_t>,
    /// What the record belongs to.
    _event: Owned,
}

impl Fetched {
    fn message(&self) -> &rd::rd_kafka_message_t {
        // SAFETY: the record lives as long as its event.
        unsafe { self.record.as_ref() }
    }

    /// The topic's name.
    pub(crate) fn topic(&self) -> &[u8] {
        // SAFETY: the name ends in NUL and lives as long as the topic's handle, which the record keeps.
        unsafe { CStr::from_ptr(rd::rd_kafka_topic_name(self.message().rkt)) }.to_bytes()
    }

    pub(crate) fn partition(&self) -> i32 {
        self.message().partition
    }

    pub(crate) fn offset(&self) -> i64 {
        self.message().offset
    }

    pub(crate) fn key(&self) -> Option<&[u8]> {
        let message = self.message();
        // SAFETY: the bytes are the record's.
        unsafe { bytes_at(message.key, message.key_len) }
    }

    pub(crate) fn body(&self) -> Option<&[u8]> {
        let message = self.message();
        // SAFETY: the bytes are the record's.
        unsafe { bytes_at(message.payload, message.len) }
    }

    /// The timestamp in milliseconds, if there is one.
    pub(crate) fn millis(&self) -> Option<i64> {
        let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the record is alive; `kind` outlives the call.
        let millis = unsafe { rd::rd_kafka_message_timestamp(self.record.as_ptr(), &raw mut kind) };
        let is_there = kind != rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        (is_there && millis != -1).then_some(millis)
    }

    /// Calls `take` with name and value of each header, in order.
    pub(crate) fn headers(&self, mut take: impl FnMut(&[u8], Option<&[u8]>)) {
        let mut headers = ptr::null_mut();
        // SAFETY: librdkafka writes the list's address only on success; the list belongs to the record.
        let found = unsafe { rd::rd_kafka_message_headers(self.record.as_ptr(), &raw mut headers) };
        if found != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        for index in 0.. {
            let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
            // SAFETY: `headers` is the list just found; the three places outlive the call. On success the name ends
            // in NUL, and a value that is not null has `length` bytes; both are the list's.
            unsafe {
                let found = rd::rd_kafka_header_get_all(
                    headers,
                    index,
                    &raw mut name,
                    &raw mut value,
                    &raw mut length,
                );
                if found != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return;
                }
                take(CStr::from_ptr(name).to_bytes(), bytes_at(value, length));
            }
        }
    }
}

/// # Safety
///
/// `start` is null or points to `length` bytes that live for `'a`.
unsafe fn bytes_at<'a>(start: *const c_void, length: usize) -> Option<&'a [u8]> {
    // SAFETY: by this function's contract.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) })
}

/// What a consumer is in its group: the generation, and the name that the coordinator gave it.
pub(crate) type Standing = (i32, String);

/// What the consumer is in its group now.
pub(crate) fn standing<C: ClientContext>(client: &Client<C>) -> Option<Standing> {
    // SAFETY: the client lives during the call; what it gives is destroyed here, its text copied before.
    unsafe {
        let found = rd::rd_kafka_consumer_group_metadata(client.native_ptr());
        if found.is_null() {
            return None;
        }
        let generation = rd::rd_kafka_consumer_group_metadata_generation_id(found);
        let member = text_at(rd::rd_kafka_consumer_group_metadata_member_id(found));
        rd::rd_kafka_consumer_group_metadata_destroy(found);
        Some((generation, member))
    }
}

/// Whether the coordinator knows the consumer by a name, which it loses when it leaves.
pub(crate) fn is_member<C: ClientContext>(client: &Client<C>) -> bool {
    standing(client).is_some_and(|(_, member)| !member.is_empty())
}

/// The partitions of a list that is somebody else's.
pub(crate) fn places(list: &TopicPartitionList) -> Vec<Place> {
    let list = ManuallyDrop::new(list);
    // SAFETY: the list lives during the call.
    let found = unsafe { partitions_at(list.ptr()) };
    found.into_iter().map(|(topic, partition, ..)| (topic, partition)).collect()
}
