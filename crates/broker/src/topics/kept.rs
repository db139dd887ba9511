//! What of the topics outlives the process: the journal says which there are, and a directory has their logs.

use super::{Topic, Topics, check_partitions};
use crate::{
    config::TopicConfig,
    directory::DirectoryError,
    error::BrokerError,
    journal::{self, Event, NotWritten, State as Kept},
    log::{Ahead, Log},
    partition::Partition,
    response_error::Refusal,
    storage_error::StorageError,
};
use kafka_protocol::{ResponseError, protocol::StrBytes};
use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
};
use uuid::Uuid;

impl Topic {
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

impl Topics {
    /// Takes over the topics that `kept` has.
    pub(super) fn restore(&self, kept: &Kept) -> Result<(), BrokerError> {
        for (id, topic) in &kept.topics {
            self.restore_topic(*id, topic, kept.format)?;
        }
        if (1..journal::FORMAT).contains(&kept.format) {
            self.renew(kept).map_err(|_| BrokerError::Journal)?;
        }
        Ok(())
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

    fn restore_topic(&self, id: Uuid, kept: &journal::Topic, format: u32) -> Result<(), BrokerError> {
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

    /// Has the journal, which says whose a log is and who wrote to it, reach the disk before the log: after a loss of
    /// power nothing is there that the journal does not explain.
    pub(super) fn bind(&self, partition: &Partition) {
        let Some(directory) = &self.directory else { return };
        let (journal, path) = (Arc::clone(&self.journal), directory.path().to_owned());
        let settle = move || journal.settle().map_err(|_| StorageError::Journal { path: path.clone() });
        partition.lock().log.bind(Ahead::new(settle), &self.files);
    }

    /// Writes down that the records of a partition before `offset` are deleted.
    pub(crate) fn note_start(&self, topic: &Topic, partition: i32, offset: i64) -> Result<(), NotWritten> {
        self.journal.write(&[Event::LogStart { topic: topic.id, partition, offset }])
    }

    /// Writes a topic down, and where its records reach the disk before they are acknowledged, so does that.
    pub(super) fn keep(&self, topic: &Topic) -> Result<(), NotWritten> {
        self.journal.write(&[topic.event()])?;
        if topic.settings.flush_messages == 1 { self.journal.settle() } else { Ok(()) }
    }

    /// As [`note_start`](Self::note_start), for those who have it from the disk.
    pub(crate) fn keep_start(&self, topic: &Topic, partition: i32, offset: i64) -> Result<(), StorageError> {
        self.note_start(topic, partition, offset).map_err(|_| self.no_journal())
    }

    fn no_journal(&self) -> StorageError {
        StorageError::Journal { path: self.path().map(Path::to_owned).unwrap_or_default() }
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

    /// Makes the directory of a topic that is new.
    pub(super) fn make_directory(&self, topic: &Topic) -> Result<(), Refusal> {
        let made =
            self.directory.as_ref().map_or(Ok(()), |directory| directory.make_topic(topic.id, &topic.name));
        made.map_err(|error| Refusal::new(ResponseError::KafkaStorageError, error.to_string()))
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
