//! Which session holds a lock, and how it is ended.

use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::Fault;
use kadence_store::{DbError, Kind, Parameter};

use crate::link::Link;

/// How often a session that was told to end is looked at, and the pause between: five seconds.
const LOOKS: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the lock that a number names, until the session ends. `false` if another session has it.
pub(crate) fn take(link: &mut Link, number: i64) -> Result<bool, DbError> {
    let rows = link.query("SELECT pg_try_advisory_lock($1)", &[Parameter::Int(number)])?;
    let taken = rows.first().map_or(Ok(false), |row| row.try_get(0));
    taken.map_err(|error| link.failed(&error))
}

/// Who has a lock: the process, and who it is for people. A lock of 64 bits is one of two halves to the server.
const HOLDER: &str = "
SELECT l.pid, 'process ' || l.pid || coalesce(' of ' || host(a.client_addr), '')
  || coalesce(' (' || nullif(a.application_name, '') || ')', '')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid = $1::int8::oid AND l.objid = $2::int8::oid AND l.pid <> pg_backend_pid()";

fn holder(link: &mut Link, number: i64) -> Result<Option<(i32, String)>, DbError> {
    let halves = [number.cast_unsigned() >> 32, number.cast_unsigned() & 0xffff_ffff];
    let rows = link.query(HOLDER, &halves.map(|half| Parameter::Int(half as i64)))?;
    let read = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.first().map(read).transpose().map_err(|error| link.failed(&error))
}

/// Ends the session that has a lock, and waits until it is gone.
pub(crate) fn end(link: &mut Link, number: i64) -> Result<Option<String>, DbError> {
    let Some((process, who)) = holder(link, number)? else { return Ok(None) };
    if let Err(error) = link.query("SELECT pg_terminate_backend($1)", &[Parameter::Int(process.into())]) {
        if error.kind != Kind::Stop {
            return Err(error);
        }
        let what =
            format!("{who} stands still inside a transaction, and may not be ended: {}", error.fault.what);
        let help = format!(
            "grant pg_signal_backend to the user, or run SELECT pg_terminate_backend({process}) as one who may"
        );
        return Err(Fault::new(link.place.clone(), what).help(help).into());
    }
    let never = Stop::new();
    for _ in 0..LOOKS {
        if holder(link, number)?.is_none() {
            return Ok(Some(who));
        }
        never.wait(PAUSE);
    }
    let what = format!("{who} was told to end, and is still there");
    Err(DbError::new(Kind::Again, Fault::new(link.place.clone(), what)))
}
