//! How much a client says, changed while it runs.

use rdkafka::ClientContext;
use rdkafka::bindings::rd_kafka_set_log_level;
use rdkafka::client::Client;
use rdkafka::config::RDKafkaLogLevel;

/// What is less grave than `level` is no longer said, and costs next to nothing.
pub(crate) fn set_log_level<C: ClientContext>(client: &Client<C>, level: RDKafkaLogLevel) {
    // SAFETY: the client lives during the call, which stores a number.
    unsafe { rd_kafka_set_log_level(client.native_ptr(), level as i32) }
}
