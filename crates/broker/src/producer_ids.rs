//! The ids of producers: none is given out twice.

use crate::{
    journal::{Event, Journal, NotWritten},
    sync::Lock,
};
use std::sync::Arc;
use uuid::Uuid;

/// So many ids are written down at a time.
const BLOCK: i64 = 1_000;

/// Gives out ids.
#[derive(Debug)]
pub(crate) struct ProducerIds {
    block: Lock<Block>,
    /// Where ids are written down before they are given out; none where chance keeps them apart.
    journal: Option<Arc<Journal>>,
}

#[derive(Debug)]
struct Block {
    next: i64,
    below: i64,
}

impl ProducerIds {
    /// Ids from a random one on. Those of an earlier run must not come again, as its producers may still be there.
    pub(crate) fn random() -> Self {
        let (high, _) = Uuid::new_v4().as_u64_pair();
        let next = (high >> 24) as i64;
        Self { block: Lock::new(Block { next, below: i64::MAX }), journal: None }
    }

    /// Ids of a run of their own, somewhere behind `next`, below which all may have been given out. The journal may
    /// be older than it seems, and those who got ids since need not have written anything that tells of them.
    pub(crate) fn of_a_run(next: i64, journal: Arc<Journal>) -> Self {
        let (high, _) = Uuid::new_v4().as_u64_pair();
        Self::after(next.saturating_add((high >> 32) as i64), journal)
    }

    /// Ids from `next` on, below which all may have been given out.
    fn after(next: i64, journal: Arc<Journal>) -> Self {
        Self { block: Lock::new(Block { next, below: next }), journal: Some(journal) }
    }

    /// An id that was not given out before.
    pub(crate) fn take(&self) -> Result<i64, NotWritten> {
        let mut block = self.block.lock();
        if block.next >= block.below {
            let below = block.next.saturating_add(BLOCK);
            if let Some(journal) = &self.journal {
                journal.write(&[Event::ProducerIds { below }])?;
                // An id that comes again after a loss of power would have its first batches taken for repeated ones.
                journal.settle()?;
            }
            block.below = below;
        }
        let id = block.next;
        block.next += 1;
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_on_behind_those_that_may_have_been_given_out() {
        let ids = ProducerIds::after(5_000, Arc::new(Journal::none()));
        let taken: Vec<i64> = (0..2_500).map(|_| ids.take().unwrap()).collect();
        assert_eq!(taken, (5_000..7_500).collect::<Vec<_>>());
        assert_eq!(ids.block.lock().below, 8_000, "written down before it is given out");
    }
}
