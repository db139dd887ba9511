//! Where the delivery callback finds a record again, without a lock and without allocating.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is known of the records in flight, by sequence. One thread puts, one takes.
#[derive(Debug)]
pub(super) struct Window {
    slots: Box<[Slot]>,
    mask: usize,
}

#[derive(Debug, Default)]
struct Slot {
    /// The due time in nanoseconds plus one; zero while the slot is free.
    due: AtomicU64,
    line: AtomicU64,
}

/// A record's due time and its line in the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InFlight {
    pub(super) due: Duration,
    pub(super) line: u64,
}

impl Window {
    /// A window for `records` in flight, rounded up to a power of two.
    pub(super) fn new(records: usize) -> Self {
        let size = records.max(1).next_power_of_two();
        Self { slots: (0..size).map(|_| Slot::default()).collect(), mask: size - 1 }
    }

    /// Remembers the record `sequence`; `false` if an older one still has its place.
    pub(super) fn put(&self, sequence: usize, record: InFlight) -> bool {
        let slot = &self.slots[sequence & self.mask];
        if slot.due.load(Ordering::Acquire) != 0 {
            return false;
        }
        let nanos = u64::try_from(record.due.as_nanos()).unwrap_or(u64::MAX - 1);
        slot.line.store(record.line, Ordering::Relaxed);
        slot.due.store(nanos.saturating_add(1), Ordering::Release);
        true
    }

    /// Gives back what is known of `sequence`, and frees its place.
    pub(super) fn take(&self, sequence: usize) -> InFlight {
        let slot = &self.slots[sequence & self.mask];
        let due = slot.due.load(Ordering::Acquire).saturating_sub(1);
        let line = slot.line.load(Ordering::Relaxed);
        slot.due.store(0, Ordering::Release);
        InFlight { due: Duration::from_nanos(due), line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(line: u64) -> InFlight {
        InFlight { due: Duration::from_nanos(line * 7), line }
    }

    #[test]
    fn a_place_is_free_again_once_its_record_was_taken() {
        let window = Window::new(3);
        for sequence in 0..4 {
            assert!(window.put(sequence, record(sequence as u64)), "{sequence}");
        }
        assert!(!window.put(4, record(4)), "record 0 is still in flight");
        assert_eq!(window.take(1), record(1));
        assert!(!window.put(4, record(4)));
        assert_eq!(window.take(0), record(0));
        assert!(window.put(4, record(4)));
        assert_eq!(window.take(4), record(4));
    }

    #[test]
    fn a_record_due_at_the_start_is_in_flight_too() {
        let window = Window::new(1);
        assert!(window.put(0, InFlight { due: Duration::ZERO, line: 1 }));
        assert!(!window.put(1, record(2)));
        assert_eq!(window.take(0), InFlight { due: Duration::ZERO, line: 1 });
    }
}
