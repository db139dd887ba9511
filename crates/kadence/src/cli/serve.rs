//! Servers on a given cluster.

use std::sync::Arc;
use std::time::Duration;

use super::Exit;
use super::connection::ConnectionOptions;
use super::listening::{bind, not_bound};
use crate::fault::Error;
use crate::output::{Voice, print_json, print_line};
use crate::registry::{RemoteLog, Running, TOPIC};
use crate::sending::in_real_time;
use crate::signals::Signals;

/// Serve something that a Kafka cluster does not: a Schema Registry
#[derive(Debug, clap::Args)]
pub(crate) struct ServeOptions {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Registry(RegistryOptions),
}

/// Serve a Schema Registry whose state is a compacted topic of the cluster, until Ctrl-C
///
/// It speaks the REST interface of Confluent's registry, and keeps its state in the form that other registries read. One
/// registry writes to a topic; a second one that finds the first one answering serves reads, and says where writes go.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kadence serve registry -b broker:9092
  kadence serve registry -b broker:9092 --listen 127.0.0.1:18081 --topic _schemas_test")]
struct RegistryOptions {
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Listen here, on this machine; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8081")]
    listen: String,
    /// The topic that keeps the state; it is made if it is not there
    #[arg(short, long, value_name = "TOPIC", default_value = TOPIC)]
    topic: String,
}

impl ServeOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        match self.what {
            What::Registry(options) => options.run(voice),
        }
    }
}

impl RegistryOptions {
    fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let listener = bind(&self.listen).map_err(|error| not_bound("--listen", &self.listen, &error))?;
        let stop = Arc::clone(&signals.stop);
        let clock = in_real_time(&stop, &signals.abandon).clock;
        let log = RemoteLog::open(&self.connection.connection(), &self.topic, clock, &stop)?;
        let running = Running::start(listener, Box::new(log), stop, Box::new(move |text| voice.note(text)))?;
        let (url, writer) = (running.url(), running.writer().map(ToOwned::to_owned));
        if voice.json {
            let ready = serde_json::json!({
                "verb": "serve", "ready": true, "registry": url, "topic": self.topic, "writer": writer,
            });
            print_json(&ready, false)?;
        } else {
            let role = writer.map_or_else(String::new, |writer| format!(", reads only: {writer} writes"));
            print_line(&format!("registry ready at {url} (topic {}{role}; Ctrl-C stops it)", self.topic))?;
        }
        while !signals.stop.wait(Duration::from_hours(1)) {}
        drop(running);
        if voice.json {
            let stopped = serde_json::json!({ "verb": "serve", "ready": false });
            print_json(&stopped, false)?;
        }
        Ok(Exit::Done)
    }
}
