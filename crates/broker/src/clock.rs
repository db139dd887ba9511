//! The broker's only look at the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time for records stamped on arrival.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(fn() -> i64);

impl Clock {
    pub(crate) const SYSTEM: Self = Self(system_ms);

    /// A clock that a test sets.
    #[cfg(test)]
    pub(crate) const fn of(now_ms: fn() -> i64) -> Self {
        Self(now_ms)
    }

    /// Milliseconds since the epoch, UTC.
    pub(crate) fn now_ms(self) -> i64 {
        (self.0)()
    }
}

#[expect(clippy::disallowed_methods, reason = "the seam: all others take a `Clock`")]
fn system_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}
