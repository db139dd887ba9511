//! Why there is no Kafka.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a real Kafka could not be fetched or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KafkaError {
    #[error("{program} is missing; on Debian: apt-get install maven default-jre-headless")]
    Missing { program: &'static str, source: io::Error },
    #[error(
        "java {found} is too old for Kafka, which needs 17 or later; \
         on Debian: apt-get install maven default-jre-headless"
    )]
    OldJava { found: String },
    #[error("nowhere to keep Kafka's files: set KADENCE_TEST_CACHE, XDG_CACHE_HOME or HOME")]
    NoCache,
    #[error("{}: cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("mvn did not fetch Kafka: {}", said.join("; "))]
    Fetch { said: Vec<String> },
    #[error("{what} could not be run")]
    Run { what: &'static str, source: io::Error },
    #[error("no free port on 127.0.0.1")]
    Port { source: io::Error },
    #[error("Kafka's data folder was not formatted:\n{}", said.join("\n"))]
    Format { said: Vec<String> },
    #[error("Kafka ended while it started; the end of its log:\n{}", said.join("\n"))]
    Died { said: Vec<String> },
    #[error("Kafka did not answer within {limit:?}; the end of its log:\n{}", said.join("\n"))]
    Silent { limit: Duration, said: Vec<String> },
}
