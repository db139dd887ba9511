//! Headers of a consumed record. The wrapper panics on names that are not UTF-8.

use std::ffi::CStr;
use std::ptr;

use rdkafka::bindings::{rd_kafka_header_get_all, rd_kafka_message_headers};
use rdkafka::message::BorrowedMessage;
use rdkafka::types::RDKafkaRespErr;

/// Name and value of a record's header number `index`; `None` behind the last one.
pub(crate) fn header<'r>(
    record: &'r BorrowedMessage<'_>,
    index: usize,
) -> Option<(&'r [u8], Option<&'r [u8]>)> {
    let mut headers = ptr::null_mut();
    // SAFETY: the pointer is the record's own, which `record` keeps alive, and librdkafka writes the list's address
    // only on success. The list belongs to the record.
    let found = unsafe { rd_kafka_message_headers(record.ptr(), &raw mut headers) };
    if found != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return None;
    }
    let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
    // SAFETY: `headers` is the list just found; the three places outlive the call.
    let found =
        unsafe { rd_kafka_header_get_all(headers, index, &raw mut name, &raw mut value, &raw mut length) };
    if found != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return None;
    }
    // SAFETY: on success the name ends in NUL, and a value that is not null has `length` bytes; both are the list's
    // and live as long as the record.
    unsafe {
        let value = (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), length));
        Some((CStr::from_ptr(name).to_bytes(), value))
    }
}
