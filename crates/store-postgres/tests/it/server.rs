//! Databases on a server, and what is asked of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kadence_store::{Database as _, Datum, Mode, Rows, Session as _, Table};
use kadence_store_postgres::{Postgres, PostgresSession};
use kadence_testing::database::{Kind, Server};

/// The server that all tests share.
pub(crate) fn shared() -> Arc<Server> {
    Server::shared(Kind::Postgres)
}

/// A session with a database of the server's.
pub(crate) trait Sessions {
    fn session(&self, database: &str) -> PostgresSession;
}

impl Sessions for Server {
    fn session(&self, database: &str) -> PostgresSession {
        Postgres::from_url(&self.url(database), None).unwrap().connect().unwrap()
    }
}

/// A table that was found, with all columns that take values.
pub(crate) fn table(session: &mut PostgresSession, name: &str, key: &[&str], mode: Mode) -> Table {
    static VERSION: AtomicU32 = AtomicU32::new(1);
    let found = session.find(name).unwrap().unwrap();
    assert_eq!(found.unfit, None);
    let columns: Vec<_> = found.columns.into_iter().filter(|column| !column.is_generated).collect();
    let place = |name: &&str| columns.iter().position(|column| column.name == **name).unwrap();
    let key = key.iter().map(place).collect();
    let version = VERSION.fetch_add(1, Ordering::Relaxed).into();
    let table = Table { name: name.into(), columns, key, mode, version };
    session.prepare(&table).unwrap();
    table
}

/// Rows of so many columns.
pub(crate) fn rows(columns: usize) -> Rows {
    let mut rows = Rows::default();
    rows.clear(columns);
    rows
}

/// The answer's texts, one row a line.
pub(crate) fn ask(session: &mut PostgresSession, sql: &str) -> Vec<String> {
    let shown = |datum: &Datum| match datum {
        Datum::Null => "null".to_owned(),
        Datum::Int(value) => value.to_string(),
        Datum::Text(text) => text.clone(),
    };
    let rows = session.query(sql, &[]).unwrap();
    rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join("|")).collect()
}
