//! Statements and their answers.

use std::time::Duration;

use kadence_core::fault::Fault;
use kadence_store::{Datum, DbError, Kind, Parameter};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error, Opts, Params, Row, Value};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::error::failed;

/// A server that takes longer to answer is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a connection that is let go waits for the server to hear of it.
const GOODBYE: Duration = Duration::from_millis(500);

/// A connection, and the runtime that it is driven by. Its methods block.
pub(crate) struct Connection {
    runtime: Runtime,
    /// There until the connection is dropped.
    conn: Option<Conn>,
    pub(crate) place: String,
}

/// Why no connection was made.
pub(crate) enum Refusal {
    Failed(Error),
    Other(DbError),
}

impl Connection {
    /// Connects.
    pub(crate) fn open(options: impl Into<Opts>, place: &str) -> Result<Self, Refusal> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            Refusal::Other(DbError::new(Kind::Again, Fault::new(place, error.to_string())))
        })?;
        let options = options.into();
        let connecting = async { timeout(CONNECT_LIMIT, Conn::new(options)).await };
        let refusal = match runtime.block_on(connecting) {
            Ok(Ok(conn)) => return Ok(Self { runtime, conn: Some(conn), place: place.to_owned() }),
            Ok(Err(error)) => Refusal::Failed(error),
            Err(_) => {
                let what = format!("no answer within {} s", CONNECT_LIMIT.as_secs());
                Refusal::Other(DbError::new(Kind::Lost, Fault::new(place, what)))
            }
        };
        // A name may be looked up for longer than anybody waits.
        runtime.shutdown_background();
        Err(refusal)
    }

    fn conn<T>(&mut self, work: impl AsyncFnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        let conn = self.conn.as_mut().ok_or(mysql_async::DriverError::ConnectionClosed)?;
        self.runtime.block_on(work(conn))
    }

    /// Runs a statement without parameters. The error is the driver's.
    pub(crate) fn try_run(&mut self, sql: &str) -> Result<(), Error> {
        self.conn(async |conn| conn.query_drop(sql).await)
    }

    /// Runs a statement without parameters.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        self.try_run(sql).map_err(|error| failed(&self.place, &error))
    }

    /// Runs a statement that is prepared once, and says how many rows it found to change.
    pub(crate) fn change(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        let changed = self.conn(async |conn| {
            conn.exec_drop(sql, params(values)).await?;
            Ok(conn.affected_rows())
        });
        changed.map_err(|error| failed(&self.place, &error))
    }

    /// Asks for rows.
    pub(crate) fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Vec<Datum>>, DbError> {
        let rows = self.conn(async |conn| conn.exec::<Row, _, _>(sql, params(values)).await);
        let rows = rows.map_err(|error| failed(&self.place, &error))?;
        Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(datum).collect()).collect())
    }

    /// Gives rows as they arrive, until `each` wants no more.
    pub(crate) fn each_row(
        &mut self,
        sql: &str,
        each: &mut dyn FnMut(&[Datum]) -> bool,
    ) -> Result<(), DbError> {
        let mut cells = Vec::new();
        let done = self.conn(async |conn| {
            let mut rows = conn.exec_iter(sql, Params::Empty).await?;
            while let Some(row) = rows.next().await? {
                cells.clear();
                cells.extend(row.unwrap().into_iter().map(datum));
                if !each(&cells) {
                    break;
                }
            }
            Ok(())
        });
        done.map_err(|error| failed(&self.place, &error))
    }

    /// Runs a statement for each of many rows, at once where the server can do that.
    pub(crate) fn batch(
        &mut self,
        sql: &str,
        rows: impl Iterator<Item = Vec<Value>> + Send,
    ) -> Result<(), DbError> {
        let done = self.conn(async |conn| conn.exec_batch(sql, rows.map(Params::Positional)).await);
        done.map_err(|error| failed(&self.place, &error))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        // Without a word the server would keep the transaction and its locks until it notices.
        let leaving = async { timeout(GOODBYE, conn.disconnect()).await };
        let _ = self.runtime.block_on(leaving);
    }
}

fn params(values: Vec<Value>) -> Params {
    if values.is_empty() { Params::Empty } else { Params::Positional(values) }
}

/// A statement's parameter as the driver has it.
pub(crate) fn value_of(parameter: Parameter<'_>) -> Value {
    match parameter {
        Parameter::Null => Value::NULL,
        Parameter::Int(value) => Value::Int(value),
        Parameter::Text(text) => text.into(),
    }
}

fn datum(value: Value) -> Datum {
    match value {
        Value::NULL => Datum::Null,
        Value::Int(value) => Datum::Int(value),
        Value::UInt(value) => {
            i64::try_from(value).map_or_else(|_| Datum::Text(value.to_string()), Datum::Int)
        }
        Value::Bytes(bytes) => Datum::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Value::Float(value) => Datum::Text(value.to_string()),
        Value::Double(value) => Datum::Text(value.to_string()),
        date_or_time => Datum::Text(date_or_time.as_sql(false).trim_matches('\'').to_owned()),
    }
}
