//! Flushing while another thread serves the reports, and holding partitions of a producer back.

use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as rd;
use rdkafka::client::Client;
use rdkafka::producer::ProducerContext;

/// Sends what lingers, and blocks until nothing is under way any more or for `at_most`. Reports are another
/// thread's business; the wrapper's own flush serves them itself, and takes a core for that.
pub(crate) fn flush<C: ProducerContext>(client: &Client<C>, at_most: Duration) {
    let millis = at_most.as_millis().try_into().unwrap_or(i32::MAX);
    // SAFETY: the client lives during the call. Its word is not needed: the reports tell what is under way.
    let _ = unsafe { rd::rd_kafka_flush(client.native_ptr(), millis) };
}

/// Keeps the client from sending to these partitions. What is under way stays so.
pub(crate) fn pause<C: ProducerContext>(client: &Client<C>, partitions: &TopicPartitionList) {
    // SAFETY: client and list live during the call, which writes only what became of each partition into the list.
    let _ = unsafe { rd::rd_kafka_pause_partitions(client.native_ptr(), partitions.ptr()) };
}

/// Has the client send to these partitions again, at once.
pub(crate) fn resume<C: ProducerContext>(client: &Client<C>, partitions: &TopicPartitionList) {
    // SAFETY: as for `pause`.
    let _ = unsafe { rd::rd_kafka_resume_partitions(client.native_ptr(), partitions.ptr()) };
    // Nothing else wakes the threads that send.
    flush(client, Duration::ZERO);
}
