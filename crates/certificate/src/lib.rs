//! The certificate of a run: how punctual it was, what was promised and kept, and what is there of it.
//!
//! It is one page that needs no network, or the same as data. A page holds its data, so that what is found later can be
//! added to it.

mod data;
mod page;
mod plot;
mod text;
mod units;

pub use data::{
    Bucket, Certificate, Fault, Machine, Percentiles, PlaceVerdict, Promise, Report, Slice, Source, Topic,
    Verdict,
};
pub use text::Unreadable;
