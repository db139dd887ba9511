//! MySQL and MariaDB as a landing's targets.
//!
//! | Module | Holds |
//! |---|---|
//! | `database` | [`Mysql`]: a server's database, and how a session with it begins |
//! | `url` | what a URL says, TLS included |
//! | `server` | which server it is: MySQL or MariaDB, and what it allows |
//! | `connection` | statements and their answers, on a runtime of the connection's own |
//! | `error` | what the servers' errors mean for a landing |
//! | `dialect` | names and types in the servers' words |
//! | `find`, `types` | a table as the servers describe it |
//! | `session` | transactions, the ledger's statements, and whose session is ended |
//! | `writing`, `statements`, `values` | rows: how many at once, by which statements, as which values |
//!
//! Non-obvious:
//!
//! - A deadlock rolls the whole transaction back, and the next statement would begin another one. So a session does not
//!   commit after such an error before it was told to roll back.
//! - Statements outside a transaction end theirs at once: `autocommit` is off, and what a session has read it would
//!   hold against everybody's `ALTER TABLE`.
//! - MySQL and MariaDB share the wire, and little else of what matters here: MariaDB takes many rows by its bulk
//!   protocol, MySQL by statements with many rows in them.
//! - Some columns change values without an error, whatever the mode: `BINARY` pads, `ENUM` takes a number for a place in
//!   its list. Rows are checked for that before they are sent. A type that does so in other ways is not written.
//! - Collations compare texts with spaces at their ends as if they had none, unless they say `nopad` or `0900`. Columns
//!   that are made have such a one, so that two keys stay two.

mod connection;
mod database;
mod dialect;
mod error;
mod find;
mod server;
mod session;
mod statements;
mod types;
mod url;
mod values;
mod writing;

pub use database::Mysql;
pub use session::MysqlSession;
