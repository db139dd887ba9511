//! The topics: their names, ids and partitions.

use crate::{
    config::TopicConfig,
    directory::{Directory, DirectoryError},
    journal::{self, Event, Journal, NotWritten, State as Kept},
    limits,
    log::{Ahead, Log, OpenFiles},
    memory::Memory,
    options::{MAX_PARTITIONS, MAX_PARTITIONS_PER_TOPIC, TopicSettings},
    partition::Partition,
    refusal::Refusal,
    start::BrokerError,
    storage_error::StorageError,
    sync::Lock,
    topic_name::{check_name, collide},
};
use kafka_protocol::{ResponseError, protocol::StrBytes};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
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

    /// The topic as the journal has it.
    fn event(&self) -> Event {
        Event::Topic {
            id: self.id,
            name: self.name.to_string(),
            partitions: self.partitions.len() as i32,
            config: self.config.all().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

/// All topics of a broker.
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
        for (id, topic) in &kept.topics {
            topics.restore(*id, topic, kept.format)?;
        }
        if (1..journal::FORMAT).contains(&kept.format) {
            topics.renew(kept).map_err(|_| BrokerError::Journal)?;
        }
        Ok(topics)
    }

    /// Writes into the journal of an earlier version what it lacks.
    fn renew(&self, kept: &Kept) -> Result<(), NotWritten> {
        let mut events = Vec::new();
        for topic in self.all() {
            for (partition, found) in (0..).zip(&topic.partitions) {
                let offset = found.lock().log.start();
                events.push(Event::LogStart { topic: topic.id, partition, offset });
            }
        }
        let id = kept.cluster_id.clone();
        events.extend(id.map(|id| Event::Cluster { format: journal::FORMAT, id }));
        self.journal.write(&events).and_then(|()| self.journal.settle())
    }

    fn restore(&self, id: Uuid, kept: &journal::Topic, format: u32) -> Result<(), BrokerError> {
        let wrong = |what| BrokerError::Topic { name: kept.name.clone(), what };
        let mut config = TopicConfig::default();
        for (name, value) in &kept.config {
            config.set(name, Some(value)).map_err(wrong)?;
        }
        check_partitions(kept.partitions).map_err(|refusal| wrong(refusal.message))?;
        let partitions = self.recover(id, kept, format)?;
        let count = partitions.len();
        let topic = Topic {
            name: StrBytes::from_string(kept.name.clone()),
            id,
            settings: config.settings(&self.defaults),
            config,
            partitions,
        };
        if count > kept.partitions as usize {
            // It was widened since the journal is from. Where that cannot be written down it is found again.
            let _ = self.keep(&topic);
        }
        let mut state = self.state.lock();
        state.partitions += count;
        state.by_id.insert(id, topic.name.clone());
        state.replace(topic);
        Ok(())
    }

    fn recover(
        &self,
        id: Uuid,
        kept: &journal::Topic,
        format: u32,
    ) -> Result<Vec<Arc<Partition>>, StorageError> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let recover = |index| {
            let dir = directory.partition(id, index);
            let mut start = kept.starts.get(&index).copied().unwrap_or(0);
            if format < journal::FORMAT {
                // It does not say what went by age and size.
                start = start.max(Log::first_offset(&dir)?);
            }
            Partition::recover(dir, start, &self.memory).map(Arc::new)
        };
        (0..directory.partitions_with_logs(id, kept.partitions))
            .map(recover)
            .map(|found| found.inspect(|partition| self.bind(partition)))
            .collect()
    }

    fn new_partitions(&self, id: Uuid, indexes: Range<usize>) -> Vec<Arc<Partition>> {
        let dir = |index| self.directory.as_ref().map(|directory| directory.partition(id, index as i32));
        let new = |index| Arc::new(Partition::new(dir(index), &self.memory));
        indexes.map(new).inspect(|partition| self.bind(partition)).collect()
    }

    /// Whose a log is, and who wrote to it, is on the disk before the log: after a loss of power nothing is there
    /// that the journal does not explain.
    fn bind(&self, partition: &Partition) {
        let Some(directory) = &self.directory else { return };
        let (journal, path) = (Arc::clone(&self.journal), directory.path().to_owned());
        let settle = move || journal.settle().map_err(|_| StorageError::Journal { path: path.clone() });
        partition.lock().log.bind(Ahead::new(settle), &self.files);
    }

    /// As [`note_start`](Self::note_start), for those who have it from the disk.
    pub(crate) fn keep_start(&self, topic: &Topic, partition: i32, offset: i64) -> Result<(), StorageError> {
        self.note_start(topic, partition, offset).map_err(|_| self.no_journal())
    }

    fn no_journal(&self) -> StorageError {
        StorageError::Journal { path: self.path().map(Path::to_owned).unwrap_or_default() }
    }

    /// The directory that logs are kept in.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.directory.as_ref().map(Directory::path)
    }

    /// Sees to it that the directory is still there and nobody else's; whatever is asked to be kept is refused if
    /// not. It is said once.
    pub(crate) fn check_directory(&self) -> Result<(), DirectoryError> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let here = directory.check() && self.journal.check();
        if here || self.gone.swap(true, Relaxed) {
            return Ok(());
        }
        self.journal.close();
        let path = directory.path().to_owned();
        for topic in self.all() {
            for partition in &topic.partitions {
                partition.lock().log.close_for_writing(StorageError::Gone { path: path.clone() });
            }
        }
        Err(DirectoryError::Gone { path })
    }

    /// The most files that logs keep open, if that was reached and is not said yet.
    pub(crate) fn files_reached(&self) -> Option<usize> {
        self.files.take_reached()
    }

    /// Writes down that the records of a partition before `offset` are deleted.
    pub(crate) fn note_start(&self, topic: &Topic, partition: i32, offset: i64) -> Result<(), NotWritten> {
        self.journal.write(&[Event::LogStart { topic: topic.id, partition, offset }])
    }

    /// Writes a topic down, and where its records reach the disk before they are acknowledged, so does that.
    fn keep(&self, topic: &Topic) -> Result<(), NotWritten> {
        self.journal.write(&[topic.event()])?;
        if topic.settings.flush_messages == 1 { self.journal.settle() } else { Ok(()) }
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

    /// Checks whether a topic may be created, and creates it unless `dry`.
    pub(crate) fn create(
        &self,
        name: &str,
        partitions: i32,
        config: TopicConfig,
        dry: bool,
    ) -> Result<Arc<Topic>, Refusal> {
        check_name(name)?;
        let count = check_partitions(partitions)?;
        let mut state = self.state.lock();
        if state.by_name.contains_key(name.as_bytes()) {
            let message = format!("Topic '{name}' already exists.");
            return Err(Refusal::new(ResponseError::TopicAlreadyExists, message));
        }
        if let Some(other) = state.by_name.keys().find(|other| collide(other, name)) {
            let message = format!("Topic '{name}' collides with existing topic: {other}");
            return Err(Refusal::new(ResponseError::InvalidTopicException, message));
        }
        state.check_room(count)?;
        let count = if dry { 0 } else { count };
        let id = Uuid::new_v4();
        let topic = Arc::new(Topic {
            name: StrBytes::from_string(name.to_owned()),
            id,
            settings: config.settings(&self.defaults),
            config,
            partitions: self.new_partitions(id, 0..count),
        });
        if !dry {
            self.make_directory(&topic)?;
            self.keep(&topic)?;
            state.partitions += count;
            state.by_id.insert(topic.id, topic.name.clone());
            state.by_name.insert(topic.name.clone(), Arc::clone(&topic));
        }
        Ok(topic)
    }

    fn make_directory(&self, topic: &Topic) -> Result<(), Refusal> {
        let made =
            self.directory.as_ref().map_or(Ok(()), |directory| directory.make_topic(topic.id, &topic.name));
        made.map_err(|error| Refusal::new(ResponseError::KafkaStorageError, error.to_string()))
    }

    /// Gives a topic other settings, which apply from the next request on.
    pub(crate) fn configure<T>(
        &self,
        name: &str,
        dry: bool,
        change: impl FnOnce(&mut TopicConfig) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut state = self.state.lock();
        let topic = state.find(name)?;
        let mut changed = topic.config.clone();
        let result = change(&mut changed)?;
        if !dry {
            let settings = changed.settings(&self.defaults);
            let topic = Topic { config: changed, settings, ..Topic::clone(&topic) };
            self.keep(&topic)?;
            state.replace(topic);
        }
        Ok(result)
    }

    /// Checks whether a topic may grow to `count` partitions, and lets it grow unless `dry`. `added` is how many the
    /// client has assigned by hand, if it did.
    pub(crate) fn grow(
        &self,
        name: &str,
        count: i32,
        added: Option<usize>,
        dry: bool,
    ) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        let topic = state.find(name)?;
        let has = topic.partitions.len();
        let invalid = |message| Refusal::new(ResponseError::InvalidPartitions, message);
        let wanted = check_partitions(count)?;
        if wanted == has {
            return Err(invalid(format!("Topic already has {has} partition(s).")));
        }
        if wanted < has {
            let message = format!(
                "The topic {name} currently has {has} partition(s); {wanted} would not be an increase."
            );
            return Err(invalid(message));
        }
        let more = wanted - has;
        if let Some(added) = added.filter(|added| *added != more) {
            let message = format!(
                "Attempted to add {more} additional partition(s), but only {added} assignment(s) were specified."
            );
            return Err(Refusal::new(ResponseError::InvalidReplicaAssignment, message));
        }
        state.check_room(more)?;
        if !dry {
            let mut grown = Topic::clone(&topic);
            grown.partitions.extend(self.new_partitions(topic.id, has..wanted));
            self.keep(&grown)?;
            state.partitions += more;
            state.replace(grown);
        }
        Ok(())
    }

    /// Takes a topic away; nobody finds it from now on.
    pub(crate) fn delete(&self, name: &str) -> Result<Arc<Topic>, Refusal> {
        let mut state = self.state.lock();
        let topic = state.find(name)?;
        self.journal.write(&[Event::TopicDeleted { id: topic.id }])?;
        state.by_name.remove(name.as_bytes());
        state.by_id.remove(&topic.id);
        state.partitions -= topic.partitions.len();
        Ok(topic)
    }

    /// Removes the logs of a topic that was taken away. Fetches that wait for it are woken and find it gone. What
    /// cannot be removed now is removed by the next start.
    pub(crate) fn remove_logs(&self, topic: &Topic) {
        // Otherwise a loss of power could bring the topic back without its records.
        if self.journal.settle().is_err() {
            return;
        }
        for partition in &topic.partitions {
            let _ = partition.delete();
        }
        if let Some(directory) = &self.directory
            && directory.remove_topic(topic.id)
        {
            let _ = self.journal.write(&[Event::TopicRemoved { id: topic.id }]);
        }
    }
}

impl State {
    fn find(&self, name: &str) -> Result<Arc<Topic>, Refusal> {
        self.by_name.get(name.as_bytes()).cloned().ok_or_else(|| {
            let error = ResponseError::UnknownTopicOrPartition;
            Refusal::new(error, format!("The topic '{name}' does not exist."))
        })
    }

    fn replace(&mut self, topic: Topic) {
        self.by_name.insert(topic.name.clone(), Arc::new(topic));
    }

    fn check_room(&self, more: usize) -> Result<(), Refusal> {
        if more + self.partitions <= MAX_PARTITIONS {
            return Ok(());
        }
        let message =
            format!("this broker keeps at most {MAX_PARTITIONS} partitions (there are {})", self.partitions);
        Err(Refusal::new(ResponseError::PolicyViolation, message))
    }
}

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
