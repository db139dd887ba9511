//! Time as an argument.
//!
//! Whoever needs the time takes a [`Clock`]; tests pass a [`ManualClock`], on which a recorded day passes in
//! milliseconds and every instant is exact. Monotonic readings are [`Duration`]s since an arbitrary start that is
//! fixed for the clock's life; only differences between readings of one clock mean anything.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::record::Timestamp;

/// Reads and awaits time.
pub trait Clock: Send + Sync {
    /// The monotonic reading.
    fn now(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> Timestamp;

    /// Blocks until [`now`](Self::now) reaches `deadline`, or earlier when `stop` is raised.
    fn sleep_until(&self, deadline: Duration, stop: &Stop);
}

/// A request to stop, raised once and seen by every thread that waits.
#[derive(Debug, Default)]
pub struct Stop {
    raised: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Stop {
    /// A request not raised yet.
    pub const fn new() -> Self {
        Self { raised: AtomicBool::new(false), lock: Mutex::new(()), wake: Condvar::new() }
    }

    /// Asks everybody to stop.
    pub fn raise(&self) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.raised.store(true, Ordering::Release);
        self.wake.notify_all();
    }

    /// Whether a stop was asked for.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Blocks for `at_most`, or until the request is raised; says whether it is.
    pub fn wait(&self, at_most: Duration) -> bool {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.wake.wait_timeout_while(guard, at_most, |()| !self.is_raised());
        self.is_raised()
    }
}

/// The machine's clocks.
///
/// On Linux waits end with an absolute `clock_nanosleep` on `CLOCK_MONOTONIC`; call
/// [`sharpen_this_thread`](Self::sharpen_this_thread) on the waiting thread for the finest timer slack.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The last stretch before a deadline is slept through in one absolute sleep that a stop request does not
/// interrupt; it bounds how long such a request can go unseen.
const UNINTERRUPTED: Duration = Duration::from_millis(5);

impl SystemClock {
    /// Lets the kernel wake the calling thread without grouping its timers with others (Linux: 1 ns slack).
    pub fn sharpen_this_thread() {
        #[cfg(target_os = "linux")]
        {
            use std::num::NonZeroU64;
            // Without the finer slack waits end about 50 µs later; nothing else depends on it.
            let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        }
    }

    #[cfg(target_os = "linux")]
    fn nap_until(deadline: Duration) {
        use rustix::thread::{ClockId, clock_nanosleep_absolute};
        let request = rustix::time::Timespec {
            tv_sec: i64::try_from(deadline.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: deadline.subsec_nanos().into(),
        };
        while clock_nanosleep_absolute(ClockId::Monotonic, &request) == Err(rustix::io::Errno::INTR) {}
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(
        clippy::disallowed_methods,
        reason = "no absolute sleep in std; the loop makes up for early wakes"
    )]
    fn nap_until(deadline: Duration) {
        while let Some(left) = deadline.checked_sub(Self.now()).filter(|left| !left.is_zero()) {
            std::thread::sleep(left);
        }
    }
}

impl Clock for SystemClock {
    #[cfg(unix)]
    fn now(&self) -> Duration {
        let reading = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Duration::new(reading.tv_sec.cast_unsigned(), u32::try_from(reading.tv_nsec).unwrap_or(0))
    }

    #[cfg(not(unix))]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn wall(&self) -> Timestamp {
        let nanos = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
        };
        Timestamp::from_nanos(nanos)
    }

    fn sleep_until(&self, deadline: Duration, stop: &Stop) {
        loop {
            let left = deadline.saturating_sub(self.now());
            if left.is_zero() || stop.is_raised() {
                return;
            }
            if left <= UNINTERRUPTED {
                return Self::nap_until(deadline);
            }
            stop.wait(left.saturating_sub(UNINTERRUPTED / 2));
        }
    }
}

/// A clock for tests: time passes only when somebody sleeps or [`advance`](Self::advance)s it.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_nanos: AtomicU64,
    wall_start: AtomicI64,
}

impl ManualClock {
    /// A clock whose monotonic reading is zero while the time of day is `wall`.
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { now_nanos: AtomicU64::new(0), wall_start: AtomicI64::new(wall.as_nanos()) }
    }

    /// Lets `by` pass.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // The closure always gives a value, so this never fails.
        let _ = self
            .now_nanos
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(by)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now_nanos.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Timestamp {
        let passed = i64::try_from(self.now_nanos.load(Ordering::SeqCst)).unwrap_or(i64::MAX);
        Timestamp::from_nanos(self.wall_start.load(Ordering::SeqCst).saturating_add(passed))
    }

    fn sleep_until(&self, deadline: Duration, stop: &Stop) {
        if !stop.is_raised() {
            let deadline = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
            self.now_nanos.fetch_max(deadline, Ordering::SeqCst);
        }
    }
}
