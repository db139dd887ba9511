//! SQLite as a landing's target.
//!
//! | Module | Holds |
//! |---|---|
//! | `database` | [`Sqlite`]: a file, and how it is opened |
//! | `dialect` | names and types in SQLite's words |
//! | `session` | a connection: transactions, statements, rows |
//! | `find` | a table as SQLite describes it |
//! | `owner` | which process has claimed a partition |
//!
//! Non-obvious:
//!
//! - A file has one writer at a time, and `BEGIN IMMEDIATE` takes its lock before anything is read: a transaction that
//!   began to read first could not write any more once somebody else did.
//! - Each commit is synced (`synchronous=FULL` with the write-ahead log), so a loss of power takes nothing that was
//!   committed. Rows and ledger are one transaction in any case.
//! - A type's name decides what SQLite does with values: `DECIMAL` and `JSON` would have numbers of them. So columns
//!   that are made have names with `TEXT` in them where values have to stay texts.
//! - SQLite may have rolled a transaction back by itself, after an error or by `ON CONFLICT ROLLBACK` in a table: a
//!   commit asks first whether there still is one.

mod database;
mod dialect;
mod find;
mod identity;
mod owner;
mod session;

pub use database::Sqlite;
