//! Workers beside each other: each a member of the group with a connection of its own to the database.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::Explain as _;
use kadence_kafka::{ReaderOptions, StartAt, StopAt, TopicFeed, give_large_buffers_back};
use kadence_land::{Ended, Gauges, Outcome};
use kadence_store::Counts;

use super::goal::{Goal, Progress};
use super::member::Member;
use super::rejects::{Recorded, RejectsFile};
use super::start::Known;
use super::{Control, Landing, Word, quiet};
use crate::fault::Error;

/// How often a request to stop is looked for.
const PERIOD: Duration = Duration::from_millis(50);
/// What the clients of all tasks fetch ahead together, beside the batch that each is giving: its records take several
/// times their size.
const AHEAD_BYTES: usize = 1024 * 1024;
/// The next batch is asked for before the one at hand is used up.
const LEAST_AHEAD_BYTES: usize = 64 * 1024;
/// With more tasks than this, what the allocator keeps for each would be most of what the process has.
const FEW_TASKS: usize = 4;

/// What is said while others have what is missing.
const OTHERS: &str =
    "the rest is with other workers of this landing, or with one that died: its session has to end first";
/// Where a landing has an end, its last records are not waited on for company.
const LAST_RECORDS: Duration = Duration::from_millis(50);

/// What the tasks have done.
pub(super) struct Worked {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) counts: Arc<Counts>,
    /// Whether all that was there at the start is landed.
    pub(super) is_reached: bool,
}

impl Landing {
    /// Runs all tasks to their ends. Where one fails, the others finish what they have begun.
    pub(super) fn run_tasks(
        &self,
        known: &Known,
        control: &Control,
        gauges: &[Arc<Gauges>],
    ) -> Result<Worked, Error> {
        if self.tasks > FEW_TASKS {
            give_large_buffers_back();
        }
        let rejects = self.rejects.as_deref().map(RejectsFile::open).transpose()?;
        let counts: Arc<Counts> = Arc::default();
        let ending = Arc::new(Stop::new());
        let (done, ended) = sync_channel(self.tasks);
        let mut results = Vec::with_capacity(self.tasks);
        let mut goal = Goal::of(known, self.store(&quiet())?, &control.clock);
        let mut is_reached = false;
        thread::scope(|scope| {
            for task in 0..self.tasks {
                let (done, counts) = (done.clone(), Arc::clone(&counts));
                let control = Control { stop: Arc::clone(&ending), ..control.clone() };
                let gauges = gauges.get(task).cloned().unwrap_or_default();
                let rejects = rejects.clone();
                let run = move || {
                    let work = || self.run_task(known, &control, gauges, rejects, &counts);
                    let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                        Err(Error::met("", "a worker ended unexpectedly", "this is a defect of kadence"))
                    });
                    // Whoever waits for it is there until all are done.
                    let _ = done.send(result);
                };
                if let Err(error) =
                    thread::Builder::new().name(format!("land-{task}")).spawn_scoped(scope, run)
                {
                    ending.raise();
                    results.push(Err(Error::met("", format!("no thread could be started ({error})"), "")));
                }
            }
            while results.len() < self.tasks {
                match ended.recv_timeout(PERIOD) {
                    Ok(result) => {
                        if result.as_ref().is_err() {
                            ending.raise();
                        }
                        results.push(result);
                    }
                    Err(RecvTimeoutError::Timeout) if control.stop.is_raised() => ending.raise(),
                    Err(RecvTimeoutError::Timeout) => match goal.as_mut().map(|goal| goal.look(gauges)) {
                        Some(Progress::Reached) => {
                            is_reached = true;
                            ending.raise();
                        }
                        Some(Progress::WithOthers) => (control.listener)(Word::Line(OTHERS.to_owned())),
                        Some(Progress::UnderWay) | None => {}
                    },
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        let outcomes = all_or_errors(results)?;
        Ok(Worked { outcomes, counts, is_reached })
    }

    fn run_task(
        &self,
        known: &Known,
        control: &Control,
        gauges: Arc<Gauges>,
        rejects: Option<RejectsFile>,
        counts: &Counts,
    ) -> Result<Option<Outcome>, Error> {
        let member = Member::take(&known.landing.group)?;
        let mut store = self.store(&control.listener)?;
        store.set_cluster(&known.cluster);
        store.set_group(&known.landing.group);
        let own = store.counts();
        let options = ReaderOptions {
            group: Some(known.landing.group.clone()),
            instance: Some(member.name.clone()),
            // What the ledger does not know came after the landing's first start.
            from: StartAt::Beginning,
            // The ledger tells when all is landed: what this worker has may not be all.
            until: StopAt::Never,
            fetch_ahead: Some((AHEAD_BYTES / self.tasks).max(LEAST_AHEAD_BYTES)),
            ..self.reader.clone()
        };
        let on_wait = |text: &str| (control.listener)(Word::Line(text.to_owned()));
        let (asker, clock, stop) =
            (known.asker.clone(), Arc::clone(&control.clock), Arc::clone(&control.stop));
        let Some(feed) = TopicFeed::open_with(Some(asker), &options, clock, stop, on_wait)? else {
            return Ok(None);
        };
        let target = Recorded { target: store, file: rejects };
        let mut batches = self.batches.clone();
        if known.ends.is_some() {
            batches.linger = batches.linger.min(LAST_RECORDS);
        }
        let (outcome, feed) =
            kadence_land::land(feed, target, batches, &*control.clock, &control.stop, gauges);
        drop(feed);
        let tombstones = own.tombstones.load(Ordering::Relaxed);
        counts.tombstones.fetch_add(tombstones, Ordering::Relaxed);
        match outcome.ended {
            Ended::Failed(error) => Err(error.explain().into()),
            _ => Ok(Some(outcome)),
        }
    }
}

/// The outcomes of the tasks that had one, unless some failed.
fn all_or_errors(results: Vec<Result<Option<Outcome>, Error>>) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::with_capacity(results.len());
    let mut errors = Vec::new();
    for result in results {
        match result {
            Ok(outcome) => outcomes.extend(outcome),
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors).map_or(Ok(outcomes), Err)
}
