//! The topics: their names, ids and partitions.
//!
//! | Module | Holds |
//! |---|---|
//! | `change` | topics created, configured, widened and deleted |
//! | `kept` | what of them outlives the process |
//!
//! Here is which there are, and how they are found.

mod change;
mod kept;

use crate::{
    config::TopicConfig,
    directory::Directory,
    error::BrokerError,
    journal::{Journal, State as Kept},
    limits,
    log::OpenFiles,
    memory::Memory,
    options::{MAX_PARTITIONS_PER_TOPIC, TopicSettings},
    partition::Partition,
    response_error::Refusal,
    sync::Lock,
};
use kafka_protocol::{ResponseError, protocol::StrBytes};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};
use uuid::Uuid;

/// A topic. Its id tells it from an earlier one of the same name.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: StrBytes,
    pub(crate) id: Uuid,
    pub(crate) config: TopicConfig,
    /// What the configuration comes to.
    pub(crate) settings: TopicSettings,
    pub(crate) partitions: Vec<Arc<Partition>>,
}

impl Topic {
    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<Partition>> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

/// All topics of a broker, by name and by id.
#[derive(Debug)]
pub(crate) struct Topics {
    memory: Arc<Memory>,
    journal: Arc<Journal>,
    defaults: TopicSettings,
    /// Where logs are kept.
    directory: Option<Directory>,
    /// It is there no longer, or somebody else's.
    gone: AtomicBool,
    /// The files that logs keep open.
    files: Arc<OpenFiles>,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    by_name: BTreeMap<StrBytes, Arc<Topic>>,
    by_id: HashMap<Uuid, StrBytes>,
    partitions: usize,
}

impl Topics {
    /// The topics that `kept` has, or none.
    pub(crate) fn new(
        memory: Arc<Memory>,
        journal: Arc<Journal>,
        defaults: TopicSettings,
        directory: Option<Directory>,
        kept: &Kept,
    ) -> Result<Self, BrokerError> {
        let topics = Self {
            memory,
            journal,
            defaults,
            directory,
            gone: AtomicBool::new(false),
            files: OpenFiles::at_most(limits::share_of_files()),
            state: Lock::default(),
        };
        topics.restore(kept)?;
        Ok(topics)
    }

    fn new_partitions(&self, id: Uuid, indexes: Range<usize>) -> Vec<Arc<Partition>> {
        let dir = |index| self.directory.as_ref().map(|directory| directory.partition(id, index as i32));
        let new = |index| Arc::new(Partition::new(dir(index), &self.memory));
        indexes.map(new).inspect(|partition| self.bind(partition)).collect()
    }

    /// The directory that logs are kept in.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.directory.as_ref().map(Directory::path)
    }

    /// The most files that logs keep open, if that was reached and is not said yet.
    pub(crate) fn files_reached(&self) -> Option<usize> {
        self.files.take_reached()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Topic>> {
        self.state.lock().by_name.get(name.as_bytes()).cloned()
    }

    /// Whether there is such a partition.
    pub(crate) fn has(&self, name: &str, partition: i32) -> bool {
        self.named(name).is_some_and(|topic| topic.partition(partition).is_some())
    }

    pub(crate) fn with_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        let state = self.state.lock();
        state.by_name.get(state.by_id.get(&id)?.as_bytes()).cloned()
    }

    /// All topics by name.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        self.state.lock().by_name.values().cloned().collect()
    }

    /// Everybody who wrote to any log, with the latest epoch.
    pub(crate) fn epochs(&self) -> HashMap<i64, i16> {
        let mut epochs = HashMap::new();
        for topic in self.all() {
            for partition in &topic.partitions {
                for (id, epoch) in partition.lock().producers.epochs() {
                    let known = epochs.entry(id).or_insert(epoch);
                    *known = epoch.max(*known);
                }
            }
        }
        epochs
    }

    /// Topics and partitions there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.by_name.len(), state.partitions)
    }
}

impl State {
    /// Puts a topic in place of the one of its name.
    fn replace(&mut self, topic: Topic) {
        self.by_name.insert(topic.name.clone(), Arc::new(topic));
    }
}

/// How many partitions a topic is to have, if it may.
fn check_partitions(partitions: i32) -> Result<usize, Refusal> {
    let message = match usize::try_from(partitions) {
        Ok(0) | Err(_) => "Number of partitions must be larger than 0.".to_owned(),
        Ok(_) if partitions > MAX_PARTITIONS_PER_TOPIC => {
            format!("a topic has at most {MAX_PARTITIONS_PER_TOPIC} partitions here (asked for {partitions})")
        }
        Ok(count) => return Ok(count),
    };
    Err(Refusal::new(ResponseError::InvalidPartitions, message))
}
