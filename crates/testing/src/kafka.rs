//! A real Kafka, for tests and measurements.
//!
//! [`KafkaFiles`] fetches it once from Maven Central into a cache outside the tree, and [`RealKafka`] runs one node of
//! it. Tests of other crates start none: `./test` runs some for all of them (the program `real-kafka`) and says in the
//! environment where they are, which [`addresses`] and [`java_tool`] read.

mod error;
mod files;
mod metadata;
mod program;
mod server;

use std::path::PathBuf;
use std::process::Command;

pub use self::error::KafkaError;
pub use self::files::KafkaFiles;
pub use self::metadata::brokers;
pub use self::program::run_as_program;
pub use self::server::{DEFAULT_JVM, Options, RealKafka};

/// The real Kafkas that `./test` runs: the one at `KADENCE_TEST_KAFKA`, and those at `KADENCE_TEST_MORE_KAFKAS`, with
/// commas between them.
pub fn addresses() -> Vec<String> {
    let more = environment("KADENCE_TEST_MORE_KAFKAS").unwrap_or_default();
    let more = more.split(',').filter(|address| !address.is_empty()).map(ToOwned::to_owned);
    std::iter::once(demand("KADENCE_TEST_KAFKA")).chain(more).collect()
}

/// What `java -cp` takes for the programs of the Kafkas at [`addresses`].
pub fn classpath() -> String {
    demand("KADENCE_TEST_KAFKA_CLASSPATH")
}

/// One of Kafka's own programs, by its main class, from the files of the Kafkas at [`addresses`].
pub fn java_tool(main_class: &str) -> Command {
    let files = ["KADENCE_TEST_KAFKA_CLASSPATH", "KADENCE_TEST_KAFKA_LOG4J"].map(demand);
    files::java(&files[0], &files[1], &DEFAULT_JVM.map(ToOwned::to_owned), main_class)
}

fn demand(name: &str) -> String {
    environment(name).unwrap_or_else(|| panic!("{name} is not set: `./test kafka` runs a Kafka and sets it"))
}

/// A variable of the environment, unless it is empty.
#[expect(clippy::disallowed_methods, reason = "where a test's counterpart is cannot be an option")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where things that are fetched for tests are kept.
fn cache() -> Result<PathBuf, KafkaError> {
    environment("KADENCE_TEST_CACHE")
        .map(PathBuf::from)
        .or_else(|| environment("XDG_CACHE_HOME").map(|folder| PathBuf::from(folder).join("kadence-test")))
        .or_else(|| environment("HOME").map(|folder| PathBuf::from(folder).join(".cache/kadence-test")))
        .ok_or(KafkaError::NoCache)
}
