//! What is landed where, and how.

use std::fmt::Write as _;

use kadence_core::fault::Fault;
use kadence_core::named::Named;
use kadence_core::phrase;

use crate::mapping::Mapping;
use crate::table::Mode;
use crate::types::{ColumnType, UnknownType};

/// What records' bodies are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFormat {
    /// JSON objects, whose fields are columns.
    #[default]
    Json,
    /// Anything: the body is one column, `value`.
    Raw,
}

impl Named for BodyFormat {
    const NAMES: &'static [(&'static str, Self)] =
        &[("json", Self::Json), ("auto", Self::Json), ("raw", Self::Raw)];
}

/// What records' keys are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyFormat {
    /// Text, or bytes where they are none.
    #[default]
    Text,
    /// JSON objects.
    Json,
}

impl Named for KeyFormat {
    const NAMES: &'static [(&'static str, Self)] =
        &[("text", Self::Text), ("auto", Self::Text), ("json", Self::Json)];
}

impl Named for Mode {
    const NAMES: &'static [(&'static str, Self)] = &[("insert", Self::Insert), ("upsert", Self::Upsert)];
}

/// The type that somebody declares for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The type of a column that is made.
    pub column_type: ColumnType,
    /// Whole numbers are times: so many nanoseconds, times the number, since 1970.
    pub unit: Option<i64>,
}

/// What the ledger has room for, in characters; the digits of what does not fit come behind.
const LONGEST_FINGERPRINT: usize = 3_900;

/// The names that stand for whole numbers that are times.
const UNITS: &[(&str, i64, u8)] =
    &[("epoch-s", 1_000_000_000, 0), ("epoch-ms", 1_000_000, 3), ("epoch-us", 1_000, 6), ("epoch-ns", 1, 9)];

impl std::str::FromStr for Declared {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        if let Some((_, unit, digits)) = UNITS.iter().find(|(name, ..)| *name == text) {
            return Ok(Self { column_type: ColumnType::Timestamp(*digits), unit: Some(*unit) });
        }
        Ok(Self { column_type: text.parse()?, unit: None })
    }
}

/// What a landing writes where.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct LandingOptions {
    /// The landing's name in the ledger.
    pub name: String,
    /// The table; `{topic}` in it stands for the record's topic.
    pub table: String,
    /// What bodies are.
    pub format: BodyFormat,
    /// What keys are.
    pub key_format: KeyFormat,
    /// The columns, as a KCQL column list; all fields without one.
    pub select: Option<String>,
    /// Types of columns.
    pub types: Vec<(String, Declared)>,
    /// The columns that make up the primary key. `_key` is the record's key, `_key.x` a field of it.
    pub key: Vec<String>,
    /// Whether rows are added, or take the places of those with their keys.
    pub mode: Mode,
    /// Whether a tombstone deletes the row with its key. Otherwise it is counted and passed over.
    pub delete_on_null: bool,
    /// Whether a table that is missing may not be made.
    pub no_create: bool,
    /// Whether columns are added and widened where records need it.
    pub evolve: bool,
    /// Whether columns say where each row came from.
    pub lineage: bool,
}

impl LandingOptions {
    /// All that is wrong with them.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault =
            |place: kadence_core::fault::Phrase, what: &str, help: kadence_core::fault::Phrase| {
                faults.push(Fault::new(place, what.to_owned()).help(help).misuse());
            };
        if self.name.is_empty() || self.name.chars().count() > 200 || self.name.contains('\0') {
            fault(phrase![@"name"], "a landing's name has 1 to 200 characters", phrase![]);
        }
        if self.table.is_empty() {
            fault(phrase![@"table"], "is empty", phrase!["name the table"]);
        }
        if self.mode == Mode::Upsert && self.key.is_empty() {
            fault(
                phrase![@"mode", " upsert"],
                "needs to know which columns make up the key",
                phrase!["name them with ", @"pk"],
            );
        }
        if self.delete_on_null {
            if self.mode != Mode::Upsert {
                fault(
                    phrase![@"delete-on-null"],
                    "deletes rows by their key, which are added without regard to it here",
                    phrase!["use ", @"mode", " upsert"],
                );
            } else if let Some(field) = self.key.iter().find(|field| !is_of_key(field)) {
                let what = format!("a tombstone has nothing but its key, and `{field}` is no part of that");
                fault(
                    phrase![@"delete-on-null"],
                    &what,
                    phrase!["name parts of the key with ", @"pk", ": _key, or _key.FIELD with ", @"key-format", " json"],
                );
            }
        }
        if self.key_format == KeyFormat::Text
            && let Some(field) = self.key.iter().find(|field| field.starts_with("_key."))
        {
            let what = format!("`{field}` is a field of the key, and keys are texts");
            fault(phrase![@"pk"], &what, phrase!["say ", @"key-format", " json"]);
        }
        if self.key_format == KeyFormat::Text
            && self.mapping().is_ok_and(|mapping| mapping.needs_key_fields())
            && !self.key.iter().any(|field| field.starts_with("_key."))
        {
            let what = "names a field of the key, and keys are texts";
            fault(phrase![@"select"], what, phrase!["say ", @"key-format", " json"]);
        }
        if self.no_create && self.evolve {
            fault(
                phrase![@"no-create"],
                "leaves tables as they are, and columns are to be added",
                phrase!["leave out one of ", @"no-create", " and ", @"evolve"],
            );
        }
        if let Err(mut others) = self.mapping() {
            faults.append(&mut others);
        }
        faults
    }

    pub(crate) fn mapping(&self) -> Result<Mapping, Vec<Fault>> {
        Mapping::compile(self.select.as_deref(), &self.key, self.lineage)
    }

    /// What this landing writes where, in a line: the ledger keeps it, and the same name with another one is refused.
    pub fn fingerprint(&self) -> String {
        let Self { table, format, key_format, key, mode, select, types, delete_on_null, lineage, .. } = self;
        let mut text =
            format!("table={table} mode={} format={} pk={}", mode.name(), format.name(), key.join(","));
        if *key_format != KeyFormat::default() {
            let _ = write!(text, " key-format={}", key_format.name());
        }
        // Other types count for a table that is made, and the table has them from then on.
        for (name, declared) in types {
            if let Some((unit, ..)) = UNITS.iter().find(|(_, nanos, _)| declared.unit == Some(*nanos)) {
                let _ = write!(text, " {name}:{unit}");
            }
        }
        for (name, is_on) in [("delete-on-null", delete_on_null), ("lineage", lineage)] {
            if *is_on {
                let _ = write!(text, " {name}");
            }
        }
        if let Some(select) = select {
            text.push_str(" select=");
            text.push_str(select);
        }
        if let Some((most, _)) = text.char_indices().nth(LONGEST_FINGERPRINT) {
            // What does not fit counts all the same.
            let rest = crc32c::crc32c(&text.as_bytes()[most..]);
            text.truncate(most);
            let _ = write!(text, "… {rest:08x}");
        }
        text
    }
}

fn is_of_key(field: &str) -> bool {
    field == "_key" || field.starts_with("_key.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> LandingOptions {
        LandingOptions { name: "n".into(), table: "t".into(), ..LandingOptions::default() }
    }

    #[test]
    fn all_faults_are_told_together() {
        assert!(options().check().is_empty());
        let wrong = LandingOptions {
            name: String::new(),
            mode: Mode::Upsert,
            select: Some("a AS x, b AS x, nothing()".into()),
            delete_on_null: true,
            key: vec!["id".into()],
            ..options()
        };
        let texts: Vec<String> = wrong.check().iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 4, "{texts:#?}");
    }
}
