//! Why a recording cannot be replayed, or not as asked.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::fault::{Disposition, Explain, Fault, Phrase};
use crate::phrase;
use crate::text::CellType;

/// The reason why a recording could not be read. Each names the recording and, where there is one, the line; a
/// `number` is that of a column, counted from 1, which the fields of JSON Lines have not.
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum RecordingError {
    Read {
        name: String,
        source: io::Error,
    },
    Empty {
        name: String,
        passed_over: bool,
    },
    HeaderOnly {
        name: String,
    },
    NotText {
        name: String,
        what: &'static str,
        help: Box<Phrase>,
    },
    DuplicateColumn {
        name: String,
        line: u64,
        column: String,
    },
    ColumnNamedTwice {
        column: String,
    },
    TooManyCells {
        name: String,
        line: u64,
        limit: usize,
    },
    BlankLine {
        name: String,
        line: u64,
    },
    CellCount {
        name: String,
        line: u64,
        found: usize,
        wanted: usize,
        columns: String,
        help: Box<Phrase>,
    },
    OpenQuote {
        name: String,
        line: u64,
    },
    TooLong {
        name: String,
        line: u64,
        limit: usize,
    },
    NotJson {
        name: String,
        line: u64,
        character: usize,
        why: String,
    },
    BadCell {
        name: String,
        line: u64,
        number: Option<usize>,
        column: String,
        cell: String,
        wanted: CellType,
    },
    NotUtf8 {
        name: String,
        line: u64,
        number: Option<usize>,
        column: String,
    },
    Unwritable {
        name: String,
        line: u64,
        field: String,
        what: String,
    },
    TakenName {
        name: String,
        line: u64,
        field: String,
    },
    NoColumns {
        name: String,
    },
    MissingField {
        name: String,
        line: u64,
        column: String,
    },
    /// `purpose` is the option that names the column.
    NoColumn {
        name: String,
        wanted: String,
        purpose: &'static str,
        found: String,
        help: Box<Phrase>,
    },
    NoTimeColumn {
        name: String,
        line: u64,
        found: String,
        help: Box<Phrase>,
    },
    TimesApart {
        name: String,
        line: u64,
        date: String,
        time: String,
    },
    NoTimes {
        name: String,
    },
    BadTime {
        name: String,
        line: u64,
        number: Option<usize>,
        column: String,
        cell: String,
        format: Box<str>,
        help: Box<Phrase>,
    },
    UnknownTime {
        name: String,
        line: u64,
        number: Option<usize>,
        column: String,
        cell: String,
        help: Box<Phrase>,
    },
    OutOfOrder {
        name: String,
        line: u64,
        number: Option<usize>,
        column: String,
        cell: String,
        behind: Duration,
        help: Box<Phrase>,
    },
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Options go by their names.
impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain().fmt(f)
    }
}

impl Explain for RecordingError {
    fn explain(&self) -> Fault {
        Fault::new(self.place(), self.what()).help(self.help()).disposed(self.disposition())
    }
}

impl From<RecordingError> for Fault {
    fn from(error: RecordingError) -> Self {
        let fault = error.explain();
        match error {
            RecordingError::Read { source, .. } => fault.because(source),
            _ => fault,
        }
    }
}

impl RecordingError {
    fn place(&self) -> Phrase {
        match self {
            Self::Empty { name, .. } | Self::HeaderOnly { name } | Self::NotText { name, .. } => at(name, 1),
            Self::DuplicateColumn { name, line, .. }
            | Self::TooManyCells { name, line, .. }
            | Self::BlankLine { name, line }
            | Self::CellCount { name, line, .. }
            | Self::OpenQuote { name, line }
            | Self::TooLong { name, line, .. }
            | Self::NotJson { name, line, .. }
            | Self::BadCell { name, line, .. }
            | Self::NotUtf8 { name, line, .. }
            | Self::Unwritable { name, line, .. }
            | Self::TakenName { name, line, .. }
            | Self::MissingField { name, line, .. }
            | Self::NoTimeColumn { name, line, .. }
            | Self::TimesApart { name, line, .. }
            | Self::BadTime { name, line, .. }
            | Self::UnknownTime { name, line, .. }
            | Self::OutOfOrder { name, line, .. } => at(name, *line),
            Self::Read { name, .. }
            | Self::NoColumns { name }
            | Self::NoColumn { name, .. }
            | Self::NoTimes { name } => name.as_str().into(),
            Self::ColumnNamedTwice { .. } => phrase![@"columns"],
        }
    }

