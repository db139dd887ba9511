//! The offsets of a group: those that are committed, and those that a transaction will commit.

use super::Id;
use crate::memory::{Memory, Share};
use kafka_protocol::{ResponseError, protocol::StrBytes};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// What an offset takes beside its metadata.
const OFFSET_BYTES: usize = 160;
const TOPIC_BYTES: usize = 128;

/// Who commits: a member of a generation, or somebody without a group, who has generation -1 and no name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committer<'a> {
    pub(crate) member: &'a str,
    pub(crate) instance: Option<&'a str>,
    pub(crate) generation: i32,
}

/// What is committed for one partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Commit<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: &'a str,
}

#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    /// Shared with the answers it is in.
    pub(crate) metadata: StrBytes,
    share: Share,
}

#[derive(Debug, Default)]
pub(crate) struct Offsets {
    committed: BTreeMap<Id, Topic>,
    /// By the producer whose transaction is open; none is empty.
    pending: HashMap<i64, BTreeMap<(Id, i32), Committed>>,
}

#[derive(Debug)]
struct Topic {
    partitions: BTreeMap<i32, Committed>,
    _share: Option<Share>,
}

impl Topic {
    fn new(share: Option<Share>) -> Self {
        Self { partitions: BTreeMap::new(), _share: share }
    }
}

impl Offsets {
    pub(crate) fn is_empty(&self) -> bool {
        self.committed.is_empty() && self.pending.is_empty()
    }

    /// Whether a transaction is open that may change this offset.
    pub(crate) fn is_unstable(&self, topic: &str, partition: i32) -> bool {
        // The name is copied only where something is pending at all.
        !self.pending.is_empty() && {
            let key = (Id::from(topic), partition);
            self.pending.values().any(|pending| pending.contains_key(&key))
        }
    }

    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.committed.get(topic)?.partitions.get(&partition)
    }

    /// Topics with their partitions, both in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Id, impl Iterator<Item = (i32, &Committed)>)> {
        self.committed
            .iter()
            .map(|(name, topic)| (name, topic.partitions.iter().map(|(index, o)| (*index, o))))
    }

    pub(super) fn forget_topics(&mut self, topics: &HashSet<&str>) {
        if topics.len() < self.committed.len() {
            for topic in topics {
                self.committed.remove(*topic);
            }
        } else {
            self.committed.retain(|name, _| !topics.contains(&**name));
        }
        self.retain_pending(|(topic, _)| !topics.contains(&**topic));
    }

    fn retain_pending(&mut self, keep: impl Fn(&(Id, i32)) -> bool) {
        self.pending.retain(|_, pending| {
            pending.retain(|key, _| keep(key));
            !pending.is_empty()
        });
    }

    /// Forgets what a producer's transaction would commit, or has it committed.
    pub(super) fn end(&mut self, producer: i64, commit: bool) {
        let pending = self.pending.remove(&producer).unwrap_or_default();
        for ((topic, partition), offset) in pending.into_iter().filter(|_| commit) {
            // Its share is large enough for a topic's as well, so that a decided commit needs no more memory.
            let topic = self.committed.entry(topic).or_insert_with(|| Topic::new(None));
            topic.partitions.insert(partition, offset);
        }
    }

    pub(super) fn forget(&mut self, topic: &str, partition: i32) {
        if let Some(found) = self.committed.get_mut(topic) {
            found.partitions.remove(&partition);
            if found.partitions.is_empty() {
                self.committed.remove(topic);
            }
        }
        self.retain_pending(|(name, index)| **name != *topic || *index != partition);
    }

    /// Keeps what is committed for a partition, if there is room for it.
    pub(super) fn put(&mut self, memory: &Arc<Memory>, commit: &Commit<'_>) -> Result<(), ResponseError> {
        let take = |mut share: Share, bytes| {
            if share.resize(bytes) { Ok(share) } else { Err(ResponseError::PolicyViolation) }
        };
        let bytes = OFFSET_BYTES + commit.metadata.len();
        // Copied, since the request is much larger.
        let metadata = || StrBytes::from_string(commit.metadata.to_owned());
        if let Some(known) =
            self.committed.get_mut(commit.topic).and_then(|t| t.partitions.get_mut(&commit.partition))
        {
            if !known.share.resize(bytes) {
                return Err(ResponseError::PolicyViolation);
            }
            known.offset = commit.offset;
            known.leader_epoch = commit.leader_epoch;
            known.metadata = metadata();
            return Ok(());
        }
        let share = take(Share::new(memory), bytes)?;
        let offset = Committed {
            offset: commit.offset,
            leader_epoch: commit.leader_epoch,
            metadata: metadata(),
            share,
        };
        if let Some(topic) = self.committed.get_mut(commit.topic) {
            topic.partitions.insert(commit.partition, offset);
        } else {
            let share = take(Share::new(memory), TOPIC_BYTES + commit.topic.len())?;
            let mut topic = Topic::new(Some(share));
            topic.partitions.insert(commit.partition, offset);
            self.committed.insert(Id::from(commit.topic), topic);
        }
        Ok(())
    }

    /// What a pending offset takes, with the topic's name that it may have to bring along.
    pub(super) fn pending_share(
        memory: &Arc<Memory>,
        commit: &Commit<'_>,
        anyway: bool,
    ) -> Result<Share, ResponseError> {
        let bytes = OFFSET_BYTES + TOPIC_BYTES + 2 * commit.topic.len() + commit.metadata.len();
        let mut share = Share::new(memory);
        if anyway {
            share.insist(bytes);
        } else if !share.grow(bytes) {
            return Err(ResponseError::PolicyViolation);
        }
        Ok(share)
    }

    /// Keeps what a producer's transaction will commit for a partition.
    pub(super) fn pend(&mut self, producer: i64, commit: &Commit<'_>, share: Share) {
        let offset = Committed {
            offset: commit.offset,
            leader_epoch: commit.leader_epoch,
            metadata: StrBytes::from_string(commit.metadata.to_owned()),
            share,
        };
        let key = (Id::from(commit.topic), commit.partition);
        self.pending.entry(producer).or_default().insert(key, offset);
    }
}
