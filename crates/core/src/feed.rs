//! Where a landing reads from: partitions that come and go, and their records.
//!
//! A [`Feed`] is a topic's reader, its twin in memory, later a database's log. Partitions are *given*, and read once
//! [`Feed::begin`] has said where each starts; they are *taken*, and go once [`Feed::release`] says that all that was
//! read of them is committed or rolled back. So nothing is read from a place nobody knows, and nobody else reads on
//! while a batch of ours is open.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::Fault;
use crate::record::{Record, Timestamp};
use crate::run::Run;

/// The id of a topic, which another topic of the same name does not have. `None` where a broker gives none.
pub type TopicId = Option<[u8; 16]>;

/// A partition of one topic: of another topic of the same name it is not the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The topic's id.
    pub id: TopicId,
    /// The partition's number.
    pub index: i32,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.topic, self.index)
    }
}

/// The offsets that a partition's log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSpan {
    /// The first one that is there.
    pub start: i64,
    /// The one that the next record will get.
    pub end: i64,
}

/// A mark that tells one record from another in the same place: another log under the same name has another one there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The record's offset.
    pub offset: i64,
    /// Its timestamp.
    pub timestamp: Option<Timestamp>,
    /// The CRC-32C of its key and its body, as [`Mark::of`] has it.
    pub crc: u32,
}

impl Mark {
    /// The mark of a topic's record.
    pub fn of(record: &Record<'_>) -> Self {
        Self::new(record.facts.sequence as i64, record.facts.time, record.key, record.body)
    }

    /// The mark of the record at `offset`. Before key and body stands the length of each, so that no two of them pass
    /// for others, nor a tombstone for an empty body.
    pub fn new(offset: i64, timestamp: Option<Timestamp>, key: Option<&[u8]>, body: Option<&[u8]>) -> Self {
        let crc = [key, body].into_iter().fold(0, |crc, bytes| {
            let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
            let crc = crc32c::crc32c_append(crc, &length.to_be_bytes());
            crc32c::crc32c_append(crc, bytes.unwrap_or_default())
        });
        Self { offset, timestamp, crc }
    }
}

/// An answer of a feed to what comes next.
#[derive(Debug)]
pub enum Event<'f> {
    /// These partitions are ours. Nothing is read of them until [`Feed::begin`] is called.
    Given(Vec<Partition>),
    /// These go to somebody else. What was read of them can still be committed, until [`Feed::release`] is called.
    Taken(Vec<Partition>),
    /// These are somebody else's already: what was read of them is to be rolled back. They need no release.
    Lost(Vec<Partition>),
    /// Records. The lane of each is the place of its topic in [`Feed::topics`].
    Records(&'f Run),
    /// For now there are no more records in this partition.
    End {
        /// The partition.
        partition: Partition,
        /// The offset that comes next.
        offset: i64,
    },
    /// Nothing in the time given.
    Nothing,
    /// All that was asked for has been read.
    Finished,
}

/// Gives partitions and their records.
pub trait Feed: Send {
    /// Waits up to `at_most` for what comes next.
    fn next(&mut self, at_most: Duration) -> Result<Event<'_>, Fault>;

    /// The topics it reads, in the order in which they were met. A topic is among them once a partition of it was
    /// given, and keeps its place.
    fn topics(&self) -> &[Arc<str>];

    /// Reads these partitions, each from its offset on. One that is being read already goes on there instead: what
    /// was fetched of it before is not given any more, nor is its end told.
    fn begin(&mut self, starts: &[(Partition, i64)]) -> Result<(), Fault>;

    /// Lets go of partitions: of those that are taken, or of all at the end of a landing.
    fn release(&mut self, partitions: &[Partition]) -> Result<(), Fault>;

    /// Reads nothing more for now, but goes on being asked what comes next. What is given to it meanwhile, and begun,
    /// is not read either.
    fn pause(&mut self) -> Result<(), Fault>;

    /// Goes on reading.
    fn resume(&mut self) -> Result<(), Fault>;

    /// Whether these partitions are ours at this moment, as the one who gives them says when asked now. What was
    /// given some time ago may be somebody else's. While that cannot be said, since the group shares out anew, it is
    /// an error that may be tried again.
    fn owns(&mut self, partitions: &[Partition]) -> Result<bool, Fault>;

    /// The id that the topic of this name has now.
    fn topic_id(&mut self, topic: &str) -> Result<TopicId, Fault>;

    /// The offsets that the partition's log has now.
    fn span(&mut self, partition: &Partition) -> Result<LogSpan, Fault>;

    /// Where reading starts if nobody has read before.
    fn origin(&mut self, partition: &Partition) -> Result<i64, Fault>;

    /// The record at `offset`, if it is still there.
    fn mark(&mut self, partition: &Partition, offset: i64) -> Result<Option<Mark>, Fault>;

    /// How many records the logs have beyond those that were given, as far as is known without asking anybody.
    fn behind(&mut self) -> Option<u64> {
        None
    }

    /// Takes note of how far has been landed, for display only.
    fn note(&mut self, offsets: &[(Partition, i64)]);
}
