//! What a record's body is made of: a KCQL column list, compiled against the columns of a recording.
//!
//! `*` stands for every column, in the recording's order. Named after the star, a column is renamed in its place
//! (`*, a AS x`); named before it, it stands where it is named and the star leaves it out. `IGNORE` drops columns.

mod compiler;
mod evaluate;

pub(crate) use evaluate::{RowContext, Writer, write_row, write_value};

use std::collections::{HashMap, HashSet};

use kadence_kcql::Span;

use self::compiler::ListFault;
use crate::fault::{Explain, Fault, Phrase};
use crate::phrase;
use crate::stamp::{EventStamp, StampFormat};
use crate::text::{CellType, ColumnRef, ColumnTypes};

/// The reason why a column list cannot be used, with the place in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionError {
    what: String,
    help: Phrase,
    text: String,
    /// None for all that are not told one by one.
    span: Option<Span>,
}

/// So many faults are told one by one.
const MOST_FAULTS: usize = 20;
/// A longer text is not shown beside a fault.
const MOST_SHOWN_BYTES: usize = 1_000;

impl std::error::Error for ProjectionError {}

/// Options go by their names.
impl std::fmt::Display for ProjectionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.explain().fmt(f)
    }
}

impl Explain for ProjectionError {
    fn explain(&self) -> Fault {
        let mut place = phrase![@"select"];
        if let Some(span) = self.span {
            place.add(&format!(", character {}", span.character(&self.text)));
        }
        let fault = Fault::new(place, self.what.clone()).help(self.help.clone()).misuse();
        match self.span {
            Some(span) if self.text.len() <= MOST_SHOWN_BYTES => fault.excerpt(&self.text, span),
            _ => fault,
        }
    }
}

/// One member of the body.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its name.
    pub(crate) name: String,
    /// Where its value comes from.
    pub(crate) expr: Expr,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    /// A column.
    Column(ColumnRef, CellType),
    /// All fields of a recording without fixed columns, but for some; renamed ones stay in their place.
    Rest(Rest),
    /// A random UUID (v4).
    Uuid,
    /// The hand-over instant, in the format of this number.
    Now {
        /// The format's place in [`Projection::stamps`].
        format: usize,
        /// How many bytes its text has.
        width: usize,
    },
    /// The record's event time; RFC 3339 in UTC without a format.
    EventTime(EventStamp),
    /// The line on which the record starts.
    Line,
    /// The recording's name.
    File,
    /// This text.
    Text(String),
    /// This number.
    Number(String),
}

/// What `*` stands for where records need not have the same fields.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    /// Fields that stand elsewhere or nowhere.
    pub(crate) except: HashSet<String>,
    /// New names by the old ones.
    pub(crate) renamed: HashMap<String, String>,
    /// Names that other members have; a field may not come by one of them.
    pub(crate) taken: HashSet<String>,
    /// The types of the fields.
    pub(crate) types: ColumnTypes,
}

/// A compiled column list.
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    /// The members, in their order.
    pub(crate) items: Vec<Item>,
    /// The formats of the hand-over instants among them.
    pub(crate) stamps: Vec<StampFormat>,
    /// Whether it is `*` and nothing else.
    pub(crate) is_identity: bool,
    /// Fields that it names and the first record has not, where records may lack fields.
    pub(crate) absent: Vec<String>,
}

/// What a column list is compiled against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The columns, or the fields of the first record.
    pub(crate) found: &'a [String],
    /// Where each of them is among them.
    pub(crate) places: &'a HashMap<&'a str, usize>,
    /// Whether every record has just these.
    pub(crate) fixed: bool,
    /// Whether records may have fields that the first one lacks.
    pub(crate) may_lack: bool,
    /// The types of the columns.
    pub(crate) types: &'a ColumnTypes,
    /// What to do where a column is not found; may be empty.
    pub(crate) help: &'a Phrase,
}

impl Projection {
    /// Whether a value needs the record's event time.
    pub(crate) fn needs_event_time(&self) -> bool {
        self.items.iter().any(|item| matches!(item.expr, Expr::EventTime(_)))
    }

    /// Compiles `text`; all faults are reported together, and of very many the first ones.
    pub(crate) fn compile(text: &str, names: Names<'_>) -> Result<Self, Vec<ProjectionError>> {
        let fault = |ListFault { span, what, help }| {
            let span = Some(span);
            ProjectionError { what, help, text: text.into(), span }
        };
        let list = kadence_kcql::parse_columns(text).map_err(|error| {
            let what = format!("{} (found {})", error.what(), error.found());
            vec![fault(ListFault { span: error.span(), what, help: error.help().into() })]
        })?;
        compiler::compile(&list, names).map_err(|faults| {
            let more = faults.len().saturating_sub(MOST_FAULTS);
            let mut told: Vec<_> = faults.into_iter().take(MOST_FAULTS).map(fault).collect();
            if more > 0 {
                let what = format!("{more} more faults");
                told.push(ProjectionError { what, help: Phrase::default(), text: String::new(), span: None });
            }
            told
        })
    }
}

impl Rest {
    /// The names of the members that fields called `found` become.
    fn names<'a>(&'a self, found: &'a [String]) -> impl Iterator<Item = &'a str> {
        found.iter().filter(|name| !self.leaves_out(name)).map(|name| self.new_name(name).unwrap_or(name))
    }

    /// Whether the field called `name` is no part of it.
    pub(crate) fn leaves_out(&self, name: &str) -> bool {
        !self.except.is_empty() && self.except.contains(name)
    }

    /// Whether another member is called `name`.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        !self.taken.is_empty() && self.taken.contains(name)
    }

    /// What the field called `name` is renamed to.
    pub(crate) fn new_name(&self, name: &str) -> Option<&str> {
        if self.renamed.is_empty() { None } else { self.renamed.get(name).map(String::as_str) }
    }
}
