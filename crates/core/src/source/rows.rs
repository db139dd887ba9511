//! What the kinds of recordings have in common: rows with cells.

use super::error::RecordingError;
use crate::value::Cell;

/// A column of a recording, as a projection refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; the names of the objects on the way to it and its own, where the recording nests them.
    pub path: Vec<String>,
    /// Its name where the path may be one name with dots in it, which then counts first.
    pub whole: Option<String>,
    /// Its place in recordings with fixed columns; elsewhere its place in the first record.
    pub index: usize,
}

impl Field {
    /// The column called `name`.
    pub fn column(name: impl Into<String>, index: usize) -> Self {
        Self { path: vec![name.into()], whole: None, index }
    }

    /// The field that the names of `path` lead to.
    pub fn nested(path: Vec<String>, index: usize) -> Self {
        Self { path, whole: None, index }
    }

    /// The field called `text`, or the one that the names between its dots lead to.
    pub fn dotted(text: &str, index: usize) -> Self {
        let path: Vec<String> = text.split('.').map(Into::into).collect();
        let whole = (path.len() > 1).then(|| text.into());
        Self { path, whole, index }
    }

    /// The name it has when it is not renamed.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// Reads a recording row by row.
pub trait Rows: Send {
    /// Moves to the next row; `false` at the end. The first call moves to the first row.
    fn advance(&mut self) -> Result<bool, RecordingError>;

    /// The fixed columns, of recordings that have such; empty otherwise.
    fn columns(&self) -> &[String];

    /// The names in the present row: the fixed columns, or the fields of this object.
    fn names(&self) -> Vec<String>;

    /// The cell of `field` in the present row, if there is one.
    fn cell(&self, field: &Field) -> Option<Cell<'_>>;

    /// Field number `index` of the present row, of recordings without fixed columns.
    fn member(&self, _index: usize) -> Option<(&str, Cell<'_>)> {
        None
    }

    /// The present row as it stands, without its line end.
    fn text(&self) -> &[u8];

    /// The line on which the present row starts, counted from 1.
    fn line(&self) -> u64;

    /// Whether the next row can be had without asking the reader for more.
    fn is_buffered(&self) -> bool;
}

/// The fields of the present row in their order, of recordings without fixed columns.
pub(crate) fn members(rows: &impl Rows) -> impl Iterator<Item = (&str, Cell<'_>)> {
    (0..).map_while(|index| rows.member(index))
}
