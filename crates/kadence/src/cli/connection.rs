//! How to reach a cluster.

use std::path::PathBuf;

use kadence_kafka::{Admin, Connection};

use super::values;
use crate::fault::Error;

/// Where the cluster is and how to talk to it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Kafka")]
pub(crate) struct ConnectionOptions {
    // The environment is not clap's business: its usage would list the option as if it had been typed.
    #[arg(short, long, aliases = ["bootstrap-server", "bootstrap-servers", "broker-list"],
        value_name = "HOST:PORT,…", help = "Brokers to connect to [env: KADENCE_BROKERS] [default: localhost:9092]")]
    brokers: Option<String>,
    /// Set a property of librdkafka; may be repeated, and wins over everything else
    #[arg(short = 'X', value_name = "NAME=VALUE", value_parser = values::pair)]
    property: Vec<(String, String)>,
    /// Read properties from a file; the Java clients' names of the security settings are understood
    #[arg(long, value_name = "FILE")]
    kafka_config: Option<PathBuf>,
}

impl ConnectionOptions {
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            brokers: self.brokers.clone().or_else(brokers_of_environment),
            properties: self.property.clone(),
            config_file: self.kafka_config.clone(),
        }
    }
}

impl ConnectionOptions {
    /// Connects to administer the cluster, once there is nothing wrong with the options.
    pub(crate) fn admin(&self) -> Result<Admin, Error> {
        let connection = self.connection();
        connection.check()?;
        Ok(Admin::connect(&connection)?)
    }
}

/// Tells whether the environment says what this option says; in a file it then gives way.
pub(crate) fn is_in_environment(option: &str) -> bool {
    option == "brokers" && brokers_of_environment().is_some()
        || option == "registry" && super::registry::urls_of_environment().is_some()
}

#[expect(clippy::disallowed_methods, reason = "this is the option's other spelling")]
fn brokers_of_environment() -> Option<String> {
    std::env::var("KADENCE_BROKERS").ok().filter(|brokers| !brokers.is_empty())
}

/// The topics, where they stand first on the line or each behind `-t`.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct TopicsOption {
    /// Topics; one that begins with ^ is a regular expression
    #[arg(value_name = "TOPIC")]
    positional: Vec<String>,
    /// Topic, spelled as in other verbs; may be repeated
    #[arg(short, long = "topic", value_name = "TOPIC", help_heading = "Kafka")]
    topic: Vec<String>,
}

impl TopicsOption {
    pub(crate) fn names(&self) -> Vec<String> {
        [&self.positional[..], &self.topic].concat()
    }
}
