//! Which partition is compacted next, on a thread of its own.

use super::{CompactionSettings, partition::Compaction};
use crate::{clock::Clock, faults::Faults, partition::Partition, topics::Topics};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What the cleaner needs of a broker.
#[derive(Debug, Clone)]
pub(crate) struct Cleaner {
    pub(crate) topics: Arc<Topics>,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
    /// How often partitions are looked through.
    pub(crate) every: Duration,
    /// What the keys of a partition may take, in bytes.
    pub(crate) memory_bytes: u64,
    /// Counts panics.
    pub(crate) panics: Arc<AtomicUsize>,
}

/// A cleaner that runs; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Cleaning {
    stop: Arc<Stopping>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Stopping {
    is_raised: AtomicBool,
    turn: std::sync::Mutex<()>,
    raised: Condvar,
}

impl Cleaner {
    /// Compacts what is to be compacted, until it is stopped.
    pub(crate) fn start(self) -> std::io::Result<Cleaning> {
        let stop = Arc::<Stopping>::default();
        let stopping = Arc::clone(&stop);
        let work = move || {
            stand_back();
            while stopping.wait(self.every) {
                self.look_after(&stopping.is_raised);
            }
        };
        let thread = thread::Builder::new().name("kadence-cleaner".to_owned()).spawn(work)?;
        Ok(Cleaning { stop, thread: Some(thread) })
    }

    /// Compacts every partition that has enough to be compacted, those with the most first.
    pub(super) fn look_after(&self, stop: &AtomicBool) {
        let now_ms = self.clock.now_ms();
        let mut due: Vec<(f64, Arc<Partition>, CompactionSettings)> = Vec::new();
        for topic in self.topics.all() {
            let Some(settings) = CompactionSettings::of(&topic.settings) else { continue };
            for partition in &topic.partitions {
                let mut state = partition.lock();
                let rolled = state.roll_to_compact(&settings, now_ms);
                let _ = self.faults.told(rolled);
                let dirt = state.log.dirt(&settings, now_ms, state.last_stable());
                if dirt.is_enough(&settings) {
                    due.push((dirt.ratio(), Arc::clone(partition), settings));
                }
            }
        }
        due.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
        for (_, partition, settings) in due {
            let compaction =
                Compaction { partition: &partition, settings, now_ms, memory_bytes: self.memory_bytes, stop };
            // A panic on one partition is not the end for all others.
            match catch_unwind(AssertUnwindSafe(|| compaction.run())) {
                Ok(done) => drop(self.faults.told(done)),
                Err(_) => drop(self.panics.fetch_add(1, Relaxed)),
            }
        }
    }
}

impl Stopping {
    /// Waits; `false` if it is to stop.
    fn wait(&self, time: Duration) -> bool {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |(): &mut ()| !self.is_raised.load(Relaxed);
        let _ = self.raised.wait_timeout_while(turn, time, waits);
        !self.is_raised.load(Relaxed)
    }
}

impl Drop for Cleaning {
    fn drop(&mut self) {
        {
            let _turn = self.stop.turn.lock().unwrap_or_else(PoisonError::into_inner);
            self.stop.is_raised.store(true, Relaxed);
        }
        self.stop.raised.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Has this thread stand back behind others, where the system knows that of threads. It still gets about a tenth of a
/// processor that others want: a log that nobody has time to compact grows.
fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        const BEHIND: i32 = 10;
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), BEHIND);
    }
}
