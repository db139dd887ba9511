//! Administration of topics and consumer groups.

mod alter;
mod block_on;
mod describe;
mod groups;
mod refusal;

use std::cell::OnceCell;
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;

use self::block_on::block_on;
pub use self::describe::{ConfigEntry, ConfigSource, PartitionDescription, TopicDescription};
pub use self::groups::{GroupDescription, GroupMember, GroupPartition, GroupSummary, Moved, Reset};
use self::refusal::{Asked, refused};
use crate::consumer::{ClientConsumer, Leaders, Listener};
use crate::contact::{Contact, is_topic_name, refused_topic, uncreated};
use crate::context::Watch;
use crate::error::KafkaError;
use crate::ffi;
use crate::options::{Connection, Resolved};
use crate::words::described;

/// Creates, lists, describes, alters and deletes topics; lists, describes, moves and deletes consumer groups.
pub struct Admin {
    resolved: Resolved,
    /// Asks for metadata and offsets, and hears why nobody answers.
    probe: ClientConsumer,
    /// Made when needed: it has connections of its own.
    client: OnceCell<AdminClient<Watch>>,
    stop: Stop,
}

/// The outcome for each topic that something was asked of, in order.
pub type Outcomes<T> = Vec<(String, Result<T, KafkaError>)>;

/// A topic in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSummary {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: usize,
    /// On how many brokers each partition is kept.
    pub replication: usize,
    /// Whether it is Kafka's own, by its name.
    pub internal: bool,
}

impl Admin {
    /// Connects; fails if no broker answers within the time that a producer would wait.
    pub fn connect(connection: &Connection) -> Result<Self, KafkaError> {
        let resolved = connection.resolve().map_err(KafkaError::first)?;
        let admin = Self::over(resolved)?;
        admin.metadata(None)?;
        Ok(admin)
    }

    fn over(resolved: Resolved) -> Result<Self, KafkaError> {
        let probe = resolved
            .properties
            .to_config()
            .create_with_context(Listener::default())
            .map_err(|error| uncreated(&resolved, &error))?;
        Ok(Self { resolved, probe, client: OnceCell::new(), stop: Stop::new() })
    }

    /// Creates a topic; without a number of partitions or replicas the broker's defaults count.
    pub fn create(
        &self,
        name: &str,
        partitions: Option<i32>,
        replication: Option<i32>,
        configs: &[(String, String)],
    ) -> Result<(), KafkaError> {
        if !is_topic_name(name) {
            return Err(refused_topic(name, Code::InvalidTopic));
        }
        let replicas = TopicReplication::Fixed(replication.unwrap_or(-1));
        let topic = NewTopic::new(name, partitions.unwrap_or(-1), replicas);
        let topic = configs.iter().fold(topic, |topic, (name, value)| topic.set(name, value));
        let outcome = block_on(self.client()?.create_topics([&topic], &self.patient()));
        let asked = Asked { partitions, replication, configs, brokers: self.brokers() };
        self.each(outcome, name)?.map_err(|code| refused(name, code, &asked))
    }

    /// All topics, by name.
    pub fn list(&self) -> Result<Vec<TopicSummary>, KafkaError> {
        let metadata = self.metadata(None)?;
        let mut topics: Vec<TopicSummary> = metadata
            .topics()
            .iter()
            .map(|topic| TopicSummary {
                name: topic.name().to_owned(),
                partitions: topic.partitions().len(),
                replication: topic.partitions().first().map_or(0, |partition| partition.replicas().len()),
                internal: topic.name().starts_with("__"),
            })
            .collect();
        topics.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(topics)
    }

    /// Deletes topics; an outcome for each, in order.
    pub fn delete(&self, names: &[&str]) -> Result<Outcomes<()>, KafkaError> {
        let asked = Asked { partitions: None, replication: None, configs: &[], brokers: 0 };
        let outcomes = block_on(self.client()?.delete_topics(names, &self.patient()))
            .map_err(|error| self.unanswered(&error))?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Ok(name) => (name, Ok(())),
                Err((name, code)) => {
                    let error = refused(&name, code, &asked);
                    (name, Err(error))
                }
            })
            .collect())
    }

    fn metadata(&self, topic: Option<&str>) -> Result<Metadata, KafkaError> {
        let contact =
            Contact { client: &self.probe, resolved: &self.resolved, clock: &SystemClock, stop: &self.stop };
        contact.metadata(topic)
    }

    fn leaders<'a>(&'a self, topic: &'a str) -> Leaders<'a> {
        Leaders {
            consumer: &self.probe,
            resolved: &self.resolved,
            topic,
            stop: &self.stop,
            clock: &SystemClock,
            is_assigned: false,
        }
    }

    fn brokers(&self) -> usize {
        self.metadata(None).map_or(0, |metadata| metadata.brokers().len())
    }

    fn client(&self) -> Result<&AdminClient<Watch>, KafkaError> {
        if self.client.get().is_none() {
            let client = self
                .resolved
                .properties
                .to_config()
                .create_with_context(Watch::default())
                .map_err(|error| uncreated(&self.resolved, &error))?;
            let _ = self.client.set(client);
        }
        Ok(self.client.get().expect("it was made above"))
    }

    /// How long a request may take, and how long the brokers may take to agree on it.
    fn patient(&self) -> AdminOptions {
        let (patience, _) = self.resolved.patience();
        let patience = patience.max(Duration::from_secs(10));
        AdminOptions::new().request_timeout(Some(patience)).operation_timeout(Some(patience / 2))
    }

    /// The only outcome of a request for one topic.
    fn each(
        &self,
        outcome: Result<Vec<rdkafka::admin::TopicResult>, ClientError>,
        name: &str,
    ) -> Result<Result<(), Code>, KafkaError> {
        let outcomes = outcome.map_err(|error| match &error {
            // librdkafka itself found fault with what was asked, before asking anybody.
            ClientError::AdminOpCreation(what) => KafkaError::topic(name, what.trim(), ""),
            _ => self.unanswered(&error),
        })?;
        Ok(outcomes.into_iter().next().map_or(Ok(()), |outcome| outcome.map(drop).map_err(|(_, code)| code)))
    }

    /// Makes requests that the wrapper does not offer.
    fn asking(&self) -> ffi::Asking<'_> {
        ffi::Asking::new(self.probe.client().native_client(), self.patience())
    }

    fn patience(&self) -> Duration {
        self.resolved.patience().0.max(Duration::from_secs(10))
    }

    /// A refusal that is about nothing in particular.
    fn unasked(&self, refusal: ffi::Refusal) -> KafkaError {
        let what = refusal.text.unwrap_or_else(|| described(refusal.code));
        KafkaError::Request { place: self.resolved.brokers().to_owned(), what }
    }

    fn unanswered(&self, error: &ClientError) -> KafkaError {
        let what = error.rdkafka_error_code().map_or_else(|| error.to_string(), described);
        KafkaError::Request { place: self.resolved.brokers().to_owned(), what }
    }
}

/// The largest batch that `topic` takes, if the broker tells.
pub(crate) fn topic_size_limit(resolved: &Resolved, topic: &str) -> Option<u64> {
    let admin = Admin::over(resolved.clone()).ok()?;
    let configs = admin.configs(topic).ok()?;
    configs.iter().find(|entry| entry.name == "max.message.bytes")?.value.as_ref()?.parse().ok()
}
