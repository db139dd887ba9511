//! A connection: transactions, statements, rows.

use std::ops::Range;

use kadence_core::fault::Fault;
use kadence_store::{
    Column, CommitError, Datum, DbError, Dialect as _, Found, Kind, Limits, Parameter, Rows, Session, Table,
    table_name,
};
use tokio_postgres::Row;

use crate::binary::Encoder;
use crate::dialect::PostgresDialect;
use crate::error::not_committed;
use crate::find::find;
use crate::holder;
use crate::link::Link;
use crate::parameters::Answered;
use crate::plan::Plan;
use crate::single;
use crate::write::write;

/// The first and the last day that the server has, counted from 1970-01-01: 4714-11-24 BC and 5874897-12-31.
const DATES: (i32, i32) = (-2_440_588, 2_145_042_905);
/// What was made already.
const EXISTS: &[&str] = &["42P07", "42701", "42710"];

/// A connection to a database. It blocks, and is not to be used inside a runtime.
pub struct PostgresSession {
    link: Link,
    token: String,
    is_open: bool,
    savepoint: Savepoint,
    /// How many staging tables there were, and how many rows went there in this transaction.
    stagings: u64,
    staged: i32,
    /// Whether the server has refused a row of those that were staged in this transaction.
    has_refused: bool,
    plans: Vec<Plan>,
    encoder: Encoder,
}

/// The savepoint of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Savepoint {
    None,
    /// Nothing was done since it was set.
    Fresh,
    Used,
}

impl Savepoint {
    /// Notes that something is done. Says whether that is the first since it was set.
    fn use_up(&mut self) -> bool {
        let is_fresh = *self == Self::Fresh;
        if is_fresh {
            *self = Self::Used;
        }
        is_fresh
    }
}

impl PostgresSession {
    pub(crate) fn new(link: Link, token: i64) -> Self {
        Self {
            link,
            token: token.to_string(),
            is_open: false,
            savepoint: Savepoint::None,
            stagings: 0,
            staged: 0,
            has_refused: false,
            plans: Vec::new(),
            encoder: Encoder::default(),
        }
    }

    fn forget_transaction(&mut self) {
        (self.is_open, self.savepoint, self.has_refused, self.staged) = (false, Savepoint::None, false, 0);
        // Locks that a plan relies on are gone.
        self.plans.iter_mut().for_each(|plan| (plan.is_checked, plan.outlasts_savepoint) = (false, false));
    }
}

impl Session for PostgresSession {
    fn limits(&self) -> Limits {
        Limits {
            no_nul: true,
            no_json_nul: true,
            json_is_binary: false,
            timestamps: None,
            dates: Some(DATES),
        }
    }

    fn token(&self) -> &str {
        &self.token
    }

    fn end_holder(&mut self, token: &str) -> Result<Option<String>, DbError> {
        let Ok(number) = token.parse() else { return Ok(None) };
        holder::end(&mut self.link, number)
    }

    fn begin(&mut self) -> Result<(), DbError> {
        self.forget_transaction();
        self.is_open = true;
        // A row that only its COMMIT would refuse could not be left out any more.
        self.link.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        // COMMIT in a transaction that failed is a ROLLBACK, without an error: another statement is refused there.
        let committed = self.link.run_raw("SELECT 1; COMMIT").map_err(CommitError::NotDone)?;
        if let Err(error) = committed {
            let error = not_committed(&self.link.place, &error);
            if let CommitError::NotDone(_) = error {
                // The transaction is open only where COMMIT was not reached. If this fails, it is gone as well.
                let _ = self.roll_back();
            }
            return Err(error);
        }
        self.forget_transaction();
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), DbError> {
        if !self.is_open {
            return Ok(());
        }
        self.forget_transaction();
        self.link.run("ROLLBACK")
    }

    fn set_savepoint(&mut self) -> Result<(), DbError> {
        // One of the same name would stand over the one before, and the server keeps count of all.
        let is_first = self.savepoint == Savepoint::None;
        self.link.run(if is_first { "SAVEPOINT kadence" } else { "RELEASE kadence; SAVEPOINT kadence" })?;
        self.savepoint = Savepoint::Fresh;
        Ok(())
    }

