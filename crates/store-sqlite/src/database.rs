//! A file, and how it is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kadence_core::fault::Fault;
use kadence_store::{Database, DbError, Dialect, Kind};
use rusqlite::{Connection, Error, OpenFlags};

use crate::dialect::SqliteDialect;
use crate::identity::Identity;
use crate::session::{SqliteSession, failed};

/// How long a session waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// A file of SQLite's. It is made where it is missing.
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
    looks_only: bool,
}

impl Sqlite {
    /// The database in this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), looks_only: false }
    }

    /// The database that a URL names: `sqlite:FILE` or `sqlite://FILE`.
    pub fn from_url(url: &str) -> Result<Self, Fault> {
        let rest = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.starts_with('?') || path.contains('\0') {
            return Err(Fault::new(url, "names no file").help("write sqlite:FILE").misuse());
        }
        // SQLite would read more out of such a name than a file's.
        if path.starts_with("file:") {
            return Err(Fault::new(url, "is no plain name of a file").help("write sqlite:FILE").misuse());
        }
        if path == ":memory:" {
            let what = "is gone once the program ends, with all that was landed";
            return Err(Fault::new(url, what).help("name a file").misuse());
        }
        Ok(Self::new(path))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }

    fn open_to_look(&self) -> Result<Connection, Error> {
        // There is as much in a file that is not there as in an empty database.
        if !self.path.exists() {
            return Connection::open_in_memory();
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }
}

impl Database for Sqlite {
    type Session = SqliteSession;

    fn connect(&mut self) -> Result<SqliteSession, DbError> {
        let place = self.place();
        let connection = if self.looks_only { self.open_to_look() } else { self.open() };
        let connection = connection.map_err(|error| {
            let error = failed(&place, &error);
            // What cannot be opened is not there: nobody has to wait for it.
            let is_busy = matches!(error.kind, Kind::Again | Kind::Locked);
            if is_busy { error } else { DbError::new(Kind::Stop, *error.fault) }
        })?;
        let file = Identity::of(&self.path);
        Ok(SqliteSession::new(connection, place, file))
    }

    fn look_only(&mut self) {
        self.looks_only = true;
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &SqliteDialect
    }

    fn place(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }
}
