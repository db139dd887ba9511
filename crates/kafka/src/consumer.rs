//! Reading a topic: on one's own, without committing anything, or as a member of a group.

mod bounds;
mod fault;
mod listener;
mod membership;
mod options;
mod source;
mod stall;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::record::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

pub(crate) use self::bounds::Leaders;
use self::bounds::{End, Span, ceil_millis};
use self::fault::is_lasting;
pub(crate) use self::listener::Listener;
use self::membership::Membership;
pub use self::options::{ReaderOptions, StartAt, StopAt};
use self::source::Source;
use self::stall::Stalls;
use crate::contact::{described, uncreated};
use crate::error::KafkaError;
use crate::ffi;

pub(crate) type ClientConsumer = BaseConsumer<Listener>;

/// Reads the partitions that a topic had when it was opened, or those that its group gives it.
///
/// The client fetches ahead up to 64 MiB and 100,000 records a partition, unless `queued.*` say otherwise. Brokers
/// that go away and come back are waited for.
///
/// In a group, what was read counts as done once [`TopicReader::passed_on`] says so. Done positions are committed
/// every few seconds, when the group takes partitions away, and by [`TopicReader::close`]; so what a member read and
/// did not pass on is read again, by it or another.
pub struct TopicReader {
    source: Source,
    membership: Option<Membership>,
    /// Partitions that are not read to their end yet.
    open: BTreeMap<i32, End>,
    /// The offset that comes next in each partition; the record handed out last does not count.
    next_offsets: BTreeMap<i32, i64>,
    /// The record handed out last, by partition and offset.
    handed_out: Option<(i32, i64)>,
    /// Whether a partition that is done has been read to its end.
    is_read_to_end: bool,
    /// Ends that are reached and not told yet, by partition and offset.
    ends: Vec<(i32, i64)>,
    stalls: Stalls,
}

/// What came next.
pub enum Next<'r> {
    /// A record.
    Record(Consumed<'r>),
    /// For now there are no more records in this partition; `offset` is where the next one is expected.
    PartitionEnd {
        /// The partition.
        partition: i32,
        /// The offset that comes next.
        offset: i64,
    },
    /// No record in the time given.
    Nothing,
    /// All that was asked for has been read.
    Finished,
}

/// A record in the client's memory.
pub struct Consumed<'r>(BorrowedMessage<'r>);

impl Consumed<'_> {
    /// The topic.
    pub fn topic(&self) -> &str {
        self.0.topic()
    }

    /// The partition.
    pub fn partition(&self) -> i32 {
        self.0.partition()
    }

    /// The offset in the partition.
    pub fn offset(&self) -> i64 {
        self.0.offset()
    }

    /// The record's timestamp, if it has one.
    pub fn timestamp(&self) -> Option<Timestamp> {
        let millis = self.0.timestamp().to_millis()?;
        Some(Timestamp::from_nanos(millis.saturating_mul(1_000_000)))
    }

    /// The key, if it has one.
    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// The body; a tombstone has none.
    pub fn body(&self) -> Option<&[u8]> {
        self.0.payload()
    }

    /// The headers, in order. Names are text by convention only.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        (0..).map_while(|index| ffi::header(&self.0, index))
    }
}

