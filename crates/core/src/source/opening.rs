//! What is checked and decided when a recording is opened: its options against its first row.

use std::collections::HashMap;

use super::any_rows::AnyRows;
use super::error::{RecordingError, delimiter_help, excerpt};
use super::event_time::{TimeFormat, TimeParser};
use super::event_times::{self, EventTimes};
use super::options::{Key, KeyRule, RecordingKind, RecordingOptions};
use super::rows::Rows as _;
use super::time_column::{self, Choice, NoChoice, suggestion};
use crate::codec::{self, BodyEncoder, Format, Shape};
use crate::fault::{Explain, Fault, Phrase};
use crate::phrase;
use crate::projection::{Expr, Names, Projection};
use crate::stamp::StampFormat;
use crate::text::{ColumnRef, is_json_number};

/// What the rows are encoded with.
pub(super) struct Checked {
    pub(super) encoder: Box<dyn BodyEncoder>,
    pub(super) stamps: Vec<StampFormat>,
    pub(super) time: Option<EventTimes>,
    pub(super) key: Key,
    pub(super) decisions: Vec<Phrase>,
}

/// Checks `options` against the present row; all faults are reported together.
pub(super) fn check(
    name: &str,
    rows: &mut AnyRows,
    options: &RecordingOptions,
) -> Result<Checked, Vec<Fault>> {
    let names = rows.names();
    let mut places = HashMap::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        places.entry(name.as_str()).or_insert(index);
    }
    let (faults, decisions) = (Vec::new(), Vec::new());
    Opening { name, rows, names: &names, places, options, faults, decisions }.check()
}

struct Opening<'a> {
    name: &'a str,
    rows: &'a mut AnyRows,
    /// The columns, or the fields of the first record.
    names: &'a [String],
    /// Where each of them is.
    places: HashMap<&'a str, usize>,
    options: &'a RecordingOptions,
    faults: Vec<Fault>,
    decisions: Vec<Phrase>,
}

