//! A connection: transactions, the ledger's statements, and whose session is ended.

use std::collections::HashMap;
use std::ops::Range;

use kadence_core::fault::Fault;
use kadence_store::{
    Column, CommitError, Datum, DbError, Found, Kind, Limits, Parameter, Rows, Session, Table,
};
use mysql_async::Value;

use crate::connection::{Connection, value_of};
use crate::dialect::quoted;
use crate::error::{exists_already, failed, is_surely_not_done};
use crate::find::find;
use crate::server::{self, Server};
use crate::statements::Statements;
use crate::writing;

/// The first and the last day that the servers vouch for, counted from 1970-01-01: in the years 1000 and 9999.
const DAYS: (i32, i32) = (-354_285, 2_932_896);
/// How long a session that is ended may take to roll back, in seconds.
const END_LIMIT: i64 = 5;

/// A session with MySQL or MariaDB.
///
/// It blocks on a runtime of its own, and so must not be used or dropped on a thread that drives another one.
pub struct MysqlSession {
    connection: Connection,
    server: Server,
    database: String,
    token: String,
    /// Whether `begin` was called, and neither `commit` nor `roll_back` since.
    is_open: bool,
    /// Whether the server may have rolled the transaction back by itself.
    is_doomed: bool,
    /// What changes each table.
    statements: HashMap<String, Statements>,
}

impl MysqlSession {
    /// Takes the lock that the session holds while it lives.
    pub(crate) fn begin(mut connection: Connection, server: Server, database: &str) -> Result<Self, DbError> {
        let token = format!("kadence-{}", uuid::Uuid::new_v4().simple());
        let rows = connection.rows("SELECT GET_LOCK(?, 0)", vec![token.as_str().into()])?;
        if int(&rows) != Some(1) {
            let fault = Fault::new(connection.place.clone(), "the server gives no locks by name");
            return Err(DbError::new(Kind::Again, fault));
        }
        let database = database.to_owned();
        let statements = HashMap::new();
        let mut session =
            Self { connection, server, database, token, is_open: false, is_doomed: false, statements };
        session.settle()?;
        Ok(session)
    }

    /// Ends the transaction that a statement outside of one has begun by itself: it would keep what the statement
    /// read from being altered.
    fn settle(&mut self) -> Result<(), DbError> {
        if self.is_open { Ok(()) } else { self.connection.run("COMMIT") }
    }

    /// Takes note of errors after which the transaction is not what it was.
    fn noted<T>(&mut self, result: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(DbError { kind, .. }) = &result {
            self.is_doomed |= !matches!(kind, Kind::Row(_));
        }
        let value = result?;
        self.settle()?;
        Ok(value)
    }

    fn doomed(&self) -> DbError {
        let fault = Fault::new(self.connection.place.clone(), "the server rolled the transaction back");
        DbError::new(Kind::Again, fault)
    }

    /// What can be said of a session.
    fn who(&mut self, id: i64) -> String {
        let asked = "SELECT user, host, time FROM information_schema.processlist WHERE id = ?";
        // Who may not see other sessions may still end them.
        let rows = self.connection.rows(asked, vec![id.into()]).unwrap_or_default();
        let row = rows.first().map_or(&[][..], |row| row);
        match (row.first(), row.get(1)) {
            (Some(Datum::Text(user)), Some(Datum::Text(host))) => {
                let idle = row.get(2).and_then(Datum::int).unwrap_or_default();
                format!("session {id} of {user} on {host}, unchanged for {idle} s")
            }
            _ => format!("session {id}"),
        }
    }
}

fn int(rows: &[Vec<Datum>]) -> Option<i64> {
    rows.first().and_then(|row| row.first()).and_then(Datum::int)
}

