//! What a replay goes by besides its options: the time, requests to stop, and whoever watches.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::{Clock, Stop};
use crate::record::Timestamp;

/// A replay's time, the requests that end it early, and its progress. Clones share all of them.
#[derive(Clone)]
pub struct Control {
    /// What records wait for, and what their hand-over is timed by.
    pub clock: Arc<dyn Clock>,
    /// The request to take no more records; what was accepted is flushed.
    pub stop: Arc<Stop>,
    /// The request to end the flush as well.
    pub abandon: Arc<Stop>,
    /// Where the replay is.
    pub progress: Arc<Progress>,
}

impl Control {
    /// Makes a control by this clock, with requests that are not raised yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, stop: Arc::default(), abandon: Arc::default(), progress: Arc::default() }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clock: _, stop, abandon, progress } = self;
        f.debug_struct("Control")
            .field("stop", stop)
            .field("abandon", abandon)
            .field("progress", progress)
            .finish_non_exhaustive()
    }
}

/// The place that a replay has come to, for whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    accepted: AtomicU64,
    due_nanos: AtomicU64,
    late_nanos: AtomicU64,
    event_nanos: AtomicI64,
    has_event_time: AtomicBool,
    awaited: AtomicU64,
}

/// A reading of [`Progress`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplayPosition {
    /// Records handed to the sink.
    pub accepted: u64,
    /// When the last of them was due, counted from the start of the run.
    pub due: Duration,
    /// How late it left.
    pub late: Duration,
    /// Its event time.
    pub event_time: Option<Timestamp>,
    /// Records that were not acknowledged yet when the flush at the end began; zero before it and after it.
    pub awaited: u64,
}

impl Progress {
    /// The present position.
    pub fn position(&self) -> ReplayPosition {
        let event_time = self.has_event_time.load(Relaxed);
        ReplayPosition {
            accepted: self.accepted.load(Relaxed),
            due: Duration::from_nanos(self.due_nanos.load(Relaxed)),
            late: Duration::from_nanos(self.late_nanos.load(Relaxed)),
            event_time: event_time.then(|| Timestamp::from_nanos(self.event_nanos.load(Relaxed))),
            awaited: self.awaited.load(Relaxed),
        }
    }

    /// Notes how many records the sink has taken in all, and the event time of the last one.
    pub(super) fn accept(&self, accepted: u64, event_time: Option<Timestamp>) {
        self.accepted.store(accepted, Relaxed);
        if let Some(time) = event_time {
            self.event_nanos.store(time.as_nanos(), Relaxed);
            self.has_event_time.store(true, Relaxed);
        }
    }

    /// Notes how many acknowledgements are waited for at the end.
    pub(super) fn wait_for(&self, awaited: u64) {
        self.awaited.store(awaited, Relaxed);
    }

    /// Notes when the last record was due, and how late it left.
    pub(super) fn pace(&self, due: Duration, late: Duration) {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.due_nanos.store(nanos(due), Relaxed);
        self.late_nanos.store(nanos(late), Relaxed);
    }
}
