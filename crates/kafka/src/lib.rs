//! Kafka, through librdkafka: producer, consumer, administration, options and errors. Nothing else in the house
//! knows the client.

mod admin;
mod config_file;
mod connect;
mod consumer;
mod context;
mod error;
mod options;
mod producer;
mod properties;

pub use admin::{Admin, ConfigEntry, ConfigSource, PartitionDescription, TopicDescription, TopicSummary};
pub use consumer::{Consumed, From, Next, ReaderOptions, TopicReader, Until};
pub use error::{Cause, KafkaError};
pub use options::{Connection, DEFAULT_BROKERS};
pub use producer::{Acks, Compression, Partitioner, ProducerOptions, SendMode, TopicSink};
