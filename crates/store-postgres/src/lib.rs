//! PostgreSQL as a landing's target.
//!
//! | Module | Holds |
//! |---|---|
//! | `database` | [`Postgres`]: a server's database, and how a session with it begins |
//! | `url`, `tls` | what a URL says; encryption as libpq's `sslmode` has it |
//! | `link` | a connection, and the runtime that drives it |
//! | `session` | transactions, statements, rows |
//! | `holder` | which session holds a lock, and how it is ended |
//! | `dialect` | names and types in PostgreSQL's words |
//! | `catalog`, `find` | tables, columns and keys as the server describes them |
//! | `plan`, `write`, `single` | how rows go into a table; all at once, or one by one behind one that was refused |
//! | `binary`, `numeric` | values as COPY takes them |
//! | `parameters`, `error` | what statements are given and answer; what errors mean |
//!
//! Non-obvious:
//!
//! - A session has a runtime of its own, and its connection is driven only while a method waits. It is to be used on
//!   a thread that is in no other runtime. Between it and the server nothing may share connections among clients: the
//!   lock that a session holds, its settings and its staging tables are gone with the server's own session.
//! - COPY in binary form has values without their types: eight bytes that were a `double` are a `bigint` in a column
//!   that was changed meanwhile. So each transaction locks the table against such changes and compares its columns
//!   first.
//! - Rows are added by COPY straight into the table. Those that take the place of others are copied into a table of
//!   the session, and the server picks the last of each key: what is the same to `citext` or to a collation is known
//!   there alone. The operator is the index's own, since the search path may lead to another one.
//! - COMMIT in a transaction that failed is answered as if it went well, and rolls back. `SELECT 1` before it is
//!   refused there.
//! - Constraints that are deferred are checked with each statement: a row that COMMIT refuses could not be left out.
//! - Of an error that ends the connection during COMMIT it is not known whether it came before or behind it.

mod binary;
mod catalog;
mod database;
mod dialect;
mod error;
mod find;
mod holder;
mod link;
mod numeric;
mod parameters;
mod plan;
mod session;
mod single;
mod tls;
mod url;
mod write;

pub use database::Postgres;
pub use session::PostgresSession;
