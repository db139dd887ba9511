//! How a run went over its length.

use std::time::Duration;

/// The most slices that a run is told in.
const MOST_SLICES: usize = 256;
/// The length of a slice at first, as a power of two in nanoseconds: a millisecond.
const FIRST_SHIFT: u32 = 20;

/// A run in slices of equal length, which grow with it, so that it takes a few kilobytes however long it is.
#[derive(Clone, Debug)]
pub struct Course {
    /// The length of a slice, as a power of two in nanoseconds.
    shift: u32,
    slices: Vec<Sums>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    planned: u64,
    sent: u64,
    /// The lateness of what was sent, in nanoseconds: all together, and the most.
    late: u64,
    most: u64,
}

/// A stretch of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// Where it begins, after the start of the run.
    pub from: Duration,
    /// Where it ends.
    pub to: Duration,
    /// Records that were due in it.
    pub planned: u64,
    /// Records that were handed over in it.
    pub sent: u64,
    /// The mean lateness of these.
    pub mean: Duration,
    /// The greatest lateness of these.
    pub most: Duration,
}

impl Default for Course {
    fn default() -> Self {
        Self { shift: FIRST_SHIFT, slices: Vec::new() }
    }
}

impl Course {
    /// Notes a record that was due at `due` and left at `at`, both after the start of the run.
    #[inline]
    pub fn record(&mut self, due: Duration, at: Duration) {
        self.slice(due).planned += 1;
        let late = nanos(at.saturating_sub(due));
        let slice = self.slice(at);
        slice.sent += 1;
        slice.late = slice.late.saturating_add(late);
        slice.most = slice.most.max(late);
    }

    /// Notes records that were due at no certain time, and left at `at`.
    pub fn send(&mut self, at: Duration, records: u64) {
        self.slice(at).sent += records;
    }

    #[inline]
    fn slice(&mut self, at: Duration) -> &mut Sums {
        let nanos = nanos(at);
        while nanos >> self.shift >= MOST_SLICES as u64 {
            self.widen();
        }
        let place = (nanos >> self.shift) as usize;
        if place >= self.slices.len() {
            self.slices.resize(place + 1, Sums::default());
        }
        &mut self.slices[place]
    }

    #[cold]
    fn widen(&mut self) {
        self.shift += 1;
        let joined = |pair: &[Sums]| {
            pair.iter().fold(Sums::default(), |sum, next| Sums {
                planned: sum.planned + next.planned,
                sent: sum.sent + next.sent,
                late: sum.late.saturating_add(next.late),
                most: sum.most.max(next.most),
            })
        };
        self.slices = self.slices.chunks(2).map(joined).collect();
    }

    /// The slices in their order.
    pub fn slices(&self) -> impl Iterator<Item = Slice> {
        let at = |place: usize| Duration::from_nanos((place as u64) << self.shift);
        self.slices.iter().enumerate().map(move |(place, sums)| Slice {
            from: at(place),
            to: at(place + 1),
            planned: sums.planned,
            sent: sums.sent,
            mean: Duration::from_nanos(sums.late.checked_div(sums.sent).unwrap_or_default()),
            most: Duration::from_nanos(sums.most),
        })
    }
}

fn nanos(duration: Duration) -> u64 {
    // A run takes less than the centuries that fit.
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_forgotten_as_slices_grow(
            records in prop::collection::vec((0..1_u64 << 50, 0..1_u64 << 35), 1..300)
        ) {
            let mut course = Course::default();
            for &(due, late) in &records {
                course.record(Duration::from_nanos(due), Duration::from_nanos(due + late));
            }
            let slices: Vec<Slice> = course.slices().collect();
            prop_assert!(slices.len() <= MOST_SLICES);
            prop_assert_eq!(slices.iter().map(|slice| slice.planned).sum::<u64>(), records.len() as u64);
            prop_assert_eq!(slices.iter().map(|slice| slice.sent).sum::<u64>(), records.len() as u64);
            let most = records.iter().map(|(_, late)| *late).max().unwrap();
            prop_assert_eq!(slices.iter().map(|slice| slice.most).max(), Some(Duration::from_nanos(most)));
            for slice in slices {
                let is_in = |at: &&u64| (slice.from..slice.to).contains(&Duration::from_nanos(**at));
                let due = records.iter().map(|(due, _)| due).filter(is_in).count();
                prop_assert_eq!(slice.planned, due as u64);
            }
        }
    }

    #[test]
    fn a_run_that_never_ends_has_slices_too() {
        let mut course = Course::default();
        course.send(Duration::MAX, 3);
        assert_eq!(course.slices().map(|slice| slice.sent).sum::<u64>(), 3);
    }
}
