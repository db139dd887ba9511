//! MySQL and MariaDB, as real servers have it.
//!
//! | Module | Holds |
//! |---|---|
//! | `server` | databases on the servers that all share |
//! | `contract` | the contract that all targets keep |
//! | `columns` | what each type of column keeps, with the server as the judge |
//! | `tables` | tables as they are found, made and refused |
//! | `writing` | rows: the last one of a key, deletes, bad rows |
//! | `sessions` | transactions, locks and lost connections |
//! | `tls` | encrypted connections, and refusals of others |
//! | `landing` | a whole landing over it |
//! | `speed` | how fast rows are written; only when asked for |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "how fast it was is said")]

/// Runs each of these functions as a test on MariaDB, which the suite `databases` does, and on MySQL.
macro_rules! on_both {
    ($($name:ident,)*) => {
        mod databases {
            mod mariadb {
                $(#[test] #[ignore = "needs a MariaDB at KADENCE_TEST_MARIADB"]
                fn $name() {
                    super::super::$name(&crate::server::Db::new(crate::server::Kind::MariaDb));
                })*
            }
            mod mysql {
                $(#[test] #[ignore = "needs a MySQL at KADENCE_TEST_MYSQLD"]
                fn $name() {
                    super::super::$name(&crate::server::Db::new(crate::server::Kind::MySql));
                })*
            }
        }
    };
}

mod columns;
mod contract;
mod landing;
mod server;
mod sessions;
mod speed;
mod tables;
mod tls;
mod writing;
