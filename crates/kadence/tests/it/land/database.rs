//! A database of its own for each test: a file of SQLite's, or one on a server that the tests share.

use std::sync::Arc;

use kadence_testing::database::{Kind as ServerKind, Server};
use rusqlite::types::ValueRef;

use crate::support::{Bench, PATIENCE};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

/// A database that nobody else uses.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) kind: Kind,
    /// The server, and the database's name there.
    server: Option<(Arc<Server>, String)>,
}

impl Database {
    pub(crate) fn new(kind: Kind, bench: &Bench) -> Self {
        let server = match kind {
            Kind::Sqlite => {
                let url = format!("sqlite:{}", bench.folder.path().join("land.db").display());
                return Self { url, kind, server: None };
            }
            Kind::Postgres => Server::shared(ServerKind::Postgres),
            Kind::MariaDb => Server::shared(ServerKind::MariaDb),
        };
        let name = server.database();
        Self { url: server.url(&name), kind, server: Some((server, name)) }
    }

    /// What stands around names.
    pub(crate) fn quote(&self) -> &'static str {
        if self.kind == Kind::MariaDb { "`" } else { "\"" }
    }

    /// What a query gives, each row as its values with blanks between them, sorted.
    #[track_caller]
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let mut rows = match &self.server {
            None => self.rows_of_file(sql),
            Some((server, name)) => {
                server.ask(Some(name), sql).into_iter().map(|row| row.replace('\t', " ")).collect()
            }
        };
        rows.sort();
        rows
    }

    /// The number that a query gives; none where it cannot be asked, since there is no table yet.
    pub(crate) fn number(&self, sql: &str) -> Option<i64> {
        match &self.server {
            None => {
                let connection = rusqlite::Connection::open(self.url.strip_prefix("sqlite:")?).ok()?;
                connection.busy_timeout(PATIENCE).ok()?;
                connection.query_row(sql, [], |row| row.get(0)).ok()
            }
            Some((server, name)) => {
                let answer = server.client(Some(name), sql).output().ok()?;
                String::from_utf8_lossy(&answer.stdout).trim().parse().ok()
            }
        }
    }

    /// Runs a statement.
    #[track_caller]
    pub(crate) fn run(&self, sql: &str) {
        match &self.server {
            None => {
                let file = self.url.strip_prefix("sqlite:").unwrap();
                rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
            }
            Some((server, name)) => drop(server.ask(Some(name), sql)),
        }
    }

    fn rows_of_file(&self, sql: &str) -> Vec<String> {
        let file = self.url.strip_prefix("sqlite:").unwrap();
        let connection = rusqlite::Connection::open(file).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => value.to_string(),
            ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
        };
        let row = |row: &rusqlite::Row<'_>| {
            let cells: Result<Vec<_>, _> = (0..columns).map(|column| row.get_ref(column).map(text)).collect();
            cells.map(|cells| cells.join(" "))
        };
        statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
    }
}
