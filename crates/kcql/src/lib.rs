//! KCQL, from text to a tree with spans.
//!
//! [`parse_columns`] reads a *column list*: what stands between SELECT and FROM, with IGNORE and what follows
//! it. Which functions exist and what a path finds in a record is the business of whoever compiles the tree;
//! this crate knows text only.
//!
//! In a list, quoted text and backticks are both *names*, as KCQL has it. Single quotes hold a text only
//! as an argument of a function: `text('abc') AS greeting`.
//!
//! Spans count bytes; people are told character numbers, counted from 1.
//!
//! ```
//! use kadence_kcql::{Expr, parse_columns};
//!
//! let list = parse_columns("*, sensor.temp AS t, uuid() AS _id IGNORE raw").unwrap();
//! assert_eq!(list.columns[0].expr, Expr::All);
//! assert_eq!(list.ignored[0].names[0].text, "raw");
//! assert_eq!(list.to_string(), "*, sensor.temp AS t, uuid() AS _id IGNORE raw");
//!
//! let text = "speed heart_rate";
//! let error = parse_columns(text).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "character 7: expected `,` or AS (found `heart_rate`); did you forget a comma?"
//! );
//! assert_eq!(error.caret(text), "speed heart_rate\n      ^^^^^^^^^^");
//! ```

mod calls;
mod caret;
mod columns;
mod error;
mod lexer;
mod names;
mod print;
mod span;
mod tree;

pub use columns::parse_columns;
pub use error::ParseError;
pub use span::Span;
pub use tree::{Argument, Column, ColumnList, Expr, Name, Path};
