//! A database of its own for each test: a file of SQLite's, or one on a server that the suites started.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::types::ValueRef;

use crate::support::{Bench, finish};

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
    kind: Kind,
    pub(crate) url: String,
    /// Host and port of the server.
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new(kind: Kind, bench: &Bench) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("kadence_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let server = match kind {
            Kind::Sqlite => String::new(),
            Kind::Postgres => server("KADENCE_TEST_POSTGRES"),
            Kind::MariaDb => server("KADENCE_TEST_MARIADB"),
        };
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", bench.folder.path().join("land.db").display()),
            Kind::Postgres => format!("postgres://postgres@{server}/{name}"),
            Kind::MariaDb => format!("mysql://root@{server}/{name}"),
        };
        let database = Self { kind, url, server, name };
        if kind != Kind::Sqlite {
            database.ask(None, &format!("CREATE DATABASE {}", database.name));
        }
        database
    }

    /// What stands around names.
    pub(crate) fn quote(&self) -> &'static str {
        if self.kind == Kind::MariaDb { "`" } else { "\"" }
    }

    /// What a query gives, each row as its values with blanks between them, sorted.
    #[track_caller]
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let mut rows = match self.kind {
            Kind::Sqlite => self.rows_of_file(sql),
            _ => self.ask(Some(&self.name), sql),
        };
        rows.sort();
        rows
    }

    /// The number that a query gives; none where it cannot be asked, since there is no table yet.
    pub(crate) fn number(&self, sql: &str) -> Option<i64> {
        if self.kind == Kind::Sqlite {
            let connection = rusqlite::Connection::open(self.url.strip_prefix("sqlite:")?).ok()?;
            connection.busy_timeout(crate::support::PATIENCE).ok()?;
            return connection.query_row(sql, [], |row| row.get(0)).ok();
        }
        let mut command = self.client(Some(&self.name), sql);
        let answer = command.output().ok()?;
        String::from_utf8_lossy(&answer.stdout).trim().parse().ok()
    }

    fn rows_of_file(&self, sql: &str) -> Vec<String> {
        let file = self.url.strip_prefix("sqlite:").unwrap();
        let connection = rusqlite::Connection::open(file).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Null => "null".to_owned(),
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

    #[track_caller]
    fn ask(&self, database: Option<&str>, sql: &str) -> Vec<String> {
        let answer = finish(self.client(database, sql)).ok();
        answer.lines().map(|line| line.replace('\t', " ")).collect()
    }

    fn client(&self, database: Option<&str>, sql: &str) -> Command {
        let (host, port) = self.server.split_once(':').unwrap();
        let mut command;
        if self.kind == Kind::Postgres {
            command = Command::new("psql");
            command.args(["-X", "-A", "-t", "-F", "\t", "-P", "null=null", "-h", host, "-p", port]);
            command.args(["-U", "postgres", "-d", database.unwrap_or("postgres"), "-c", sql]);
        } else {
            command = Command::new("mariadb");
            command.args(["--no-defaults", "-h", host, "-P", port, "-u", "root", "-B", "-N", "-e", sql]);
            command.args(database);
        }
        command
    }
}

#[expect(clippy::disallowed_methods, reason = "the suites say where the server is")]
fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} says where the server is"))
}
