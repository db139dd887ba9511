//! Topics into a database, each record once.

mod goal;
mod ledger;
mod member;
mod rejects;
mod sample;
mod start;
mod tasks;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::{Fault, Phrase};
use kadence_core::phrase;
use kadence_core::target::Delivery;
use kadence_kafka::{ReaderOptions, StartAt};
use kadence_land::Gauges;
use kadence_store::{LandingOptions, Notice, Preview, Store};

pub use self::ledger::{Adopted, LedgerLine, Named};
use self::start::Known;
use self::tasks::Worked;
use crate::fault::Error;
use crate::wiring;

/// Everything about a landing.
#[derive(Clone, Default)]
pub struct Landing {
    /// What is read: where the cluster is, the topics, and where they end. A group and the names of its members are
    /// the landing's own.
    pub reader: ReaderOptions,
    /// Where to start, where nothing was landed yet. The ledger keeps it.
    pub from: Option<StartAt>,
    /// The database's URL.
    pub into: String,
    /// The password, where it is not in the URL.
    pub password: Option<String>,
    /// What is written where.
    pub rows: LandingOptions,
    /// How batches are made.
    pub batches: kadence_land::Options,
    /// How many members of the group read and write beside each other in this process.
    pub tasks: usize,
    /// Where records go that the database does not take.
    pub rejects: Option<PathBuf>,
}

impl fmt::Debug for Landing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URL and password are left out: both may be a secret.
        let Self { reader, from, into: _, password: _, rows, batches, tasks, rejects } = self;
        f.debug_struct("Landing")
            .field("reader", reader)
            .field("from", from)
            .field("rows", rows)
            .field("batches", batches)
            .field("tasks", tasks)
            .field("rejects", rejects)
            .finish_non_exhaustive()
    }
}

/// What a landing has done.
#[derive(Debug)]
pub struct Landed {
    /// Records that were read.
    pub read: u64,
    /// Records that became rows, or deleted them.
    pub written: u64,
    /// Tombstones that were passed over.
    pub tombstones: u64,
    /// Records that were not taken.
    pub rejected: u64,
    /// Transactions.
    pub batches: u64,
    /// Records of which this landing does not know whether they are landed; whoever reads on knows.
    pub uncertain: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// The offset that comes next, by topic and partition.
    pub checkpoint: BTreeMap<String, BTreeMap<i32, i64>>,
    /// What is promised.
    pub delivery: Delivery,
    /// Whether it ended before its time since somebody asked for that.
    pub is_cut: bool,
}

/// What a landing says while it goes on.
#[derive(Clone, Debug)]
pub enum Word {
    /// A line for people.
    Line(String),
    /// Of the database.
    Notice(Notice),
    /// It goes on from here: the landing's name, and the consumer group.
    Begun {
        /// The group, whose lag everybody's tools show.
        group: String,
        /// Whether this is its first start.
        is_first: bool,
    },
}

/// Is told what a landing says.
pub type Listener = Arc<dyn Fn(Word) + Send + Sync>;

/// What a landing is given from outside.
#[derive(Clone)]
pub struct Control {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Raised, what was begun is finished, and nothing more is begun.
    pub stop: Arc<Stop>,
    /// Is told what there is to say.
    pub listener: Listener,
}

impl Landing {
    /// All that is wrong with the options, without connecting anywhere. Returns what the user should know.
    pub fn check(&self) -> Result<Vec<Phrase>, Error> {
        let mut faults = self.rows.check();
        let mut fault = |place, what: &str, help| faults.push(Fault::new(place, what).help(help).misuse());
        if self.tasks == 0 {
            fault(phrase![@"tasks"], "nobody would do anything", phrase!["use at least 1"]);
        }
        if self.batches.limit.is_some() && self.tasks > 1 {
            fault(phrase![@"limit"], "is for one task", phrase!["leave out ", @"tasks"]);
        }
        if self.batches.batch_records == 0 || self.batches.batch_bytes == 0 {
            fault(phrase![@"batch-rows"], "a batch has at least one record", phrase![]);
        }
        let is_skipping = self.batches.on_reject == kadence_land::OnReject::Skip;
        if is_skipping != self.rejects.is_some() {
            fault(
                phrase![@"on-error", " skip"],
                "and a file for what is left out belong together",
                phrase!["use ", @"on-error", " skip ", @"rejects", " FILE"],
            );
        }
        if let Err(others) = wiring::store(&self.into, self.password.as_deref(), self.rows.clone(), |_| {}) {
            // What is wrong with the rows is said above.
            let is_new = |other: &Fault| !faults.iter().any(|fault| fault.to_string() == other.to_string());
            let others: Vec<Fault> = others.into_iter().filter(is_new).collect();
            faults.extend(others);
        }
        let notices = match self.reader.check() {
            Ok(notices) => notices,
            Err(others) => {
                faults.extend(others);
                Vec::new()
            }
        };
        if faults.is_empty() { Ok(notices) } else { Err(faults.into()) }
    }

    /// Lands until all that was asked for is landed, a stop is asked for or something is wrong. `None` if it was stopped
    /// before it began.
    pub fn run(&self, control: &Control, gauges: &[Arc<Gauges>]) -> Result<Option<Landed>, Error> {
        let began = control.clock.now();
        let Some(known) = self.start(control)? else { return Ok(None) };
        let is_first = known.is_first;
        (control.listener)(Word::Begun { group: known.landing.group.clone(), is_first });
        let Worked { outcomes, counts, is_reached } = self.run_tasks(&known, control, gauges)?;
        let mut landed = Landed {
            read: 0,
            written: 0,
            tombstones: counts.tombstones.load(Ordering::Relaxed),
            rejected: 0,
            batches: 0,
            uncertain: 0,
            elapsed: control.clock.now().saturating_sub(began),
            checkpoint: BTreeMap::new(),
            delivery: Delivery::ExactlyOnce,
            is_cut: false,
        };
        for outcome in outcomes {
            landed.read += outcome.read;
            landed.written += outcome.landed;
            landed.rejected += outcome.rejected;
            landed.batches += outcome.batches;
            landed.uncertain += outcome.uncertain;
            landed.is_cut |= !is_reached && matches!(outcome.ended, kadence_land::Ended::Stopped);
            for (partition, next) in outcome.next {
                let topic = landed.checkpoint.entry(partition.topic.to_string()).or_default();
                let place = topic.entry(partition.index).or_insert(next);
                *place = next.max(*place);
            }
        }
        landed.written = landed.written.saturating_sub(landed.tombstones);
        Ok(Some(landed))
    }

    /// What would be done with the first records, without doing it. `None` if there are none, or it was stopped.
    pub fn preview(&self, control: &Control) -> Result<Option<Preview>, Error> {
        self.look_ahead(control)
    }

    /// The statements that make the ledger's tables.
    pub fn ledger_definitions(&self) -> Result<Vec<String>, Error> {
        let store = self.store(&quiet())?;
        Ok(store.ledger_definitions().map(str::to_owned).into())
    }

    fn store(&self, listener: &Listener) -> Result<Box<dyn Store>, Error> {
        let listener = Arc::clone(listener);
        let notice = move |notice| listener(Word::Notice(notice));
        Ok(wiring::store(&self.into, self.password.as_deref(), self.rows.clone(), notice)?)
    }
}

fn quiet() -> Listener {
    Arc::new(|_| {})
}
