//! A connection, and the runtime that drives it.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use kadence_core::fault::Fault;
use kadence_store::{DbError, Kind, Parameter};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement};

use crate::error::{failed, not_connected};
use crate::parameters::Given;
use crate::url::Address;

/// How many statements are kept ready.
const MOST_STATEMENTS: usize = 128;
/// Beyond what connecting may take: encryption, and a password that is asked for.
const GREETING: Duration = Duration::from_secs(20);
/// How long a server may take to hear that a session ends.
const FAREWELL: Duration = Duration::from_millis(500);

/// A connection. Its work is done while one of its methods waits, and at no other time.
pub(crate) struct Link {
    pub(crate) runtime: Runtime,
    /// Nothing once the session ends.
    client: Option<Client>,
    driver: Option<JoinHandle<()>>,
    statements: HashMap<String, Statement>,
    pub(crate) place: String,
}

impl Link {
    pub(crate) fn connect(address: &Address) -> Result<Self, DbError> {
        let place = address.place.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Fault::new(place.clone(), error.to_string()))?;
        let each = address.config.get_connect_timeout().copied().unwrap_or_default();
        let addresses = address.config.get_hosts().len().max(address.config.get_hostaddrs().len()) as u32;
        let limit = each.saturating_mul(2 * addresses).saturating_add(GREETING);
        let connecting =
            async { tokio::time::timeout(limit, address.config.connect(address.tls.clone())).await };
        let Ok(connected) = runtime.block_on(connecting) else {
            let what = format!("there is no answer within {} s", limit.as_secs());
            return Err(DbError::new(Kind::Lost, Fault::new(place, what)));
        };
        let (client, connection) = connected.map_err(|error| not_connected(&place, &error))?;
        let driver = runtime.spawn(async move {
            // Whoever waits for an answer is told of the error.
            let _ = connection.await;
        });
        Ok(Self { runtime, client: Some(client), driver: Some(driver), statements: HashMap::new(), place })
    }

    pub(crate) fn client(&self) -> Result<&Client, DbError> {
        self.client.as_ref().ok_or_else(|| crate::error::gone(&self.place))
    }

    /// What an error of the driver means.
    pub(crate) fn failed(&self, error: &Error) -> DbError {
        failed(&self.place, error)
    }

    /// Runs statements without parameters.
    pub(crate) fn run(&self, sql: &str) -> Result<(), DbError> {
        self.run_raw(sql)?.map_err(|error| self.failed(&error))
    }

    /// The same, with the driver's own error.
    pub(crate) fn run_raw(&self, sql: &str) -> Result<Result<(), Error>, DbError> {
        Ok(self.runtime.block_on(self.client()?.batch_execute(sql)))
    }

    /// A statement that is kept ready.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let prepared = self.runtime.block_on(self.client()?.prepare(sql));
        let statement = prepared.map_err(|error| self.failed(&error))?;
        if self.statements.len() >= MOST_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Runs a statement, and says how many rows it found to change.
    pub(crate) fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, DbError> {
        let statement = self.prepare(sql)?;
        let given: Vec<Given<'_>> = parameters.iter().map(|parameter| Given(*parameter)).collect();
        let done = self.runtime.block_on(self.client()?.execute(&statement, &references(&given)));
        done.map_err(|error| self.failed(&error))
    }

    /// Asks for rows.
    pub(crate) fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, DbError> {
        let statement = self.prepare(sql)?;
        let given: Vec<Given<'_>> = parameters.iter().map(|parameter| Given(*parameter)).collect();
        let rows = self.runtime.block_on(self.client()?.query(&statement, &references(&given)));
        rows.map_err(|error| self.failed(&error))
    }

    /// Gives rows as they arrive, until `each` wants no more.
    pub(crate) fn each_row(
        &mut self,
        sql: &str,
        each: &mut dyn FnMut(&Row) -> Result<bool, Error>,
    ) -> Result<(), DbError> {
        let statement = self.prepare(sql)?;
        let client = self.client()?;
        let done = self.runtime.block_on(async {
            let none: [&(dyn ToSql + Sync); 0] = [];
            let mut rows = std::pin::pin!(client.query_raw(&statement, none).await?);
            while let Some(row) = rows.try_next().await? {
                if !each(&row)? {
                    break;
                }
            }
            Ok(())
        });
        done.map_err(|error| self.failed(&error))
    }
}

fn references<'g>(given: &'g [Given<'_>]) -> Vec<&'g (dyn ToSql + Sync)> {
    given.iter().map(|given| given as &(dyn ToSql + Sync)).collect()
}

impl Drop for Link {
    /// Tells the server, so that locks are free at once.
    fn drop(&mut self) {
        self.statements.clear();
        self.client = None;
        if let Some(driver) = self.driver.take() {
            // A server that does not listen notices by itself.
            let _ = self.runtime.block_on(async { tokio::time::timeout(FAREWELL, driver).await });
        }
    }
}
