//! A server's database, and how a session with it begins.

use std::fmt;

use kadence_core::fault::Fault;
use kadence_store::{Database, DbError, Dialect};

use crate::dialect::PostgresDialect;
use crate::holder;
use crate::link::Link;
use crate::session::PostgresSession;
use crate::url::{self, Address};

/// The first version whose catalogs are read here.
const OLDEST: i32 = 120_000;
/// What a session is set to, whatever server, database and user are. A server's word on `synchronous_commit` stays.
const SETTINGS: &str = "SET TIME ZONE 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; SET standard_conforming_strings = on; \
    SET default_transaction_isolation = 'read committed'";
const SERVER: &str = "SELECT current_setting('server_encoding'), current_setting('server_version_num')::int4, current_setting('server_version')";

/// A database of a PostgreSQL server.
#[derive(Clone)]
pub struct Postgres {
    address: Address,
}

impl Postgres {
    /// The database that a URL names: `postgres://USER@HOST:PORT/DATABASE?PARAMETERS`. A password beside the URL wins
    /// over one in it. `sslmode` and `sslrootcert` mean what they do to libpq, but that root certificates are the
    /// system's where none are named. An error is a misuse, and has no password in it.
    pub fn from_url(url: &str, password: Option<String>) -> Result<Self, Fault> {
        url::read(url, password).map(|address| Self { address })
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("place", &self.address.place).finish_non_exhaustive()
    }
}

impl Database for Postgres {
    type Session = PostgresSession;

    fn connect(&mut self) -> Result<PostgresSession, DbError> {
        let mut link = Link::connect(&self.address)?;
        link.run(SETTINGS)?;
        check_server(&mut link)?;
        loop {
            let (token, _) = uuid::Uuid::new_v4().as_u64_pair();
            if holder::take(&mut link, token.cast_signed())? {
                return Ok(PostgresSession::new(link, token.cast_signed()));
            }
        }
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &PostgresDialect
    }

    fn place(&self) -> String {
        self.address.place.clone()
    }
}

fn check_server(link: &mut Link) -> Result<(), DbError> {
    let rows = link.query(SERVER, &[])?;
    let Some(row) = rows.first() else { return Ok(()) };
    let told = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    let (encoding, number, version): (String, i32, String) = told().map_err(|error| link.failed(&error))?;
    if number < OLDEST {
        let what = format!("the server is PostgreSQL {version}, and the oldest that is served is 12");
        return Err(Fault::new(link.place.clone(), what).into());
    }
    if encoding != "UTF8" {
        let what = format!("the database is encoded in {encoding}, and records are in UTF-8");
        return Err(Fault::new(link.place.clone(), what)
            .help("make one with ENCODING 'UTF8' TEMPLATE template0, or name another one")
            .into());
    }
    Ok(())
}
