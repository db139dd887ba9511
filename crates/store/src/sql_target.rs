//! A database as a landing's target.

mod mapper;
mod preview;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kadence_core::fault::{Disposition, Fault};
use kadence_core::feed::Partition;
use kadence_core::target::{Batch, Claim, Committed, Delivery, Rejects, Target, Verdict};

use self::mapper::{Live, Mapped, Mapper};
pub use self::preview::{Preview, TablePreview};
pub use self::store::Store;
use crate::ledger::{Ledger, Statements};
use crate::options::LandingOptions;
use crate::session::{CommitError, Database, DbError, Kind, Session};
use crate::writing;

/// How often one batch may have tables changed for it.
const MOST_CHANGES: usize = 1_000;

/// What a landing says while it goes on, beside its errors.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A statement made or changed a table.
    Defined(String),
    /// Columns were left out since all their values were null.
    Untyped(String, Vec<String>),
    /// A table lacks columns for the seals that records have.
    Unsealed(String, Vec<String>),
    /// Something failed and is tried again.
    Retried(Fault),
    /// What failed goes well again.
    Recovered,
    /// A session that stood still inside a transaction was ended.
    Ended(String),
}

/// Counts beside those of the loop.
#[derive(Debug, Default)]
pub struct Counts {
    /// Tombstones that were passed over.
    pub tombstones: AtomicU64,
}

/// Lands records in a database's tables.
pub struct SqlTarget<D: Database> {
    database: D,
    session: Option<D::Session>,
    ledger: Ledger,
    /// Whether the ledger's tables were found or made.
    is_defined: bool,
    mapper: Mapper,
    counts: Arc<Counts>,
    notice: Box<dyn FnMut(Notice) + Send>,
    /// The tombstones of a batch of which nobody knows whether it is landed, with its partitions' next offsets.
    unknown: Option<(u64, Vec<(Partition, i64)>)>,
    /// What was said last to be tried again.
    trouble: Option<String>,
    rejected: Vec<(usize, String)>,
}

impl<D: Database> SqlTarget<D> {
    /// A target that is not connected yet. `cluster` is the id of the Kafka cluster, empty where it has none. `notice`
    /// is told what people want to know.
    pub fn new(
        database: D,
        options: LandingOptions,
        cluster: &str,
        notice: impl FnMut(Notice) + Send + 'static,
    ) -> Result<Self, Vec<Fault>> {
        let faults = options.check();
        if !faults.is_empty() {
            return Err(faults);
        }
        let ledger = Ledger::new(&options.name, cluster, Statements::new(database.dialect()));
        let mapper = Mapper::new(options)?;
        Ok(Self {
            database,
            session: None,
            ledger,
            is_defined: false,
            mapper,
            counts: Arc::default(),
            notice: Box::new(notice),
            unknown: None,
            trouble: None,
            rejected: Vec::new(),
        })
    }