    fn roll_back_to(&mut self) -> Result<(), DbError> {
        // Locks that were taken since the savepoint are gone.
        self.plans.iter_mut().for_each(|plan| plan.is_checked = plan.outlasts_savepoint);
        self.link.run("ROLLBACK TO kadence")
    }

    fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, DbError> {
        self.savepoint.use_up();
        self.link.execute(sql, parameters)
    }

    fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Datum>>, DbError> {
        let rows = self.link.query(sql, parameters)?;
        let read = |row: &Row| {
            (0..row.len()).map(|column| row.try_get(column).map(|Answered(datum)| datum)).collect()
        };
        let rows: Result<Vec<Vec<Datum>>, tokio_postgres::Error> = rows.iter().map(read).collect();
        rows.map_err(|error| self.link.failed(&error))
    }

    fn each_row(&mut self, sql: &str, each: &mut dyn FnMut(&[Datum]) -> bool) -> Result<(), DbError> {
        let mut cells = Vec::new();
        self.link.each_row(sql, &mut |row| {
            cells.clear();
            for column in 0..row.len() {
                let Answered(datum) = row.try_get(column)?;
                cells.push(datum);
            }
            Ok(each(&cells))
        })
    }

    fn define(&mut self, sql: &str) -> Result<(), DbError> {
        let Err(error) = self.link.run_raw(sql)? else { return Ok(()) };
        let told = error.as_db_error();
        // Two who make the same at once meet in an index of the catalogs.
        let exists = told.is_some_and(|told| {
            let is_in_catalogs = told.code().code() == "23505" && told.schema() == Some("pg_catalog");
            EXISTS.contains(&told.code().code()) || is_in_catalogs
        });
        if exists { Ok(()) } else { Err(self.link.failed(&error)) }
    }

    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError> {
        find(&mut self.link, table)
    }

    fn widening(&mut self, table: &str, column: &Column, to: &str) -> Result<Option<String>, DbError> {
        let (table, column) = (table_name(&PostgresDialect, table), PostgresDialect.quoted(&column.name));
        Ok(Some(format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE {to}")))
    }

    fn prepare(&mut self, table: &Table) -> Result<(), DbError> {
        let before = self.plans.iter().position(|plan| plan.table == table.name);
        let before = before.map(|at| self.plans.swap_remove(at));
        let kept = before.and_then(|plan| plan.staging).map(|staging| staging.name);
        let staging = kept.unwrap_or_else(|| {
            self.stagings += 1;
            format!("pg_temp.kadence_stage_{}", self.stagings)
        });
        let plan = Plan::new(&mut self.link, table, &staging)?;
        self.plans.push(plan);
        Ok(())
    }

    fn write(&mut self, table: &Table, rows: &Rows, range: Range<usize>) -> Result<(), DbError> {
        let is_meant = |plan: &&mut Plan| plan.table == table.name && plan.version == table.version;
        let Some(plan) = self.plans.iter_mut().find(is_meant) else {
            let what = format!("table {} was not prepared", table.name);
            return Err(Fault::new(self.link.place.clone(), what).into());
        };
        if range.is_empty() {
            return Ok(());
        }
        if self.savepoint.use_up() && !plan.is_checked {
            // A lock from before the savepoint outlasts it, and the table need not be looked at for each row refused.
            self.link.run("RELEASE kadence")?;
            plan.check(&mut self.link)?;
            self.link.run("SAVEPOINT kadence")?;
            plan.outlasts_savepoint = true;
        }
        plan.check(&mut self.link)?;
        if let Some(staging) = plan.staging.as_ref().filter(|_| self.has_refused) {
            return single::write(&mut self.link, plan, staging, &mut self.encoder, rows, range);
        }
        let staged = self.staged;
        let Some(next) = i32::try_from(range.len()).ok().and_then(|length| staged.checked_add(length)) else {
            let fault =
                Fault::new(self.link.place.clone(), "a transaction has more rows than can be counted");
            return Err(DbError::new(Kind::Stop, fault));
        };
        self.staged = next;
        let written = write(&mut self.link, plan, &mut self.encoder, rows, range, staged);
        if let Err(DbError { kind: Kind::Row(_), .. }) = written {
            self.has_refused = true;
        }
        written
    }
}
