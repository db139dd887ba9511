//! Why a recording cannot be replayed, or not as asked.

use std::io;
use std::time::Duration;

use crate::text::CellType;

/// Why a recording could not be read. The text starts with the recording's name and, where there is one, the line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordingError {
    #[error("cannot read {name}")]
    Read { name: String, source: io::Error },
    #[error("{name}:1: no records ({})",
        if *passed_over { "nothing follows the lines passed over" } else { "the file is empty" })]
    Empty { name: String, passed_over: bool },
    #[error(
        "{name}:1: no records (nothing follows the header line); with --columns the first line counts as a record"
    )]
    HeaderOnly { name: String },
    #[error("{name}:1: {what}; {help}")]
    NotText { name: String, what: &'static str, help: Box<str> },
    #[error(
        "{name}:{line}: two columns are called `{column}`; name the columns with --columns, and pass over the \
        header line with --skip-lines {line}"
    )]
    DuplicateColumn { name: String, line: u64, column: String },
    #[error("--columns: two columns are called `{column}`")]
    ColumnNamedTwice { column: String },
    #[error("{name}:{line}: the row has more than {limit} cells (is the delimiter right?)")]
    TooManyCells { name: String, line: u64, limit: usize },
    #[error("{name}:{line}: blank line; remove it")]
    BlankLine { name: String, line: u64 },
    #[error("{name}:{line}: {found} {} where {wanted} {} expected ({columns}){}",
        if *found == 1 { "cell" } else { "cells" }, if *wanted == 1 { "is" } else { "are" }, Behind(help))]
    CellCount { name: String, line: u64, found: usize, wanted: usize, columns: String, help: Box<str> },
    #[error("{name}:{line}: a quote opens here and never closes")]
    OpenQuote { name: String, line: u64 },
    #[error("{name}:{line}: the record exceeds {limit} bytes (is a quote left open?)")]
    TooLong { name: String, line: u64, limit: usize },
    #[error("{name}:{line}: not a JSON object ({why}) at character {character}")]
    NotJson { name: String, line: u64, character: usize, why: String },
    #[error("{name}:{line}: column {number} `{column}`: `{cell}` is no {wanted}")]
    BadCell { name: String, line: u64, number: usize, column: String, cell: String, wanted: CellType },
    #[error("{name}:{line}: column {number} `{column}` is not UTF-8; convert the file")]
    NotUtf8 { name: String, line: u64, number: usize, column: String },
    #[error("{name}:{line}: {}cannot be written ({what})", Field(field))]
    Unwritable { name: String, line: u64, field: String, what: String },
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
    #[error("{name}: no column `{wanted}` for {purpose} (found: {found}){}", Behind(help))]
    NoColumn { name: String, wanted: String, purpose: &'static str, found: String, help: Box<str> },
    #[error("{name}:{line}: no column holds a time (found: {found}); {help}")]
    NoTimeColumn { name: String, line: u64, found: String, help: Box<str> },
    #[error(
        "{name}:{line}: date and time stand in several columns (`{date}`, `{time}`); join them in one column, \
        or name one of them with --time"
    )]
    TimesApart { name: String, line: u64, date: String, time: String },
    #[error("{name}: raw lines have no event times; pace them with --rate, --interval or --unpaced")]
    NoTimes { name: String },
    #[error("{name}:{line}: column {number} `{column}`: `{cell}` is no time in the format {format}; {help}")]
    BadTime {
        name: String,
        line: u64,
        number: usize,
        column: String,
        cell: String,
        format: Box<str>,
        help: Box<str>,
    },
    #[error(
        "{name}:{line}: column {number} `{column}`: `{cell}` is in no form of a time that is recognised; {help}"
    )]
    UnknownTime { name: String, line: u64, number: usize, column: String, cell: String, help: Box<str> },
    #[error(
        "{name}:{line}: column {number} `{column}`: `{cell}` is {behind:?} earlier than the record before it; {help}"
    )]
    OutOfOrder {
        name: String,
        line: u64,
        number: usize,
        column: String,
        cell: String,
        behind: Duration,
        help: Box<str>,
    },
    #[error("--time-zone: {error}")]
    TimeZone { error: crate::stamp::StampError },
    #[error(transparent)]
    Projection(#[from] crate::projection::ProjectionError),
    #[error(transparent)]
    Codec(#[from] crate::codec::CodecError),
}

/// What the messages advise, each behind a semicolon at the end, where no field holds it.
const ADVICE: [&str; 11] = [
    "convert the file",
    "remove it",
    "rename one with AS, or leave the field out with IGNORE",
    "send them with --format raw, or name with --select what to send",
    "pace them with --rate, --interval or --unpaced",
    "join them in one column, or name one of them with --time",
    "choose one with --select",
    "name it with --time",
    "name the columns",
    "with --columns the first line counts as a record",
    "use an IANA name such as Europe/Berlin, or UTC",
];

/// Advice behind a semicolon, or nothing.
struct Behind<'a>(&'a str);

