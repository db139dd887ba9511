//! What is done from time to time: retention, and writing through to the disk.

use crate::{
    clock::Clock,
    directory::DirectoryError,
    faults::Faults,
    journal::Journal,
    topics::{Topic, Topics},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

/// How often partitions are looked at for what has to reach the disk by now.
const TICK: Duration = Duration::from_secs(1);

/// The upkeep of a broker's partitions, and of the directory they are in.
#[derive(Debug, Clone)]
pub(crate) struct Upkeep {
    pub(crate) topics: Arc<Topics>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
    pub(crate) retention_check_interval: Duration,
    /// Counts panics.
    pub(crate) panics: Arc<AtomicUsize>,
}

impl Upkeep {
    /// Looks after the partitions, for ever.
    pub(crate) async fn run(self) {
        let every = self.retention_check_interval;
        let mut due = Instant::now() + every;
        loop {
            sleep_until(Instant::now() + TICK.min(every)).await;
            let retention = Instant::now() >= due;
            if retention {
                due = Instant::now() + every;
            }
            let upkeep = self.clone();
            // Files are slow.
            let done = spawn_blocking(move || upkeep.look_after(retention)).await;
            if done.is_err_and(|error| error.is_cancelled()) {
                return;
            }
        }
    }

    /// Leaves everything for the next start.
    pub(crate) fn close(&self) {
        for topic in self.topics.all() {
            for partition in &topic.partitions {
                let closed = partition.lock().close();
                let _ = self.faults.told(closed);
            }
        }
        let _ = self.journal.settle();
    }

    fn look_after(&self, retention: bool) {
        self.check_directory();
        let now = self.clock.now_ms();
        for topic in self.topics.all() {
            let Topic { settings, partitions, .. } = &*topic;
            for (index, partition) in (0..).zip(partitions) {
                // A panic on one partition is not the end for all others.
                let done = catch_unwind(AssertUnwindSafe(|| {
                    if retention {
                        let keep = |offset| self.topics.keep_start(&topic, index, offset);
                        let _ = self.faults.told(partition.retain(settings, now, keep));
                    }
                    let flushed = partition.lock().flush_due(settings, now);
                    let _ = self.faults.told(flushed);
                }));
                if done.is_err() {
                    self.panics.fetch_add(1, Relaxed);
                }
            }
        }
    }

    /// Sees to it that the directory is still there, and refuses all from then on if it is not.
    fn check_directory(&self) {
        if let Err(gone) = self.topics.check_directory() {
            self.faults.notice(gone);
        }
        if let (Some(most), Some(path)) = (self.topics.files_reached(), self.topics.path()) {
            self.faults.notice(DirectoryError::Files { path: path.to_owned(), most });
        }
    }
}
