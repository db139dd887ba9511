//! What the broker has to say while it runs.

use std::{error::Error, fmt, sync::Arc};

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
pub struct FaultHook(Arc<OnFault>);

type OnFault = dyn Fn(&dyn Error) + Send + Sync;

impl FaultHook {
    /// Wraps `hook`, which runs on one of the broker's threads and should return quickly; it may be called often.
    pub fn new(hook: impl Fn(&dyn Error) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn call(&self, fault: &dyn Error) {
        (self.0)(fault);
    }
}

impl fmt::Debug for FaultHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultHook")
    }
}
