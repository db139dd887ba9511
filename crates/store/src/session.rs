//! What a database's driver has to do, and how it says what went wrong.

use std::ops::Range;

use kadence_core::fault::{Disposition, Fault};

use crate::cells::Rows;
use crate::convert::Limits;
use crate::ddl::Dialect;
use crate::table::{Column, Found, Table};

/// A database, and how to get to it.
pub trait Database: Send {
    /// A connection to it.
    type Session: Session;

    /// Connects. The session is in UTC, in the server's strict mode, and no transaction is open. It holds the lock
    /// that its token names, where the server has such locks.
    fn connect(&mut self) -> Result<Self::Session, DbError>;

    /// Connections from now on are for looking only: they make nothing and leave all as it is, also what is not there.
    fn look_only(&mut self) {}

    /// How this database writes names and types.
    fn dialect(&self) -> &'static dyn Dialect;

    /// What it is called in messages: kind, host and database, without secrets.
    fn place(&self) -> String;
}

/// A connection to a database.
///
/// After an error of the kinds [`Kind::Lost`] and [`Kind::Again`] nothing of the transaction is left, or will be once
/// the server notices; the session is not used again. After [`Kind::Row`] the transaction is as it was at the last
/// savepoint once [`Session::roll_back_to`] is called.
pub trait Session: Send {
    /// Values that no column of this server takes.
    fn limits(&self) -> Limits;

    /// The name of the lock that this session holds while it lives; the ledger keeps it.
    fn token(&self) -> &str;

    /// Ends the session that holds the lock of this name, if there is one, and waits until it is gone. The answer
    /// says who it was.
    fn end_holder(&mut self, token: &str) -> Result<Option<String>, DbError>;

    /// Opens a transaction. Nothing is visible to others before its [`commit`](Self::commit).
    fn begin(&mut self) -> Result<(), DbError>;

    /// Commits.
    fn commit(&mut self) -> Result<(), CommitError>;

    /// Rolls back, if a transaction is open.
    fn roll_back(&mut self) -> Result<(), DbError>;

    /// Sets the one savepoint, in the place of the one before.
    fn set_savepoint(&mut self) -> Result<(), DbError>;

    /// Rolls back to the savepoint, and keeps it.
    fn roll_back_to(&mut self) -> Result<(), DbError>;

    /// Runs a statement, and says how many rows it found to change.
    fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, DbError>;

    /// Asks for rows.
    fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Datum>>, DbError>;

    /// Gives the rows of an answer to `each`, one after the other, however many there are, until it wants no more. The
    /// session is not used again afterwards.
    fn each_row(&mut self, sql: &str, each: &mut dyn FnMut(&[Datum]) -> bool) -> Result<(), DbError>;

    /// Runs a statement that changes what the database is made of. No transaction is open. What exists already is no
    /// error.
    fn define(&mut self, sql: &str) -> Result<(), DbError>;

    /// Looks a table up; `None` where there is none of this name.
    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError>;

    /// The statement that gives a column another type and leaves all else of it as it is; `None` where there is none.
    fn widening(&mut self, table: &str, column: &Column, to: &str) -> Result<Option<String>, DbError>;

    /// Makes the session ready for changes of `table`. No transaction is open.
    fn prepare(&mut self, table: &Table) -> Result<(), DbError>;

    /// Writes rows, the later one of two with the same key over the earlier, as the table's mode says. The rows were
    /// found to fit.
    fn write(&mut self, table: &Table, rows: &Rows, range: Range<usize>) -> Result<(), DbError>;
}

/// A statement's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter<'p> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'p str),
}

impl From<Option<i64>> for Parameter<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }
}

/// What a statement's answer has in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl Datum {
    /// The whole number, if it is one.
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// What kind of error a database told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The connection is gone, or was not made.
    Lost,
    /// The transaction is rolled back, and may go well the next time: a deadlock, a lock that was waited for too
    /// long, a server that is shutting down.
    Again,
    /// Somebody else holds a lock, and the statement is rolled back: the whole transaction is to be.
    Locked,
    /// A table is another one than it was found to be. Nothing is written; it is to be found again.
    Changed,
    /// A row is not taken. Where the server says which one, it is this one of those that were written.
    Row(Option<usize>),
    /// Nothing can be done here until somebody does something about it.
    Stop,
}

/// What a database told.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{fault}")]
pub struct DbError {
    /// Its kind.
    pub kind: Kind,
    /// What there is to say.
    pub fault: Box<Fault>,
}

impl DbError {
    /// An error of this kind.
    pub fn new(kind: Kind, fault: Fault) -> Self {
        let disposition = match kind {
            Kind::Lost | Kind::Again | Kind::Locked | Kind::Changed => Disposition::Retry,
            Kind::Row(_) => Disposition::Reject,
            Kind::Stop if fault.disposition == Disposition::Misuse => Disposition::Misuse,
            Kind::Stop => Disposition::Stop,
        };
        Self { kind, fault: Box::new(fault.disposed(disposition)) }
    }
}

impl From<Fault> for DbError {
    fn from(fault: Fault) -> Self {
        Self::new(Kind::Stop, fault)
    }
}

/// What came of a COMMIT that did not go well.
#[derive(Debug)]
pub enum CommitError {
    /// Nothing is changed.
    NotDone(DbError),
    /// The answer was lost.
    Unknown,
}
