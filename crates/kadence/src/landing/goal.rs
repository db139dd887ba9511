//! The end of a landing that has one: all that the topics held when it began is landed, by whichever worker.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::Clock;
use kadence_core::feed::Partition;
use kadence_land::Gauges;
use kadence_store::{Line, Store, id_text};

use super::Known;

/// How long partitions that nobody here has are waited for before the ledger alone is believed.
const OTHERS: Duration = Duration::from_secs(3);

/// What is to be landed, and the ledger that tells.
pub(super) struct Goal {
    ends: Vec<(Partition, i64)>,
    cluster: String,
    store: Box<dyn Store>,
    clock: Arc<dyn Clock>,
    began: Duration,
    /// Whether it was said that others hold partitions.
    has_said: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not there yet.
    UnderWay,
    /// The same, and what is missing is with other workers.
    WithOthers,
    /// All is landed.
    Reached,
}

impl Goal {
    /// `None` where the landing has no such end. The store is one of its own.
    pub(super) fn of(known: &Known, store: Box<dyn Store>, clock: &Arc<dyn Clock>) -> Option<Self> {
        let ends = known.ends.clone()?;
        let (cluster, clock) = (known.cluster.clone(), Arc::clone(clock));
        Some(Self { ends, cluster, store, began: clock.now(), clock, has_said: false })
    }

    /// Asks the ledger, once what is held here is being read: claimed, and compared with its log.
    pub(super) fn look(&mut self, gauges: &[Arc<Gauges>]) -> Progress {
        let sum = |of: fn(&Gauges) -> u64| gauges.iter().map(|gauges| of(gauges)).sum::<u64>();
        let (held, reading) = (sum(Gauges::held), sum(Gauges::reading));
        let has_waited = self.clock.now().saturating_sub(self.began) >= OTHERS;
        if reading < held || (held < self.ends.len() as u64 && !has_waited) {
            return Progress::UnderWay;
        }
        // A database that does not answer is waited for by the workers.
        let Ok(lines) = self.store.lines() else { return Progress::UnderWay };
        if self.ends.iter().all(|(partition, end)| self.is_landed(&lines, partition, *end)) {
            return Progress::Reached;
        }
        if has_waited && held < self.ends.len() as u64 && !std::mem::replace(&mut self.has_said, true) {
            return Progress::WithOthers;
        }
        Progress::UnderWay
    }

    fn is_landed(&self, lines: &[Line], partition: &Partition, end: i64) -> bool {
        let id = id_text(partition.id);
        let is_its = |line: &&Line| {
            line.topic == *partition.topic
                && line.partition == partition.index
                && line.topic_id == id
                && line.cluster == self.cluster
        };
        lines.iter().find(is_its).is_some_and(|line| line.next.is_some_and(|next| next >= end))
    }
}
