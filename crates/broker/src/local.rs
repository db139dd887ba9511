//! A topic read and written in this process, without a connection.
//!
//! Writers are fenced as producers are: who begins under a transactional id has a later epoch than who did before, and
//! the partition refuses the earlier one from the later one's first record on.

use crate::{
    config::TopicConfig,
    node::Node,
    partition::{AppendError, Incoming, Partition},
    storage_error::StorageError,
    topics::Topic,
};
use kadence_wire::{
    batch::BatchHeader,
    contents::{contents, one_record, unpacked},
};
use kafka_protocol::ResponseError;
use std::{fmt, sync::Arc};

/// So much is read at a time.
const PIECE: usize = 1 << 20;
/// A batch that unpacks to more than this is not read.
const UNPACK_BYTES: u64 = 64 << 20;
/// A writer has no transactions that could take too long.
const TIMEOUT_MS: i32 = 60_000;

/// Why something is not done with a topic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// There can be no such topic, or no writer.
    #[error("topic {topic}: {why}")]
    Refused {
        /// The topic.
        topic: String,
        /// Why.
        why: String,
    },
    /// Another writer has begun under the same id.
    #[error("topic {0}: another writer has begun under the same id")]
    Fenced(String),
    /// The memory limit is reached.
    #[error("topic {0}: the broker's memory limit is reached; delete topics or raise the limit")]
    Full(String),
    /// What goes wrong with files.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Takes a record: its offset, its key and its value.
type Each<'e> = dyn FnMut(i64, Option<&[u8]>, Option<&[u8]>) + 'e;

/// A topic of one partition.
#[derive(Clone)]
pub struct LocalTopic {
    node: Arc<Node>,
    topic: Arc<Topic>,
    partition: Arc<Partition>,
}

/// Writes single records, each of which is stored when it says so.
pub struct LocalWriter {
    topic: LocalTopic,
    producer: (i64, i16),
    sequence: i32,
}

impl fmt::Debug for LocalTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTopic").field("name", &&*self.topic.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for LocalWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalWriter").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl LocalTopic {
    pub(crate) fn open(node: &Arc<Node>, name: &str, config: &[(&str, &str)]) -> Result<Self, LocalError> {
        let refused = |why: String| LocalError::Refused { topic: name.to_owned(), why };
        let mut settings = TopicConfig::default();
        for (name, value) in config {
            settings.set(name, Some(value)).map_err(refused)?;
        }
        let named = || node.topics.named(name);
        let topic = match named() {
            Some(topic) => topic,
            None => match node.topics.create(name, 1, settings, false) {
                Ok(topic) => topic,
                // A client may have been quicker.
                Err(refusal) => named().ok_or_else(|| refused(refusal.message))?,
            },
        };
        let partition = topic.partition(0).cloned().ok_or_else(|| refused("has no partition".into()))?;
        Ok(Self { node: Arc::clone(node), topic, partition })
    }

    fn name(&self) -> String {
        self.topic.name.to_string()
    }

    /// Fences who wrote under this transactional id before.
    pub fn writer(&self, transactional_id: &str) -> Result<LocalWriter, LocalError> {
        let refused =
            |error: ResponseError| LocalError::Refused { topic: self.name(), why: error.to_string() };
        let producer = self.node.transactions.init(transactional_id, TIMEOUT_MS, None).map_err(refused)?;
        Ok(LocalWriter { topic: self.clone(), producer: (producer.id, producer.epoch), sequence: 0 })
    }

    /// Gives every record that is committed, from `offset` on, to `each`. Returns the offset that comes next.
    pub fn read(&self, offset: i64, each: &mut Each<'_>) -> Result<i64, LocalError> {
        let mut next = offset.max(self.partition.lock().log.start());
        let mut room = Vec::new();
        loop {
            let (found, aborted) = {
                let state = self.partition.lock();
                let found = state.log.read(next, PIECE, true, state.last_stable());
                (found, state.producers.aborted(next, i64::MAX))
            };
            let pieces = found.load()?;
            if pieces.iter().all(bytes::Bytes::is_empty) {
                return Ok(next);
            }
            for piece in pieces {
                let mut rest = &*piece;
                while let Ok(header) = BatchHeader::parse(rest) {
                    let Some((batch, behind)) = rest.split_at_checked(header.len) else { break };
                    rest = behind;
                    let is_aborted = header.is_transactional()
                        && aborted.iter().any(|one| {
                            one.producer_id == header.producer_id
                                && (one.first..=one.last).contains(&header.base_offset)
                        });
                    if !header.is_control() && !is_aborted {
                        give(batch, &header, next, &mut room, each);
                    }
                    next = header.base_offset + i64::from(header.last_offset_delta) + 1;
                }
            }
        }
    }
}

