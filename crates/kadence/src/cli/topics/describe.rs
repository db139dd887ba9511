//! Partitions, offsets and settings of topics.

use kadence_kafka::{Admin, ConfigSource, TopicDescription};

use super::plural;
use crate::cli::Exit;
use crate::fault::Error;
use crate::output::{Voice, count, print_json, print_plain_line};

/// Prints what there is to know of each topic; one that fails does not keep the others from it.
pub(super) fn print(admin: &Admin, topics: &[String], all: bool, voice: Voice) -> Result<Exit, Error> {
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    let mut described = Vec::new();
    let mut errors = Vec::new();
    for (_, outcome) in admin.describe(&names)? {
        match outcome {
            Ok(mut topic) => {
                topic.configs.retain(|config| all || config.source == ConfigSource::Topic);
                described.push(topic);
            }
            Err(error) => errors.push(error.into()),
        }
    }
    if voice.json {
        let topics: Vec<_> = described.iter().map(as_json).collect();
        print_json(&serde_json::json!({ "verb": "topics describe", "topics": topics }), false)?;
    } else {
        described.iter().flat_map(as_lines).try_for_each(|line| print_plain_line(&line))?;
    }
    Error::all(errors).map_or(Ok(Exit::Done), Err)
}

fn as_json(topic: &TopicDescription) -> serde_json::Value {
    let partitions: Vec<_> = topic
        .partitions
        .iter()
        .map(|partition| {
            serde_json::json!({
                "partition": partition.partition,
                "leader": partition.leader,
                "replicas": partition.replicas,
                "in_sync": partition.in_sync,
                "earliest": partition.earliest,
                "latest": partition.latest,
            })
        })
        .collect();
    let configs: serde_json::Map<_, _> =
        topic.configs.iter().map(|config| (config.name.clone(), config.value.clone().into())).collect();
    serde_json::json!({ "name": topic.name, "id": topic.id, "partitions": partitions, "configs": configs })
}

fn as_lines(topic: &TopicDescription) -> Vec<String> {
    let replicas = topic.partitions.first().map_or(0, |partition| partition.replicas.len());
    let id = topic.id.as_ref().map_or_else(String::new, |id| format!("; id {id}"));
    let mut lines = vec![format!(
        "{}: {}, {}{id}",
        topic.name,
        plural(topic.partitions.len(), "partition"),
        plural(replicas, "replica")
    )];
    for partition in &topic.partitions {
        let leader = partition.leader.map_or_else(|| "none".into(), |leader| leader.to_string());
        let held = match (partition.earliest, partition.latest) {
            (Some(earliest), Some(latest)) => {
                let offsets = u64::try_from(latest.saturating_sub(earliest)).unwrap_or(0);
                format!("offsets {earliest} to {latest} ({})", count(offsets))
            }
            _ => "offsets unknown".into(),
        };
        lines.push(format!(
            "  partition {}: {held}; leader {leader}, in sync {:?} of {:?}",
            partition.partition, partition.in_sync, partition.replicas
        ));
    }
    for config in &topic.configs {
        lines.push(format!("  {}={}", config.name, config.value.as_deref().unwrap_or("(hidden)")));
    }
    lines
}
