//! The event time of each row: where it stands, how it is read, and what is wrong where it cannot be.

use super::any_rows::AnyRows;
use super::error::{RecordingError, excerpt};
use super::event_time::TimeParser;
use super::rows::Rows as _;
use super::time_column::{is_missing, suggestion};
use crate::phrase;
use crate::record::Timestamp;
use crate::text::ColumnRef;

/// Where event times stand and how they are read.
pub(super) struct EventTimes {
    pub(super) field: ColumnRef,
    pub(super) parser: TimeParser,
    /// Nobody named the column.
    pub(super) is_guessed: bool,
}

/// The column that paces a recording.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TimeColumn {
    /// Its name.
    pub column: String,
    /// The format of its cells, as `--time-format` takes it.
    pub format: String,
    /// Whether it was chosen by kadence, not named by somebody.
    pub guessed: bool,
}

impl EventTimes {
    /// The event time of the present row of the recording called `name`.
    pub(super) fn of(&self, name: &str, rows: &AnyRows) -> Result<Timestamp, RecordingError> {
        let Self { field, parser, .. } = self;
        let parsed = match rows.csv_text(field) {
            Some(text) => parser.parse(text),
            None => rows.cell(field).and_then(|cell| parser.parse(cell.text().as_bytes())),
        };
        parsed.ok_or_else(|| no_event_time(name, rows, field, parser))
    }

    pub(super) fn column(&self) -> TimeColumn {
        let format = self.parser.format.name().to_owned();
        TimeColumn { column: self.field.path.join("."), format, guessed: self.is_guessed }
    }
}

#[cold]
fn no_event_time(name: &str, rows: &AnyRows, field: &ColumnRef, parser: &TimeParser) -> RecordingError {
    if let Some(cell) = rows.cell(field) {
        return bad_time(name, rows, field, &cell.text(), parser);
    }
    RecordingError::MissingField { name: name.into(), line: rows.line(), column: field.path.join(".") }
}

/// A text that is no time in the format of `parser`.
pub(super) fn bad_time(
    name: &str,
    rows: &AnyRows,
    field: &ColumnRef,
    text: &str,
    parser: &TimeParser,
) -> RecordingError {
    let help = match suggestion(text) {
        Some(format) => phrase!["state another with ", @"time-format", ", such as ", format],
        None if is_missing(text) => "there is no time in it: fill it in, or leave the record out".into(),
        None => phrase!["state another with ", @"time-format"],
    };
    RecordingError::BadTime {
        name: name.into(),
        line: rows.line(),
        number: rows.number_of(field),
        column: field.path.join("."),
        cell: excerpt(text),
        format: parser.format.to_string().into(),
        help: Box::new(help),
    }
}

/// The event time of the present row is earlier than the one before it.
#[cold]
pub(super) fn out_of_order(
    name: &str,
    rows: &AnyRows,
    time: Option<&EventTimes>,
    behind: std::time::Duration,
) -> RecordingError {
    let (number, column, cell) = time.map_or_else(Default::default, |EventTimes { field, .. }| {
        let cell = rows.cell(field).map(|cell| excerpt(&cell.text())).unwrap_or_default();
        (rows.number_of(field), field.path.join("."), cell)
    });
    let sort = phrase!["sort the file, or pass ", @"out-of-order", "=clamp to replay it as it stands"];
    let help = if time.is_some_and(|time| time.is_guessed) {
        let doubt = format!("if `{column}` is not the event time, name the right column with ");
        let mut help = phrase![doubt, @"time", "; otherwise "];
        help.add(&sort);
        help
    } else {
        sort
    };
    RecordingError::OutOfOrder {
        name: name.into(),
        line: rows.line(),
        number,
        column,
        cell,
        behind,
        help: Box::new(help),
    }
}