impl TopicReader {
    /// Connects and finds where to start; `None` if `stop` was raised first.
    ///
    /// A topic that does not exist is waited for, after `on_wait` was told so once; with [`StopAt::End`] it is an
    /// error. It is not created by being asked for.
    pub fn open(
        options: &ReaderOptions,
        stop: Arc<Stop>,
        on_wait: impl FnMut(&str),
    ) -> Result<Option<Self>, KafkaError> {
        let resolved = options.resolve().map_err(KafkaError::first)?;
        let config = resolved.properties.to_config();
        let membership = options.group.as_ref().map(|group| Membership::new(group, options, &resolved));
        let consumer: ClientConsumer =
            config.create_with_context(Listener::default()).map_err(|error| uncreated(&resolved, &error))?;
        let consumer = Arc::new(consumer);
        let source =
            Source { consumer, resolved, topic: options.topic.clone(), stop, is_assigned: Cell::new(false) };
        let mut reader = Self {
            source,
            membership,
            open: BTreeMap::new(),
            next_offsets: BTreeMap::new(),
            handed_out: None,
            is_read_to_end: options.until == StopAt::End,
            ends: Vec::new(),
            stalls: Stalls::new(options.has_end()),
        };
        let found = reader.source.partitions(options, on_wait).and_then(|partitions| match partitions {
            Some(_) if reader.membership.is_some() => reader.source.join().map(Some),
            Some(partitions) => reader.assign(&partitions, options).map(Some),
            None => Ok(None),
        });
        match found {
            Ok(Some(())) => Ok(Some(reader)),
            Ok(None) | Err(KafkaError::Interrupted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn assign(&mut self, partitions: &[i32], options: &ReaderOptions) -> Result<(), KafkaError> {
        let mut assignment = TopicPartitionList::new();
        for &partition in partitions {
            let Span { start, end } = self.source.leaders().span(partition, options.from, options.until)?;
            self.next_offsets.insert(partition, start);
            if end.offset().is_some_and(|end| start >= end) {
                if self.is_read_to_end {
                    self.ends.push((partition, start));
                }
                continue;
            }
            self.open.insert(partition, end);
            assignment
                .add_partition_offset(&self.source.topic, partition, Offset::Offset(start))
                .map_err(|error| self.source.broken(&error))?;
        }
        self.source.is_assigned.set(true);
        self.source.consumer.assign(&assignment).map_err(|error| self.source.broken(&error))
    }

    /// Waits up to `at_most` for what comes next. The record handed out before counts as done by that.
    pub fn next(&mut self, at_most: Duration) -> Result<Next<'_>, KafkaError> {
        self.settle();
        if let Some((partition, offset)) = self.ends.pop() {
            return Ok(Next::PartitionEnd { partition, offset });
        }
        if self.open.is_empty() && self.membership.as_ref().is_none_or(Membership::may_finish) {
            return Ok(Next::Finished);
        }
        let Self { source, membership, open, next_offsets, handed_out, is_read_to_end, ends, stalls } = self;
        let source: &Source = source;
        stalls.look(source, open, next_offsets)?;
        let polled = source.consumer.poll(at_most);
        stalls.polled(polled.is_none());
        if let Some(membership) = membership {
            // Before anything is read of a partition that was just given. Whoever stopped it looks for that himself.
            match membership.follow(source, open, next_offsets, ends) {
                Ok(()) => {}
                Err(KafkaError::Interrupted { .. }) => return Ok(Next::Nothing),
                Err(error) => return Err(error),
            }
        }
        match polled {
            None => Ok(Next::Nothing),
            Some(Ok(record)) => {
                source.consumer.context().watch.up();
                let (partition, offset) = (record.partition(), record.offset());
                let Some(&end) = open.get(&partition) else { return Ok(Next::Nothing) };
                let is_over = match end {
                    End::At(end) => record.timestamp().to_millis() >= Some(ceil_millis(end)),
                    end => end.offset().is_some_and(|end| offset >= end),
                };
                if is_over {
                    open.remove(&partition);
                    source.pause(partition);
                    return Ok(Next::Nothing);
                }
                *handed_out = Some((partition, offset));
                if end.offset() == Some(offset + 1) {
                    open.remove(&partition);
                    source.pause(partition);
                    if *is_read_to_end {
                        ends.push((partition, offset + 1));
                    }
                }
                Ok(Next::Record(Consumed(record)))
            }
            Some(Err(ClientError::PartitionEOF(partition))) => {
                Ok(reached_end(source, open, next_offsets, stalls, partition))
            }
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_lasting) => {
                Err(unreadable(source, open, next_offsets, stalls, &error))
            }
            Some(Err(error)) => {
                source.failed(&error, next_offsets, membership.as_ref()).map(|()| Next::Nothing)
            }
        }
    }

    /// The record handed out last is done.
    fn settle(&mut self) {
        if let Some((partition, offset)) = self.handed_out.take() {
            self.next_offsets.insert(partition, offset + 1);
        }
    }

    /// The record handed out last could not be dealt with: it is the next one still.
    pub fn take_back(&mut self) {
        self.handed_out = None;
    }

    /// Everything read up to now is done; its positions may be committed to the group.
    pub fn passed_on(&mut self) {
        self.settle();
        if let Some(membership) = &mut self.membership {
            membership.store(&self.source, &self.next_offsets);
        }
    }

    /// Commits what is done to the group, and leaves it. Without a group there is nothing to commit.
    ///
    /// A coordinator that does not answer is waited for ten seconds.
    pub fn close(self) -> Result<(), KafkaError> {
        let Self { source, membership, .. } = self;
        membership.map_or(Ok(()), |membership| membership.commit(&source))
    }

    /// The offset that comes next in each partition. The record handed out last counts once
    /// [`next`](Self::next) or [`passed_on`](Self::passed_on) is called.
    pub fn next_offsets(&self) -> &BTreeMap<i32, i64> {
        &self.next_offsets
    }
}

/// Takes note of the end of a partition's log.
fn reached_end(
    source: &Source,
    open: &mut BTreeMap<i32, End>,
    next_offsets: &mut BTreeMap<i32, i64>,
    stalls: &mut Stalls,
    partition: i32,
) -> Next<'static> {
    let next = next_offsets.entry(partition).or_default();
    match open.get(&partition) {
        // It was told when its last record had been read.
        None => return Next::Nothing,
        // The last offsets may hold no records: transactions' markers, or what compaction left. So it is the log's
        // length that counts, not the last record's offset.
        Some(&End::Written(end)) => {
            *next = end.max(*next);
            open.remove(&partition);
            source.pause(partition);
        }
        Some(&End::Before(end)) if source.has_grown_to(partition, end) => {
            // Not before this end was seen; so it is looked for once more.
            open.insert(partition, End::Written(end));
            source.read_again(partition, *next);
        }
        _ => {}
    }
    stalls.reached_end(partition, *next);
    Next::PartitionEnd { partition, offset: *next }
}

/// Says where the records are that an error is about.
fn unreadable(
    source: &Source,
    open: &BTreeMap<i32, End>,
    next_offsets: &BTreeMap<i32, i64>,
    stalls: &mut Stalls,
    error: &ClientError,
) -> KafkaError {
    let found = error
        .rdkafka_error_code()
        .and_then(|code| stalls.find(source, open, next_offsets, code).map(|partition| (code, partition)));
    let Some((code, partition)) = found else { return source.broken(error) };
    let next = next_offsets.get(&partition).copied().unwrap_or_default();
    source.unreadable(partition, next, &described(code))
}
