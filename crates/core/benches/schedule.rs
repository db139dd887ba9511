//! When records are due, and how late they left.
//!
//! `cargo bench -p kadence-core --bench schedule`

#![allow(missing_docs, reason = "the names are the table")]

use std::hint::black_box;

use divan::Bencher;
use divan::counter::ItemsCount;
use kadence_core::record::Timestamp;
use kadence_core::schedule::{Schedule, Timeline};

const RECORDS: i64 = 10_000;

fn main() {
    divan::main();
}

/// The due times of a recording at 1 kHz.
fn due_times(bencher: Bencher<'_, '_>, schedule: Schedule) {
    bencher.counter(ItemsCount::new(RECORDS as usize)).bench_local(|| {
        let mut timeline = Timeline::new(schedule);
        for n in 0..RECORDS {
            let time = Timestamp::from_nanos(1_600_000_000_000_000_000 + n * 1_000_000);
            black_box(timeline.due(black_box(Some(time))));
        }
    });
}

mod due {
    use std::time::Duration;

    use divan::Bencher;
    use kadence_core::schedule::Schedule;

    use super::due_times;

    #[divan::bench]
    fn recorded(bencher: Bencher<'_, '_>) {
        due_times(bencher, Schedule::Recorded { speed: "1".parse().expect("positive") });
    }

    #[divan::bench]
    fn recorded_at_a_speed(bencher: Bencher<'_, '_>) {
        due_times(bencher, Schedule::Recorded { speed: "2.5".parse().expect("positive") });
    }

    #[divan::bench]
    fn rate(bencher: Bencher<'_, '_>) {
        due_times(bencher, Schedule::Rate { per_second: "30".parse().expect("positive") });
    }

    #[divan::bench]
    fn interval(bencher: Bencher<'_, '_>) {
        due_times(bencher, Schedule::Interval(Duration::from_millis(10)));
    }

    #[divan::bench]
    fn unpaced(bencher: Bencher<'_, '_>) {
        due_times(bencher, Schedule::Unpaced);
    }
}

mod late {
    use std::hint::black_box;
    use std::time::Duration;

    use divan::Bencher;
    use divan::counter::ItemsCount;
    use kadence_core::report::{Lateness, Skew};

    use super::RECORDS;

    #[divan::bench]
    fn lateness(bencher: Bencher<'_, '_>) {
        let mut lateness = Lateness::default();
        bencher.counter(ItemsCount::new(RECORDS as usize)).bench_local(|| {
            for n in 0..RECORDS as u64 {
                lateness.record(black_box(Duration::from_nanos(70_000 + n)));
            }
        });
    }

    #[divan::bench]
    fn skew(bencher: Bencher<'_, '_>) {
        bencher.counter(ItemsCount::new(RECORDS as usize)).bench_local(|| {
            let mut skew = Skew::default();
            for n in 0..RECORDS as u64 {
                skew.record(black_box(Duration::from_nanos(70_000 + n)));
            }
            skew
        });
    }
}
