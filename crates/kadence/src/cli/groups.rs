//! Administration of consumer groups.

mod describe;
mod reset;

use clap::Subcommand;
use kadence_kafka::{Admin, StartAt};

use super::connection::ConnectionOptions;
use super::topics::each;
use super::{Exit, values};
use crate::fault::Error;
use crate::output::{Voice, print_json, print_plain_line};

/// List, describe, reset or delete consumer groups
#[derive(Debug, clap::Args)]
pub(crate) struct GroupsOptions {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List groups with their states
    #[command(after_help = "Examples:\n  kadence groups list\n  kadence groups list --json")]
    List {
        #[command(flatten)]
        connection: ConnectionOptions,
    },
    /// Show members, committed offsets and consumer lag of groups
    #[command(after_help = "Examples:\n  kadence groups describe my-group")]
    Describe {
        /// Groups to describe
        #[arg(required = true, value_name = "GROUP", value_parser = clap::builder::NonEmptyStringValueParser::new())]
        groups: Vec<String>,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
    /// Have a group go on at other offsets; it must have no members
    ///
    /// A group that does not exist is made by this.
    #[command(after_help = "Examples:\n  kadence groups reset my-group --to beginning --dry-run\n  \
        kadence groups reset my-group -t sensor --to end\n  \
        kadence groups reset my-group -t sensor --partition 0 --to 1000\n  \
        kadence groups reset my-group -t sensor --to @2026-01-01T00:00:00Z")]
    Reset {
        /// Group to move
        #[arg(value_name = "GROUP", value_parser = clap::builder::NonEmptyStringValueParser::new())]
        group: String,
        /// Topic to move it in; may be repeated [default: all that the group has committed]
        #[arg(short, long = "topic", value_name = "TOPIC")]
        topics: Vec<String>,
        /// Partition to move it in; may be repeated [default: all]
        #[arg(long = "partition", value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
        partitions: Vec<i32>,
        /// Where to, in each partition: beginning, end, OFFSET, -N (N before the end) or @TIME
        #[arg(long, value_name = "WHERE", allow_hyphen_values = true, value_parser = values::from)]
        to: StartAt,
        /// Show what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
    /// Delete groups with their committed offsets; they must have no members
    #[command(after_help = "Examples:\n  kadence groups delete my-group")]
    Delete {
        /// Groups to delete
        #[arg(required = true, value_name = "GROUP", value_parser = clap::builder::NonEmptyStringValueParser::new())]
        groups: Vec<String>,
        #[command(flatten)]
        connection: ConnectionOptions,
    },
}

impl GroupsOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        match self.action {
            Action::List { connection } => list(&connection.admin()?, voice),
            Action::Describe { groups, connection } => {
                let admin = connection.admin()?;
                describe::print(&admin, &groups, voice)
            }
            Action::Reset { group, topics, partitions, to, dry_run, connection } => {
                let admin = connection.admin()?;
                let reset = kadence_kafka::Reset { topics, partitions, to, is_dry: dry_run };
                reset::run(&admin, &group, &reset, voice)
            }
            Action::Delete { groups, connection } => {
                let admin = connection.admin()?;
                each(&groups, "groups delete", "deleted", voice, |group| {
                    admin.delete_groups(&[group])?.into_iter().try_for_each(|(_, outcome)| Ok(outcome?))
                })
            }
        }
    }
}

fn list(admin: &Admin, voice: Voice) -> Result<Exit, Error> {
    let groups = admin.groups()?;
    if voice.json {
        let groups: Vec<_> = groups
            .iter()
            .map(|group| serde_json::json!({ "name": group.name, "state": group.state }))
            .collect();
        print_json(&serde_json::json!({ "verb": "groups list", "groups": groups }), false)?;
        return Ok(Exit::Done);
    }
    let width = groups.iter().map(|group| group.name.chars().count()).max().unwrap_or(0);
    for group in &groups {
        print_plain_line(&format!("{:width$}  {}", group.name, group.state.to_lowercase()))?;
    }
    Ok(Exit::Done)
}
