//! Typed data: values, rows of them, and what their types are. Cells as a recording writes them are in
//! [`text`](crate::text).
//!
//! | Module | Holds |
//! |---|---|
//! | `schema` | [`Schema`], [`Column`], [`DataType`]: what is known of values before they are seen |
//! | `value` | [`Value`]: one of them |
//! | `buffer` | [`RowBuffer`]: rows in one storage that is used again |
//! | `row` | [`Row`]: a view of one |
//! | `builder` | [`RowBuilder`]: writes a row |
//! | `names` | the names of fields, each stored once |
//!
//! ```
//! use kadence_core::data::{RowBuffer, Value};
//! let mut rows = RowBuffer::new();
//! let mut row = rows.build();
//! row.name("id").int(7);
//! row.name("at").begin_struct();
//! row.name("lat").float(52.5);
//! row.end();
//! row.finish()?;
//! assert_eq!(rows.row(0).get("id"), Some(Value::Int(7)));
//! # Ok::<(), kadence_core::data::TooLarge>(())
//! ```

mod buffer;
mod builder;
mod names;
mod row;
mod schema;
mod value;

pub use buffer::RowBuffer;
pub use builder::{RowBuilder, TooLarge};
pub use row::Row;
pub use schema::{Column, DataType, Schema};
pub use value::{Fields, List, Value};
