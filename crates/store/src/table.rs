//! A table, as it was found or is to be made.

use crate::types::ColumnType;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub column_type: ColumnType,
    /// Its type in the database's words.
    pub declared: String,
    /// Whether it takes null.
    pub nullable: bool,
    /// Whether a row may leave it out.
    pub has_default: bool,
    /// Whether the database makes its values, and takes none.
    pub is_generated: bool,
}

/// A table that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// Columns whose type nothing here writes, with that type.
    pub foreign: Vec<(String, String)>,
    /// Primary key and unique indexes over whole columns, each as the columns' names in their order. The primary key
    /// stands first, if there is one. Where an upsert takes the place of a row that has any of them in common, those over
    /// parts of columns or expressions stand here as well, under names that no column has.
    pub keys: Vec<Vec<String>>,
    /// Whether the first of the keys is the primary key.
    pub has_primary_key: bool,
    /// Why nothing can be landed here exactly once, if so: a table that cannot roll back, or that a crash empties.
    pub unfit: Option<String>,
}

/// Whether rows are added, or take the places of those with their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Each record is a row.
    #[default]
    Insert,
    /// Each record is the state of its key.
    Upsert,
}

/// A table, and what is done with it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, perhaps with a schema's before a point.
    pub name: String,
    /// The columns that are written, in the order of the cells of a row.
    pub columns: Vec<Column>,
    /// The places of the key's columns among them; empty where rows have no key.
    pub key: Vec<usize>,
    /// Whether rows take the places of those with their keys.
    pub mode: Mode,
    /// A number that is another one whenever the table's columns are.
    pub version: u64,
}

impl Table {
    /// Whether rows are looked up by their key.
    pub fn is_keyed(&self) -> bool {
        self.mode == Mode::Upsert
    }

    /// The places of the columns that are no part of the key.
    pub fn rest(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|place| !self.key.contains(place))
    }
}