    fn with_ledger<T>(
        &mut self,
        ask: impl FnOnce(&mut Ledger, &mut D::Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let session = connected(&mut self.database, &mut self.session)?;
        let answer = ask(&mut self.ledger, session);
        self.keep(answer)
    }

    fn with_session<T>(
        &mut self,
        ask: impl FnOnce(&D, &mut D::Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        connected(&mut self.database, &mut self.session)?;
        let Some(session) = &mut self.session else { return Err(no_session()) };
        let answer = ask(&self.database, session);
        self.keep(answer)
    }

    /// Lets the session go where it cannot be used again.
    fn keep<T>(&mut self, answer: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(DbError { kind, .. }) = &answer {
            let is_usable = match kind {
                Kind::Lost => false,
                Kind::Again | Kind::Locked | Kind::Changed | Kind::Row(_) | Kind::Stop => {
                    self.session.as_mut().is_some_and(|session| session.roll_back().is_ok())
                }
            };
            if !is_usable {
                self.session = None;
            }
            if !is_usable || *kind == Kind::Changed {
                self.mapper.forget_session();
            }
        }
        answer
    }

    fn claim_now(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, DbError> {
        if !self.is_defined {
            self.with_ledger(|ledger, session| ledger.define(session))?;
            self.is_defined = true;
        }
        let claimed = self.with_ledger(|ledger, session| ledger.claim(session, partitions));
        match claimed {
            Err(DbError { kind: Kind::Locked, fault }) => {
                // Somebody stands still inside a transaction on partitions that are ours by the group's word.
                let tokens = self.with_ledger(|ledger, session| ledger.tokens(session, partitions))?;
                let mut ended = Vec::new();
                for token in tokens {
                    ended.extend(self.with_session(|_, session| session.end_holder(&token))?);
                }
                if ended.is_empty() {
                    return Err(DbError::new(Kind::Again, *fault));
                }
                for who in ended {
                    (self.notice)(Notice::Ended(who));
                }
                self.with_ledger(|ledger, session| ledger.claim(session, partitions))
            }
            // Another worker's line came first.
            Err(DbError { kind: Kind::Row(_), fault }) => Err(DbError::new(Kind::Again, *fault)),
            other => other,
        }
    }

    /// Counts a batch whose answer was lost, if the ledger says that it is landed.
    fn settle_unknown(&mut self, claims: &[Claim]) {
        let Some((tombstones, parts)) = self.unknown.take() else { return };
        let is_at = |claim: &Claim| {
            parts.iter().any(|(partition, next)| claim.partition == *partition && claim.next == Some(*next))
        };
        if claims.iter().any(is_at) {
            self.counts.tombstones.fetch_add(tombstones, Ordering::Relaxed);
        }
    }

    fn commit_now(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, DbError> {
        connected(&mut self.database, &mut self.session)?;
        let Some(session) = &mut self.session else { return Err(no_session()) };
        let dialect = self.database.dialect();
        let mut changes = 0;
        self.mapper.decode(batch);
        let tombstones = loop {
            self.rejected.clear();
            let mut tables = Live { session, notice: &mut self.notice };
            match self.mapper.map(batch, dialect, &mut tables, &mut self.rejected)? {
                Mapped::All { tombstones } => break tombstones,
                Mapped::Anew => changes += 1,
            }
            if changes > MOST_CHANGES {
                return Err(changing(&self.database));
            }
        };
        self.mapper.prepare(session)?;
        session.begin()?;
        let mut fenced = Vec::new();
        for part in batch.parts {
            if !self.ledger.advance(session, part)? {
                fenced.push(part.partition.clone());
            }
        }
        if !fenced.is_empty() {
            session.roll_back()?;
            return Ok(Committed::Fenced(fenced));
        }
        for sheet in self.mapper.sheets() {
            let rejected = &mut self.rejected;
            writing::write(session, &sheet.table, &sheet.rows, |row, fault| {
                rejected.push((sheet.rows.place(row), fault.what.to_string()));
            })?;
        }
        self.rejected.sort_by_key(|(place, _)| *place);
        for (place, reason) in &self.rejected {
            if rejects.rejected(*place, reason) == Verdict::RollBack {
                session.roll_back()?;
                return Ok(Committed::Refused);
            }
        }
        match session.commit() {
            Ok(()) => {
                self.counts.tombstones.fetch_add(tombstones, Ordering::Relaxed);
                Ok(Committed::Done)
            }
            Err(CommitError::NotDone(error)) => Err(error),
            Err(CommitError::Unknown) => {
                self.session = None;
                self.mapper.forget_session();
                let parts = batch.parts.iter().map(|part| (part.partition.clone(), part.next));
                self.unknown = Some((tombstones, parts.collect()));
                Ok(Committed::Unknown)
            }
        }
    }

    /// Says what is tried again, once, and that it goes well again.
    fn said<T>(&mut self, result: Result<T, DbError>) -> Result<T, Fault> {
        match result {
            Ok(value) => {
                if self.trouble.take().is_some() {
                    (self.notice)(Notice::Recovered);
                }
                Ok(value)
            }
            Err(DbError { fault, .. }) => {
                let text = fault.to_string();
                if fault.disposition == Disposition::Retry && self.trouble.as_ref() != Some(&text) {
                    (self.notice)(Notice::Retried((*fault).clone()));
                    self.trouble = Some(text);
                }
                Err(*fault)
            }
        }
    }
}

fn connected<'s, D: Database>(
    database: &mut D,
    session: &'s mut Option<D::Session>,
) -> Result<&'s mut D::Session, DbError> {
    if session.is_none() {
        *session = Some(database.connect()?);
    }
    session.as_mut().ok_or_else(no_session)
}

fn changing(database: &impl Database) -> DbError {
    Fault::new(database.place(), "the tables change faster than rows can be written").into()
}

fn no_session() -> DbError {
    DbError::new(Kind::Lost, Fault::new("the database", "the connection is gone"))
}

impl<D: Database> Target for SqlTarget<D> {
    fn delivery(&self) -> Delivery {
        Delivery::ExactlyOnce
    }

    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, Fault> {
        let claimed = self.claim_now(partitions);
        if let Ok(claims) = &claimed {
            self.settle_unknown(claims);
        }
        self.said(claimed)
    }

    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, Fault> {
        let committed = self.commit_now(batch, rejects);
        let committed = self.keep(committed);
        self.said(committed)
    }
}
