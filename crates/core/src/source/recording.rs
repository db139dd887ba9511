//! A recording as a source: rows, their event times, and what becomes of them.

use std::io::Read;

use super::Source;
use super::csv::{CsvOptions, CsvRows};
use super::error::{RecordingError, excerpt};
use super::event_time::{TimeFormat, TimeParser};
use super::jsonl::JsonRows;
use super::lines::LineRows;
use super::rows::{Field, Rows};
use crate::codec::{self, Encoder, Format, RowContext, Shape};
use crate::projection::{Names, Projection};
use crate::record::Timestamp;
use crate::run::{Draft, Facts, Run};
use crate::schedule::{OutOfOrder, Schedule, Timeline};
use crate::schema::Schema;
use crate::stamp::StampFormat;

/// How a recording is written.
#[derive(Clone, Debug)]
pub enum RecordingKind {
    /// Comma-separated values.
    Csv(CsvOptions),
    /// A JSON object a line.
    JsonLines,
    /// Lines without any structure.
    Raw,
}

/// What a record's key is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyRule {
    /// There is none.
    #[default]
    None,
    /// The recording's name.
    File,
    /// The text of a column.
    Column(String),
    /// Always this text.
    Constant(String),
}

/// How a recording becomes records.
#[derive(Clone, Debug)]
pub struct RecordingOptions {
    /// How it is written.
    pub kind: RecordingKind,
    /// What a body is made of, as a KCQL column list; everything without.
    pub select: Option<String>,
    /// The types of the columns.
    pub schema: Schema,
    /// The column with the event time; found without.
    pub time: Option<String>,
    /// How event times are written.
    pub time_format: TimeFormat,
    /// The zone of event times without an offset; UTC without.
    pub time_zone: Option<String>,
    /// When records are due.
    pub schedule: Schedule,
    /// What to do with event times that go backwards.
    pub out_of_order: OutOfOrder,
    /// The most records to take.
    pub limit: Option<u64>,
    /// The codec of bodies.
    pub format: Format,
    /// The shape of JSON bodies.
    pub shape: Shape,
    /// The records' keys.
    pub key: KeyRule,
    /// The lane that the records belong to.
    pub lane: u32,
}

impl RecordingOptions {
    /// Everything as recorded, for a recording of this kind.
    pub fn new(kind: RecordingKind) -> Self {
        let format = if matches!(kind, RecordingKind::Raw) { Format::Raw } else { Format::Json };
        Self {
            kind,
            select: None,
            schema: Schema::default(),
            time: None,
            time_format: TimeFormat::Auto,
            time_zone: None,
            schedule: Schedule::Recorded { speed: crate::ratio::Ratio::ONE },
            out_of_order: OutOfOrder::Error,
            limit: None,
            format,
            shape: Shape::Object,
            key: KeyRule::None,
            lane: 0,
        }
    }
}

/// A recording that is being read.
pub struct Recording {
    name: String,
    rows: Box<dyn Rows>,
    encoder: Box<dyn Encoder>,
    stamps: Vec<StampFormat>,
    time: Option<(Field, TimeParser)>,
    timeline: Timeline,
    key: Key,
    sequence: u64,
    limit: u64,
    lane: u32,
    /// The present row was read while opening and is not encoded yet.
    is_loaded: bool,
    decisions: Vec<String>,
}

enum Key {
    None,
    Constant(Vec<u8>),
    Column(Field),
}

impl Recording {
    /// Starts reading: checks the options against the first row, and decides what was left open. All faults are
    /// reported together.
    pub fn open(
        name: &str,
        reader: Box<dyn Read + Send>,
        options: &RecordingOptions,
    ) -> Result<Self, Vec<RecordingError>> {
        let mut rows = open_rows(name, reader, &options.kind).map_err(|error| vec![error])?;
        if !rows.advance().map_err(|error| vec![error])? {
            let name = name.to_owned();
            return Err(vec![match &options.kind {
                RecordingKind::Csv(CsvOptions { columns: None, .. }) => RecordingError::HeaderOnly { name },
                _ => RecordingError::Empty { name },
            }]);
        }
        Opening { name, rows: &*rows, options, faults: Vec::new(), decisions: Vec::new() }.check().map(
            |Checked { encoder, stamps, time, key, decisions }| Self {
                name: name.into(),
                rows,
                encoder,
                stamps,
                time,
                timeline: Timeline::new(options.schedule, options.out_of_order),
                key,
                sequence: 0,
                limit: options.limit.unwrap_or(u64::MAX),
                lane: options.lane,
                is_loaded: true,
                decisions,
            },
        )
    }

