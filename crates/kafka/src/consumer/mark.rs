//! One record, read by a client of its own.

use std::time::Duration;

use kadence_core::feed::{Mark, Partition};
use kadence_core::record::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::{Offset, TopicPartitionList};

use super::cluster::{Cluster, of_topic};
use super::listener::Listener;
use crate::contact::uncreated;
use crate::error::KafkaError;
use crate::ffi::{Events, Fetched, Said};
use crate::words::described;

const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The mark of the record at `offset`, if it is still there.
pub(super) fn read(
    cluster: &Cluster,
    partition: &Partition,
    offset: i64,
) -> Result<Option<Mark>, KafkaError> {
    let mut config = cluster.resolved.properties.to_config();
    // It joins no group.
    config.remove("group.instance.id").set("enable.auto.commit", "false");
    let consumer: BaseConsumer<Listener> = config
        .create_with_context(Listener::default())
        .map_err(|error| uncreated(&cluster.resolved, &error))?;
    let events = Events::of(consumer.client());
    let mut wanted = TopicPartitionList::new();
    wanted
        .add_partition_offset(&partition.topic, partition.index, Offset::Offset(offset))
        .and_then(|()| consumer.assign(&wanted))
        .map_err(|error| cluster.broken(&error))?;
    let deadline = cluster.now() + cluster.resolved.patience().0;
    let mut last = Code::OperationTimedOut;
    while cluster.now() < deadline {
        match events.next(consumer.client(), LOOK_AGAIN) {
            Said::Record(record) if record.offset() == offset => return Ok(Some(mark_of(&record))),
            Said::Record(_)
            | Said::End { .. }
            | Said::Failed { code: Code::AutoOffsetReset | Code::OffsetOutOfRange, .. } => return Ok(None),
            Said::Failed { code, .. } => last = code,
            _ => {}
        }
        if cluster.stop.is_raised() {
            return Err(KafkaError::Interrupted { place: partition.to_string() });
        }
    }
    let what = format!("the record at {offset} cannot be read ({})", described(last));
    Err(of_topic(&partition.topic, last, what, "check that the partition's leader is up"))
}

fn mark_of(record: &Fetched) -> Mark {
    let timestamp = record.millis().map(|millis| Timestamp::from_nanos(millis.saturating_mul(1_000_000)));
    Mark::new(record.offset(), timestamp, record.key(), record.body())
}
