//! What was done to logs, topics and workers: each is a reason for which a worker may end.

use std::collections::BTreeSet;

use kadence_core::feed::Partition;

/// All reasons there are.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// Another log is in the place of the end of these.
    pub(super) replaced: BTreeSet<Partition>,
    /// Retention took records of these.
    pub(super) cut_short: BTreeSet<Partition>,
    /// Topics that were made anew.
    pub(super) made_anew: BTreeSet<&'static str>,
    /// Names of workers under which another one was started.
    pub(super) names: BTreeSet<String>,
}

impl Reasons {
    /// Whether an offset may be there no more.
    pub(super) fn is_any_log_touched(&self) -> bool {
        !self.made_anew.is_empty() || !self.replaced.is_empty() || !self.cut_short.is_empty()
    }
}
