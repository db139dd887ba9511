//! A connection: transactions, statements, rows.

use std::ops::Range;

use kadence_core::fault::Fault;
use kadence_store::{
    Cell, Change, Column, CommitError, Datum, DbError, Dialect as _, Found, Kind, Limits, Parameter, Rows,
    Session, Table, date_text, table_name, time_text, timestamp_text,
};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, ffi};

use crate::dialect::SqliteDialect;
use crate::find::find;
use crate::identity::Identity;
use crate::owner;

/// A connection to a file.
pub struct SqliteSession {
    connection: Connection,
    /// The file that is open.
    file: Option<Identity>,
    place: String,
    token: String,
    has_savepoint: bool,
    /// The file's version as the last transaction found it: another one where others have written.
    version: i64,
    /// Whether others have written since the last transaction.
    is_shared: bool,
    /// The statements that change the table written last.
    statements: Statements,
}

#[derive(Debug, Default)]
struct Statements {
    table: String,
    version: u64,
    put: String,
    delete: String,
}

impl SqliteSession {
    pub(crate) fn new(connection: Connection, place: String, file: Option<Identity>) -> Self {
        Self {
            connection,
            file,
            place,
            token: owner::token(),
            has_savepoint: false,
            version: 0,
            is_shared: false,
            statements: Statements::default(),
        }
    }

    fn run(&self, sql: &str) -> Result<(), DbError> {
        self.connection.execute_batch(sql).map_err(|error| failed(&self.place, &error))
    }

    fn write_rows(&self, table: &Table, rows: &Rows, range: Range<usize>) -> Result<(), (usize, Trouble)> {
        let first = range.start;
        let at = |row: usize| move |error| (row - first, Trouble::Sqlite(error));
        let mut put = self.connection.prepare_cached(&self.statements.put).map_err(at(first))?;
        let mut delete = match &*self.statements.delete {
            "" => None,
            sql => Some(self.connection.prepare_cached(sql).map_err(at(first))?),
        };
        for row in range {
            match rows.change(row) {
                Change::Put => {
                    for column in 0..rows.columns() {
                        bind(&mut put, column + 1, rows.cell(row, column)).map_err(at(row))?;
                    }
                    if put.raw_execute().map_err(at(row))? == 0 && table.rest().next().is_some() {
                        return Err((row - first, Trouble::Ignored));
                    }
                }
                Change::Delete => {
                    let Some(delete) = &mut delete else { continue };
                    for (place, column) in table.key.iter().enumerate() {
                        bind(delete, place + 1, rows.cell(row, *column)).map_err(at(row))?;
                    }
                    delete.raw_execute().map_err(at(row))?;
                }
            }
        }
        Ok(())
    }
}

/// Why a row was not written.
enum Trouble {
    Sqlite(rusqlite::Error),
    /// The table has a rule that passes over what does not fit.
    Ignored,
}

impl Session for SqliteSession {
    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn token(&self) -> &str {
        &self.token
    }

    fn end_holder(&mut self, token: &str) -> Result<Option<String>, DbError> {
        if !owner::is_stopped(token) {
            return Ok(None);
        }
        let what = format!("{token} has stopped inside a transaction, and nobody else can write");
        Err(Fault::new(self.place.clone(), what).help("let that process go on, or end it").into())
    }

