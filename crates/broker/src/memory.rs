//! What the broker may hold: stored records, and requests that are being read or answered.

use crate::{options::FullHook, sync::Lock};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// A limit in bytes and what is used of it.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    used: AtomicU64,
    /// In a part: how often its whole refused, as far as that is not passed on.
    refused: AtomicU64,
    told: AtomicBool,
    on_full: Option<FullHook>,
    part: Option<Part>,
}

/// How a memory is a part of another one.
#[derive(Debug)]
struct Part {
    whole: Arc<Memory>,
    /// So much is the part's own; only what is beyond is taken from the whole.
    reserve: u64,
    /// What is taken here and what is taken there change together.
    turn: Lock<()>,
}

impl Part {
    fn beyond(&self, used: u64) -> u64 {
        used.saturating_sub(self.reserve)
    }
}

impl Memory {
    pub(crate) fn new(limit: u64, on_full: Option<FullHook>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            told: AtomicBool::new(false),
            on_full,
            part: None,
        })
    }

    /// A part of `whole` with a limit of its own: what is taken here beyond `reserve` is taken there, so that the part
    /// has that much when others have filled the whole.
    pub(crate) fn part_of(whole: &Arc<Self>, limit: u64, reserve: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            told: AtomicBool::new(false),
            on_full: None,
            part: Some(Part { whole: Arc::clone(whole), reserve, turn: Lock::default() }),
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

    /// Whether more than half is used.
    pub(crate) fn is_crowded(&self) -> bool {
        self.used() > self.limit / 2
    }

    /// Whether `bytes` would fit now.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.used().checked_add(bytes as u64).is_some_and(|sum| sum <= self.limit)
    }

    /// Notes that data was refused for want of room. The hook is called the first time.
    pub(crate) fn note_refusal(&self) {
        self.note_refusals(1);
    }

    /// Notes in the whole how often it refused this part. It may call the hook, so no lock is held meanwhile.
    pub(crate) fn pass_on_refusals(&self) {
        if let Some(part) = &self.part {
            match self.refused.swap(0, Relaxed) {
                0 => {}
                times => part.whole.note_refusals(times),
            }
        }
    }

    fn note_refusals(&self, times: u64) {
        self.refused.fetch_add(times, Relaxed);
        if let Some(hook) = &self.on_full
            && !self.told.swap(true, Relaxed)
        {
            hook.call(self.limit);
        }
    }

    /// Takes `bytes` if they fit.
    fn take(&self, bytes: u64) -> bool {
        // More may be used than fits, where somebody had to insist.
        if bytes == 0 {
            return true;
        }
        let Some(part) = &self.part else { return self.take_here(bytes) };
        let _turn = part.turn.lock();
        let before = self.used();
        if !self.take_here(bytes) {
            return false;
        }
        let fits = part.whole.take(part.beyond(self.used()) - part.beyond(before));
        if !fits {
            self.give_back_here(bytes);
            self.refused.fetch_add(1, Relaxed);
        }
        fits
    }

    fn take_here(&self, bytes: u64) -> bool {
        let sum = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.try_update(Relaxed, Relaxed, sum).is_ok()
    }

    /// Takes `bytes` whether they fit or not.
    fn insist(&self, bytes: u64) {
        let Some(part) = &self.part else { return self.insist_here(bytes) };
        let _turn = part.turn.lock();
        let before = self.used();
        self.insist_here(bytes);
        part.whole.insist(part.beyond(self.used()) - part.beyond(before));
    }

    fn insist_here(&self, bytes: u64) {
        let _ = self.used.try_update(Relaxed, Relaxed, |used| Some(used.saturating_add(bytes)));
    }

    fn give_back(&self, bytes: u64) {
        let Some(part) = &self.part else { return self.give_back_here(bytes) };
        let _turn = part.turn.lock();
        let before = self.used();
        self.give_back_here(bytes);
        part.whole.give_back(part.beyond(before) - part.beyond(self.used()));
    }

    fn give_back_here(&self, bytes: u64) {
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
        let fits = self.memory.take(more as u64);
        if fits {
            self.bytes += more;
        }
        fits
    }

    /// Takes `more` whether they fit or not: for the little that has to be kept, so that more can be given back.
    pub(crate) fn insist(&mut self, more: usize) {
        self.memory.insist(more as u64);
        self.bytes += more;
    }

    /// Takes what `bytes` are more than before, if that fits, or gives back what they are less.
    pub(crate) fn resize(&mut self, bytes: usize) -> bool {
        self.shrink_to(bytes);
        self.grow(bytes - self.bytes)
    }

    /// Gives back what is beyond `keep`.
    pub(crate) fn shrink_to(&mut self, keep: usize) {
        if self.bytes > keep {
            self.memory.give_back((self.bytes - keep) as u64);
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
        self.memory.give_back(self.bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_takes_from_its_whole_and_gives_back() {
        let whole = Memory::new(100, None);
        let part = Memory::part_of(&whole, 60, 0);
        let mut share = Share::new(&part);
        assert!(share.grow(50) && !share.grow(20));
        assert_eq!((part.used(), whole.used()), (50, 50));
        let mut other = Share::new(&whole);
        assert!(other.grow(45) && !share.grow(10));
        assert_eq!((part.used(), whole.used()), (50, 95));
        drop(share);
        assert_eq!((part.used(), whole.used()), (0, 45));
    }

    #[test]
    fn a_part_has_its_reserve_when_the_whole_is_full() {
        let whole = Memory::new(100, None);
        let part = Memory::part_of(&whole, 60, 20);
        let mut others = Share::new(&whole);
        assert!(others.grow(90));
        let (mut one, mut two) = (Share::new(&part), Share::new(&part));
        assert!(one.grow(15) && two.grow(15) && !two.grow(1));
        assert_eq!((part.used(), whole.used()), (30, 100));
        drop(one);
        assert_eq!((part.used(), whole.used()), (15, 90));
        drop(two);
        assert_eq!((part.used(), whole.used()), (0, 90));
    }

    #[test]
    fn what_is_insisted_on_is_counted_and_given_back() {
        let whole = Memory::new(100, None);
        let part = Memory::part_of(&whole, 60, 20);
        let mut share = Share::new(&part);
        share.insist(150);
        assert_eq!((part.used(), whole.used()), (150, 130));
        assert!(!share.grow(1) && share.grow(0) && !whole.has_room(1));
        drop(share);
        assert_eq!((part.used(), whole.used()), (0, 0));
    }

    #[test]
    fn a_share_takes_the_difference_only() {
        let memory = Memory::new(100, None);
        let mut share = Share::new(&memory);
        assert!(share.resize(80) && share.resize(90) && !share.resize(101));
        assert_eq!((share.bytes(), memory.used()), (90, 90));
        assert!(share.resize(10));
        assert_eq!((share.bytes(), memory.used()), (10, 10));
    }

    #[test]
    fn a_part_that_is_full_is_not_a_whole_that_is_full() {
        let whole = Memory::new(100, None);
        let part = Memory::part_of(&whole, 60, 0);
        let mut share = Share::new(&part);
        assert!(!share.grow(61));
        part.pass_on_refusals();
        assert_eq!(whole.refused(), 0);
        let mut others = Share::new(&whole);
        assert!(others.grow(90) && !share.grow(20));
        assert_eq!(whole.refused(), 0, "not before it is passed on");
        part.pass_on_refusals();
        part.pass_on_refusals();
        assert_eq!(whole.refused(), 1);
    }
}
