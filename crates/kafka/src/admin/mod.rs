//! Administration of topics.

use crate::options::Resolved;

/// stub
pub(crate) fn topic_size_limit(_resolved: &Resolved, _topic: &str) -> Option<u64> {
    None
}
