//! What may be asked of a recording.

use super::csv::CsvOptions;
use super::event_time::TimeFormat;
use crate::codec::{Encoding, Format, Shape};
use crate::schedule::{OutOfOrder, Schedule};
use crate::text::{ColumnRef, ColumnTypes};

/// The form in which a recording is written.
#[derive(Clone, Debug)]
pub enum RecordingKind {
    /// Comma-separated values.
    Csv(CsvOptions),
    /// A JSON object a line.
    JsonLines,
    /// Lines without any structure.
    Raw,
}

/// A rule for records' keys.
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

/// The options by which a recording becomes records.
#[derive(Clone, Debug)]
pub struct RecordingOptions {
    /// How it is written.
    pub kind: RecordingKind,
    /// How many lines at its start are passed over.
    pub skip_lines: u64,
    /// What a body is made of, as a KCQL column list; everything without.
    pub select: Option<String>,
    /// The types of the columns.
    pub types: ColumnTypes,
    /// The column with the event time; found without.
    pub time: Option<String>,
    /// How event times are written.
    pub time_format: TimeFormat,
    /// The zone of event times without an offset; UTC without.
    pub time_zone: Option<String>,
    /// When records are due: whether their event times have to go forward.
    pub schedule: Schedule,
    /// What to do with event times that go backwards.
    pub out_of_order: OutOfOrder,
    /// The most records to take.
    pub limit: Option<u64>,
    /// The codec of bodies.
    pub format: Format,
    /// Another codec of bodies, in place of `format`.
    pub encoding: Option<Encoding>,
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
            skip_lines: 0,
            select: None,
            types: ColumnTypes::default(),
            time: None,
            time_format: TimeFormat::Auto,
            time_zone: None,
            schedule: Schedule::Recorded { speed: crate::ratio::Ratio::ONE },
            out_of_order: OutOfOrder::Error,
            limit: None,
            format,
            encoding: None,
            shape: Shape::Object,
            key: KeyRule::None,
            lane: 0,
        }
    }
}

/// A [`KeyRule`] for a recording whose columns are known.
pub(super) enum Key {
    None,
    Constant(Vec<u8>),
    Column(ColumnRef),
}
