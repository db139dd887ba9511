//! MySQL and MariaDB, as real servers have it.
//!
//! | Module | Holds |
//! |---|---|
//! | `server` | servers of the tests' own, and databases on them |
//! | `line` | a line to a server that is cut where it hurts |
//! | `columns` | what each type of column keeps, with the server as the judge |
//! | `tables` | tables as they are found, made and refused |
//! | `writing` | rows: the last one of a key, deletes, bad rows |
//! | `sessions` | transactions, locks and lost connections |
//! | `tls` | encrypted connections, and refusals of others |
//! | `landing` | a whole landing over it |
//! | `speed` | how fast rows are written; only when asked for |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "what is passed over, and how fast the rest was, is said")]

mod columns;
mod landing;
mod line;
mod server;
mod sessions;
mod speed;
mod tables;
mod tls;
mod writing;