    /// What was decided from the first row, as sentences for people.
    pub fn decisions(&self) -> &[String] {
        &self.decisions
    }

    /// The formats of the hand-over instants in its bodies.
    pub fn stamps(&self) -> &[StampFormat] {
        &self.stamps
    }

    /// Encodes the present row.
    fn add_row(&mut self, run: &mut Run) -> Result<(), RecordingError> {
        let rows = &*self.rows;
        let event_time = match &self.time {
            Some((field, parser)) => Some(event_time(&self.name, rows, field, parser)?),
            None => None,
        };
        let due = self
            .timeline
            .due(event_time)
            .map_err(|backwards| out_of_order(&self.name, rows, self.time.as_ref(), backwards.behind))?;
        let mut draft = run.draft();
        write_key(&self.key, rows, &mut draft);
        self.encoder.encode(&RowContext { name: &self.name, rows, event_time }, &mut draft)?;
        draft.finish(Facts { event_time, due, lane: self.lane, sequence: self.sequence, line: rows.line() });
        self.sequence += 1;
        Ok(())
    }
}

impl Source for Recording {
    fn fill(&mut self, run: &mut Run) -> Result<bool, RecordingError> {
        while run.has_room() {
            if self.sequence >= self.limit {
                return Ok(false);
            }
            if !self.is_loaded {
                if !run.is_empty() && !self.rows.is_buffered() {
                    return Ok(true);
                }
                if !self.rows.advance()? {
                    return Ok(false);
                }
            }
            self.is_loaded = false;
            self.add_row(run)?;
        }
        Ok(true)
    }
}

fn open_rows(
    name: &str,
    reader: Box<dyn Read + Send>,
    kind: &RecordingKind,
) -> Result<Box<dyn Rows>, RecordingError> {
    Ok(match kind {
        RecordingKind::Csv(options) => Box::new(CsvRows::open(name.into(), reader, options)?),
        RecordingKind::JsonLines => Box::new(JsonRows::open(name.into(), reader)?),
        RecordingKind::Raw => Box::new(LineRows::open(name.into(), reader)?),
    })
}

fn write_key(key: &Key, rows: &dyn Rows, draft: &mut Draft<'_>) {
    match key {
        Key::None => return,
        Key::Constant(text) => draft.bytes().extend_from_slice(text),
        Key::Column(field) => match rows.cell(field) {
            // A record without the field has no key.
            None | Some(crate::value::Cell::Json("null")) => return,
            Some(crate::value::Cell::Text(bytes)) => draft.bytes().extend_from_slice(bytes),
            Some(cell) => draft.bytes().extend_from_slice(cell.text().as_bytes()),
        },
    }
    draft.end_key();
}

fn event_time(
    name: &str,
    rows: &dyn Rows,
    field: &Field,
    parser: &TimeParser,
) -> Result<Timestamp, RecordingError> {
    let (line, column) = (rows.line(), || field.path.join("."));
    let Some(cell) = rows.cell(field) else {
        return Err(RecordingError::MissingField { name: name.into(), line, column: column() });
    };
    let text = cell.text();
    parser.parse(&text).ok_or_else(|| RecordingError::BadTime {
        name: name.into(),
        line,
        number: field.index + 1,
        column: column(),
        cell: excerpt(&text),
        format: parser.format.to_string(),
    })
}

#[cold]
fn out_of_order(
    name: &str,
    rows: &dyn Rows,
    time: Option<&(Field, TimeParser)>,
    behind: std::time::Duration,
) -> RecordingError {
    let (number, column, cell) = time.map_or_else(Default::default, |(field, _)| {
        let cell = rows.cell(field).map(|cell| excerpt(&cell.text())).unwrap_or_default();
        (field.index + 1, field.path.join("."), cell)
    });
    RecordingError::OutOfOrder { name: name.into(), line: rows.line(), number, column, cell, behind }
}

/// Checks the options of a recording against its first row.
struct Opening<'a> {
    name: &'a str,
    rows: &'a dyn Rows,
    options: &'a RecordingOptions,
    faults: Vec<RecordingError>,
    decisions: Vec<String>,
}

struct Checked {
    encoder: Box<dyn Encoder>,
    stamps: Vec<StampFormat>,
    time: Option<(Field, TimeParser)>,
    key: Key,
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
        let found = names.join(", ");
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
        } else if parser.parse(&text).is_none() {
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
            fields.iter().find(|(_, text)| parser.parse(text).is_some())
        };
        if found.is_none() {
            let (name, line) = (self.name.into(), self.rows.line());
            let found = names.join(", ");
            self.faults.push(RecordingError::NoTimeColumn { name, line, found });
        }
        found.map(|(field, _)| field.clone())
    }
}