impl std::fmt::Display for Behind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; {}", self.0) }
    }
}

/// A field with its name, or nothing.
struct Field<'a>(&'a str);

impl std::fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { f.write_str("the record ") } else { write!(f, "field `{}` ", self.0) }
    }
}

impl RecordingError {
    /// Where it is, what is wrong and what to do, the last possibly empty. Names and cells may hold anything, so the
    /// parts are not found by punctuation.
    pub fn parts(&self) -> (String, String, String) {
        let mut text = self.to_string();
        let mut help = String::new();
        let advised = self.help();
        for advice in ADVICE.iter().copied().chain(advised.as_deref()).filter(|advice| !advice.is_empty()) {
            if let Some(rest) = text.strip_suffix(advice).and_then(|rest| rest.strip_suffix("; ")) {
                advice.clone_into(&mut help);
                text.truncate(rest.len());
                break;
            }
        }
        let named = self.name().and_then(|name| Some((name, text.strip_prefix(name)?)));
        let (place, what) = match named {
            Some((name, rest)) => {
                let line = rest.find(": ").unwrap_or(0);
                (format!("{name}{}", &rest[..line]), rest[line..].trim_start_matches(": "))
            }
            None => match text.split_once(": ") {
                Some((place, what)) => (place.to_owned(), what),
                None => (String::new(), &*text),
            },
        };
        (place, what.to_owned(), help)
    }

    /// The advice that depends on what was found.
    fn help(&self) -> Option<String> {
        match self {
            Self::NotText { help, .. }
            | Self::CellCount { help, .. }
            | Self::NoColumn { help, .. }
            | Self::NoTimeColumn { help, .. }
            | Self::BadTime { help, .. }
            | Self::UnknownTime { help, .. }
            | Self::OutOfOrder { help, .. } => Some(help.to_string()),
            Self::DuplicateColumn { line, .. } => Some(format!(
                "name the columns with --columns, and pass over the header line with --skip-lines {line}"
            )),
            _ => None,
        }
    }

    /// The recording's name, where the text starts with it.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Empty { name, .. }
            | Self::HeaderOnly { name }
            | Self::NotText { name, .. }
            | Self::DuplicateColumn { name, .. }
            | Self::TooManyCells { name, .. }
            | Self::BlankLine { name, .. }
            | Self::CellCount { name, .. }
            | Self::OpenQuote { name, .. }
            | Self::TooLong { name, .. }
            | Self::NotJson { name, .. }
            | Self::BadCell { name, .. }
            | Self::NotUtf8 { name, .. }
            | Self::Unwritable { name, .. }
            | Self::TakenName { name, .. }
            | Self::NoColumns { name }
            | Self::MissingField { name, .. }
            | Self::NoColumn { name, .. }
            | Self::NoTimeColumn { name, .. }
            | Self::NoTimes { name }
            | Self::TimesApart { name, .. }
            | Self::BadTime { name, .. }
            | Self::UnknownTime { name, .. }
            | Self::OutOfOrder { name, .. } => Some(name),
            Self::Read { .. }
            | Self::ColumnNamedTwice { .. }
            | Self::TimeZone { .. }
            | Self::Projection(_)
            | Self::Codec(_) => None,
        }
    }
}

/// What to do about a delimiter that is another one.
pub(crate) fn delimiter_help(delimiter: char) -> String {
    match delimiter {
        '\t' => "is a tab the delimiter? then state --delimiter '\\t'".into(),
        other => format!("is `{other}` the delimiter? then state --delimiter '{other}'"),
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
    fn parts_are_told_apart_whatever_names_and_cells_hold() {
        let name = || "a: b; c.csv".to_owned();
        let (line, number) = (2, 1);
        let bad = RecordingError::BadCell {
            name: name(),
            line,
            number,
            column: "x".into(),
            cell: "p; q: r".into(),
            wanted: CellType::Int,
        };
        let expected = ("a: b; c.csv:2", "column 1 `x`: `p; q: r` is no int", "");
        let (place, what, help) = bad.parts();
        assert_eq!((&*place, &*what, &*help), expected);
        let (place, what, help) = RecordingError::BlankLine { name: name(), line }.parts();
        assert_eq!((&*place, &*what, &*help), ("a: b; c.csv:2", "blank line", "remove it"));
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        let names: Vec<String> = (0..3_000).map(|number| format!("c{number}")).collect();
        assert!(listed(&names).ends_with("c19 and 2980 more"));
        assert_eq!(listed(&names[..2]), "c0, c1");
    }
}
