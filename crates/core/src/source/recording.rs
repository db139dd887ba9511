//! A recording as a source: rows, their event times, and what becomes of them.

use std::io::Read;

use super::Source;
use super::any_rows::AnyRows;
use super::csv::{CsvOptions, CsvRows};
use super::error::RecordingError;
use super::event_times::{EventTimes, TimeColumn, out_of_order};
use super::input::Input;
use super::jsonl::JsonRows;
use super::lines::LineRows;
use super::opening::{Checked, check};
use super::options::{Key, RecordingKind, RecordingOptions};
use super::rows::Rows as _;
use crate::codec::{BodyEncoder, MixedColumn};
use crate::fault::{Explain as _, Fault, Phrase};
use crate::projection::RowContext;
use crate::record::Facts;
use crate::run::{Draft, Run};
use crate::schedule::Order;
use crate::stamp::StampFormat;

/// A recording that is being read.
pub struct Recording {
    name: String,
    rows: AnyRows,
    encoder: Box<dyn BodyEncoder>,
    stamps: Vec<StampFormat>,
    time: Option<EventTimes>,
    order: Order,
    key: Key,
    sequence: u64,
    limit: u64,
    lane: u32,
    /// The present row was read while opening and is not encoded yet.
    is_loaded: bool,
    /// The recording has ended, or failed.
    is_over: bool,
    decisions: Vec<Phrase>,
    on_mixed: Option<MixedHook>,
}

/// Is told of columns that mix numbers and texts.
type MixedHook = Box<dyn FnMut(MixedColumn) + Send>;

impl Recording {
    /// Starts reading: checks the options against the first row, and decides what was left open. All faults are
    /// reported together.
    pub fn open(
        name: &str,
        reader: Box<dyn Read + Send>,
        options: &RecordingOptions,
    ) -> Result<Self, Vec<Fault>> {
        let mut rows = open_rows(name, reader, options).map_err(|error| vec![error.into()])?;
        if !rows.advance().map_err(|error| vec![error.into()])? {
            let name = name.to_owned();
            let nothing = match &options.kind {
                RecordingKind::Csv(CsvOptions { columns: None, .. }) => RecordingError::HeaderOnly { name },
                _ => RecordingError::Empty { name, passed_over: options.skip_lines > 0 },
            };
            return Err(vec![nothing.explain()]);
        }
        let Checked { encoder, stamps, time, key, decisions } = check(name, &mut rows, options)?;
        Ok(Self {
            name: name.into(),
            rows,
            encoder,
            stamps,
            time,
            order: Order::new(options.schedule, options.out_of_order),
            key,
            sequence: 0,
            limit: options.limit.unwrap_or(u64::MAX),
            lane: options.lane,
            is_loaded: true,
            is_over: false,
            decisions,
            on_mixed: None,
        })
    }

    /// Calls `hook` with each column that mixes numbers and texts in bodies of JSON, once, on the thread that reads.
    pub fn on_mixed_column(&mut self, hook: impl FnMut(MixedColumn) + Send + 'static) {
        self.on_mixed = Some(Box::new(hook));
    }

    /// Tells what was decided from the first row, as sentences for people.
    pub fn decisions(&self) -> &[Phrase] {
        &self.decisions
    }

    /// The column with its event times, where they are read.
    pub fn time_column(&self) -> Option<TimeColumn> {
        self.time.as_ref().map(EventTimes::column)
    }

    /// The formats of the hand-over instants in its bodies.
    pub fn stamps(&self) -> &[StampFormat] {
        &self.stamps
    }

    /// Encodes the present row.
    fn add_row(&mut self, run: &mut Run) -> Result<(), RecordingError> {
        let rows = &self.rows;
        let event_time = match &self.time {
            Some(time) => Some(time.of(&self.name, rows)?),
            None => None,
        };
        self.order
            .check(event_time)
            .map_err(|backwards| out_of_order(&self.name, rows, self.time.as_ref(), backwards.behind))?;
        let mut draft = run.draft();
        write_key(&self.key, rows, &mut draft);
        self.encoder.encode(&RowContext { name: &self.name, rows, event_time }, &mut draft)?;
        if let Some(hook) = &mut self.on_mixed {
            self.encoder.take_mixed().into_iter().for_each(hook);
        }
        draft.finish(Facts {
            time: event_time,
            lane: self.lane,
            partition: None,
            sequence: self.sequence,
            line: rows.line(),
        });
        self.sequence += 1;
        Ok(())
    }
}

impl Source for Recording {
    fn fill(&mut self, run: &mut Run) -> Result<bool, RecordingError> {
        let there_before = run.len();
        while run.has_room() {
            if self.is_over || self.sequence >= self.limit {
                return Ok(false);
            }
            // What is there leaves before more is waited for.
            if !self.is_loaded && run.len() > there_before && !self.rows.is_buffered() {
                return Ok(true);
            }
            // Unless the row turns out well, it is the last.
            self.is_over = true;
            if !self.is_loaded && !self.rows.advance()? {
                return Ok(false);
            }
            self.is_loaded = false;
            self.add_row(run)?;
            self.is_over = false;
        }
        Ok(true)
    }
}

fn open_rows(
    name: &str,
    reader: Box<dyn Read + Send>,
    options: &RecordingOptions,
) -> Result<AnyRows, RecordingError> {
    let mut input = Input::open(name.into(), reader)?;
    input.skip_lines(options.skip_lines, matches!(options.kind, RecordingKind::Csv(_)))?;
    Ok(match &options.kind {
        RecordingKind::Csv(options) => AnyRows::Csv(CsvRows::open(input, options)?),
        RecordingKind::JsonLines => AnyRows::JsonLines(JsonRows::open(input)),
        RecordingKind::Raw => AnyRows::Raw(LineRows::open(input)),
    })
}

fn write_key(key: &Key, rows: &AnyRows, draft: &mut Draft<'_>) {
    match key {
        Key::None => return,
        Key::Constant(text) => draft.bytes().extend_from_slice(text),
        Key::Column(field) => match rows.cell(field) {
            // A record without the field has no key.
            None | Some(crate::text::CellText::Json("null")) => return,
            Some(crate::text::CellText::Text(bytes)) => draft.bytes().extend_from_slice(bytes),
            Some(cell) => draft.bytes().extend_from_slice(cell.text().as_bytes()),
        },
    }
    draft.end_key();
}
