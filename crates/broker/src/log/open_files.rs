//! Files that logs keep open between writes, so many that connections have theirs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

/// The count of all logs of a broker.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    open: AtomicUsize,
    most: usize,
    beyond: AtomicBool,
}

/// One of them.
#[derive(Debug)]
pub(super) struct OpenFile(Arc<OpenFiles>);

impl OpenFiles {
    /// Beyond `most` a file is opened for each write.
    pub(crate) fn at_most(most: usize) -> Arc<Self> {
        Arc::new(Self { open: AtomicUsize::new(0), most, beyond: AtomicBool::new(false) })
    }

    pub(super) fn take(self: &Arc<Self>) -> OpenFile {
        self.open.fetch_add(1, Relaxed);
        OpenFile(Arc::clone(self))
    }

    /// Whether there are more than may stay.
    pub(super) fn are_too_many(&self) -> bool {
        let beyond = self.open.load(Relaxed) > self.most;
        if beyond {
            self.beyond.store(true, Relaxed);
        }
        beyond
    }

    /// The most that stay open, if that was ever reached and is not said yet.
    pub(crate) fn take_reached(&self) -> Option<usize> {
        self.beyond.swap(false, Relaxed).then_some(self.most)
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}
