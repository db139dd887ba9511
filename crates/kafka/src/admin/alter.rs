//! Changes to a topic that is there.

use kadence_core::phrase;
use rdkafka::admin::NewPartitions;
use rdkafka::error::RDKafkaErrorCode as Code;

use super::refusal::{Asked, refused};
use super::{Admin, block_on};
use crate::contact::{is_topic_name, refused_topic};
use crate::error::KafkaError;
use crate::ffi;

impl Admin {
    /// Gives settings of a topic a value, or their default again where there is none; all others stay.
    pub fn alter(&self, topic: &str, settings: &[(String, Option<String>)]) -> Result<(), KafkaError> {
        if !is_topic_name(topic) {
            return Err(refused_topic(topic, Code::InvalidTopic));
        }
        let named: Vec<(&str, Option<&str>)> =
            settings.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        ffi::alter_configs(self.asking(), topic, &named).map_err(|refusal| match refusal {
            // The broker says which setting it is about, and what it takes.
            ffi::Refusal { code: Code::InvalidConfig | Code::InvalidRequest, text: Some(text) } => {
                let help = phrase![!"topics describe", " ", topic, " ", @"all", " shows its settings"];
                KafkaError::topic(topic, text, help)
            }
            ffi::Refusal { code, .. } => {
                let configs: Vec<(String, String)> = settings
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone().unwrap_or_default()))
                    .collect();
                refused(
                    topic,
                    code,
                    &Asked { partitions: None, replication: None, configs: &configs, brokers: 0 },
                )
            }
        })
    }

    /// Adds partitions to a topic, up to `partitions` in all.
    pub fn grow(&self, topic: &str, partitions: usize) -> Result<(), KafkaError> {
        let description = self
            .describe(&[topic])?
            .into_iter()
            .try_fold(0, |_, (_, outcome)| outcome.map(|found| found.partitions.len()))?;
        if partitions <= description {
            let what = format!("{partitions} partitions are not more than the {description} it has");
            return Err(KafkaError::topic(topic, what, "partitions can be added, not taken away"));
        }
        let request = NewPartitions::new(topic, partitions);
        let outcome = block_on(self.client()?.create_partitions([&request], &self.patient()));
        let asked = Asked {
            partitions: i32::try_from(partitions).ok(),
            replication: None,
            configs: &[],
            brokers: self.brokers(),
        };
        self.each(outcome, topic)?.map_err(|code| refused(topic, code, &asked))
    }
}
