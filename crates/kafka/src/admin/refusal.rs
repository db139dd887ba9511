//! Why a topic was not created, described or deleted.

use kadence_core::fault::Phrase;
use kadence_core::phrase;
use rdkafka::error::RDKafkaErrorCode as Code;

use crate::contact::refused_topic;
use crate::error::KafkaError;
use crate::words::described;

/// What was asked for, as far as the broker may find fault with it.
pub(super) struct Asked<'a> {
    pub(super) partitions: Option<i32>,
    pub(super) replication: Option<i32>,
    pub(super) configs: &'a [(String, String)],
    pub(super) brokers: usize,
}

pub(super) fn refused(topic: &str, code: Code, asked: &Asked<'_>) -> KafkaError {
    let (what, help) = match code {
        Code::TopicAlreadyExists => {
            ("exists already".to_owned(), phrase![!"topics describe", " ", topic, " shows it"])
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic => {
            return KafkaError::absent(topic);
        }
        Code::InvalidReplicationFactor => (
            format!(
                "replication factor {} is not possible (brokers: {})",
                asked.replication.map_or_else(|| "by default".to_owned(), |factor| factor.to_string()),
                asked.brokers
            ),
            "ask for one copy a broker at most".into(),
        ),
        Code::InvalidPartitions => (
            format!(
                "{} partitions are not possible",
                asked.partitions.map_or_else(|| "default".to_owned(), |partitions| partitions.to_string())
            ),
            "ask for 1 or more".into(),
        ),
        Code::InvalidConfig => {
            let configs: Vec<String> =
                asked.configs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (
                format!("a configuration is unknown or out of range ({})", configs.join(", ")),
                phrase![!"topics describe", " shows the names and values of a topic"],
            )
        }
        Code::TopicDeletionDisabled => {
            ("the broker deletes no topics".to_owned(), "set delete.topic.enable=true on the broker".into())
        }
        Code::PolicyViolation => ("against the cluster's policy".to_owned(), Phrase::default()),
        Code::ClusterAuthorizationFailed => (
            "this user may not administer the cluster".to_owned(),
            "ask for the rights, or connect as another user".into(),
        ),
        Code::InvalidTopic | Code::TopicAuthorizationFailed => return refused_topic(topic, code),
        other => (described(other), Phrase::default()),
    };
    KafkaError::topic(topic, what, help)
}
