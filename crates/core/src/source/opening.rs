//! What is checked and decided when a recording is opened: its options against its first row.

use super::error::{RecordingError, excerpt};
use super::event_time::{TimeFormat, TimeParser};
use super::kinds::AnyRows;
use super::recording::{Key, KeyRule, RecordingKind, RecordingOptions};
use super::rows::{Field, Rows as _};
use crate::codec::{self, Encoder, Format, Shape};
use crate::projection::{Expr, Names, Projection};
use crate::stamp::StampFormat;

/// What the rows are encoded with.
pub(super) struct Checked {
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) stamps: Vec<StampFormat>,
    pub(super) time: Option<(Field, TimeParser)>,
    pub(super) key: Key,
    pub(super) decisions: Vec<String>,
}

/// Checks `options` against the present row; all faults are reported together.
pub(super) fn check(
    name: &str,
    rows: &AnyRows,
    options: &RecordingOptions,
) -> Result<Checked, Vec<RecordingError>> {
    Opening { name, rows, options, faults: Vec::new(), decisions: Vec::new() }.check()
}

struct Opening<'a> {
    name: &'a str,
    rows: &'a AnyRows,
    options: &'a RecordingOptions,
    faults: Vec<RecordingError>,
    decisions: Vec<String>,
}

impl Opening<'_> {
    fn check(mut self) -> Result<Checked, Vec<RecordingError>> {
        let names = self.rows.names();
        self.check_types(&names);
        let projection = self.projection(&names);
        let needs_time = self.options.schedule.needs_event_times()
            || self.options.time.is_some()
            || self.options.shape == Shape::Keyed
            || projection.as_ref().is_some_and(Projection::needs_event_time);
        let time = if needs_time { self.time(&names) } else { None };
        let key = self.key(&names);
        let stamps = projection.as_ref().map(|projection| projection.stamps.clone()).unwrap_or_default();
        let encoder = projection.and_then(|projection| {
            let has_star = projection.items.iter().any(|item| matches!(item.expr, Expr::Rest(_)));
            if has_star
                && matches!(self.options.kind, RecordingKind::Raw)
                && self.options.format != Format::Raw
            {
                self.faults.push(RecordingError::NoColumns { name: self.name.into() });
                return None;
            }
            let time = time.as_ref().map(|(field, _)| field);
            // Without its time column a keyed body is already at fault.
            if self.options.shape == Shape::Keyed && time.is_none() {
                return None;
            }
            codec::encoder(self.options.format, self.options.shape, projection, time)
                .map_err(|error| self.faults.push(error.into()))
                .ok()
        });
        match encoder {
            Some(encoder) if self.faults.is_empty() => {
                Ok(Checked { encoder, stamps, time, key, decisions: self.decisions })
            }
            _ => Err(self.faults),
        }
    }

    fn no_column(&mut self, wanted: &str, purpose: &'static str, names: &[String]) {
        let found = crate::source::listed(names);
        self.faults.push(RecordingError::NoColumn {
            name: self.name.into(),
            wanted: wanted.into(),
            purpose,
            found,
        });
    }

    fn field(&mut self, wanted: &str, purpose: &'static str, names: &[String]) -> Option<Field> {
        if let Some(index) = names.iter().position(|name| name == wanted) {
            return Some(Field { path: vec![wanted.into()], index });
        }
        let path: Vec<String> = wanted.split('.').map(Into::into).collect();
        if self.rows.columns().is_empty()
            && let Some(index) = names.iter().position(|name| *name == path[0])
        {
            let field = Field { path, index };
            if self.rows.cell(&field).is_some() {
                return Some(field);
            }
        }
        self.no_column(wanted, purpose, names);
        None
    }

    fn check_types(&mut self, names: &[String]) {
        let options = self.options;
        for declared in options.schema.declared() {
            self.field(declared, "--types", names);
        }
    }

    fn projection(&mut self, names: &[String]) -> Option<Projection> {
        let fixed = !self.rows.columns().is_empty();
        let names = Names { found: names, fixed, schema: &self.options.schema };
        match Projection::compile(self.options.select.as_deref().unwrap_or("*"), names) {
            Ok(projection) => Some(projection),
            Err(faults) => {
                self.faults.extend(faults.into_iter().map(Into::into));
                None
            }
        }
    }

    fn key(&mut self, names: &[String]) -> Key {
        match &self.options.key {
            KeyRule::None => Key::None,
            KeyRule::File => Key::Constant(self.name.as_bytes().to_vec()),
            KeyRule::Constant(text) => Key::Constant(text.as_bytes().to_vec()),
            KeyRule::Column(column) => self.field(column, "--key", names).map_or(Key::None, Key::Column),
        }
    }

    /// The column with the event time and its format, decided where left open.
    fn time(&mut self, names: &[String]) -> Option<(Field, TimeParser)> {
        if matches!(self.options.kind, RecordingKind::Raw) {
            self.faults.push(RecordingError::NoTimes { name: self.name.into() });
            return None;
        }
        let zone = self.options.time_zone.as_deref();
        let mut parser = match TimeParser::new(self.options.time_format.clone(), zone) {
            Ok(parser) => parser,
            Err(error) => {
                self.faults.push(RecordingError::TimeZone { error });
                return None;
            }
        };
        let field = match &self.options.time {
            Some(column) => self.field(column, "--time", names)?,
            None => self.find_time(names, &parser)?,
        };
        let text = self.rows.cell(&field).map(|cell| cell.text().into_owned()).unwrap_or_default();
        if parser.format == TimeFormat::Auto {
            let Some(format) = parser.detect(&text) else {
                self.bad_time(&field, &text, &parser);
                return None;
            };
            parser.format = format;
        } else if parser.parse(text.as_bytes()).is_none() {
            self.bad_time(&field, &text, &parser);
            return None;
        }
        if self.options.time.is_none() || self.options.time_format == TimeFormat::Auto {
            let format = parser.describe(&text);
            self.decisions.push(format!("event time: column `{}`, {format}", field.path.join(".")));
        }
        Some((field, parser))
    }

    fn bad_time(&mut self, field: &Field, text: &str, parser: &TimeParser) {
        self.faults.push(RecordingError::BadTime {
            name: self.name.into(),
            line: self.rows.line(),
            number: field.index + 1,
            column: field.path.join("."),
            cell: excerpt(text),
            format: parser.format.to_string(),
        });
    }

    /// The first column that is a time in the stated format. Left open, a date is preferred to a bare number, which
    /// may be anything.
    fn find_time(&mut self, names: &[String], parser: &TimeParser) -> Option<Field> {
        let fields: Vec<(Field, String)> = names
            .iter()
            .enumerate()
            .map(|(index, name)| Field { path: vec![name.clone()], index })
            .filter_map(|field| {
                let text = self.rows.cell(&field)?.text().into_owned();
                Some((field, text))
            })
            .collect();
        let found = if parser.format == TimeFormat::Auto {
            let detected = |text: &str| parser.detect(text);
            let date = fields.iter().find(|(_, text)| detected(text) == Some(TimeFormat::Iso));
            date.or_else(|| fields.iter().find(|(_, text)| detected(text).is_some()))
        } else {
            fields.iter().find(|(_, text)| parser.parse(text.as_bytes()).is_some())
        };
        if found.is_none() {
            let (name, line) = (self.name.into(), self.rows.line());
            let found = crate::source::listed(names);
            self.faults.push(RecordingError::NoTimeColumn { name, line, found });
        }
        found.map(|(field, _)| field.clone())
    }
}
