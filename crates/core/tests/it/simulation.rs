//! A replay on simulated time: it takes milliseconds, and every instant is exact.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use kadence_core::clock::{Clock, ManualClock, Stop};
use kadence_core::fault::Explain as _;
use kadence_core::pipeline::{Control, Failure, Outcome, Progress, ReplayOptions, replay};
use kadence_core::record::Timestamp;
use kadence_core::schedule::Schedule;
use kadence_core::sink::{MemorySink, Sink, StoredRecord};
use kadence_core::source::{RecordingOptions, Source};
use kadence_testing::faults::{Faulty, Mishap};

/// 2021-04-09T11:31:36Z.
pub(crate) const START: Timestamp = Timestamp::from_nanos(1_617_967_896_000_000_000);

/// A clock, a stop request and faults, ready to run.
pub(crate) struct Simulation {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) tolerance: Duration,
    faults: Vec<(u64, Mishap)>,
    at_most: usize,
    flush_fails: bool,
}

/// What a simulated replay did.
pub(crate) struct Played {
    pub(crate) records: Vec<StoredRecord>,
    pub(crate) outcome: Outcome,
}

impl Simulation {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::starting_at(START));
        // A monotonic clock starts anywhere.
        clock.advance(Duration::from_secs(12_345));
        Self {
            clock,
            stop: Arc::default(),
            progress: Arc::default(),
            tolerance: Duration::from_millis(10),
            faults: Vec::new(),
            at_most: usize::MAX,
            flush_fails: false,
        }
    }

    pub(crate) fn fault(mut self, at: u64, fault: Mishap) -> Self {
        self.faults.push((at, fault));
        self
    }

    pub(crate) fn at_most(self, at_most: usize) -> Self {
        Self { at_most, ..self }
    }

    pub(crate) fn failing_to_flush(self) -> Self {
        Self { flush_fails: true, ..self }
    }

    /// Somebody interrupts the run right after this record.
    pub(crate) fn stopped_after(self, at: u64) -> Self {
        let stop = Arc::clone(&self.stop);
        self.fault(at, Mishap::Stop(stop))
    }

    pub(crate) fn play(&self, text: impl Into<Vec<u8>>, options: &RecordingOptions) -> Played {
        let recording = crate::open(text, options).expect("the recording opens");
        let stamps = recording.stamps().to_vec();
        self.play_source(recording, options.schedule, stamps)
    }

    pub(crate) fn play_source(
        &self,
        source: impl Source + 'static,
        schedule: Schedule,
        stamps: Vec<kadence_core::stamp::StampFormat>,
    ) -> Played {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let (sink, records) = MemorySink::new(clock);
        let mut sink = Faulty::new(sink, Arc::clone(&self.clock), self.faults.clone()).at_most(self.at_most);
        if self.flush_fails {
            sink = sink.failing_to_flush();
        }
        let options = ReplayOptions {
            verb: "replay",
            schedule,
            spin: Duration::ZERO,
            tolerance: self.tolerance,
            stamps,
            sealing: None,
        };
        let sink: &mut dyn Sink = &mut sink;
        let control = Control {
            clock: Arc::clone(&self.clock) as _,
            stop: Arc::clone(&self.stop),
            abandon: Arc::default(),
            progress: Arc::clone(&self.progress),
        };
        let outcome = replay(source, sink, &options, &control);
        let records = std::mem::take(&mut *records.lock().unwrap_or_else(PoisonError::into_inner));
        Played { records, outcome }
    }
}

impl Played {
    /// When each record left, in microseconds from the start of the run.
    pub(crate) fn left_us(&self) -> Vec<u128> {
        self.records.iter().map(|record| record.left.as_micros()).collect()
    }

    /// The time from each record to the next, in microseconds.
    pub(crate) fn gaps_us(&self) -> Vec<u128> {
        self.left_us().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    pub(crate) fn failure(&self) -> String {
        match self.outcome.failure.as_ref().expect("the replay fails") {
            Failure::Source(error) => crate::shown(&error.explain()),
            other => other.to_string(),
        }
    }

    /// Asserts that nothing went wrong.
    pub(crate) fn succeeds(self) -> Self {
        assert!(self.outcome.failure.is_none(), "{:?}", self.outcome.failure);
        assert!(!self.outcome.report.interrupted);
        assert_eq!(self.outcome.report.accepted, self.records.len() as u64);
        assert_eq!(self.outcome.report.acknowledged, Some(self.records.len() as u64));
        self
    }
}
