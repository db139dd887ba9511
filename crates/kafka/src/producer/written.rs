//! Which topic is written to, and what of it is gone when another one takes its place.

use std::sync::{OnceLock, PoisonError, RwLock};

use kadence_core::feed::TopicId;

use crate::topic_id::is_another;

/// The topic as it was met, and what became of it.
#[derive(Debug, Default)]
pub(super) struct Topic {
    id: RwLock<TopicId>,
    /// How many acknowledged records went with it.
    lost: OnceLock<u64>,
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

    /// It is another one, and so many acknowledged records went with it.
    pub(super) fn made_anew(&self, lost: u64) {
        let _ = self.lost.set(lost);
    }

    pub(super) fn is_anew(&self) -> bool {
        self.lost.get().is_some()
    }

    pub(super) fn lost(&self) -> Option<u64> {
        self.lost.get().copied()
    }
}

/// What is acknowledged of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) records: u64,
    /// The offset of the last record; negative where the broker tells none.
    last: i64,
    /// How many there were when an offset came that is not behind the last one: the log is another one, or a record
    /// was sent twice.
    before: u64,
}

impl Default for Written {
    fn default() -> Self {
        Self { records: 0, last: -1, before: 0 }
    }
}

impl Written {
    #[inline]
    pub(super) fn add(&mut self, offset: i64) {
        if offset <= self.last {
            self.before = self.records;
        }
        self.last = offset;
        self.records += 1;
    }

    /// How many of its records are gone, now that it is another topic's and its log ends at `end`, as far as that is
    /// known.
    pub(super) fn lost(&self, end: Option<i64>) -> u64 {
        let is_beyond = end.is_none_or(|end| self.last >= end);
        if is_beyond { self.records } else { self.before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_what_was_written_to_the_log_before() {
        let mut written = Written::default();
        for offset in [0, 1, 2, 3] {
            written.add(offset);
        }
        assert_eq!((written.lost(Some(0)), written.lost(Some(3)), written.lost(None)), (4, 4, 4));
        written.add(0);
        written.add(1);
        assert_eq!((written.lost(Some(2)), written.records), (4, 6));
        assert_eq!(written.lost(Some(1)), 6, "it was made anew twice");
    }

    #[test]
    fn a_topic_without_an_id_is_never_another() {
        let topic = Topic::default();
        assert!(!topic.is_another(None) && !topic.is_another(Some([1; 16])) && !topic.is_another(None));
        assert!(topic.is_another(Some([2; 16])) && !topic.is_another(Some([1; 16])));
    }
}
