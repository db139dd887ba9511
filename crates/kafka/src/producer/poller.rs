//! A thread that serves delivery reports as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::ClientProducer;

/// The thread looks this often whether it is still needed. Reports wake it at once.
const SHIFT: Duration = Duration::from_millis(20);

/// The thread, which ends with this value.
pub(super) struct Poller {
    is_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Poller {
    pub(super) fn start(producer: Arc<ClientProducer>) -> Self {
        let is_done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_done);
        let thread = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                producer.poll(SHIFT);
            }
        });
        Self { is_done, thread: Some(thread) }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in there was reported where it happened.
            let _ = thread.join();
        }
    }
}
