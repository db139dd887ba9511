//! Flushing while another thread serves the reports, holding partitions of a producer back, and asking their leaders.

use std::time::Duration;

use rdkafka::bindings as rd;
use rdkafka::client::Client;
use rdkafka::producer::ProducerContext;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

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

/// Whether the leaders of all partitions from 0 on answer for them, each asked once, within `at_most`: where their logs
/// end.
pub(crate) fn leaders_answer<C: ProducerContext>(
    client: &Client<C>,
    topic: &str,
    partitions: i32,
    at_most: Duration,
) -> bool {
    let mut asked = TopicPartitionList::with_capacity(usize::try_from(partitions).unwrap_or_default());
    for partition in 0..partitions {
        // What could be wrong with such an offset, is not.
        let _ = asked.add_partition_offset(topic, partition, Offset::End);
    }
    let millis = at_most.as_millis().try_into().unwrap_or(i32::MAX);
    // SAFETY: client and list live during the call, which writes the answers into the list.
    let code = unsafe { rd::rd_kafka_offsets_for_times(client.native_ptr(), asked.ptr(), millis) };
    code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR
        && asked.elements().iter().all(|element: &TopicPartitionListElem<'_>| element.error().is_ok())
}
