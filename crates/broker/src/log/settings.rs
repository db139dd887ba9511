//! What a topic says of its logs.

/// What a topic's configuration says of its logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) segment_bytes: u64,
    pub(crate) segment_ms: i64,
    pub(crate) index_interval_bytes: u64,
    /// -1 for no limit.
    pub(crate) retention_ms: i64,
    /// -1 for no limit.
    pub(crate) retention_bytes: i64,
}

impl LogSettings {
    /// Whether what has this as its latest timestamp is too old. Without a timestamp nothing is.
    pub(super) fn is_expired(&self, timestamp: i64, now_ms: i64) -> bool {
        self.retention_ms >= 0 && timestamp >= 0 && now_ms.saturating_sub(timestamp) > self.retention_ms
    }

    /// How much of `size` is too much; negative for none.
    pub(super) fn excess(&self, size: u64) -> i64 {
        if self.retention_bytes < 0 { -1 } else { (size as i64).saturating_sub(self.retention_bytes) }
    }
}
