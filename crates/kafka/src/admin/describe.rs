//! All there is to know about a topic.

use std::time::Duration;

use rdkafka::admin::{ConfigSource as Source, ResourceSpecifier};
use rdkafka::consumer::Consumer;
use rdkafka::metadata::MetadataPartition;

use super::refusal::{Asked, refused};
use super::{Admin, Outcomes, block_on};
use crate::contact::{TopicState, refused_topic, topic_state};
use crate::error::KafkaError;
use crate::topic_id::{self, Found, look_up};
use crate::words::described;

/// A topic with its partitions and configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// Its id as Kafka's tools print it, where the broker has ids: a topic made anew has another.
    pub id: Option<String>,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionDescription>,
    /// Its configuration, by name.
    pub configs: Vec<ConfigEntry>,
}

/// A partition: where it is and what its log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionDescription {
    /// Its number.
    pub partition: i32,
    /// The broker that leads it, unless there is none for now.
    pub leader: Option<i32>,
    /// The brokers that keep it.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub in_sync: Vec<i32>,
    /// The first offset that is still there, if the leader answered.
    pub earliest: Option<i64>,
    /// The offset of the next record to be written, if the leader answered.
    pub latest: Option<i64>,
}

/// One setting of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; secrets have none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether it is what a topic has when nobody sets it.
    pub is_default: bool,
}

/// The origin of a configured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ConfigSource {
    Topic,
    Broker,
    Default,
    Unknown,
}

impl Admin {
    /// Describes topics; an outcome for each, in order.
    pub fn describe(&self, names: &[&str]) -> Result<Outcomes<TopicDescription>, KafkaError> {
        names
            .iter()
            .map(|name| match self.describe_one(name) {
                Err(error @ (KafkaError::Unreachable { .. } | KafkaError::Request { .. })) => Err(error),
                outcome => Ok(((*name).to_owned(), outcome)),
            })
            .collect()
    }

    fn describe_one(&self, name: &str) -> Result<TopicDescription, KafkaError> {
        let metadata = self.metadata(Some(name))?;
        match topic_state(&metadata, name) {
            TopicState::Absent => {
                return Err(KafkaError::absent(name));
            }
            TopicState::Refused(code) => return Err(refused_topic(name, code)),
            TopicState::Ready { .. } | TopicState::Electing { .. } => {}
        }
        let found = metadata.topics().iter().find(|topic| topic.name() == name);
        let mut partitions: Vec<PartitionDescription> = found
            .map_or(&[][..], |topic| topic.partitions())
            .iter()
            .map(|partition| self.partition(name, partition))
            .collect();
        partitions.sort_unstable_by_key(|partition| partition.partition);
        let id = match look_up(self.probe.client().native_client(), &[name], self.patience())[..] {
            [Found::There(Some(id))] => Some(topic_id::text(&id)),
            _ => None,
        };
        Ok(TopicDescription { name: name.to_owned(), id, partitions, configs: self.configs(name)? })
    }

    fn partition(&self, topic: &str, partition: &MetadataPartition) -> PartitionDescription {
        let offsets = (partition.leader() >= 0).then(|| self.watermarks(topic, partition.id())).flatten();
        PartitionDescription {
            partition: partition.id(),
            leader: (partition.leader() >= 0).then(|| partition.leader()),
            replicas: partition.replicas().to_vec(),
            in_sync: partition.isr().to_vec(),
            earliest: offsets.map(|(earliest, _)| earliest),
            latest: offsets.map(|(_, latest)| latest),
        }
    }

    /// The first offset of a partition and the one that is written next, if the leader answers.
    pub(super) fn watermarks(&self, topic: &str, partition: i32) -> Option<(i64, i64)> {
        self.probe.fetch_watermarks(topic, partition, Duration::from_secs(5)).ok()
    }

    /// A topic's configuration, by name.
    pub(super) fn configs(&self, topic: &str) -> Result<Vec<ConfigEntry>, KafkaError> {
        let resource = ResourceSpecifier::Topic(topic);
        let outcomes = block_on(self.client()?.describe_configs([&resource], &self.patient()))
            .map_err(|error| self.unanswered(&error))?;
        let asked = Asked { partitions: None, replication: None, configs: &[], brokers: 0 };
        let mut configs = Vec::new();
        for outcome in outcomes {
            let resource = outcome.map_err(|code| {
                tracing::debug!(topic, code = described(code), "no configuration");
                refused(topic, code, &asked)
            })?;
            configs.extend(resource.entries.into_iter().map(|entry| ConfigEntry {
                value: entry.value.filter(|_| !entry.is_sensitive),
                is_default: entry.is_default || entry.source == Source::Default,
                source: match entry.source {
                    Source::DynamicTopic => ConfigSource::Topic,
                    Source::DynamicBroker | Source::DynamicDefaultBroker | Source::StaticBroker => {
                        ConfigSource::Broker
                    }
                    Source::Default => ConfigSource::Default,
                    Source::Unknown => ConfigSource::Unknown,
                },
                name: entry.name,
            }));
        }
        configs.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(configs)
    }
}
