//! Administration of topics.

mod describe;

use clap::Subcommand;
use kadence_kafka::Admin;
use serde::Serialize;

use super::connection::ConnectionOptions;
use super::{Exit, values};
use crate::fault::Error;
use crate::output::{Voice, print_json, print_plain_line};

/// Create, list, describe, alter or delete topics
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
    /// Change settings of topics, or add partitions; what is not named stays as it is
    #[command(after_help = "Examples:\n  kadence topics alter sensor --config retention.ms=86400000\n  \
        kadence topics alter sensor --delete-config retention.ms --partitions 6")]
    Alter {
        /// Topics to alter
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,
        /// Set a topic setting; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
        config: Vec<(String, String)>,
        /// Give a topic setting its default again; may be repeated
        #[arg(long, value_name = "NAME")]
        delete_config: Vec<String>,
        /// Add partitions, up to N in all; keys may go to other partitions from then on
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        partitions: Option<u32>,
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
                named_once("topics create", &config)?;
                let admin = connection.admin()?;
                each(&topics, "topics create", "created", voice, |topic| {
                    Ok(admin.create(topic, partitions, replication_factor, &config)?)
                })
            }
            Action::List { internal, connection } => {
                let admin = connection.admin()?;
                list(&admin, internal, voice)
            }
            Action::Describe { topics, all, connection } => {
                let admin = connection.admin()?;
                describe::print(&admin, &topics, all, voice)
            }
            Action::Alter { topics, config, delete_config, partitions, connection } => {
                let deleted = delete_config.into_iter().map(|name| (name, None));
                let settings: Vec<_> =
                    config.into_iter().map(|(name, value)| (name, Some(value))).chain(deleted).collect();
                alter(&topics, &settings, partitions, &connection, voice)
            }
            Action::Delete { topics, connection } => {
                let admin = connection.admin()?;
                each(&topics, "topics delete", "deleted", voice, |topic| {
                    admin.delete(&[topic])?.into_iter().try_for_each(|(_, outcome)| Ok(outcome?))
                })
            }
        }
    }
}

fn alter(
    topics: &[String],
    settings: &[(String, Option<String>)],
    partitions: Option<u32>,
    connection: &ConnectionOptions,
    voice: Voice,
) -> Result<Exit, Error> {
    if settings.is_empty() && partitions.is_none() {
        let help = "use --config NAME=VALUE, --delete-config NAME or --partitions N";
        return Err(Error::misuse("topics alter", "nothing to change is named", help));
    }
    named_once("topics alter", settings)?;
    let admin = connection.admin()?;
    each(topics, "topics alter", "altered", voice, |topic| {
        if !settings.is_empty() {
            admin.alter(topic, settings)?;
        }
        if let Some(partitions) = partitions {
            admin.grow(topic, partitions as usize)?;
        }
        Ok(())
    })
}

/// Refuses a setting that is given more than once: only one of them would count.
fn named_once<V>(verb: &str, settings: &[(String, V)]) -> Result<(), Error> {
    let is_before =
        |index: usize, name: &String| settings[..index].iter().any(|(earlier, _)| earlier == name);
    match settings.iter().enumerate().find(|(index, (name, _))| is_before(*index, name)) {
        Some((_, (name, _))) => Err(Error::misuse(verb, format!("`{name}` is named twice"), "name it once")),
        None => Ok(()),
    }
}

/// Does `act` to each of `names`; one that fails does not keep the others from it.
pub(super) fn each(
    names: &[String],
    verb: &str,
    done: &str,
    voice: Voice,
    act: impl Fn(&str) -> Result<(), Error>,
) -> Result<Exit, Error> {
    let mut acted = Vec::new();
    let mut errors = Vec::new();
    for name in names {
        match act(name) {
            Ok(()) => {
                voice.note(format!("{done} {name}"));
                acted.push(name);
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
        print_plain_line(&format!("{name:width$}  {partition}, {replica}"))?;
    }
    Ok(Exit::Done)
}

pub(super) fn plural(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