    fn begin(&mut self) -> Result<(), DbError> {
        self.has_savepoint = false;
        if self.file.as_ref().is_some_and(Identity::is_gone) {
            let what =
                "the file was removed or replaced while it was open; what goes into it would be nowhere";
            return Err(Fault::new(self.place.clone(), what).help("start again").into());
        }
        self.run("BEGIN IMMEDIATE")?;
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0));
        let version = version.map_err(|error| failed(&self.place, &error))?;
        self.is_shared = std::mem::replace(&mut self.version, version) != version;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        if self.connection.is_autocommit() {
            let fault = Fault::new(self.place.clone(), "the database rolled the transaction back");
            return Err(CommitError::NotDone(DbError::new(Kind::Again, fault)));
        }
        self.run("COMMIT").map_err(|error| {
            // A transaction that is still open is not committed, and is not going to be.
            match self.roll_back() {
                Ok(()) => CommitError::NotDone(error),
                Err(_) => CommitError::Unknown,
            }
        })?;
        // The pages that it has at hand are of no use once others have written, and each task has two megabytes.
        if self.is_shared {
            let _ = self.connection.execute_batch("PRAGMA shrink_memory");
        }
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), DbError> {
        if self.connection.is_autocommit() { Ok(()) } else { self.run("ROLLBACK") }
    }

    fn set_savepoint(&mut self) -> Result<(), DbError> {
        // One of the same name would stand over the one before, and each change of a page is compared with all.
        let sql = if self.has_savepoint { "RELEASE kadence; SAVEPOINT kadence" } else { "SAVEPOINT kadence" };
        self.run(sql)?;
        self.has_savepoint = true;
        Ok(())
    }

    fn roll_back_to(&mut self) -> Result<(), DbError> {
        if self.connection.is_autocommit() {
            // It would do so each time that the record comes.
            let what =
                "a trigger or rule of the table rolls back the whole transaction where a row does not fit";
            let fault = Fault::new(self.place.clone(), what);
            return Err(fault.help("have it refuse the row alone (RAISE(ABORT, …))").into());
        }
        self.run("ROLLBACK TO kadence")
    }

    fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, DbError> {
        let parameters = parameters.iter().map(|parameter| value_of(*parameter));
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(rusqlite::params_from_iter(parameters))
        };
        run().map(|rows| rows as u64).map_err(|error| failed(&self.place, &error))
    }

    fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Datum>>, DbError> {
        let parameters = parameters.iter().map(|parameter| value_of(*parameter));
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let columns = statement.column_count();
            let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| {
                (0..columns).map(|column| row.get_ref(column).map(datum)).collect()
            })?;
            rows.collect::<Result<Vec<Vec<Datum>>, rusqlite::Error>>()
        };
        run().map_err(|error| failed(&self.place, &error))
    }

    fn each_row(&mut self, sql: &str, each: &mut dyn FnMut(&[Datum]) -> bool) -> Result<(), DbError> {
        let mut run = || {
            let mut statement = self.connection.prepare(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            let mut cells = Vec::with_capacity(columns);
            while let Some(row) = rows.next()? {
                cells.clear();
                for column in 0..columns {
                    cells.push(datum(row.get_ref(column)?));
                }
                if !each(&cells) {
                    break;
                }
            }
            Ok(())
        };
        run().map_err(|error| failed(&self.place, &error))
    }

    fn define(&mut self, sql: &str) -> Result<(), DbError> {
        match self.connection.execute_batch(sql) {
            Err(error) if exists_already(&error) => Ok(()),
            other => other.map_err(|error| failed(&self.place, &error)),
        }
    }

    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError> {
        find(&self.connection, table).map_err(|error| failed(&self.place, &error))
    }

    /// All its whole numbers have 64 bits.
    fn widening(&mut self, _: &str, _: &Column, _: &str) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    fn prepare(&mut self, _: &Table) -> Result<(), DbError> {
        Ok(())
    }

    fn write(&mut self, table: &Table, rows: &Rows, range: Range<usize>) -> Result<(), DbError> {
        if self.statements.table != table.name || self.statements.version != table.version {
            self.statements = Statements::of(table);
        }
        let written = self.write_rows(table, rows, range);
        written.map_err(|(row, trouble)| match trouble {
            Trouble::Sqlite(error) => match failed(&self.place, &error) {
                DbError { kind: Kind::Row(_), fault } => DbError { kind: Kind::Row(Some(row)), fault },
                other => other,
            },
            Trouble::Ignored => {
                let fault = Fault::new(self.place.clone(), "a rule of the table passes over this row");
                DbError::new(Kind::Row(Some(row)), fault)
            }
        })
    }
}

