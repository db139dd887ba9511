//! One administrative request: asked on a queue of its own, answered by one event.

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::Duration;

use rdkafka::bindings as rd;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::types::RDKafkaRespErr;

/// Why something was not done, by librdkafka or by a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    /// The broker's own words, where it had any.
    pub(crate) text: Option<String>,
}

/// The client that asks, and how long it waits for the answer.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    client: &'a rdkafka::client::NativeClient,
    at_most: Duration,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(client: &'a rdkafka::client::NativeClient, at_most: Duration) -> Self {
        Self { client, at_most }
    }

    /// Has `request` ask with the client, the options and the queue it is given, and waits for the answer.
    pub(super) fn ask(
        self,
        kind: rd::rd_kafka_admin_op_t,
        request: impl FnOnce(*mut rd::rd_kafka_t, *mut rd::rd_kafka_AdminOptions_t, *mut rd::rd_kafka_queue_t),
    ) -> Result<Answer, Refusal> {
        let client = self.client.ptr();
        let millis = i32::try_from(self.at_most.as_millis()).unwrap_or(i32::MAX);
        let mut fault: [c_char; 256] = [0; 256];
        // SAFETY: the client lives as long as `self`; what is made here is destroyed here, after the request has
        // copied the options, and the queue after its one event was taken from it.
        let event = unsafe {
            let options = rd::rd_kafka_AdminOptions_new(client, kind);
            let _ = rd::rd_kafka_AdminOptions_set_request_timeout(
                options,
                millis,
                fault.as_mut_ptr(),
                fault.len(),
            );
            let queue = rd::rd_kafka_queue_new(client);
            request(client, options, queue);
            rd::rd_kafka_AdminOptions_destroy(options);
            // The client itself gives up after `at_most`, and says so in the event.
            let event = rd::rd_kafka_queue_poll(queue, millis.saturating_add(5_000));
            rd::rd_kafka_queue_destroy(queue);
            event
        };
        if event.is_null() {
            return Err(Refusal { code: Code::OperationTimedOut, text: None });
        }
        let answer = Answer(event);
        // SAFETY: the event is alive; its text is its own.
        unsafe { refusal(rd::rd_kafka_event_error(event), rd::rd_kafka_event_error_string(event)) }?;
        Ok(answer)
    }
}

/// The event that holds an answer. All that is found in it lives as long as it does.
pub(super) struct Answer(*mut rd::rd_kafka_event_t);

impl Answer {
    pub(super) fn ptr(&self) -> *mut rd::rd_kafka_event_t {
        self.0
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: the event was taken from the queue and is destroyed once.
        unsafe { rd::rd_kafka_event_destroy(self.0) }
    }
}

/// A name for C. One with a NUL in it is cut there, and no broker knows it.
pub(super) fn c_name(text: &str) -> CString {
    let up_to_nul: Vec<u8> = text.bytes().take_while(|byte| *byte != 0).collect();
    CString::new(up_to_nul).unwrap_or_default()
}

/// The text at `text`; empty if there is none.
///
/// # Safety
///
/// `text` is null or points to bytes that end in NUL and live during the call.
pub(super) unsafe fn text_at(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: by this function's contract.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// `Err` unless `code` says that all is well.
///
/// # Safety
///
/// As of [`text_at`].
pub(super) unsafe fn refusal(code: RDKafkaRespErr, text: *const c_char) -> Result<(), Refusal> {
    if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    let code = Code::from(code);
    // SAFETY: by this function's contract.
    let text = unsafe { text_at(text) };
    // Without words of the broker's librdkafka puts its own for the code, which add nothing.
    let is_said = !text.is_empty() && !code.to_string().contains(&text);
    Err(Refusal { code, text: is_said.then_some(text) })
}

/// As [`refusal`], of an error object, where null means that all is well.
///
/// # Safety
///
/// `error` is null or lives during the call.
pub(super) unsafe fn refusal_of(error: *const rd::rd_kafka_error_t) -> Result<(), Refusal> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is alive, and its text is its own.
    unsafe { refusal(rd::rd_kafka_error_code(error), rd::rd_kafka_error_string(error)) }
}

/// The elements of an array in an answer, which `ask` gives the start of and writes the length of.
///
/// # Safety
///
/// The array and what it points to belong to the answer.
pub(super) unsafe fn elements<T>(
    _answer: &Answer,
    ask: impl FnOnce(*mut usize) -> *mut *const T,
) -> &[*const T] {
    let mut length = 0;
    let start = ask(ptr::from_mut(&mut length));
    if start.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: by this function's contract.
    unsafe { std::slice::from_raw_parts(start.cast_const(), length) }
}

/// Topic, partition and offset of each element of a list; nothing of a null list.
///
/// # Safety
///
/// `list` is null or lives during the call.
pub(super) unsafe fn partitions_at(
    list: *const rd::rd_kafka_topic_partition_list_t,
) -> Vec<(String, i32, i64, RDKafkaRespErr)> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a list has `cnt` elements at `elems`, each with a name that ends in NUL.
    unsafe {
        let (start, length) = ((*list).elems, usize::try_from((*list).cnt).unwrap_or(0));
        (0..length)
            .map(|index| &*start.add(index))
            .map(|element| (text_at(element.topic), element.partition, element.offset, element.err))
            .collect()
    }
}
