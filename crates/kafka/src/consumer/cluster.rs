//! The client that reads, and what all its parts need: options, time, a request to stop.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::Phrase;
use kadence_core::feed::Partition;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};

use super::ClientConsumer;
use super::bounds::Leaders;
use super::listener::Listener;
use crate::contact::{Client, Contact, uncreated};
use crate::context::Watch;
use crate::error::{ClientCode, KafkaError};
use crate::ffi;
use crate::options::Resolved;
use crate::topic_id::{Found, look_up};
use crate::words::described;

/// A client in no group that asks for topics. Readers of one cluster may share it.
#[derive(Clone)]
pub struct Asker(Arc<ClientConsumer>);

impl Asker {
    pub(super) fn new(resolved: &Resolved) -> Result<Self, KafkaError> {
        let mut config = resolved.properties.to_config();
        for name in ["group.id", "group.instance.id", "debug"] {
            config.remove(name);
        }
        // While a question waits for a broker that refuses connections, librdkafka would try again without a pause.
        config.set("enable.sparse.connections", "false");
        let client = config.create_with_context(Listener::default());
        Ok(Self(Arc::new(client.map_err(|error| uncreated(resolved, &error))?)))
    }

    fn look_up(&self, topics: &[&str], at_most: Duration) -> Vec<Found> {
        // What it has to say besides is said by the reader's own client as well.
        while self.0.poll(Duration::ZERO).is_some() {}
        look_up(self.0.client().native_client(), topics, at_most)
    }
}

/// A client that reads.
pub(super) struct Cluster {
    /// Before the client, which it must not outlive.
    pub(super) events: ffi::Events,
    pub(super) consumer: Arc<ClientConsumer>,
    /// Asks for topics' ids. On the reader's own connections a question would wait behind a fetch, which a broker
    /// answers when there are records, or after half a second.
    pub(super) asker: Asker,
    pub(super) resolved: Resolved,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: Arc<Stop>,
    /// Whether a ledger beside the group says where partitions go on.
    pub(super) has_ledger: bool,
    /// Whether partitions are being fetched, so that polling may bring a record.
    pub(super) is_assigned: Cell<bool>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.consumer.context().close(&self.consumer);
    }
}

impl Cluster {
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// What is known of topics of these names now, asked for no longer than `at_most`.
    pub(super) fn look_up(&self, topics: &[&str], at_most: Duration) -> Vec<Found> {
        self.asker.look_up(topics, at_most)
    }

    pub(super) fn contact(&self) -> Contact<'_, ClientConsumer> {
        Contact { client: &self.consumer, resolved: &self.resolved, clock: &*self.clock, stop: &self.stop }
    }

    pub(super) fn leaders<'a>(&'a self, topic: &'a str) -> Leaders<'a> {
        Leaders {
            consumer: &self.consumer,
            resolved: &self.resolved,
            topic,
            stop: &self.stop,
            clock: &*self.clock,
            is_assigned: self.is_assigned.get(),
        }
    }

    /// Fetches no more of these partitions. What arrives regardless is for the caller to skip.
    pub(super) fn pause(&self, partitions: &[Partition]) {
        if !partitions.is_empty() {
            let _ = self.consumer.pause(&list(partitions));
        }
    }

    pub(super) fn resume(&self, partitions: &[Partition]) {
        if !partitions.is_empty() {
            let _ = self.consumer.resume(&list(partitions));
        }
    }

    /// Fetches a partition from `offset` on once more.
    pub(super) fn read_again(&self, partition: &Partition, offset: i64) {
        let sought =
            self.consumer.seek(&partition.topic, partition.index, Offset::Offset(offset), Duration::ZERO);
        if let Err(error) = sought {
            tracing::debug!(%partition, %error, "the end is not looked for again");
        }
    }

    pub(super) fn broken(&self, error: &ClientError) -> KafkaError {
        let brokers = self.resolved.brokers().to_owned();
        let code = error.rdkafka_error_code();
        let what = code.map_or_else(|| error.to_string(), described);
        KafkaError::Request { place: brokers, what }.coded(code.map(ClientCode))
    }
}

/// The partitions as librdkafka takes them.
pub(super) fn list(partitions: &[Partition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.index);
    }
    list
}

/// A fault of a topic's.
pub(super) fn of_topic(
    topic: &str,
    code: Code,
    what: impl Into<String>,
    help: impl Into<Phrase>,
) -> KafkaError {
    KafkaError::topic(topic, what, help).coded(Some(ClientCode(code)))
}

impl Client for ClientConsumer {
    fn metadata(&self, topic: Option<&str>, at_most: Duration) -> Result<Metadata, ClientError> {
        self.fetch_metadata(topic, at_most)
    }

    fn listen(&self, at_most: Duration) {
        // Before partitions are assigned there are only things to be said.
        let _ = self.poll(at_most);
    }

    fn watch(&self) -> &Watch {
        &self.context().watch
    }
}