impl Statements {
    fn of(table: &Table) -> Self {
        let quoted = |place: &usize| SqliteDialect.quoted(&table.columns[*place].name);
        let name = table_name(&SqliteDialect, &table.name);
        let all: Vec<usize> = (0..table.columns.len()).collect();
        let columns: Vec<String> = all.iter().map(quoted).collect();
        let parameters: Vec<String> = all.iter().map(|place| format!("?{}", place + 1)).collect();
        let mut put =
            format!("INSERT INTO {name} ({}) VALUES ({})", columns.join(", "), parameters.join(", "));
        let mut delete = String::new();
        if table.is_keyed() {
            let key: Vec<String> = table.key.iter().map(quoted).collect();
            let rest = table.rest().map(|place| quoted(&place));
            let set: Vec<String> = rest.map(|column| format!("{column} = excluded.{column}")).collect();
            let action =
                if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
            put = format!("{put} ON CONFLICT ({}) DO {action}", key.join(", "));
            let equal = key.iter().enumerate().map(|(place, column)| format!("{column} = ?{}", place + 1));
            delete = format!("DELETE FROM {name} WHERE {}", equal.collect::<Vec<_>>().join(" AND "));
        }
        Self { table: table.name.clone(), version: table.version, put, delete }
    }
}

fn bind(
    statement: &mut rusqlite::Statement<'_>,
    place: usize,
    cell: Cell<'_>,
) -> Result<(), rusqlite::Error> {
    let borrowed = |value| ToSqlOutput::Borrowed(value);
    let text = |text: &'_ str| ToSqlOutput::Owned(Value::Text(text.to_owned()));
    let value = match cell {
        Cell::Null => ToSqlOutput::Owned(Value::Null),
        Cell::Bool(value) => ToSqlOutput::Owned(Value::Integer(value.into())),
        Cell::Int(value) => ToSqlOutput::Owned(Value::Integer(value)),
        Cell::UInt(value) => text(&value.to_string()),
        Cell::Double(value) => ToSqlOutput::Owned(Value::Real(value)),
        Cell::Decimal(value) | Cell::Text(value) | Cell::Json(value) => {
            borrowed(ValueRef::Text(value.as_bytes()))
        }
        Cell::Bytes(bytes) => borrowed(ValueRef::Blob(bytes)),
        Cell::Date(days) => text(&date_text(days)),
        Cell::Time(nanos) => text(&time_text(nanos)),
        Cell::Timestamp(time) => text(&timestamp_text(time)),
        Cell::Uuid(uuid) => text(&uuid::Uuid::from_bytes(uuid).to_string()),
    };
    statement.raw_bind_parameter(place, value)
}

fn value_of(parameter: Parameter<'_>) -> Value {
    match parameter {
        Parameter::Null => Value::Null,
        Parameter::Int(value) => Value::Integer(value),
        Parameter::Text(text) => Value::Text(text.to_owned()),
    }
}

fn datum(value: ValueRef<'_>) -> Datum {
    match value {
        ValueRef::Integer(value) => Datum::Int(value),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Datum::Text(String::from_utf8_lossy(text).into_owned())
        }
        ValueRef::Real(value) => Datum::Text(value.to_string()),
        ValueRef::Null => Datum::Null,
    }
}

fn exists_already(error: &rusqlite::Error) -> bool {
    let text = error.to_string();
    text.contains("already exists") || text.contains("duplicate column name")
}

/// What an error of SQLite's means for a landing.
pub(crate) fn failed(place: &str, error: &rusqlite::Error) -> DbError {
    let (code, extended) =
        error.sqlite_error().map_or((None, 0), |error| (Some(error.code), error.extended_code));
    let kind = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Locked,
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => Kind::Row(None),
        // A write-ahead log that is gone, a disk that did not answer: a new connection may find it well.
        Some(ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted | ErrorCode::SchemaChanged) => {
            Kind::Again
        }
        Some(ErrorCode::SystemIoFailure) if extended != ffi::SQLITE_IOERR_WRITE => Kind::Lost,
        _ => Kind::Stop,
    };
    let help = match code {
        Some(ErrorCode::DiskFull) => "make room on the disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "check who may write the file and its folder"
        }
        Some(ErrorCode::CannotOpen) => "check that the folder is there, and who may write in it",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => "check the file",
        _ => "",
    };
    DbError::new(kind, Fault::new(place, error.to_string()).help(help))
}
