//! The loop from a source to a sink.
//!
//! A reader thread fills runs ahead of time; they reach the calling thread through a ring of fixed size. The calling
//! thread waits until the first record is due, hands the sink all that is due as one slice, and gives empty runs
//! back. Acknowledgements are the sink's business: they never delay the next record.

mod control;

use std::ops::Range;
use std::time::Duration;

use crate::clock::SystemClock;
use crate::course::Course;
use crate::fault::{Explain, Fault};
use crate::pacer::Pacer;
use crate::record::Facts;
use crate::report::{Lateness, Report, Skew};
use crate::ring::{Next, PATIENCE, Ring};
use crate::run::Run;
use crate::schedule::{Schedule, Timeline};
use crate::seal::{LateExample, RunId, SealedLane};
use crate::sink::Sink;
use crate::source::{RecordingError, Source};
use crate::stamp::{StampFormat, StampWriter};

pub use control::{Control, Progress, ReplayPosition};

/// How often the sink is looked after while no record is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The most records that are handed over together, and so say the same instant.
const MOST_AT_ONCE: usize = 1_024;
/// How many of the records that left too late are told one by one.
const MOST_LATE_SHOWN: usize = 10;

/// The options by which a replay is paced and measured.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// The verb that the report names.
    pub verb: &'static str,
    /// When records are due.
    pub schedule: Schedule,
    /// How much of each wait's end is spent polling the clock.
    pub spin: Duration,
    /// The lateness beyond which a record counts as missed.
    pub tolerance: Duration,
    /// The formats of the hand-over instants in the bodies.
    pub stamps: Vec<StampFormat>,
    /// The run as whose records the sink seals them, if it does.
    pub sealing: Option<RunId>,
}

/// The end of a replay, with what it did until then.
#[derive(Debug)]
pub struct Outcome {
    /// What happened until then.
    pub report: Report,
    /// What cut it short, if anything did.
    pub failure: Option<Failure>,
    /// What was sealed, by lane.
    pub sealed: Vec<SealedLane>,
    /// The first few records that left too late.
    pub late: Vec<LateExample>,
    /// Hand-over minus due.
    pub lateness: Lateness,
    /// Acknowledged minus due.
    pub arrival_lateness: Lateness,
    /// How it went over its length.
    pub course: Course,
}

impl Outcome {
    /// The outcome of a replay that was cut before its first record.
    pub fn interrupted(verb: &'static str) -> Self {
        Self {
            report: Report { verb, interrupted: true, acknowledged: Some(0), ..Report::default() },
            failure: None,
            sealed: Vec::new(),
            late: Vec::new(),
            lateness: Lateness::default(),
            arrival_lateness: Lateness::default(),
            course: Course::default(),
        }
    }
}

/// The reason why a replay was cut short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The recording cannot be read further.
    #[error(transparent)]
    Source(RecordingError),
    /// The sink takes no more.
    #[error(transparent)]
    Sink(Fault),
    /// The sink gave records up.
    #[error(transparent)]
    Delivery(Fault),
    /// The sink finished without a word on some records.
    #[error("{}", self.explain())]
    Unaccounted {
        /// How many records.
        records: u64,
    },
    /// The reader thread is gone.
    #[error("{}", self.explain())]
    Reader,
}

impl Explain for Failure {
    fn explain(&self) -> Fault {
        const DEFECT: &str = "this is a defect of kadence";
        match self {
            Self::Source(error) => error.explain(),
            Self::Sink(fault) | Self::Delivery(fault) => fault.clone(),
            Self::Unaccounted { records } => {
                let what = format!("{records} records were neither acknowledged nor given up");
                Fault::new("", what).help(DEFECT)
            }
            Self::Reader => Fault::new("", "the reader stopped unexpectedly").help(DEFECT),
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Source(error) => error.into(),
            other => other.explain(),
        }
    }
}

