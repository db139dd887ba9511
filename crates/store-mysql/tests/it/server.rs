//! Databases on servers, and what is asked of them.

use std::sync::Arc;

use kadence_store::{Cell, Change, Database as _, Datum, DbError, Mode, Rows, Session as _, Table};
use kadence_store_mysql::{Mysql, MysqlSession};
pub(crate) use kadence_testing::database::Kind;
use kadence_testing::database::Server;
use kadence_testing::line::Line;

/// A database of one test's own, on the server that all share.
pub(crate) struct Db {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
}

impl Db {
    pub(crate) fn new(kind: Kind) -> Self {
        let server = Server::shared(kind);
        Self { name: server.database(), server }
    }

    pub(crate) fn is_maria(&self) -> bool {
        self.server.kind() == Kind::MariaDb
    }

    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The same at the end of a line. What is said there can be read.
    pub(crate) fn url_by(&self, line: &Line) -> String {
        self.server.url_by(line.port(), &self.name) + "?ssl-mode=disabled"
    }

    pub(crate) fn mysql(&self) -> Mysql {
        Mysql::from_url(&self.url(), None).unwrap()
    }

    pub(crate) fn session(&self) -> MysqlSession {
        self.mysql().connect().unwrap()
    }

    /// Runs a statement that stands for itself.
    pub(crate) fn run(&self, sql: &str) {
        self.session().define(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Asks for rows, as the server writes them.
    pub(crate) fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.session().query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.iter().map(shown).collect()).collect()
    }

    /// One number.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.ask(sql)[0][0].parse().unwrap()
    }

    /// A table as it is found, with all its columns to be written.
    pub(crate) fn table(&self, name: &str, mode: Mode, key: &[usize]) -> Table {
        let found = self.session().find(name).unwrap().unwrap_or_else(|| panic!("no table {name}"));
        Table { name: name.into(), columns: found.columns, key: key.to_vec(), mode, version: 1 }
    }
}

fn shown(datum: &Datum) -> String {
    match datum {
        Datum::Null => "NULL".into(),
        Datum::Int(value) => value.to_string(),
        Datum::Text(text) => text.clone(),
    }
}

pub(crate) fn rows(columns: usize, rows: &[(Change, &[Cell<'_>])]) -> Rows {
    let mut made = Rows::default();
    made.clear(columns);
    for (place, (change, cells)) in rows.iter().enumerate() {
        made.push(place, *change, cells);
    }
    made
}

/// Writes rows in a transaction of their own, or nothing.
pub(crate) fn write(session: &mut MysqlSession, table: &Table, rows: &Rows) -> Result<(), DbError> {
    session.begin()?;
    if let Err(error) = session.write(table, rows, 0..rows.len()) {
        session.roll_back()?;
        return Err(error);
    }
    session.commit().map_err(|error| panic!("{error:?}"))
}
