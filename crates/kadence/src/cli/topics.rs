//! Administration of topics.

mod describe;

use clap::Subcommand;
use kadence_kafka::Admin;
use serde::Serialize;

use super::connection::ConnectionOptions;
use super::{Exit, values};
use crate::fault::Error;
use crate::output::{Voice, print_json, print_line};

/// Create, list, describe or delete topics
#[derive(Debug, clap::Args)]
pub(crate) struct TopicsOptions {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create topics
    #[command(after_help = "Examples:\n  kadence topics create sensor\n  \
        kadence topics create sensor --partitions 3 --replication-factor 1 --config retention.ms=86400000")]
    Create {
        /// Topics to create
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,
        /// Number of partitions [default: the broker's]
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        partitions: Option<i32>,
        /// Number of replicas [default: the broker's]
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        replication_factor: Option<i32>,
        /// Set a topic setting; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
        config: Vec<(String, String)>,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
    /// List topics
    #[command(after_help = "Examples:\n  kadence topics list\n  kadence topics list --json")]
    List {
        /// List the cluster's own topics as well
        #[arg(long)]
        internal: bool,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
    /// Show partitions, offsets and settings of topics
    #[command(after_help = "Examples:\n  kadence topics describe sensor")]
    Describe {
        /// Topics to describe
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,
        /// Show settings that have their default value as well
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
    /// Delete topics with all their records
    #[command(after_help = "Examples:\n  kadence topics delete sensor")]
    Delete {
        /// Topics to delete
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
}

impl TopicsOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        match self.action {
            Action::Create { topics, partitions, replication_factor, config, connection } => {
                let admin = Admin::connect(&connection.connection())?;
                each(&topics, "topics create", "created", voice, |topic| {
                    Ok(admin.create(topic, partitions, replication_factor, &config)?)
                })
            }
            Action::List { internal, connection } => {
                let admin = Admin::connect(&connection.connection())?;
                list(&admin, internal, voice)
            }
            Action::Describe { topics, all, connection } => {
                let admin = Admin::connect(&connection.connection())?;
                describe::print(&admin, &topics, all, voice)
            }
            Action::Delete { topics, connection } => {
                let admin = Admin::connect(&connection.connection())?;
                each(&topics, "topics delete", "deleted", voice, |topic| {
                    admin.delete(&[topic])?.into_iter().try_for_each(|(_, outcome)| Ok(outcome?))
                })
            }
        }
    }
}

/// Does `act` to each topic; one that fails does not keep the others from it.
fn each(
    topics: &[String],
    verb: &str,
    done: &str,
    voice: Voice,
    act: impl Fn(&str) -> Result<(), Error>,
) -> Result<Exit, Error> {
    let mut acted = Vec::new();
    let mut errors = Vec::new();
    for topic in topics {
        match act(topic) {
            Ok(()) => {
                voice.note(format!("{done} {topic}"));
                acted.push(topic);
            }
            Err(error) => errors.push(error),
        }
    }
    if voice.json {
        print_json(&serde_json::json!({ "verb": verb, done: acted }), false)?;
    }
    Error::all(errors).map_or(Ok(Exit::Done), Err)
}

#[derive(Serialize)]
struct Listed {
    name: String,
    partitions: usize,
    replicas: usize,
    internal: bool,
}

fn list(admin: &Admin, internal: bool, voice: Voice) -> Result<Exit, Error> {
    let topics: Vec<Listed> = admin
        .list()?
        .into_iter()
        .filter(|topic| internal || !topic.internal)
        .map(|topic| Listed {
            name: topic.name,
            partitions: topic.partitions,
            replicas: topic.replication,
            internal: topic.internal,
        })
        .collect();
    if voice.json {
        print_json(&serde_json::json!({ "verb": "topics list", "topics": topics }), false)?;
        return Ok(Exit::Done);
    }
    let width = topics.iter().map(|topic| topic.name.chars().count()).max().unwrap_or(0);
    for Listed { name, partitions, replicas, .. } in &topics {
        let (partition, replica) = (plural(*partitions, "partition"), plural(*replicas, "replica"));
        print_line(&format!("{name:width$}  {partition}, {replica}"))?;
    }
    Ok(Exit::Done)
}

fn plural(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
