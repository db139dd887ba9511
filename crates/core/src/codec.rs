//! How bodies are written and read.

mod csv;
mod json;
mod raw;
mod rows;

pub use json::{JsonDecoder, JsonEncoder, write_json};

use std::fmt;
use std::sync::Arc;

use crate::data::{Row, RowBuffer};
use crate::fault::{Explain, Fault};
use crate::named::Named;
use crate::phrase;
use crate::projection::{Expr, Projection, RowContext};
use crate::run::Draft;
use crate::source::RecordingError;
use crate::text::ColumnRef;

/// Writes rows as bodies.
pub trait Encoder: Send {
    /// Appends the body of `row`. Nothing of a row that fails is kept.
    fn encode(&mut self, row: Row<'_>, into: &mut Vec<u8>) -> Result<(), EncodeError>;
}

/// A format of bodies that core does not know: it makes the encoder for a recording.
#[derive(Clone)]
pub struct Encoding(Arc<dyn Fn() -> Box<dyn Encoder> + Send + Sync>);

impl Encoding {
    /// The format that the encoders of `make` write.
    pub fn new(make: impl Fn() -> Box<dyn Encoder> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoding")
    }
}

/// The reason why a row cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {what}")]
pub struct EncodeError {
    /// The field, with those it is in, separated by dots.
    pub field: String,
    /// What is wrong with its value.
    pub what: String,
}

/// Reads bodies as rows.
pub trait Decoder: Send {
    /// Adds the row that `body` is to `rows`. Nothing of a body that fails is kept.
    fn decode(&mut self, body: &[u8], rows: &mut RowBuffer) -> Result<Decoded, DecodeError>;
}

/// The outcome of reading a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A row.
    Row,
    /// It names a schema that the decoder has not: nothing was added. Once it has it, the body can be read.
    UnknownSchema(u32),
}

/// The reason why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", at.map_or_else(String::new, |at| format!(" at byte {at}")))]
pub struct DecodeError {
    /// What is wrong.
    pub what: String,
    /// The byte, counted from 0, where that is known.
    pub at: Option<usize>,
}

/// The codec of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object, or what [`Shape`] says.
    Json,
    /// The values as a CSV line without its end.
    Csv,
    /// The line as the recording has it, or the text of one column.
    Raw,
}

impl Named for Format {
    const NAMES: &'static [(&'static str, Self)] =
        &[("json", Self::Json), ("csv", Self::Csv), ("raw", Self::Raw)];
}

/// The look of a JSON body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// `{"time":…,"value":…}`
    #[default]
    Object,
    /// `{"<the time's text>":<the one other column>}`
    Keyed,
    /// `[…,…]`
    Array,
}

impl Named for Shape {
    const NAMES: &'static [(&'static str, Self)] =
        &[("object", Self::Object), ("keyed", Self::Keyed), ("array", Self::Array)];
}

/// Writes rows of a recording as bodies.
pub(crate) trait BodyEncoder: Send {
    /// Appends the body of `row` to `draft`. Nothing of a row that fails is kept.
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError>;

    /// The columns that were found to mix numbers and texts since the last call, each once in a run.
    fn take_mixed(&mut self) -> Vec<MixedColumn> {
        Vec::new()
    }
}

/// A column without a declared type in which some cells are numbers and others are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedColumn {
    /// Its name.
    pub column: String,
    /// The line on which the second kind was met.
    pub line: u64,
    /// The cell of that kind.
    pub cell: String,
    /// Whether that cell is a number, and those before it are texts.
    pub is_number: bool,
}

/// Makes the encoder of `format` for `projection`; the `time` column is the key of keyed bodies.
pub(crate) fn encoder(
    format: Format,
    shape: Shape,
    projection: Projection,
    time: Option<&ColumnRef>,
) -> Result<Box<dyn BodyEncoder>, CodecError> {
    let has_rest = projection.items.iter().any(|item| matches!(item.expr, Expr::Rest(_)));
    if has_rest && (format == Format::Csv || shape == Shape::Array) {
        return Err(CodecError::NoFixedColumns);
    }
    Ok(match format {
        Format::Json if shape == Shape::Keyed => Box::new(json::KeyedEncoder::new(projection, time)?),
        Format::Json => Box::new(json::MembersEncoder::new(projection, shape)),
        Format::Csv => Box::new(csv::CsvEncoder::new(projection)),
        Format::Raw => Box::new(raw::RawEncoder::new(&projection)?),
    })
}

/// Makes the encoder of another format for `projection`.
pub(crate) fn rows_encoder(
    encoding: &Encoding,
    projection: Projection,
) -> Result<Box<dyn BodyEncoder>, CodecError> {
    Ok(Box::new(rows::RowsEncoder::new(projection, (encoding.0)())?))
}

/// The reason why a format and a selection do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum CodecError {
    Keyed { found: String },
    KeyedWithoutTime,
    NoFixedColumns,
    NowInRows,
    Raw { found: String },
}

impl std::error::Error for CodecError {}

/// Options go by their names.
impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain().fmt(f)
    }
}

impl Explain for CodecError {
    fn explain(&self) -> Fault {
        let choose = || phrase!["choose one with ", @"select"];
        match self {
            Self::Keyed { found } => Fault::new(
                phrase![@"shape", " keyed"],
                format!("takes exactly one column besides the time (found: {found})"),
            )
            .help(choose()),
            Self::KeyedWithoutTime => {
                Fault::new(phrase![@"shape", " keyed"], "needs a column with the event time")
                    .help(phrase!["name it with ", @"time"])
            }
            Self::NoFixedColumns => Fault::new(
                phrase![@"select"],
                "records of JSON Lines may differ in their fields, and places without names do not tell them apart",
            )
            .help("name the columns"),
            Self::NowInRows => Fault::new(
                phrase![@"select"],
                "now() is filled in at the hand-over, for which bodies of this format have no room",
            )
            .help("leave it out"),
            Self::Raw { found } => Fault::new(
                phrase![@"format", " raw"],
                format!("takes whole lines, or exactly one column (found: {found})"),
            )
            .help(choose()),
        }
        .misuse()
    }
}

/// Appends a random UUID.
fn write_uuid(into: &mut Vec<u8>) {
    let mut text = uuid::Uuid::encode_buffer();
    into.extend_from_slice(uuid::Uuid::new_v4().as_hyphenated().encode_lower(&mut text).as_bytes());
}

/// Appends a whole number.
fn write_number(number: impl std::fmt::Display, into: &mut Vec<u8>) {
    use std::io::Write as _;
    // Writing to a vector does not fail.
    let _ = write!(into, "{number}");
}

/// Appends a finite float in its shortest form that reads back the same.
fn write_float(number: f64, into: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = serde_json::to_writer(into, &number);
}
