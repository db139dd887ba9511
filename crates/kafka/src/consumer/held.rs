//! Partitions that the group takes, held back until what was read of them is done.

use std::collections::BTreeSet;
use std::time::Duration;

use kadence_core::feed::Partition;

/// While partitions are held back, the group is asked this often whether they still are ours: librdkafka does not say.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// What is held back.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What the group takes, as it said so; `None` while it takes nothing.
    revoked: Option<Vec<Partition>>,
    left: BTreeSet<Partition>,
    asked_at: Duration,
}

impl Held {
    /// The group takes these.
    pub(super) fn take(&mut self, partitions: &[Partition], now: Duration) {
        self.revoked.get_or_insert_default().extend_from_slice(partitions);
        self.left.extend(partitions.iter().cloned());
        self.asked_at = now;
    }

    /// Nobody needs this one any more.
    pub(super) fn release(&mut self, partition: &Partition) {
        self.left.remove(partition);
    }

    /// What the group takes, once nobody needs any of it; said once.
    pub(super) fn let_go(&mut self) -> Option<Vec<Partition>> {
        if self.left.is_empty() { self.revoked.take() } else { None }
    }

    /// What is held back, if it is time to ask whether it still is ours.
    pub(super) fn doubtful(&mut self, now: Duration) -> Option<Vec<Partition>> {
        if self.left.is_empty() || now.saturating_sub(self.asked_at) < ASKED_EVERY {
            return None;
        }
        self.asked_at = now;
        Some(self.all())
    }

    /// What is held back.
    pub(super) fn all(&self) -> Vec<Partition> {
        self.left.iter().cloned().collect()
    }
}
