//! A target that writes to a store in memory, with faults from outside.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::Disposition;
use kadence_core::feed::Partition;
use kadence_core::target::{Batch, Claim, Committed, Delivery, Rejects, Target, TargetError};

use super::store::MemoryStore;

/// What is to go wrong with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
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
    faults: Arc<Mutex<VecDeque<Option<Fault>>>>,
}

impl MemoryTarget {
    /// A target without faults.
    pub fn new(store: &MemoryStore) -> Self {
        Self { store: store.clone(), faults: Arc::default() }
    }

    /// What goes wrong with the commits to come, one after the other; nothing with those after them.
    pub fn fail(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }
}

impl Target for MemoryTarget {
    fn delivery(&self) -> Delivery {
        Delivery::ExactlyOnce
    }

    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, TargetError> {
        Ok(self.store.claim(partitions))
    }

    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, TargetError> {
        let fault = self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front().flatten();
        let transaction = self.store.open(batch, rejects);
        match fault {
            Some(Fault::Fails) => return Err(error("no connection", Disposition::Retry)),
            Some(Fault::Stops) => return Err(error("the table is gone", Disposition::Stop)),
            Some(Fault::NotDoneAnswerLost) => return Ok(Committed::Unknown),
            Some(Fault::Slow(length)) => drop(Stop::new().wait(length)),
            Some(Fault::Panics) => panic!("the target panics, as it was told to"),
            Some(Fault::AnswerLost) | None => {}
        }
        let committed = self.store.commit(transaction);
        Ok(if fault == Some(Fault::AnswerLost) { Committed::Unknown } else { committed })
    }
}

fn error(what: &str, disposition: Disposition) -> TargetError {
    TargetError { place: "memory".into(), what: what.into(), help: String::new(), disposition, source: None }
}
