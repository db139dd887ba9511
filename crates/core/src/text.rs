//! Cells as a recording writes them: numbers keep their text, `51` stays `51`. Typed values are in `data`.
//!
//! | Module | Holds |
//! |---|---|
//! | `cell` | [`CellText`], and what it is as a [`CellValue`] of a type |
//! | `types` | [`CellType`], and which columns have which: [`ColumnTypes`] |
//! | `column` | [`ColumnRef`]: which column is meant |

mod cell;
mod column;
mod types;

pub(crate) use cell::is_number_for_all;
pub use cell::{CellText, CellValue, Misfit, is_json_number};
pub use column::ColumnRef;
pub use types::{CellType, ColumnTypes, UnknownCellType};
