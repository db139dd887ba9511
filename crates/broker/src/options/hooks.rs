//! What the broker has to say while it runs.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

/// A function called with the limit in bytes when data is refused for the first time.
#[derive(Clone)]
pub struct FullHook(Arc<dyn Fn(u64) + Send + Sync>);

impl FullHook {
    /// Wraps `hook`, which runs on one of the broker's threads and should return quickly.
    pub fn new(hook: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn call(&self, limit_bytes: u64) {
        (self.0)(limit_bytes);
    }
}

impl fmt::Debug for FullHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FullHook")
    }
}

/// A function called with what went wrong with a file.
#[derive(Clone)]
pub struct FaultHook(SyncSender<Box<dyn Error + Send + Sync>>);

/// Faults that may wait for their turn; a broken disk has more than anybody reads.
const MAX_WAITING: usize = 64;

impl FaultHook {
    /// Wraps `hook`, which runs on a thread of its own, one fault after the other, and may be called often.
    pub fn new(hook: impl Fn(&(dyn Error + 'static)) + Send + 'static) -> Self {
        let (sender, faults) = sync_channel::<Box<dyn Error + Send + Sync>>(MAX_WAITING);
        // Without a thread nobody listens, and faults are in the answers only.
        let _ = thread::Builder::new()
            .name("kadence-broker-faults".to_owned())
            .spawn(move || faults.into_iter().for_each(|fault| hook(&*fault)));
        Self(sender)
    }

    /// Tells of a fault without waiting: locks may be held.
    pub(crate) fn call(&self, fault: impl Error + Send + Sync + 'static) {
        let _ = self.0.try_send(Box::new(fault));
    }
}

impl fmt::Debug for FaultHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultHook")
    }
}
