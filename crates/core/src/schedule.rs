//! When a record is due.
//!
//! [`Schedule`] maps a record's place and event time to its due time and reads no clock; waiting is
//! [`Pacer`](crate::pacer::Pacer)'s business.
//!
//! Due times are counted from the first record, not from the one before. Sleeping the recorded gap adds the cost of
//! each send to the next gap, and the stream slows down for good; here a late record is late once.
//!
//! Durations are from the start of the run, and never decrease as long as event times do not.
//!
//! ```
//! # use {kadence_core::schedule::Schedule, std::time::Duration};
//! let twice_as_fast = Schedule::Recorded { speed: "2".parse()? };
//! assert_eq!(twice_as_fast.due(7, Duration::from_secs(10)), Duration::from_secs(5));
//! # Ok::<(), kadence_core::ratio::RatioError>(())
//! ```

use std::time::Duration;

use crate::named::Named;
use crate::ratio::Ratio;
use crate::record::Timestamp;

/// A way to spread records over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// As recorded, `speed` times faster.
    Recorded {
        /// 2 is twice as fast, 0.5 half as fast.
        speed: Ratio,
    },
    /// So many records a second, evenly spaced, whatever their event times.
    Rate {
        /// Records per second.
        per_second: Ratio,
    },
    /// A fixed time between records, whatever their event times.
    Interval(Duration),
    /// As fast as they can be read and taken.
    Unpaced,
}

impl Schedule {
    /// Tells when the record in place `index` (from 0) is due, whose event time is `since_first` after the first one's.
    pub fn due(self, index: u64, since_first: Duration) -> Duration {
        match self {
            Self::Recorded { speed } => Duration::from_nanos(speed.divide(nanos(since_first))),
            Self::Rate { per_second } => {
                let seconds = u128::from(index) * 1_000_000_000;
                match u64::try_from(seconds) {
                    Ok(seconds) => Duration::from_nanos(per_second.divide(seconds)),
                    Err(_) => Duration::from_secs(per_second.divide(index)),
                }
            }
            Self::Interval(interval) => Duration::from_nanos(nanos(interval).saturating_mul(index)),
            Self::Unpaced => Duration::ZERO,
        }
    }

    /// Whether due times come from event times.
    pub fn needs_event_times(self) -> bool {
        matches!(self, Self::Recorded { .. })
    }

    /// Whether records wait for their due time at all.
    pub fn is_paced(self) -> bool {
        self != Self::Unpaced
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A rule for event times earlier than the one before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfOrder {
    /// Refuse the recording.
    #[default]
    Error,
    /// Send the record at once, as if it had the time of the one before it.
    Clamp,
}

impl Named for OutOfOrder {
    const NAMES: &'static [(&'static str, Self)] = &[("error", Self::Error), ("clamp", Self::Clamp)];
}

/// An event time that went backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backwards {
    /// By how much.
    pub behind: Duration,
}

/// A check that the event times of a recording go forward, as far as its schedule asks for that.
#[derive(Clone, Debug)]
pub struct Order {
    latest: Option<Timestamp>,
    is_asked: bool,
}

impl Order {
    /// The order of a recording before its first record.
    pub fn new(schedule: Schedule, out_of_order: OutOfOrder) -> Self {
        let is_asked = schedule.needs_event_times() && out_of_order == OutOfOrder::Error;
        Self { latest: None, is_asked }
    }

    /// Checks the event time of the next record. One that goes backwards and is clamped is no fault.
    pub fn check(&mut self, event_time: Option<Timestamp>) -> Result<(), Backwards> {
        let Some(time) = event_time.filter(|_| self.is_asked) else { return Ok(()) };
        match self.latest {
            Some(latest) if time < latest => Err(Backwards { behind: between(time, latest) }),
            _ => {
                self.latest = Some(time);
                Ok(())
            }
        }
    }
}

/// The due times of records, asked for one after the other.
#[derive(Clone, Debug)]
pub struct Timeline {
    schedule: Schedule,
    first: Option<Timestamp>,
    latest: Timestamp,
    index: u64,
}

impl Timeline {
    /// A timeline before its first record.
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, first: None, latest: Timestamp::default(), index: 0 }
    }

    /// Tells when the next record is due. An event time that goes backwards counts as that of the record before it.
    /// Without an event time only schedules that need none make sense.
    #[inline]
    pub fn due(&mut self, event_time: Option<Timestamp>) -> Duration {
        let mut since_first = Duration::ZERO;
        if let Some(time) = event_time.filter(|_| self.schedule.needs_event_times()) {
            let first = *self.first.get_or_insert_with(|| {
                self.latest = time;
                time
            });
            self.latest = self.latest.max(time);
            since_first = between(first, self.latest);
        }
        let due = self.schedule.due(self.index, since_first);
        self.index += 1;
        due
    }
}

/// From `earlier` to `later`, which is not before it.
fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::from_nanos(later.as_nanos().abs_diff(earlier.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_intervals_count_records_and_stay_exact() {
        let thirty = Schedule::Rate { per_second: "30".parse().unwrap() };
        assert_eq!(thirty.due(3_000_000, Duration::ZERO), Duration::from_secs(100_000));
        let slow = Schedule::Rate { per_second: "0.001".parse().unwrap() };
        assert_eq!(slow.due(86_400, Duration::ZERO), Duration::from_hours(24_000));
        let interval = Schedule::Interval(Duration::from_millis(1_500));
        assert_eq!(interval.due(4, Duration::ZERO), Duration::from_secs(6));
    }

    #[test]
    fn a_step_back_is_an_error_or_due_at_once() {
        let at = |seconds: i64| Some(Timestamp::from_nanos(seconds * 1_000_000_000));
        let recorded = Schedule::Recorded { speed: Ratio::ONE };

        let mut strict = Order::new(recorded, OutOfOrder::Error);
        assert_eq!(strict.check(at(10)), Ok(()));
        assert_eq!(strict.check(at(7)), Err(Backwards { behind: Duration::from_secs(3) }));
        for unasked in [
            Order::new(recorded, OutOfOrder::Clamp),
            Order::new(Schedule::Interval(Duration::ZERO), OutOfOrder::Error),
        ] {
            let mut order = unasked;
            assert_eq!([10, 7].map(|second| order.check(at(second))), [Ok(()), Ok(())]);
        }

        let mut clamped = Timeline::new(recorded);
        let dues: Vec<_> = [10, 14, 7, 15].map(|second| clamped.due(at(second)).as_secs()).into();
        assert_eq!(dues, [0, 4, 4, 5]);
    }

    #[test]
    fn the_whole_range_of_event_times_fits() {
        let mut timeline = Timeline::new(Schedule::Recorded { speed: Ratio::ONE });
        timeline.due(Some(Timestamp::from_nanos(i64::MIN)));
        let due = timeline.due(Some(Timestamp::from_nanos(i64::MAX)));
        assert_eq!(due, Duration::from_nanos(u64::MAX));
    }
}