    fn what(&self) -> Phrase {
        match self {
            Self::Read { .. } => "cannot be read".into(),
            Self::Empty { passed_over: false, .. } => "no records (the file is empty)".into(),
            Self::Empty { passed_over: true, .. } => {
                "no records (nothing follows the lines passed over)".into()
            }
            Self::HeaderOnly { .. } => "no records (nothing follows the header line)".into(),
            Self::NotText { what, .. } => (*what).into(),
            Self::DuplicateColumn { column, .. } | Self::ColumnNamedTwice { column } => {
                format!("two columns are called `{column}`").into()
            }
            Self::TooManyCells { limit, .. } => {
                format!("the row has more than {limit} cells (is the delimiter right?)").into()
            }
            Self::BlankLine { .. } => "blank line".into(),
            Self::CellCount { found, wanted, columns, .. } => {
                let (cells, are) = (plural(*found, "cell", "cells"), plural(*wanted, "is", "are"));
                format!("{found} {cells} where {wanted} {are} expected ({columns})").into()
            }
            Self::OpenQuote { .. } => "a quote opens here and never closes".into(),
            Self::TooLong { limit, .. } => {
                format!("the record exceeds {limit} bytes (is a quote left open?)").into()
            }
            Self::NotJson { character, why, .. } => {
                format!("not a JSON object ({why}) at character {character}").into()
            }
            Self::BadCell { number, column, cell, wanted, .. } => {
                format!("{}: `{cell}` is no {wanted}", of_column(*number, column)).into()
            }
            Self::NotUtf8 { number, column, .. } => {
                format!("{} is not UTF-8", of_column(*number, column)).into()
            }
            Self::Unwritable { field, what, .. } if field.is_empty() => {
                format!("the record cannot be written ({what})").into()
            }
            Self::Unwritable { field, what, .. } => {
                format!("field `{field}` cannot be written ({what})").into()
            }
            Self::TakenName { field, .. } => {
                let own = format!("the record has a field `{field}` of its own, and ");
                phrase![own, @"select", " makes another"]
            }
            Self::NoColumns { .. } => "raw lines have no columns".into(),
            Self::MissingField { column, .. } => format!("no field `{column}`").into(),
            Self::NoColumn { wanted, purpose, found, .. } => {
                let mut what = Phrase::from(format!("no column `{wanted}` for "));
                what.option(purpose).add(&format!(" (found: {found})"));
                what
            }
            Self::NoTimeColumn { found, .. } => format!("no column holds a time (found: {found})").into(),
            Self::TimesApart { date, time, .. } => {
                format!("date and time stand in several columns (`{date}`, `{time}`)").into()
            }
            Self::NoTimes { .. } => "raw lines have no event times".into(),
            Self::BadTime { number, column, cell, format, .. } => {
                let column = of_column(*number, column);
                format!("{column}: `{cell}` is no time in the format {format}").into()
            }
            Self::UnknownTime { number, column, cell, .. } => {
                let column = of_column(*number, column);
                format!("{column}: `{cell}` is in no form of a time that is recognised").into()
            }
            Self::OutOfOrder { number, column, cell, behind, .. } => {
                let column = of_column(*number, column);
                format!("{column}: `{cell}` is {behind:?} earlier than the record before it").into()
            }
        }
    }

    fn help(&self) -> Phrase {
        match self {
            Self::NotText { help, .. }
            | Self::CellCount { help, .. }
            | Self::NoColumn { help, .. }
            | Self::NoTimeColumn { help, .. }
            | Self::BadTime { help, .. }
            | Self::UnknownTime { help, .. }
            | Self::OutOfOrder { help, .. } => (**help).clone(),
            Self::HeaderOnly { .. } => phrase!["with ", @"columns", " the first line counts as a record"],
            Self::DuplicateColumn { line, .. } => phrase![
                "name the columns with ",
                @"columns",
                ", and pass over the header line with ",
                @"skip-lines",
                format!(" {line}")
            ],
            Self::BlankLine { .. } => "remove it".into(),
            Self::NotUtf8 { .. } => "convert the file".into(),
            Self::TakenName { .. } => "rename one with AS, or leave the field out with IGNORE".into(),
            Self::NoColumns { .. } => {
                phrase!["send them with ", @"format", " raw, or name with ", @"select", " what to send"]
            }
            Self::TimesApart { .. } => {
                phrase!["join them in one column, or name one of them with ", @"time"]
            }
            Self::NoTimes { .. } => {
                phrase!["pace them with ", @"rate", ", ", @"interval", " or ", @"unpaced"]
            }
            _ => Phrase::default(),
        }
    }

    fn disposition(&self) -> Disposition {
        match self {
            Self::NoColumn { .. }
            | Self::NoColumns { .. }
            | Self::NoTimes { .. }
            | Self::ColumnNamedTwice { .. } => Disposition::Misuse,
            Self::BlankLine { .. }
            | Self::CellCount { .. }
            | Self::NotJson { .. }
            | Self::BadCell { .. }
            | Self::NotUtf8 { .. }
            | Self::Unwritable { .. }
            | Self::TakenName { .. }
            | Self::MissingField { .. }
            | Self::BadTime { .. } => Disposition::Reject,
            _ => Disposition::Stop,
        }
    }
}

fn at(name: &str, line: u64) -> Phrase {
    format!("{name}:{line}").into()
}

fn of_column(number: Option<usize>, column: &str) -> String {
    match number {
        Some(number) => format!("column {number} `{column}`"),
        None => format!("field `{column}`"),
    }
}

fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// What to do about a delimiter that is another one.
pub(crate) fn delimiter_help(delimiter: char) -> Phrase {
    match delimiter {
        '\t' => phrase!["is a tab the delimiter? then state ", @"delimiter", " '\\t'"],
        other => {
            phrase![format!("is `{other}` the delimiter? then state "), @"delimiter", format!(" '{other}'")]
        }
    }
}
/// How many names a message lists.
const SHOWN_NAMES: usize = 20;

/// The names of columns for a message, the first ones only where there are many.
pub(crate) fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN_NAMES);
    let shown: Vec<String> = names[..names.len() - more].iter().map(|name| excerpt(name)).collect();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_cells_may_hold_anything() {
        let bad = RecordingError::BadCell {
            name: "a: b; c.csv".into(),
            line: 2,
            number: Some(1),
            column: "x".into(),
            cell: "p; q: r".into(),
            wanted: CellType::Int,
        };
        let Fault { place, what, help, disposition, .. } = bad.explain();
        let said = [place, what, help].map(|part| part.to_string());
        assert_eq!(said, ["a: b; c.csv:2", "column 1 `x`: `p; q: r` is no int", ""]);
        assert_eq!(disposition, Disposition::Reject);
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        let names: Vec<String> = (0..3_000).map(|number| format!("c{number}")).collect();
        assert!(listed(&names).ends_with("c19 and 2980 more"));
        assert_eq!(listed(&names[..2]), "c0, c1");
    }
}
