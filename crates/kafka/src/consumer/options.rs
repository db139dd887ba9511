//! What a reader is asked for.

use std::time::Duration;

use kadence_core::record::Timestamp;

use crate::options::Connection;
use crate::properties::Properties;

/// A place to start at, in each partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartAt {
    /// At the earliest record that is still there.
    #[default]
    Beginning,
    /// Behind the last record.
    End,
    /// At this offset, which has to be there or be the next to be written.
    Offset(i64),
    /// This many offsets before the end, or at the beginning if there are fewer.
    Last(i64),
    /// At the first record with this timestamp or a later one.
    At(Timestamp),
}

/// A place to stop at, in each partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopAt {
    /// Nowhere.
    #[default]
    Never,
    /// At the end as it was when reading began.
    End,
    /// Before this offset.
    Offset(i64),
    /// Before the first record with this timestamp or a later one; where there is none and the time has passed, at
    /// the end.
    At(Timestamp),
}

/// Everything about reading topics.
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    /// Where the cluster is.
    pub connection: Connection,
    /// The topics to read; one that begins with `^` is a regular expression, and means all that match.
    pub topics: Vec<String>,
    /// The partitions to read, in each topic; all without any. A group has its own way.
    pub partitions: Vec<i32>,
    /// The group to read in: its members share the partitions and go on where the group has come to.
    pub group: Option<String>,
    /// The name by which the group knows this member again when it comes back, within its session.
    pub instance: Option<String>,
    /// Where to start; in a group, where it has committed nothing, and only at the beginning or the end.
    pub from: StartAt,
    /// Where to stop.
    pub until: StopAt,
    /// The most records to read, in all; a [`TopicReader`](crate::TopicReader) ends there, a feed leaves the counting
    /// to whoever reads it. With it the reading has an end, too: what keeps it from that for good is an error.
    pub limit: Option<u64>,
    /// Whether nobody looks at headers. Looking for them costs a tenth of reading short records, also where there are
    /// none.
    pub skips_headers: bool,
    /// What is read is to count once: transactions that were aborted are not read, and nobody but the reader's owner
    /// says what is committed.
    pub is_exactly_once: bool,
    /// How many bytes the client may fetch ahead; 64 MiB without it.
    pub fetch_ahead: Option<usize>,
}

impl ReaderOptions {
    /// Whether the reading ends by itself.
    pub(crate) fn has_end(&self) -> bool {
        self.limit.is_some() || self.until != StopAt::Never
    }

    /// How often what is done is committed, by properties as they were given; `None` for never.
    pub(super) fn commit_every(properties: &Properties) -> Option<Duration> {
        let millis = properties.number("auto.commit.interval.ms").unwrap_or(5_000).max(1);
        (!properties.is_false("enable.auto.commit")).then(|| Duration::from_millis(millis))
    }
}
