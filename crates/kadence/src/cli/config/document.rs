//! The file as tables of entries, each with its line.

use std::path::Path;

use kadence_core::fault::Phrase;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::Error;

/// A file that is TOML.
#[derive(Debug)]
pub(super) struct Document {
    /// The file as it was named.
    pub(super) name: String,
    pub(super) root: Table,
}

/// Keys and what they have, in the order of their lines.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

/// A key with what it has.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) content: Content,
}

/// What a key has.
#[derive(Debug)]
pub(super) enum Content {
    Table(Table),
    Value(Value),
}

/// What an option may be given.
#[derive(Debug)]
pub(super) enum Value {
    Flag(bool),
    /// A text, or a number as it is written.
    One(String),
    Many(Vec<String>),
    /// What no option is given, in words.
    Other(&'static str),
}

impl Document {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let name = path.display().to_string();
        let lines = Lines(text);
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { name, root: lines.table(root.get_ref()) }),
            Err(error) => {
                let place = match error.span() {
                    Some(span) => format!("{name}:{}", lines.line(span.start)),
                    None => name,
                };
                let what = format!("is not TOML ({})", error.message());
                let help = match error.message() {
                    "duplicate key" => "give each key and each table once",
                    _ => "write name = \"text\", name = 1, name = true or name = [\"one\", \"two\"]",
                };
                Err(Error::misuse(place, what, help))
            }
        }
    }

    /// A fault of the option at this line.
    pub(super) fn fault(&self, line: usize, what: impl Into<Phrase>, help: &str) -> Error {
        Error::misuse(format!("{}:{line}", self.name), what, help)
    }
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Content> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.content)
    }
}

/// The text that spans are in.
struct Lines<'t>(&'t str);

impl Lines<'_> {
    /// The number of the line, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.0.get(..at).unwrap_or(self.0).matches('\n').count() + 1
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                line: self.line(key.span().start),
                content: match value.get_ref() {
                    DeValue::Table(table) => Content::Table(self.table(table)),
                    value => Content::Value(Value::of(value)),
                },
            })
            .collect();
        entries.sort_by_key(|entry| entry.line);
        Table { entries }
    }
}

impl Value {
    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Array(list) => {
                let texts: Option<Vec<String>> = list.iter().map(Spanned::get_ref).map(text).collect();
                texts.map_or(Self::Other("a list of other things than texts and numbers"), Self::Many)
            }
            DeValue::Datetime(_) => Self::Other("a date without quotes"),
            DeValue::Table(_) => Self::Other("a table"),
            one => text(one).map_or(Self::Other("a number in another base than ten"), Self::One),
        }
    }

    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Flag(true) => "true",
            Self::Flag(false) => "false",
            Self::One(_) => "a text or a number",
            Self::Many(_) => "a list",
            Self::Other(kind) => kind,
        }
    }
}

/// A text, or a number as it is written.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}
