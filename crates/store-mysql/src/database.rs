//! A server's database, and how a session with it begins.

use std::time::Duration;

use kadence_core::fault::Fault;
use kadence_store::{Database, Datum, DbError, Dialect};

use crate::connection::{Connection, Refusal};
use crate::dialect::dialect;
use crate::error::{failed, is_of_tls, tls_failed};
use crate::server::{Kind, Server};
use crate::session::MysqlSession;
use crate::url::{Address, Tls};

/// Dead connections are noticed after about this long without a word.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Prepared statements that a session keeps.
const STATEMENTS: usize = 128;

/// What a session is like, whatever the server's defaults.
///
/// - `autocommit` is off, so that nothing is ever committed by itself (see the crate's head).
/// - The mode refuses what does not fit, and takes 0 for 0 where a column counts by itself. What is not in it, such as
///   `ANSI_QUOTES` or `PAD_CHAR_TO_FULL_LENGTH`, is off.
/// - `READ COMMITTED`: what was committed before a statement began is seen, and only rows are locked.
/// - A row's lock is waited for 5 s, a table's 10 s.
const SESSION: [&str; 3] = [
    "SET NAMES utf8mb4",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET autocommit = 0, completion_type = 0, time_zone = '+00:00', \
     sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
     NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', unique_checks = 1, foreign_key_checks = 1, \
     sql_auto_is_null = 0, sql_safe_updates = 0, innodb_lock_wait_timeout = 5, lock_wait_timeout = 10, \
     wait_timeout = 2147483",
];

/// A database of MySQL's or MariaDB's.
#[derive(Clone, Debug)]
pub struct Mysql {
    address: Address,
    /// Whose server it is, once there was a connection.
    found: Option<Kind>,
}

impl Mysql {
    /// The database that a URL names: `mysql://USER@HOST:PORT/DATABASE`, or `mariadb://`. Either finds out which of
    /// the two it is. The password beside the URL wins over one in it.
    ///
    /// | Parameter | Says |
    /// |---|---|
    /// | `ssl-mode` | `disabled`, `preferred` (the default), `required`, `verify_ca` or `verify_identity` |
    /// | `ssl-ca` | the file with the authorities that are trusted; with it `verify_identity` is the default |
    ///
    /// `verify_ca` asks for the host's name in the certificate too, as `verify_identity` does.
    pub fn from_url(url: &str, password: Option<String>) -> Result<Self, Fault> {
        Ok(Self { address: Address::read(url, password)?, found: None })
    }

    fn open(&self) -> Result<Connection, DbError> {
        let Address { tls, place, .. } = &self.address;
        let open = |with_tls| {
            let options = self.address.options(with_tls);
            let options = options
                .prefer_socket(false)
                .tcp_keepalive(Some(KEEP_ALIVE))
                .client_found_rows(true)
                .stmt_cache_size(STATEMENTS);
            Connection::open(options, place)
        };
        let opened = match (open(*tls != Tls::Disabled), tls) {
            (Err(Refusal::Failed(error)), Tls::Preferred) if is_of_tls(&error) => open(false),
            (opened, _) => opened,
        };
        opened.map_err(|refusal| match refusal {
            Refusal::Failed(error) if is_of_tls(&error) => tls_failed(place, &error),
            Refusal::Failed(error) => failed(place, &error),
            Refusal::Other(error) => error,
        })
    }
}

impl Database for Mysql {
    type Session = MysqlSession;

    fn connect(&mut self) -> Result<MysqlSession, DbError> {
        let mut connection = self.open()?;
        for statement in SESSION {
            connection.run(statement)?;
        }
        let asked = "SELECT VERSION(), @@max_allowed_packet, @@lower_case_table_names";
        let rows = connection.rows(asked, Vec::new())?;
        let row = rows.first().map_or(&[][..], |row| row);
        let version = row.first().and_then(Datum::text).unwrap_or_default();
        let int = |place: usize| row.get(place).and_then(Datum::int);
        let kind = Server::kind_of(&self.address.place, version)?;
        let server = Server {
            kind,
            most_bytes: int(1).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(1 << 20),
            has_case: int(2) == Some(0),
        };
        self.found = Some(kind);
        MysqlSession::begin(connection, server, &self.address.database)
    }

    fn dialect(&self) -> &'static dyn Dialect {
        dialect(self.found, self.address.kind)
    }

    fn place(&self) -> String {
        self.address.place.clone()
    }
}
