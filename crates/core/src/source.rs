//! Where records come from.

mod any_rows;
mod csv;
mod error;
mod event_time;
mod event_times;
mod foreign;
mod input;
mod jsonl;
mod lines;
mod lookalike;
mod opening;
mod options;
mod recording;
mod rows;
mod time_column;

pub use csv::CsvOptions;
pub use error::RecordingError;
pub use event_time::{EpochUnit, Refusal, Strftime, TimeFormat, TimeFormatError, iso_time};
pub use event_times::TimeColumn;
pub use foreign::packed;
pub use input::LONGEST_RECORD_BYTES;
pub use lookalike::{LOOKALIKE_ROWS, Lookalike};
pub use options::{KeyRule, RecordingKind, RecordingOptions};
pub use recording::Recording;
pub use rows::Rows;

pub(crate) use any_rows::AnyRows;
pub(crate) use error::{excerpt, listed};
pub(crate) use rows::members;

use crate::run::Run;

/// Gives encoded records, in the order in which they leave.
pub trait Source: Send {
    /// Adds records to `run` until it is full, the input has no more at hand, or the recording ends; `false` at the
    /// end. Waits for at least one record otherwise.
    ///
    /// Records added before an error are good and leave; the error is final.
    fn fill(&mut self, run: &mut Run) -> Result<bool, RecordingError>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn fill(&mut self, run: &mut Run) -> Result<bool, RecordingError> {
        (**self).fill(run)
    }
}
