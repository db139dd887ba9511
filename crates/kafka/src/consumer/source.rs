//! The topic and the client that reads it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::metadata::{Metadata, MetadataPartition};
use rdkafka::{Offset, TopicPartitionList};

use super::bounds::Leaders;
use super::membership::Membership;
use super::options::ReaderOptions;
use super::{ClientConsumer, StopAt};
use crate::contact::{Client, Contact, TopicState, described, refused_topic, topic_state};
use crate::context::Watch;
use crate::error::{Cause, KafkaError};
use crate::options::Resolved;

/// How often an absent topic is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A topic, and the client that reads it.
pub(super) struct Source {
    pub(super) consumer: Arc<ClientConsumer>,
    pub(super) resolved: Resolved,
    pub(super) topic: String,
    pub(super) stop: Arc<Stop>,
    /// Whether partitions are being fetched, so that polling may bring a record.
    pub(super) is_assigned: Cell<bool>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.consumer.context().close(&self.consumer);
    }
}

impl Source {
    /// The topic's partitions, once it exists.
    pub(super) fn partitions(
        &self,
        options: &ReaderOptions,
        mut on_wait: impl FnMut(&str),
    ) -> Result<Option<Vec<i32>>, KafkaError> {
        let contact = Contact {
            client: &*self.consumer,
            resolved: &self.resolved,
            clock: &SystemClock,
            stop: &self.stop,
        };
        let mut is_waiting = false;
        let mut electing_since = None;
        let mut is_electing_said = false;
        loop {
            match contact.metadata(Some(&self.topic)) {
                Ok(metadata) => match topic_state(&metadata, &self.topic) {
                    TopicState::Ready { .. } => return Ok(Some(partition_ids(&metadata, &self.topic))),
                    TopicState::Refused(code) => return Err(refused_topic(&self.topic, code)),
                    TopicState::Absent if options.until == StopAt::End => {
                        return Err(KafkaError::AbsentTopic { topic: self.topic.clone(), creatable: false });
                    }
                    TopicState::Absent if !is_waiting => {
                        is_waiting = true;
                        on_wait(&format!("topic {} does not exist yet; waiting for it", self.topic));
                    }
                    TopicState::Electing { .. } => {
                        let now = SystemClock.now();
                        let lasted = now.saturating_sub(*electing_since.get_or_insert(now));
                        if lasted >= self.resolved.patience().0 && options.has_end() {
                            return Err(KafkaError::Topic {
                                topic: self.topic.clone(),
                                what: "a partition of it has no leader".to_owned(),
                                help: "check that the brokers with its replicas are up".to_owned(),
                            });
                        }
                        if lasted >= self.resolved.patience().0 && !is_electing_said {
                            is_electing_said = true;
                            on_wait(&format!(
                                "topic {}: a partition of it has no leader; waiting for one",
                                self.topic
                            ));
                        }
                    }
                    TopicState::Absent => {}
                },
                // A cluster that was there once may come back, like the topic.
                Err(KafkaError::Unreachable { .. }) if is_waiting => {}
                Err(error) => return Err(error),
            }
            if self.stop.wait(LOOK_AGAIN) {
                return Ok(None);
            }
        }
    }

    pub(super) fn now() -> Duration {
        SystemClock.now()
    }

    /// Asks the group for partitions. It gives them while the consumer is polled.
    pub(super) fn join(&self) -> Result<(), KafkaError> {
        self.consumer.subscribe(&[&self.topic]).map_err(|error| self.broken(&error))
    }

    pub(super) fn leaders(&self) -> Leaders<'_> {
        Leaders {
            consumer: &self.consumer,
            resolved: &self.resolved,
            topic: &self.topic,
            stop: &self.stop,
            is_assigned: self.is_assigned.get(),
        }
    }

    /// Fetches no more of `partition`. What arrives regardless is for the caller to skip.
    pub(super) fn pause(&self, partition: i32) {
        let mut paused = TopicPartitionList::new();
        paused.add_partition(&self.topic, partition);
        let _ = self.consumer.pause(&paused);
    }

    /// Whether the log is known to reach `end`. A leader that does not answer now is asked at the log's next end.
    pub(super) fn has_grown_to(&self, partition: i32, end: i64) -> bool {
        self.leaders().log(partition).is_ok_and(|log| log.next >= end)
    }

    /// Fetches `partition` from `offset` on once more.
    pub(super) fn read_again(&self, partition: i32, offset: i64) {
        if let Err(error) = self.consumer.seek(&self.topic, partition, Offset::Offset(offset), Duration::ZERO)
        {
            tracing::debug!(topic = self.topic, partition, %error, "the end is not looked for again");
        }
    }

    /// Tells what ends the reading from what passes.
    pub(super) fn failed(
        &self,
        error: &ClientError,
        next_offsets: &BTreeMap<i32, i64>,
        membership: Option<&Membership>,
    ) -> Result<(), KafkaError> {
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        if let Some(refusal) = membership.and_then(|membership| membership.refused(code)) {
            return Err(refusal);
        }
        match code {
            Code::AutoOffsetReset | Code::OffsetOutOfRange => Err(self.lost_place(next_offsets, membership)),
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
                Err(KafkaError::Topic {
                    topic: self.topic.clone(),
                    what: "is gone".to_owned(),
                    help: "somebody deleted it; start again to wait for a new one".to_owned(),
                })
            }
            Code::TopicAuthorizationFailed => Err(refused_topic(&self.topic, code)),
            Code::Authentication | Code::SaslAuthenticationFailed => Err(KafkaError::Unreachable {
                brokers: self.resolved.brokers().to_owned(),
                cause: self.consumer.watch().last().unwrap_or(Cause::Sasl { reason: described(code) }),
            }),
            Code::Fatal => Err(self.broken(error)),
            _ if matches!(error, ClientError::MessageConsumptionFatal(_)) => Err(self.broken(error)),
            _ => {
                tracing::debug!(topic = self.topic, %error, "reading goes on");
                Ok(())
            }
        }
    }

    /// The log does not have the next offset: retention overtook the reader, or the log was replaced.
    fn lost_place(&self, next_offsets: &BTreeMap<i32, i64>, membership: Option<&Membership>) -> KafkaError {
        for (&partition, &next) in next_offsets {
            let Ok(log) = self.leaders().log(partition) else { continue };
            if (log.earliest..=log.next).contains(&next) {
                continue;
            }
            if let Some(membership) = membership {
                return membership.lost_place(&self.topic, partition, next, log);
            }
            return KafkaError::Offset {
                topic: self.topic.clone(),
                partition,
                what: format!(
                    "offset {next} is gone while reading (the log now has {} to {})",
                    log.earliest, log.next
                ),
                help: "retention overtook the reader or the topic was made anew; start again".to_owned(),
            };
        }
        KafkaError::Topic {
            topic: self.topic.clone(),
            what: "an offset is gone while reading".to_owned(),
            help: "start again".to_owned(),
        }
    }

    pub(super) fn broken(&self, error: &ClientError) -> KafkaError {
        let what = error.rdkafka_error_code().map_or_else(|| error.to_string(), described);
        KafkaError::Topic { topic: self.topic.clone(), what, help: String::new() }
    }
}

fn partition_ids(metadata: &Metadata, topic: &str) -> Vec<i32> {
    let topic = metadata.topics().iter().find(|found| found.name() == topic);
    let mut ids: Vec<i32> =
        topic.map_or(&[][..], |topic| topic.partitions()).iter().map(MetadataPartition::id).collect();
    ids.sort_unstable();
    ids
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
