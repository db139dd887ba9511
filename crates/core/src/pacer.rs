//! Waiting until a record is due. The only place of the replay path that sleeps.

use std::time::Duration;

use crate::clock::{Clock, Stop};

/// Waits on a clock for due times counted from an anchor.
pub struct Pacer<'c> {
    clock: &'c dyn Clock,
    stop: &'c Stop,
    anchor: Duration,
    spin: Duration,
}

impl<'c> Pacer<'c> {
    /// A pacer for which due times count from the clock's present reading. The last `spin` of each wait is spent
    /// polling the clock, which costs a busy core for that long and ends the wait more exactly than sleep does.
    pub fn start(clock: &'c dyn Clock, stop: &'c Stop, spin: Duration) -> Self {
        Self { clock, stop, anchor: clock.now(), spin }
    }

    /// The clock reading from which due times count.
    pub fn anchor(&self) -> Duration {
        self.anchor
    }

    /// Tells how long the run has lasted.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.anchor)
    }

    /// Blocks until `due` and returns [`elapsed`](Self::elapsed), which is earlier only after a stop request.
    pub fn wait(&self, due: Duration) -> Duration {
        let now = self.elapsed();
        if now >= due {
            return now;
        }
        let deadline = self.anchor.saturating_add(due);
        if due.saturating_sub(now) > self.spin {
            self.clock.sleep_until(deadline.saturating_sub(self.spin), self.stop);
        }
        if !self.spin.is_zero() {
            while self.clock.now() < deadline && !self.stop.is_raised() {
                std::hint::spin_loop();
            }
        }
        self.elapsed()
    }
}