/// Replays `source` into `sink` and reports how that went. Blocks until the end, or until `control` asks for a stop:
/// then what was accepted is flushed and the report says it was interrupted.
pub fn replay(
    source: impl Source + 'static,
    sink: &mut dyn Sink,
    options: &ReplayOptions,
    control: &Control,
) -> Outcome {
    let stop = &*control.stop;
    if options.schedule.is_paced() {
        SystemClock::sharpen_this_thread();
    }
    let ring = Ring::start(source);
    let mut next = ring.next(stop, || Ok(()));
    // The first run is encoded before the clock starts, so that reading it makes nobody late.
    let pacer = Pacer::start(&*control.clock, stop, options.spin);
    sink.begin(pacer.anchor());
    let mut replay = Replay {
        sink,
        options,
        control,
        pacer,
        stamps: StampWriter::new(&options.stamps),
        timeline: Timeline::new(options.schedule),
        dues: Vec::new(),
        tally: Tally::default(),
    };
    let mut is_complete = false;
    let failure = loop {
        let (mut run, ended) = match next {
            Next::Run(run, ended) => (run, ended),
            Next::Stopped => break None,
            Next::Refused(error) => break Some(Failure::Sink(error)),
            Next::Lost => break Some(Failure::Reader),
        };
        match (replay.hand_over(&mut run), ended) {
            (Err(error), _) => break Some(Failure::Sink(error)),
            (Ok(false), _) => break None,
            (Ok(true), None) => ring.give_back(run),
            (Ok(true), Some(Ok(()))) => {
                is_complete = true;
                break None;
            }
            (Ok(true), Some(Err(error))) => break Some(Failure::Source(error)),
        }
        next = ring.next(stop, || replay.sink.check());
    };
    let interrupted = !is_complete && failure.is_none();
    replay.finish(failure, interrupted)
}

struct Replay<'a> {
    sink: &'a mut dyn Sink,
    options: &'a ReplayOptions,
    control: &'a Control,
    pacer: Pacer<'a>,
    stamps: StampWriter,
    timeline: Timeline,
    /// The due times of the present run's records, as far as they were asked for.
    dues: Vec<Duration>,
    tally: Tally,
}

/// What the pacer measures.
#[derive(Default)]
struct Tally {
    accepted: u64,
    missed: u64,
    last_due: Duration,
    lateness: Lateness,
    skew: Skew,
    course: Course,
    late: Vec<LateExample>,
}

impl Tally {
    /// Notes that a record left too late.
    fn miss(&mut self, facts: Facts, late: Duration) {
        self.missed += 1;
        if self.late.len() < MOST_LATE_SHOWN {
            let late_us = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
            self.late.push(LateExample { lane: facts.lane, sequence: facts.sequence, late_us });
        }
    }
}

