//! Why a recording cannot be replayed, or not as asked.

use std::io;
use std::time::Duration;

use crate::schema::Type;

/// Why a recording could not be read. The text starts with the recording's name and, where there is one, the line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordingError {
    #[error("cannot read {name}")]
    Read { name: String, source: io::Error },
    #[error("{name}:1: no records (the file is empty)")]
    Empty { name: String },
    #[error(
        "{name}:1: no records (nothing follows the header line); with --columns the first line counts as a record"
    )]
    HeaderOnly { name: String },
    #[error("{name}:1: starts like UTF-16; convert it to UTF-8")]
    Utf16 { name: String },
    #[error("{name}:1: two columns are called `{column}`; name the columns with --columns")]
    DuplicateColumn { name: String, column: String },
    #[error("--columns: two columns are called `{column}`")]
    ColumnNamedTwice { column: String },
    #[error("{name}:{line}: the row has more than {limit} cells (is the delimiter right?)")]
    TooManyCells { name: String, line: u64, limit: usize },
    #[error("{name}:{line}: blank line; remove it")]
    BlankLine { name: String, line: u64 },
    #[error("{name}:{line}: {found} {} where {wanted} are expected ({columns})", if *found == 1 { "cell" } else { "cells" })]
    CellCount { name: String, line: u64, found: usize, wanted: usize, columns: String },
    #[error("{name}:{line}: a quote opens here and never closes")]
    OpenQuote { name: String, line: u64 },
    #[error("{name}:{line}: the record exceeds {limit} bytes (is a quote left open?)")]
    TooLong { name: String, line: u64, limit: usize },
    #[error("{name}:{line}: not a JSON object ({why}) at character {character}")]
    NotJson { name: String, line: u64, character: usize, why: String },
    #[error("{name}:{line}: column {number} `{column}`: `{cell}` is no {wanted}")]
    BadCell { name: String, line: u64, number: usize, column: String, cell: String, wanted: Type },
    #[error("{name}:{line}: column {number} `{column}` is not UTF-8; convert the file")]
    NotUtf8 { name: String, line: u64, number: usize, column: String },
    #[error(
        "{name}:{line}: the record has a field `{field}` of its own, and --select makes another; rename one with AS, \
        or leave the field out with IGNORE"
    )]
    TakenName { name: String, line: u64, field: String },
    #[error(
        "{name}: raw lines have no columns; send them with --format raw, or name with --select what to send"
    )]
    NoColumns { name: String },
    #[error("{name}:{line}: no field `{column}`")]
    MissingField { name: String, line: u64, column: String },
    #[error("{name}: no column `{wanted}` for {purpose} (found: {found})")]
    NoColumn { name: String, wanted: String, purpose: &'static str, found: String },
    #[error(
        "{name}:{line}: no column holds a time (found: {found}); name it with --time and --time-format, \
        or pace with --rate, --interval or --unpaced"
    )]
    NoTimeColumn { name: String, line: u64, found: String },
    #[error("{name}: raw lines have no event times; pace them with --rate, --interval or --unpaced")]
    NoTimes { name: String },
    #[error(
        "{name}:{line}: column {number} `{column}`: `{cell}` is no time in the format {format}; \
        state another with --time-format"
    )]
    BadTime { name: String, line: u64, number: usize, column: String, cell: String, format: String },
    #[error(
        "{name}:{line}: column {number} `{column}`: `{cell}` is {behind:?} earlier than the record before it; \
        sort the file, or pass --out-of-order=clamp to replay it as it stands"
    )]
    OutOfOrder { name: String, line: u64, number: usize, column: String, cell: String, behind: Duration },
    #[error("--time-zone: {error}")]
    TimeZone { error: crate::stamp::StampError },
    #[error(transparent)]
    Projection(#[from] crate::projection::ProjectionError),
    #[error(transparent)]
    Codec(#[from] crate::codec::CodecError),
}

/// How much of a bad cell a message shows.
const SHOWN_CHARACTERS: usize = 60;

/// The text of a cell for a message: on one line and not too long.
pub(crate) fn excerpt(cell: &str) -> String {
    let mut shown = String::new();
    for character in cell.chars().take(SHOWN_CHARACTERS) {
        if character.is_control() { shown.extend(character.escape_debug()) } else { shown.push(character) }
    }
    if cell.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}
