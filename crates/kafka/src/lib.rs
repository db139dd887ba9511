//! Kafka, through librdkafka: producer, consumer, administration, options and errors. Nothing else in the house
//! knows the client.
//!
//! | Module | Holds |
//! |---|---|
//! | `options`, `properties` | how to reach a cluster; librdkafka's property names, and who set what |
//! | `config_file` | properties files, in the Java clients' names too |
//! | `contact`, `context` | the first contact; what librdkafka says beside its results |
//! | `producer` | [`TopicSink`]: a window of records in flight, delivery reports matched to them |
//! | `writer` | [`FencedWriter`]: single records, by one writer at a time |
//! | `consumer` | [`TopicFeed`]: partitions given and taken, and their records; [`TopicReader`]: what `consume` needs on top |
//! | `admin` | [`Admin`]: topics and consumer groups |
//! | `ffi` | librdkafka's C functions, where the wrapper falls short |
//! | `topic_id` | topics' ids, by which one is told from another of the same name |
//! | `error`, `words` | [`KafkaError`]: where, what is wrong, what to do; librdkafka's own words |
//!
//! Non-obvious:
//!
//! - A new idempotent producer asks for its id on a timer of 500 ms, which only a metadata reply hurries. So a sink
//!   asks for the cluster's metadata first, then the topic's.
//! - Unpaced, the caller's thread serves delivery reports. A thread for them costs a quarter more CPU, and with
//!   headers twice as much; paced it is worth it, since a report's time of arrival is measured.
//! - A record's sequence travels through librdkafka as a number, so that nothing is allocated for it.
//! - librdkafka reads partitions only for a client with a group name. The group is neither joined nor committed to.

mod admin;
mod config_file;
mod consumer;
mod contact;
mod context;
mod error;
mod ffi;
mod options;
mod producer;
mod properties;
mod topic_id;
mod words;
mod writer;

pub use admin::{
    Admin, ConfigEntry, ConfigSource, GroupDescription, GroupMember, GroupPartition, GroupSummary, Moved,
    Outcomes, PartitionDescription, Reset, TopicDescription, TopicSummary,
};
pub use consumer::{
    Asker, Consumed, Next, NextOffsets, ReaderOptions, StartAt, StopAt, TopicFeed, TopicReader,
};
pub use error::{Cause, ClientCode, KafkaError};
pub use ffi::give_large_buffers_back;
pub use options::Connection;
pub use producer::{Acks, Compression, Partitioner, ProducerOptions, SendMode, TopicSink};
pub use properties::is_secret;
pub use topic_id::text as topic_id_text;
pub use writer::{FencedWriter, WriteError};

/// The client that is used, with its version.
pub fn client_version() -> String {
    format!("librdkafka {}", rdkafka::util::get_rdkafka_version().1)
}
