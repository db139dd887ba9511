//! What a landing may be told.

use std::time::Duration;

use kadence_core::named::Named;

/// The options by which a feed's records are landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A batch is committed once it has this many records.
    pub batch_records: usize,
    /// A batch is committed once keys, bodies and headers have this many bytes. The last record may exceed it.
    pub batch_bytes: usize,
    /// A batch is committed this long after its first record was read.
    pub linger: Duration,
    /// What becomes of records that the target does not take.
    pub on_reject: OnReject,
    /// The landing ends after this many records.
    pub limit: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_records: 10_000,
            batch_bytes: 4 * 1024 * 1024,
            linger: Duration::from_millis(500),
            on_reject: OnReject::Stop,
            limit: None,
        }
    }
}

/// The fate of a record that the target does not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReject {
    /// The landing ends, and nothing of the record's batch is committed.
    #[default]
    Stop,
    /// It is counted and told, and the others are landed.
    Skip,
}

impl Named for OnReject {
    const NAMES: &'static [(&'static str, Self)] = &[("stop", Self::Stop), ("skip", Self::Skip)];
}
