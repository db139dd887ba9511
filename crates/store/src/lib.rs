//! From records to the rows of SQL tables, exactly once: what all databases have in common.
//!
//! | Module | Holds |
//! |---|---|
//! | `sql_target` | [`SqlTarget`]: a landing's target over any [`Database`]; what it would do, as a [`Preview`] |
//! | `session` | [`Database`] and [`Session`]: what a driver has to do, and its errors |
//! | `ledger` | which landings there are, and how far each has come: two tables beside the rows |
//! | `options` | [`LandingOptions`]: what is landed where |
//! | `mapping` | which values of a record become which columns |
//! | `decoded` | keys and bodies as rows, in storage that is used again |
//! | `keys` | the key of the row that a record becomes |
//! | `lineage` | where a row came from, and the seal of its record |
//! | `types`, `infer` | the types of columns, declared or read off the first batch |
//! | `convert`, `decimal`, `cells` | values as a column takes them, exactly or not at all; the rows of a batch |
//! | `sheet`, `making`, `ddl` | a table and the rows for it; tables that are made and changed |
//! | `writing` | rows that only the server refuses, found while their neighbours are written |

mod calendar;
mod cells;
mod convert;
mod ddl;
mod decimal;
mod decoded;
mod infer;
mod keys;
mod ledger;
mod lineage;
mod making;
mod mapping;
mod options;
mod session;
mod sheet;
mod sql_target;
mod table;
mod types;
mod writing;

pub use calendar::{date_text, time_text, timestamp_text};
pub use cells::{Cell, Change, Rows};
pub use convert::Limits;
pub use ddl::{Dialect, table_name};
pub use keys::{KeyReader, Keyed};
pub use ledger::{Landing, Line, id_text};
pub use lineage::Lineage;
pub use options::{BodyFormat, Declared, KeyFormat, LandingOptions};
pub use session::{CommitError, Database, Datum, DbError, Kind, Parameter, Session};
pub use sql_target::{Counts, Notice, Preview, SqlTarget, Store, TablePreview};
pub use table::{Column, Found, Mode, Table};
pub use types::{ColumnType, Digits, KNOWN_TYPES, TextLimits, UnknownType};

/// A random name of 32 hexadecimal digits.
pub fn random_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
