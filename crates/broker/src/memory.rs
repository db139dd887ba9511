//! What the broker may hold: stored records, and requests that are being read or answered.

use crate::options::FullHook;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// A limit in bytes and what is used of it.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    used: AtomicU64,
    refused: AtomicU64,
    told: AtomicBool,
    on_full: Option<FullHook>,
    /// The memory this is a part of.
    whole: Option<Arc<Memory>>,
}

impl Memory {
    pub(crate) fn new(limit: u64, on_full: Option<FullHook>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            told: AtomicBool::new(false),
            on_full,
            whole: None,
        })
    }

    /// A part of `whole` with a limit of its own: what is taken here is taken there.
    pub(crate) fn part_of(whole: &Arc<Self>, limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            told: AtomicBool::new(false),
            on_full: None,
            whole: Some(Arc::clone(whole)),
        })
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Whether `bytes` would fit now.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.used().checked_add(bytes as u64).is_some_and(|sum| sum <= self.limit)
    }

    /// Notes that data was refused for want of room. The hook is called the first time.
    pub(crate) fn note_refusal(&self) {
        if let Some(whole) = &self.whole {
            return whole.note_refusal();
        }
        self.refused.fetch_add(1, Relaxed);
        if let Some(hook) = &self.on_full
            && !self.told.swap(true, Relaxed)
        {
            hook.call(self.limit);
        }
    }

    /// Takes `bytes` if they fit.
    fn take(&self, bytes: usize) -> bool {
        let more = bytes as u64;
        let sum = |used: u64| used.checked_add(more).filter(|sum| *sum <= self.limit);
        if self.used.try_update(Relaxed, Relaxed, sum).is_err() {
            return false;
        }
        let fits = self.whole.as_ref().is_none_or(|whole| whole.take(bytes));
        if !fits {
            self.give_back_here(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        self.give_back_here(bytes);
        if let Some(whole) = &self.whole {
            whole.give_back(bytes);
        }
    }

    fn give_back_here(&self, bytes: usize) {
        let bytes = bytes as u64;
        let _ = self.used.try_update(Relaxed, Relaxed, |used| Some(used.saturating_sub(bytes)));
    }
}

/// Bytes taken from a [`Memory`], given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Share {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory), bytes: 0 }
    }

    /// Takes `more` if they fit.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let fits = self.memory.take(more);
        if fits {
            self.bytes += more;
        }
        fits
    }

    /// Gives back what is beyond `keep`.
    pub(crate) fn shrink_to(&mut self, keep: usize) {
        if self.bytes > keep {
            self.memory.give_back(self.bytes - keep);
            self.bytes = keep;
        }
    }

    /// The memory this is a share of.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_takes_from_its_whole_and_gives_back() {
        let whole = Memory::new(100, None);
        let part = Memory::part_of(&whole, 60);
        let mut share = Share::new(&part);
        assert!(share.grow(50) && !share.grow(20));
        assert_eq!((part.used(), whole.used()), (50, 50));
        let mut other = Share::new(&whole);
        assert!(other.grow(45) && !share.grow(10));
        assert_eq!((part.used(), whole.used()), (50, 95));
        drop(share);
        assert_eq!((part.used(), whole.used()), (0, 45));
    }
}
