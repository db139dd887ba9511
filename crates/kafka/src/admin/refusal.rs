//! Why a topic was not created, described or deleted.

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
            ("exists already".to_owned(), format!("kadence topics describe {topic} shows it"))
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic => {
            return KafkaError::AbsentTopic { topic: topic.to_owned(), creatable: false };
        }
        Code::InvalidReplicationFactor => (
            format!(
                "replication factor {} is not possible (brokers: {})",
                asked.replication.map_or_else(|| "by default".to_owned(), |factor| factor.to_string()),
                asked.brokers
            ),
            "ask for one copy a broker at most".to_owned(),
        ),
        Code::InvalidPartitions => (
            format!(
                "{} partitions are not possible",
                asked.partitions.map_or_else(|| "default".to_owned(), |partitions| partitions.to_string())
            ),
            "ask for 1 or more".to_owned(),
        ),
        Code::InvalidConfig => {
            let configs: Vec<String> =
                asked.configs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (
                format!("a configuration is unknown or out of range ({})", configs.join(", ")),
                "kadence topics describe shows the names and values of a topic".to_owned(),
            )
        }
        Code::TopicDeletionDisabled => (
            "the broker deletes no topics".to_owned(),
            "set delete.topic.enable=true on the broker".to_owned(),
        ),
        Code::PolicyViolation => ("against the cluster's policy".to_owned(), String::new()),
        Code::ClusterAuthorizationFailed => (
            "this user may not administer the cluster".to_owned(),
            "ask for the rights, or connect as another user".to_owned(),
        ),
        Code::InvalidTopic | Code::TopicAuthorizationFailed => return refused_topic(topic, code),
        other => (described(other), String::new()),
    };
    KafkaError::Topic { topic: topic.to_owned(), what, help }
}