impl Opening<'_> {
    fn check(mut self) -> Result<Checked, Vec<Fault>> {
        self.check_types();
        let projection = self.projection();
        let needs_time = self.options.schedule.needs_event_times()
            || self.options.time.is_some()
            || self.options.shape == Shape::Keyed
            || projection.as_ref().is_some_and(Projection::needs_event_time);
        let time = if needs_time { self.time() } else { None };
        if !needs_time && projection.is_some() {
            self.refuse_unread_times();
        }
        let key = self.key();
        if let Some(delimiter) = self.rows.likelier_delimiter() {
            let mut decision = Phrase::from("the columns may not be apart: ");
            decision.add(&delimiter_help(delimiter));
            self.decisions.push(decision);
        }
        let stamps = projection.as_ref().map(|projection| projection.stamps.clone()).unwrap_or_default();
        let encoder = projection.and_then(|projection| self.encoder(projection, time.as_ref()));
        match encoder {
            Some(encoder) if self.faults.is_empty() => {
                Ok(Checked { encoder, stamps, time, key, decisions: self.decisions })
            }
            _ => Err(self.faults),
        }
    }

    /// Refuses what says how times are read where none is.
    fn refuse_unread_times(&mut self) {
        let options = self.options;
        let is_said = [
            (phrase![@"time-format"], options.time_format != TimeFormat::Auto),
            (phrase![@"time-zone"], options.time_zone.is_some()),
        ];
        for (place, _) in is_said.into_iter().filter(|(_, is_said)| *is_said) {
            let help = phrase!["leave it out, or name a column to read with ", @"time"];
            self.faults.push(Fault::new(place, "no event time is read here").help(help).misuse());
        }
    }

    fn encoder(&mut self, projection: Projection, time: Option<&EventTimes>) -> Option<Box<dyn BodyEncoder>> {
        let has_star = projection.items.iter().any(|item| matches!(item.expr, Expr::Rest(_)));
        let is_raw = matches!(self.options.kind, RecordingKind::Raw);
        let takes_lines = self.options.format == Format::Raw && self.options.encoding.is_none();
        if has_star && is_raw && !takes_lines {
            self.faults.push(RecordingError::NoColumns { name: self.name.into() }.explain());
            return None;
        }
        // Without its time column a keyed body is already at fault.
        if self.options.shape == Shape::Keyed && time.is_none() {
            return None;
        }
        let time = time.map(|time| &time.field);
        let encoder = match &self.options.encoding {
            Some(encoding) => codec::rows_encoder(encoding, projection),
            None => codec::encoder(self.options.format, self.options.shape, projection, time),
        };
        encoder.map_err(|error| self.faults.push(error.explain())).ok()
    }

    fn found(&self) -> String {
        crate::source::listed(self.names)
    }

    /// What to do where the columns may not have come apart; empty where they have.
    fn delimiter_hint(&self) -> Phrase {
        self.rows.likelier_delimiter().map(delimiter_help).unwrap_or_default()
    }

    /// The column called `wanted`. Records without fixed columns may have it or not.
    fn field(&mut self, wanted: &str, purpose: &'static str) -> Option<ColumnRef> {
        if let Some(&index) = self.places.get(wanted) {
            return Some(ColumnRef::dotted(wanted, index));
        }
        let first = wanted.split('.').next().unwrap_or(wanted);
        if matches!(self.options.kind, RecordingKind::JsonLines) {
            if !self.places.contains_key(first) && purpose != "time" {
                let without = if purpose == "key" { "it has no key" } else { "nothing is done" };
                self.note_absent(wanted, without);
            }
            let index = self.places.get(first).copied().unwrap_or(self.names.len());
            return Some(ColumnRef::dotted(wanted, index));
        }
        let (name, wanted, found) = (self.name.into(), wanted.into(), self.found());
        let help = Box::new(self.delimiter_hint());
        self.faults.push(RecordingError::NoColumn { name, wanted, purpose, found, help }.explain());
        None
    }

    /// Says that the first record has no field that was named: it may be a slip.
    fn note_absent(&mut self, column: &str, without: &str) {
        let note =
            format!("the first record has no field `{}`; where there is none, {without}", excerpt(column));
        let note = Phrase::from(note);
        if !self.decisions.contains(&note) {
            self.decisions.push(note);
        }
    }

    fn check_types(&mut self) {
        let options = self.options;
        for declared in options.types.declared() {
            self.field(declared, "types");
        }
    }

    fn projection(&mut self) -> Option<Projection> {
        let help = self.delimiter_hint();
        let names = Names {
            help: &help,
            found: self.names,
            places: &self.places,
            fixed: matches!(self.options.kind, RecordingKind::Csv(_)),
            may_lack: matches!(self.options.kind, RecordingKind::JsonLines),
            types: &self.options.types,
        };
        match Projection::compile(self.options.select.as_deref().unwrap_or("*"), names) {
            Ok(projection) => {
                for absent in &projection.absent {
                    self.note_absent(absent, "it is null");
                }
                Some(projection)
            }
            Err(faults) => {
                self.faults.extend(faults.iter().map(Explain::explain));
                None
            }
        }
    }

    fn key(&mut self) -> Key {
        match &self.options.key {
            KeyRule::None => Key::None,
            KeyRule::File => Key::Constant(self.name.as_bytes().to_vec()),
            KeyRule::Constant(text) => Key::Constant(text.as_bytes().to_vec()),
            KeyRule::Column(column) => self.field(column, "key").map_or(Key::None, Key::Column),
        }
    }

    /// The column with the event time and its format, decided where left open.
    fn time(&mut self) -> Option<EventTimes> {
        if matches!(self.options.kind, RecordingKind::Raw) {
            self.faults.push(RecordingError::NoTimes { name: self.name.into() }.explain());
            return None;
        }
        let zone = self.options.time_zone.as_deref();
        let mut parser = match TimeParser::new(self.options.time_format.clone(), zone) {
            Ok(parser) => parser,
            Err(error) => {
                self.faults.push(Fault::new(phrase![@"time-zone"], error.what()).help(error.help()).misuse());
                return None;
            }
        };
        let (field, format) = match &self.options.time {
            Some(column) => self.stated_time(column, &parser)?,
            None => match time_column::choose(self.rows, self.names, &parser) {
                Ok(Choice { field, format }) => (field, format),
                Err(none) => {
                    let fault = self.no_choice(none, &parser);
                    self.faults.push(fault.explain());
                    return None;
                }
            },
        };
        parser.format = format;
        let is_guessed = self.options.time.is_none();
        if is_guessed || self.options.time_format == TimeFormat::Auto {
            let text = self.rows.cell(&field).map(|cell| cell.text().into_owned()).unwrap_or_default();
            let format = parser.describe(&text);
            self.decisions.push(format!("event time: column `{}`, {format}", field.path.join(".")).into());
        }
        Some(EventTimes { field, parser, is_guessed })
    }

    /// The column that somebody named, and the format that its first text is in.
    fn stated_time(&mut self, column: &str, parser: &TimeParser) -> Option<(ColumnRef, TimeFormat)> {
        let field = self.field(column, "time")?;
        let Some(cell) = self.rows.cell(&field) else {
            let (name, line, column) = (self.name.into(), self.rows.line(), column.into());
            self.faults.push(RecordingError::MissingField { name, line, column }.explain());
            return None;
        };
        let text = cell.text().into_owned();
        let format = parser.format_of(&text, time_column::unit_said_by(field.name()));
        if format.is_none() {
            let fault = match parser.format {
                TimeFormat::Auto => self.unknown_time(&field, &text),
                _ => self.bad_time(&field, &text, parser),
            };
            self.faults.push(fault.explain());
        }
        format.map(|format| (field, format))
    }

    fn no_choice(&self, none: NoChoice, parser: &TimeParser) -> RecordingError {
        let (name, line) = (self.name.to_owned(), self.rows.line());
        match none {
            NoChoice::UnknownForm { field, text } if parser.format == TimeFormat::Auto => {
                self.unknown_time(&field, &text)
            }
            NoChoice::UnknownForm { field, text } => self.bad_time(&field, &text, parser),
            NoChoice::Apart { date, time } => RecordingError::TimesApart { name, line, date, time },
            NoChoice::Absent { column } => RecordingError::MissingField { name, line, column },
            NoChoice::None { hint } => {
                let help = match (self.rows.likelier_delimiter(), hint) {
                    (Some(delimiter), _) => delimiter_help(delimiter),
                    (None, Some((column, format))) => {
                        let column = excerpt(&column);
                        let mut help = phrase![
                            format!("if it is `{column}`, state "),
                            @"time",
                            format!(" '{column}' "),
                            @"time-format",
                            format!(" {format}; or ")
                        ];
                        help.add(&pace());
                        help
                    }
                    (None, None) => {
                        let mut help = phrase!["name it with ", @"time", " and ", @"time-format", ", or "];
                        help.add(&pace());
                        help
                    }
                };
                RecordingError::NoTimeColumn { name, line, found: self.found(), help: Box::new(help) }
            }
        }
    }

    fn unknown_time(&self, field: &ColumnRef, text: &str) -> RecordingError {
        let delimiter = self.rows.likelier_delimiter();
        let help = match suggestion(text) {
            _ if let Some(delimiter) = delimiter => delimiter_help(delimiter),
            Some(format) => phrase!["state it with ", @"time-format", " ", format],
            None if time_column::is_missing(text) => {
                phrase!["there is no time in it: fill it in, or name another column with ", @"time"]
            }
            None if is_json_number(text.as_bytes()) => {
                let mut help = phrase![
                    "where a time stands in several columns, join them in one; or name another with ",
                    @"time",
                    ", or "
                ];
                help.add(&pace());
                help
            }
            None if time_column::is_time_of_day(text) => {
                let mut help = phrase!["a time of day needs a date: add one, name another column with ", @"time", ", or "];
                help.add(&pace());
                help
            }
            None => phrase!["state it with ", @"time-format", ", or name another column with ", @"time"],
        };
        let (name, line) = (self.name.to_owned(), self.rows.line());
        let (number, column, cell) = (self.rows.number_of(field), field.path.join("."), excerpt(text));
        RecordingError::UnknownTime { name, line, number, column, cell, help: Box::new(help) }
    }

    fn bad_time(&self, field: &ColumnRef, text: &str, parser: &TimeParser) -> RecordingError {
        event_times::bad_time(self.name, self.rows, field, text, parser)
    }
}

/// What to do without event times.
fn pace() -> Phrase {
    phrase!["pace with ", @"rate", ", ", @"interval", " or ", @"unpaced"]
}
