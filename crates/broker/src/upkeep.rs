//! What is done from time to time: retention, and writing through to the disk.

use crate::{shared::Shared, topics::Topic};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

/// How often partitions are looked at for what has to reach the disk by now.
const TICK: Duration = Duration::from_secs(1);

/// Looks after the partitions, for ever.
pub(crate) async fn run(shared: Arc<Shared>) {
    let every = shared.options.retention_check_interval;
    let mut due = Instant::now() + every;
    loop {
        sleep_until(Instant::now() + TICK.min(every)).await;
        let retention = Instant::now() >= due;
        if retention {
            due = Instant::now() + every;
        }
        let shared = Arc::clone(&shared);
        // Files are slow.
        let done = spawn_blocking(move || look_after(&shared, retention)).await;
        if done.is_err_and(|error| error.is_cancelled()) {
            return;
        }
    }
}

/// Leaves everything for the next start.
pub(crate) fn close(shared: &Shared) {
    for topic in shared.topics.all() {
        for partition in &topic.partitions {
            let closed = partition.lock().close();
            let _ = shared.told(closed);
        }
    }
    let _ = shared.journal.settle();
}

fn look_after(shared: &Shared, retention: bool) {
    shared.check_directory();
    let now = shared.clock.now_ms();
    for topic in shared.topics.all() {
        let Topic { settings, partitions, .. } = &*topic;
        for (index, partition) in (0..).zip(partitions) {
            // A panic on one partition is not the end for all others.
            let done = catch_unwind(AssertUnwindSafe(|| {
                if retention {
                    let keep = |offset| shared.topics.keep_start(&topic, index, offset);
                    let _ = shared.told(partition.retain(settings, now, keep));
                }
                let flushed = partition.lock().flush_due(settings, now);
                let _ = shared.told(flushed);
            }));
            if done.is_err() {
                shared.panics.fetch_add(1, Relaxed);
            }
        }
    }
}
