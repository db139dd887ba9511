//! What the columns of a recording are called and what type they have.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::fault::{Explain, Fault};
use crate::named::Named;

/// The type of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellType {
    /// Not declared: a number where the cell is one, text otherwise.
    #[default]
    Auto,
    /// Text, whatever it looks like.
    Text,
    /// Text as it stands: an empty cell is empty text, not null.
    Verbatim,
    /// A 64-bit integer.
    Int,
    /// A finite double.
    Float,
    /// `true`, `false`, `1` or `0`.
    Bool,
    /// JSON, taken as it stands.
    Json,
}

/// Those that somebody can declare.
impl Named for CellType {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("text", Self::Text),
        ("int", Self::Int),
        ("float", Self::Float),
        ("bool", Self::Bool),
        ("json", Self::Json),
    ];
}

impl fmt::Display for CellType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Verbatim => Self::Text.name(),
            named => named.name(),
        })
    }
}

/// A text that names no type.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", self.explain())]
pub struct UnknownCellType {
    found: String,
}

impl Explain for UnknownCellType {
    fn explain(&self) -> Fault {
        Fault::new("", format!("unknown type `{}`", self.found))
            .help(format!("the types are {}", CellType::listed()))
            .misuse()
    }
}

impl FromStr for CellType {
    type Err = UnknownCellType;

    fn from_str(text: &str) -> Result<Self, UnknownCellType> {
        Self::named(text).ok_or_else(|| UnknownCellType { found: text.into() })
    }
}

/// The types declared for the columns of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnTypes {
    declared: HashMap<String, CellType>,
    /// The declared names in their order.
    order: Vec<String>,
    otherwise: CellType,
}

impl ColumnTypes {
    /// The `declared` types; every other column is of type `otherwise`.
    /// Of several types for one name the first counts.
    pub fn new(declared: Vec<(String, CellType)>, otherwise: CellType) -> Self {
        let order = declared.iter().map(|(name, _)| name.clone()).collect();
        let mut types = HashMap::with_capacity(declared.len());
        for (name, ty) in declared {
            types.entry(name).or_insert(ty);
        }
        Self { declared: types, order, otherwise }
    }

    /// The type of the column called `name`.
    pub fn type_of(&self, name: &str) -> CellType {
        if self.declared.is_empty() {
            return self.otherwise;
        }
        self.declared.get(name).copied().unwrap_or(self.otherwise)
    }

    /// Whether nothing is said of any column.
    pub fn is_silent(&self) -> bool {
        self.declared.is_empty() && self.otherwise == CellType::Auto
    }

    /// The names that types were declared for.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }
}
