//! A target that writes to a store in memory, with faults from outside.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::target::{Batch, Claim, Committed, Delivery, Rejects, Target};

use super::store::MemoryStore;

/// A mishap that a commit is to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It fails before anything is changed, and may go well the next time.
    Fails,
    /// It fails before anything is changed, and always will.
    Stops,
    /// All is changed, and the answer is lost.
    AnswerLost,
    /// Nothing is changed, and the answer is lost.
    NotDoneAnswerLost,
    /// It takes this long.
    Slow(Duration),
    /// The thread panics before anything is changed.
    Panics,
}

/// A target that writes to a [`MemoryStore`]. Clones share the faults to come.
#[derive(Clone, Default)]
pub struct MemoryTarget {
    store: MemoryStore,
    mishaps: Arc<Mutex<VecDeque<Option<Mishap>>>>,
}

impl MemoryTarget {
    /// A target without faults.
    pub fn new(store: &MemoryStore) -> Self {
        Self { store: store.clone(), mishaps: Arc::default() }
    }

    /// Plans what goes wrong with the commits to come, one after the other; nothing with those after them.
    pub fn fail(&self, faults: impl IntoIterator<Item = Option<Mishap>>) {
        self.mishaps.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }
}

impl Target for MemoryTarget {
    fn delivery(&self) -> Delivery {
        Delivery::ExactlyOnce
    }

    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, Fault> {
        Ok(self.store.claim(partitions))
    }

    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, Fault> {
        let mishap = self.mishaps.lock().unwrap_or_else(PoisonError::into_inner).pop_front().flatten();
        let transaction = self.store.open(batch, rejects);
        match mishap {
            Some(Mishap::Fails) => return Err(fault("no connection").retry()),
            Some(Mishap::Stops) => return Err(fault("the table is gone")),
            Some(Mishap::NotDoneAnswerLost) => return Ok(Committed::Unknown),
            Some(Mishap::Slow(length)) => drop(Stop::new().wait(length)),
            Some(Mishap::Panics) => panic!("the target panics, as it was told to"),
            Some(Mishap::AnswerLost) | None => {}
        }
        let committed = self.store.commit(transaction);
        Ok(if mishap == Some(Mishap::AnswerLost) { Committed::Unknown } else { committed })
    }
}

fn fault(what: &str) -> Fault {
    Fault::new("memory", what)
}