impl Replay<'_> {
    /// Hands the records of `run` to the sink, each when it is due; `false` when a stop was asked for before the
    /// last one.
    fn hand_over(&mut self, run: &mut Run) -> Result<bool, Fault> {
        let mut next = 0;
        self.dues.clear();
        while next < run.len() {
            if self.control.stop.is_raised() {
                return Ok(false);
            }
            let most = run.len().min(next + MOST_AT_ONCE);
            let (now, end) = if self.options.schedule.is_paced() {
                let now = self.wait_for(run, next)?;
                (now, self.due_by(run, next..most, now))
            } else {
                (Duration::ZERO, most)
            };
            if end == next {
                // Only a stop request ends a wait early.
                continue;
            }
            let handed_over = self.control.clock.wall();
            run.stamp(next..end, handed_over, &mut self.stamps);
            let dues = self.dues.get(next..end).unwrap_or_default();
            let accepted =
                self.sink.accept(&run.slice(next..end, dues, handed_over).sealed(self.options.sealing))?;
            self.count(run, next, accepted, now);
            next += accepted;
            if next < end {
                self.sink.wait_for_room(PATIENCE)?;
            }
        }
        Ok(true)
    }

    /// Waits until the record `index` of `run` is due.
    fn wait_for(&mut self, run: &Run, index: usize) -> Result<Duration, Fault> {
        let due = self.due(run, index);
        self.wait(due)
    }

    /// Tells when the record `index` of `run` is due; those before it were asked for.
    #[inline]
    fn due(&mut self, run: &Run, index: usize) -> Duration {
        while self.dues.len() <= index {
            let due = self.timeline.due(run.time(self.dues.len()));
            self.dues.push(due);
        }
        self.dues[index]
    }

    /// Tells where the first of `records` end that are due at `now` or before.
    fn due_by(&mut self, run: &Run, records: Range<usize>, now: Duration) -> usize {
        let end = records.end;
        records.into_iter().find(|&index| self.due(run, index) > now).unwrap_or(end)
    }

    /// Waits until `due`, or until a stop is asked for. Looks after the sink meanwhile: what has become of it is not
    /// left for the next record to find out.
    fn wait(&mut self, due: Duration) -> Result<Duration, Fault> {
        loop {
            let next_look = self.pacer.elapsed() + LOOK_EVERY;
            if next_look + LOOK_EVERY / 2 > due || self.control.stop.is_raised() {
                return Ok(self.pacer.wait(due));
            }
            self.pacer.wait(next_look);
            self.sink.check()?;
        }
    }

    fn count(&mut self, run: &Run, first: usize, accepted: usize, now: Duration) {
        let Some(last) = accepted.checked_sub(1).map(|more| first + more) else { return };
        self.tally.accepted += accepted as u64;
        self.control.progress.accept(self.tally.accepted, run.time(last));
        if !self.options.schedule.is_paced() {
            self.tally.course.send(self.pacer.elapsed(), accepted as u64);
            return;
        }
        for (index, &due) in (first..).zip(&self.dues[first..=last]) {
            let late = now.saturating_sub(due);
            self.tally.lateness.record(late);
            self.tally.skew.record(late);
            self.tally.course.record(due, now);
            if late > self.options.tolerance {
                self.tally.miss(run.facts(index), late);
            }
        }
        self.tally.last_due = self.dues[last];
        self.control.progress.pace(self.tally.last_due, now.saturating_sub(self.tally.last_due));
    }

    /// Waits for the acknowledgements and sums up.
    fn finish(self, mut failure: Option<Failure>, interrupted: bool) -> Outcome {
        let abandon = &*self.control.abandon;
        let sent = self.sink.deliveries();
        let awaited = self.tally.accepted.saturating_sub(sent.acknowledged + sent.failed);
        self.control.progress.wait_for(awaited);
        if let Err(error) = self.sink.flush(abandon) {
            failure.get_or_insert(Failure::Sink(error));
        }
        self.control.progress.wait_for(0);
        let elapsed = self.pacer.elapsed();
        let deliveries = self.sink.deliveries();
        if let Some(first) = deliveries.first_failure {
            // What the broker said of the first lost record explains whatever came of it.
            if !matches!(failure, Some(Failure::Source(_))) {
                failure = Some(Failure::Delivery(first));
            }
        }
        let Tally { accepted, missed, last_due, lateness, skew, course, late } = self.tally;
        let paced = self.options.schedule.is_paced();
        let mut interrupted = interrupted;
        let open = accepted.saturating_sub(deliveries.acknowledged + deliveries.failed);
        if open > 0 && abandon.is_raised() {
            // Whoever gave up waiting for acknowledgements has cut the run as well.
            interrupted = true;
        } else if open > 0 {
            failure.get_or_insert(Failure::Unaccounted { records: open });
        }
        let is_confirmed = !deliveries.unconfirmed;
        let arrival_lateness = if is_confirmed { deliveries.arrival_lateness } else { Lateness::default() };
        let report = Report {
            verb: self.options.verb,
            accepted,
            acknowledged: is_confirmed.then_some(deliveries.acknowledged),
            bytes: deliveries.bytes,
            failed: deliveries.failed,
            interrupted,
            elapsed_s: elapsed.as_secs_f64(),
            ideal_s: paced.then_some(last_due.as_secs_f64()),
            skew_percent: skew.percent(last_due),
            lateness_us: lateness.percentiles(),
            arrival_lateness_us: arrival_lateness.percentiles(),
            missed: paced.then_some(missed),
            retries: deliveries.retries,
            topics: deliveries.topics,
            crc32c: deliveries.crc32c.map(|crc| format!("{crc:08x}")),
            ..Report::default()
        };
        let sealed = deliveries.sealed.iter().map(|(&lane, sealed)| SealedLane::new(lane, sealed)).collect();
        Outcome { report, failure, sealed, late, lateness, arrival_lateness, course }
    }
}
