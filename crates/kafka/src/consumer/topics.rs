//! Which topics and partitions there are to read, once there are any.

use std::time::Duration;

use kadence_core::feed::TopicId;
use kadence_core::phrase;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::metadata::{Metadata, MetadataPartition, MetadataTopic};

use super::cluster::{Cluster, of_topic};
use super::names::{compiled, is_pattern};
use super::options::{ReaderOptions, StopAt};
use crate::contact::{TopicState, refused_topic, topic_state};
use crate::error::KafkaError;
use crate::topic_id::Found;

/// How often an absent topic is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long one question for ids may take.
const ONE_QUESTION: Duration = Duration::from_secs(1);

/// A topic and its partitions, in order.
pub(super) type Topic = (String, Vec<i32>);

/// The topics that are asked for with their partitions, once all are there; `None` if somebody stops the wait.
pub(super) fn wait_for(
    cluster: &Cluster,
    options: &ReaderOptions,
    mut on_wait: impl FnMut(&str),
) -> Result<Option<Vec<Topic>>, KafkaError> {
    let mut found: Vec<Topic> = Vec::new();
    for topic in &options.topics {
        let more = if is_pattern(topic) {
            matching(cluster, options, topic, &mut on_wait)?
        } else {
            one(cluster, options, topic, &mut on_wait)?.map(|partitions| vec![(topic.clone(), partitions)])
        };
        let Some(more) = more else { return Ok(None) };
        for (topic, partitions) in more {
            if found.iter().all(|(known, _)| *known != topic) {
                found.push((topic, partitions));
            }
        }
    }
    Ok(Some(found))
}

/// The partitions of one topic.
fn one(
    cluster: &Cluster,
    options: &ReaderOptions,
    topic: &str,
    on_wait: &mut impl FnMut(&str),
) -> Result<Option<Vec<i32>>, KafkaError> {
    let contact = cluster.contact();
    let mut is_waiting = false;
    let mut electing_since = None;
    let mut is_electing_said = false;
    loop {
        match contact.metadata(Some(topic)) {
            Ok(metadata) => match topic_state(&metadata, topic) {
                TopicState::Ready { .. } => return Ok(Some(partition_ids(&metadata, topic))),
                TopicState::Refused(code) => return Err(refused_topic(topic, code)),
                TopicState::Absent if options.until == StopAt::End => {
                    return Err(KafkaError::absent(topic));
                }
                TopicState::Absent if !is_waiting => {
                    is_waiting = true;
                    on_wait(&format!("topic {topic} does not exist yet; waiting for it"));
                }
                TopicState::Electing { .. } => {
                    let now = cluster.now();
                    let lasted = now.saturating_sub(*electing_since.get_or_insert(now));
                    let is_long = lasted >= cluster.resolved.patience().0;
                    if is_long && options.has_end() {
                        let help = "check that the brokers with its replicas are up";
                        return Err(of_topic(
                            topic,
                            Code::LeaderNotAvailable,
                            "a partition of it has no leader",
                            help,
                        ));
                    }
                    if is_long && !is_electing_said {
                        is_electing_said = true;
                        on_wait(&format!("topic {topic}: a partition of it has no leader; waiting for one"));
                    }
                }
                TopicState::Absent => {}
            },
            // A cluster that was there once may come back, like the topic.
            Err(KafkaError::Unreachable { .. }) if is_waiting => {}
            Err(error) => return Err(error),
        }
        if cluster.stop.wait(LOOK_AGAIN) {
            return Ok(None);
        }
    }
}

/// The topics that a pattern matches, once there is one. Kafka's own are left out.
fn matching(
    cluster: &Cluster,
    options: &ReaderOptions,
    pattern: &str,
    on_wait: &mut impl FnMut(&str),
) -> Result<Option<Vec<Topic>>, KafkaError> {
    let regex = compiled(pattern)?;
    let mut is_waiting = false;
    loop {
        let metadata = cluster.contact().metadata(None)?;
        let names = metadata.topics().iter().map(MetadataTopic::name);
        let mut names: Vec<&str> =
            names.filter(|name| regex.is_match(name) && !name.starts_with("__")).collect();
        names.sort_unstable();
        if !names.is_empty() {
            let found = names.iter().map(|name| ((*name).to_owned(), partition_ids(&metadata, name)));
            return Ok(Some(found.collect()));
        }
        if options.until == StopAt::End {
            return Err(of_topic(
                pattern,
                Code::UnknownTopicOrPartition,
                "no topic matches it",
                phrase![!"topics list", " shows those that there are"],
            ));
        }
        if !is_waiting {
            is_waiting = true;
            on_wait(&format!("no topic matches {pattern} yet; waiting for one"));
        }
        if cluster.stop.wait(LOOK_AGAIN) {
            return Ok(None);
        }
    }
}

/// The ids of topics, asked for as long as there is patience and nobody stops the wait. What nobody tells stays
/// unknown.
pub(super) fn ids(cluster: &Cluster, topics: &[&str]) -> Vec<TopicId> {
    let deadline = cluster.now() + cluster.resolved.patience().0;
    loop {
        let found = cluster.look_up(topics, ONE_QUESTION);
        let is_known = found.iter().all(|found| *found != Found::Unknown);
        if is_known || cluster.now() >= deadline || cluster.stop.wait(LOOK_AGAIN) {
            let id = |found: Found| if let Found::There(id) = found { id } else { None };
            return found.into_iter().map(id).collect();
        }
    }
}

/// The partitions that a topic has now.
pub(super) fn partitions(cluster: &Cluster, topic: &str) -> Result<Vec<i32>, KafkaError> {
    Ok(partition_ids(&cluster.contact().metadata(Some(topic))?, topic))
}

fn partition_ids(metadata: &Metadata, topic: &str) -> Vec<i32> {
    let topic = metadata.topics().iter().find(|found| found.name() == topic);
    let mut ids: Vec<i32> =
        topic.map_or(&[][..], |topic| topic.partitions()).iter().map(MetadataPartition::id).collect();
    ids.sort_unstable();
    ids
}