fn values(parameters: &[Parameter<'_>]) -> Vec<Value> {
    parameters.iter().map(|parameter| value_of(*parameter)).collect()
}

impl Session for MysqlSession {
    fn limits(&self) -> Limits {
        let json_is_binary = self.server.kind == server::Kind::MySql;
        Limits { json_is_binary, dates: Some(DAYS), ..Limits::default() }
    }

    fn token(&self) -> &str {
        &self.token
    }

    fn end_holder(&mut self, token: &str) -> Result<Option<String>, DbError> {
        let lock = || vec![token.into()];
        let holder = self.connection.rows("SELECT IS_USED_LOCK(?)", lock());
        let Some(id) = int(&self.noted(holder)?) else { return Ok(None) };
        let who = self.who(id);
        match self.connection.try_run(&format!("KILL CONNECTION {id}")) {
            Ok(()) => {}
            // It ended by itself.
            Err(mysql_async::Error::Server(error)) if error.code == 1094 => {}
            Err(error) => return Err(failed(&self.connection.place, &error)),
        }
        // The lock is free once its session has rolled back.
        let wait = vec![token.into(), END_LIMIT.into()];
        let free = self.connection.rows("SELECT GET_LOCK(?, ?)", wait);
        if int(&self.noted(free)?) != Some(1) {
            let fault = Fault::new(
                self.connection.place.clone(),
                format!("{who} was ended, and is still rolling back"),
            );
            return Err(DbError::new(Kind::Again, fault));
        }
        let released = self.connection.rows("SELECT RELEASE_LOCK(?)", lock());
        self.noted(released)?;
        Ok(Some(who))
    }

    fn begin(&mut self) -> Result<(), DbError> {
        self.connection.run("START TRANSACTION")?;
        self.is_open = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        if self.is_doomed {
            return Err(CommitError::NotDone(self.doomed()));
        }
        let committed = self.connection.try_run("COMMIT");
        self.is_open = false;
        committed.map_err(|error| {
            if is_surely_not_done(&error) {
                CommitError::NotDone(failed(&self.connection.place, &error))
            } else {
                CommitError::Unknown
            }
        })
    }

    fn roll_back(&mut self) -> Result<(), DbError> {
        self.connection.run("ROLLBACK")?;
        self.is_open = false;
        self.is_doomed = false;
        Ok(())
    }

    fn set_savepoint(&mut self) -> Result<(), DbError> {
        let set = self.connection.run("SAVEPOINT kadence");
        self.noted(set)
    }

    fn roll_back_to(&mut self) -> Result<(), DbError> {
        if self.is_doomed {
            return Err(self.doomed());
        }
        let rolled_back = self.connection.run("ROLLBACK TO SAVEPOINT kadence");
        self.noted(rolled_back)
    }

    fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, DbError> {
        let changed = self.connection.change(sql, values(parameters));
        self.noted(changed)
    }

    fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Datum>>, DbError> {
        let rows = self.connection.rows(sql, values(parameters));
        self.noted(rows)
    }

    fn each_row(&mut self, sql: &str, each: &mut dyn FnMut(&[Datum]) -> bool) -> Result<(), DbError> {
        let done = self.connection.each_row(sql, each);
        self.noted(done)
    }

    fn define(&mut self, sql: &str) -> Result<(), DbError> {
        match self.connection.try_run(sql) {
            Ok(()) => self.settle(),
            Err(error) if exists_already(&error) => self.settle(),
            Err(error) => {
                let error = failed(&self.connection.place, &error);
                // No row is to blame for a definition.
                let is_row = matches!(error.kind, Kind::Row(_));
                Err(if is_row { DbError::new(Kind::Stop, *error.fault) } else { error })
            }
        }
    }

    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError> {
        let found = find(&mut self.connection, self.server, &self.database, table);
        self.noted(found)
    }

    fn widening(&mut self, table: &str, column: &Column, to: &str) -> Result<Option<String>, DbError> {
        let name = table.split('.').map(quoted).collect::<Vec<_>>().join(".");
        let rows = self.connection.rows(&format!("SHOW CREATE TABLE {name}"), Vec::new())?;
        self.settle()?;
        let definition = rows.first().and_then(|row| row.get(1)).and_then(Datum::text).unwrap_or_default();
        Ok(modify(&name, definition, &column.name, to))
    }

    fn prepare(&mut self, table: &Table) -> Result<(), DbError> {
        let is_ready = self.statements.get(&table.name).is_some_and(|ready| ready.version == table.version);
        if !is_ready {
            self.statements.insert(table.name.clone(), Statements::of(table, self.server));
        }
        Ok(())
    }

    fn write(&mut self, table: &Table, rows: &Rows, range: Range<usize>) -> Result<(), DbError> {
        self.prepare(table)?;
        let Some(statements) = self.statements.get(&table.name) else { return Err(self.doomed()) };
        let written = writing::write(&mut self.connection, statements, rows, range);
        self.noted(written)
    }
}

/// `MODIFY COLUMN` states a column anew, and what it does not state is gone: so all that stands behind the type in the
/// table's definition is stated again.
fn modify(table: &str, definition: &str, column: &str, to: &str) -> Option<String> {
    let column = quoted(column);
    let line = definition.lines().find_map(|line| line.trim_start().strip_prefix(&*column))?;
    let line = line.strip_prefix(' ')?.trim_end_matches(',');
    // A whole number's type is a word, perhaps with a width in brackets.
    let (_, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.strip_prefix("unsigned").unwrap_or(rest).trim_start();
    Some(format!("ALTER TABLE {table} MODIFY COLUMN {column} {to} {rest}").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_widened_with_all_that_it_has() {
        let definition = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL DEFAULT 5 COMMENT 'an int(11), kept',\n  \
                          `b``c` smallint(5) unsigned DEFAULT NULL,\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB";
        let widened = |column, to| modify("`t`", definition, column, to);
        assert_eq!(
            widened("a", "bigint").as_deref(),
            Some("ALTER TABLE `t` MODIFY COLUMN `a` bigint NOT NULL DEFAULT 5 COMMENT 'an int(11), kept'")
        );
        assert_eq!(
            widened("b`c", "bigint unsigned").as_deref(),
            Some("ALTER TABLE `t` MODIFY COLUMN `b``c` bigint unsigned DEFAULT NULL")
        );
        assert_eq!(widened("absent", "bigint"), None);
    }
}