/// Gives the records of a batch from `from` on; those that cannot be read are passed over, as nobody else reads them.
fn give(batch: &[u8], header: &BatchHeader, from: i64, room: &mut Vec<u8>, each: &mut Each<'_>) {
    let Ok(records) = unpacked(batch, header, UNPACK_BYTES, room) else { return };
    for content in contents(header, records).map_while(Result::ok) {
        let offset = header.base_offset + i64::from(content.offset_delta);
        if offset >= from {
            each(offset, content.key, content.value);
        }
    }
}

impl LocalWriter {
    /// Stores a record, and returns its offset.
    pub fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, LocalError> {
        let LocalTopic { node, partition, .. } = &self.topic;
        let name = || self.topic.name();
        // Its settings may have changed.
        let topic = node.topics.with_id(self.topic.topic.id);
        let topic = topic.ok_or_else(|| LocalError::Refused { topic: name(), why: "was deleted".into() })?;
        let now_ms = node.clock.now_ms();
        let bytes = one_record(key, value, now_ms, self.producer, self.sequence);
        let header = BatchHeader::parse_produced(&bytes)
            .map_err(|error| LocalError::Refused { topic: name(), why: error.to_string() })?;
        let incoming = Incoming { header: &header, bytes: &bytes, settings: &topic.settings, now_ms };
        match partition.append(&incoming) {
            Ok(appended) => {
                self.sequence = self.sequence.checked_add(1).unwrap_or(0);
                Ok(appended.base_offset)
            }
            Err(AppendError::Full) => Err(LocalError::Full(name())),
            Err(AppendError::Storage(error)) => Err(error.into()),
            Err(_) => Err(LocalError::Fenced(name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, options::Options, served::Served};
    use tempfile::TempDir;

    type Read = Vec<(i64, Vec<u8>, Option<Vec<u8>>)>;

    fn node(dir: &TempDir) -> Arc<Node> {
        let options = Options { data_dir: Some(dir.path().join("d")), ..Options::default() };
        Arc::new(Node::new(options, Clock::SYSTEM, Served::default()).unwrap())
    }

    fn open(node: &Arc<Node>) -> LocalTopic {
        LocalTopic::open(node, "log", &[("cleanup.policy", "compact")]).unwrap()
    }

    fn all(topic: &LocalTopic) -> Read {
        let mut read = Read::new();
        let next = topic.read(0, &mut |offset, key, value| {
            read.push((offset, key.unwrap().to_vec(), value.map(<[u8]>::to_vec)));
        });
        assert_eq!(next.unwrap(), read.last().map_or(0, |(offset, ..)| offset + 1));
        read
    }

    #[test]
    fn what_was_written_is_read_also_after_a_start() {
        let dir = TempDir::new().unwrap();
        let expected: Read = vec![
            (0, b"a".to_vec(), Some(b"1".to_vec())),
            (1, b"a".to_vec(), None),
            (2, b"b".to_vec(), Some(b"2".to_vec())),
        ];
        {
            let node = node(&dir);
            let topic = open(&node);
            let mut first = topic.writer("w").unwrap();
            assert_eq!(first.append(b"a", Some(b"1")).unwrap(), 0);
            assert_eq!(first.append(b"a", None).unwrap(), 1);
            // Who begins later fences who began before, with the first record.
            let mut second = topic.writer("w").unwrap();
            assert_eq!(second.append(b"b", Some(b"2")).unwrap(), 2);
            for _ in 0..2 {
                assert!(matches!(first.append(b"a", Some(b"3")), Err(LocalError::Fenced(_))));
            }
            assert_eq!(all(&topic), expected);
        }
        let node = node(&dir);
        let topic = open(&node);
        assert_eq!(all(&topic), expected);
        assert_eq!(topic.writer("w").unwrap().append(b"c", None).unwrap(), 3);
    }

    #[test]
    fn names_that_no_topic_can_have_are_refused() {
        let dir = TempDir::new().unwrap();
        let refused = LocalTopic::open(&node(&dir), "a b", &[]).unwrap_err().to_string();
        assert!(refused.starts_with("topic a b: "), "{refused}");
    }
}
