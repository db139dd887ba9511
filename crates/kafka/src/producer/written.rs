//! Which topic is written to, and what of it is gone when another one takes its place.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use kadence_core::feed::TopicId;

use crate::topic_id::is_another;

/// The topic as it was met, and what became of it.
#[derive(Debug, Default)]
pub(super) struct Topic {
    id: RwLock<TopicId>,
    is_anew: AtomicBool,
    /// How many acknowledged records went with it, once that is counted.
    lost: OnceLock<Lost>,
}

impl Topic {
    /// Whether a topic with this id is another one; the first that has an id is not.
    pub(super) fn is_another(&self, id: TopicId) -> bool {
        let known = *self.id.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *self.id.write().unwrap_or_else(PoisonError::into_inner) = id;
        }
        is_another(known, id)
    }

    /// It is another one. Says whether that is news.
    pub(super) fn made_anew(&self) -> bool {
        !self.is_anew.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_anew(&self) -> bool {
        self.is_anew.load(Ordering::Acquire)
    }

    /// So many acknowledged records went with it.
    pub(super) fn set_lost(&self, lost: Lost) {
        let _ = self.lost.set(lost);
    }

    pub(super) fn lost(&self) -> Option<Lost> {
        self.lost.get().copied()
    }
}

/// How many acknowledged records went with a topic, as far as that can be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) at_least: u64,
    pub(super) at_most: u64,
}

impl Lost {
    const fn exactly(records: u64) -> Self {
        Self { at_least: records, at_most: records }
    }
}

impl AddAssign for Lost {
    fn add_assign(&mut self, other: Self) {
        self.at_least += other.at_least;
        self.at_most += other.at_most;
    }
}

/// Where the log ends that has taken a partition's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    At(i64),
    /// The new topic has no such partition.
    NoPartition,
    /// Nobody answers.
    Unknown,
}

/// What is acknowledged of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) records: u64,
    /// How many there were when the topic was last seen to be the one it was: these are of its log.
    confirmed: u64,
    /// The offset of the last record; negative where the broker tells none.
    last: i64,
    /// How many there were when an offset came that is not behind the last one: the log is another one from there on.
    before: Option<u64>,
}

impl Default for Written {
    fn default() -> Self {
        Self { records: 0, confirmed: 0, last: -1, before: None }
    }
}

impl Written {
    #[inline]
    pub(super) fn add(&mut self, offset: i64) {
        if offset <= self.last {
            self.before = Some(self.records);
        }
        self.last = offset;
        self.records += 1;
    }

    /// The topic was still the same after so many records.
    pub(super) fn confirm(&mut self, records: u64) {
        self.confirmed = self.confirmed.max(records);
    }

    /// How many of its records are gone, now that another topic's log ends at `end` and none of them is under way.
    ///
    /// In a log of its own a producer's offsets only grow. Where one does not, the new log begins. Without such an
    /// offset the last one decides, if the new log does not reach it; if it does, because others write there as well
    /// or because records arrived of which no report came, only what was confirmed is known to be gone.
    pub(super) fn lost(&self, end: End) -> Lost {
        let is_beyond = match end {
            End::At(end) => self.last >= end,
            End::NoPartition => true,
            End::Unknown => false,
        };
        if is_beyond || self.confirmed == self.records {
            return Lost::exactly(self.records);
        }
        match self.before {
            Some(before) if before >= self.confirmed && end != End::Unknown => Lost::exactly(before),
            _ => Lost { at_least: self.confirmed, at_most: self.records },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(offsets: &[i64]) -> Written {
        let mut written = Written::default();
        for &offset in offsets {
            written.add(offset);
        }
        written
    }

    #[test]
    fn what_is_gone_is_what_was_written_to_the_log_before() {
        let mut written = written(&[0, 1, 2, 3]);
        assert_eq!(written.lost(End::At(0)), Lost::exactly(4));
        assert_eq!(written.lost(End::At(3)), Lost::exactly(4));
        assert_eq!(written.lost(End::NoPartition), Lost::exactly(4));
        written.add(0);
        written.add(1);
        assert_eq!((written.lost(End::At(2)), written.records), (Lost::exactly(4), 6));
        assert_eq!(written.lost(End::At(1)), Lost::exactly(6), "it was made anew twice");
        assert_eq!(written.lost(End::NoPartition), Lost::exactly(6));
    }

    /// A log that is longer than the last offset need not have that record.
    #[test]
    fn what_cannot_be_known_is_not_made_up() {
        let mut written = written(&[0, 1, 2, 3]);
        assert_eq!(written.lost(End::At(9)), Lost { at_least: 0, at_most: 4 });
        assert_eq!(written.lost(End::Unknown), Lost { at_least: 0, at_most: 4 });
        written.confirm(3);
        assert_eq!(written.lost(End::At(9)), Lost { at_least: 3, at_most: 4 });
        written.confirm(4);
        assert_eq!(written.lost(End::At(9)), Lost::exactly(4));
        written.add(0);
        assert_eq!(written.lost(End::At(9)), Lost::exactly(4));
        assert_eq!(written.lost(End::Unknown), Lost { at_least: 4, at_most: 5 });
    }

    /// A log that lost its end in an election has offsets twice, and is the topic's all the same.
    #[test]
    fn an_offset_that_came_again_while_the_topic_was_the_same_decides_nothing() {
        let mut written = written(&[0, 1, 2, 1, 2]);
        written.confirm(5);
        written.add(3);
        assert_eq!(written.lost(End::At(9)), Lost { at_least: 5, at_most: 6 });
        assert_eq!(written.lost(End::At(3)), Lost::exactly(6));
    }

    #[test]
    fn a_topic_without_an_id_is_never_another() {
        let topic = Topic::default();
        assert!(!topic.is_another(None) && !topic.is_another(Some([1; 16])) && !topic.is_another(None));
        assert!(topic.is_another(Some([2; 16])) && !topic.is_another(Some([1; 16])));
    }
}
