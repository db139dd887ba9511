//! How late this machine wakes from absolute sleeps, in microseconds: what no pacing by sleep can be better than.
//!
//! `sleep_error RATE SECONDS`: sleeps to deadlines that are 1/RATE apart. Prints one JSON object.

#![allow(clippy::print_stdout, reason = "its output is the measurement")]

use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use kadence_core::report::Lateness;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().and_then(|text| text.parse().ok());
    let (rate, seconds): (f64, f64) = next().zip(next()).expect("usage: sleep_error RATE SECONDS");
    SystemClock::sharpen_this_thread();
    let (stop, mut errors) = (Stop::new(), Lateness::default());
    let start = SystemClock.now();
    for number in 1..=(rate * seconds) as u64 {
        let deadline = start + Duration::from_secs_f64(number as f64 / rate);
        SystemClock.sleep_until(deadline, &stop);
        errors.record(SystemClock.now().saturating_sub(deadline));
    }
    let found = errors.percentiles().expect("at least one sleep");
    println!(
        "{}",
        serde_json::json!({
            "sleeps": errors.count(), "p50": found.p50, "p90": found.p90, "p99": found.p99, "max": found.max,
        })
    );
}
