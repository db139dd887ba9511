//! Where records go, and how they are delivered.

use std::time::Duration;

use kadence_core::schedule::Schedule;
use kadence_kafka::{Acks, Compression, Partitioner, ProducerOptions, SendMode};

use super::body::BodyOptions;
use crate::cli::connection::ConnectionOptions;
use crate::cli::values::{self, one_of};
use crate::misread::Misread;
use crate::sending::Destination;

/// What means something only to a topic.
const TO_A_TOPIC: [&str; 11] = [
    "brokers",
    "property",
    "kafka_config",
    "header",
    "send",
    "acks",
    "compression",
    "linger",
    "batch_size",
    "retries",
    "partitioner",
];

/// Where the records go.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct DestinationOptions {
    /// Topic to write to
    #[arg(short, long, value_name = "TOPIC", help_heading = "Kafka")]
    topic: Option<String>,
    /// Write nowhere, but read, pace and checksum all the same
    #[arg(long, value_name = "TARGET", value_parser = ["null"], conflicts_with_all = TO_A_TOPIC, help_heading = "Kafka")]
    to: Option<String>,
}

/// How records are delivered.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct DeliveryOptions {
    /// When a record counts as sent: async (acknowledged beside), sync (each awaited), forget (not acknowledged)
    #[arg(long, value_name = "MODE", default_value = "async", value_parser = one_of::<SendMode>())]
    send: SendMode,
    /// Whose acknowledgement counts: of all replicas in sync, of the leader (1), of nobody (0) [default: all]
    #[arg(long, value_name = "ACKS", value_parser = one_of::<Acks>())]
    acks: Option<Acks>,
    /// Compression of batches [default: none]
    #[arg(long, value_name = "CODEC", value_parser = one_of::<Compression>())]
    compression: Option<Compression>,
    /// Time to wait for more records before a batch leaves [default: 0s paced, 10ms unpaced]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    linger: Option<Duration>,
    /// Size at which a batch leaves
    #[arg(long, value_name = "SIZE", value_parser = batch_size)]
    batch_size: Option<u32>,
    /// How often a batch is sent again [default: until the delivery times out]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// How a record's partition follows from its key, by librdkafka's names
    #[arg(long, value_name = "NAME", default_value = "murmur2_random",
        value_parser = one_of::<Partitioner>())]
    partitioner: Partitioner,
}

impl DestinationOptions {
    /// Gives the destination that these options mean together.
    pub(crate) fn destination(
        &self,
        connection: &ConnectionOptions,
        delivery: &DeliveryOptions,
        body: &BodyOptions,
        schedule: Schedule,
    ) -> Destination {
        let Some(topic) = &self.topic else { return Destination::Null };
        Destination::Topic(Box::new(ProducerOptions {
            connection: connection.connection(),
            topic: topic.clone(),
            headers: body.header.clone(),
            send: delivery.send,
            acks: delivery.acks,
            linger: delivery.linger,
            batch_size: delivery.batch_size,
            compression: delivery.compression,
            retries: delivery.retries,
            partitioner: delivery.partitioner,
            paced: schedule.is_paced(),
        }))
    }
}

fn batch_size(text: &str) -> Result<u32, Misread> {
    u32::try_from(values::size(text)?).map_err(|_| Misread::new(format!("`{text}` is more than 4 GiB"), ""))
}
