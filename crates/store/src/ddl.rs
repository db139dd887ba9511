//! Statements that make and change tables, in each database's words.

use crate::table::Column;
use crate::types::ColumnType;

/// How a database writes names, types and statements.
pub trait Dialect: Send + Sync {
    /// The database's kind, as people call it.
    fn name(&self) -> &'static str;

    /// A name in quotes.
    fn quoted(&self, name: &str) -> String;

    /// The most bytes that a name may have; a longer one would be cut off.
    fn longest_name(&self) -> usize;

    /// Whether two names are one to this database.
    fn is_same_name(&self, one: &str, other: &str) -> bool;

    /// The parameter in this place, counted from 1.
    fn parameter(&self, place: usize) -> String;

    /// The type of a column of a new table; `None` where there is none that keeps such values exactly.
    fn type_of(&self, column: ColumnType, is_key: bool) -> Option<String>;

    /// What stands behind a table's columns, for a table or for the ledger.
    fn table_options(&self) -> &'static str {
        ""
    }

    /// The type of the ledger's texts, of at most so many characters, compared byte by byte.
    fn ledger_text(&self, most: usize) -> String;

    /// Whether an upsert takes the place of a row that has any unique index in common.
    fn upserts_by_any_key(&self) -> bool {
        false
    }

    /// What locks the rows that a query finds until the transaction's end.
    fn for_update(&self) -> &'static str {
        " FOR UPDATE"
    }

    /// What keeps the rows that a query finds from being changed until the transaction's end, and lets others do the
    /// same.
    fn for_share(&self) -> &'static str {
        " FOR SHARE"
    }

    /// Whether a column can be widened to this type without a change of what is in it.
    fn widens(&self, from: ColumnType, to: ColumnType) -> bool;
}

/// A table's name, perhaps with that of its schema before a point, in quotes.
pub fn table_name(dialect: &dyn Dialect, table: &str) -> String {
    let parts: Vec<String> = table.split('.').map(|part| dialect.quoted(part)).collect();
    parts.join(".")
}

/// The statement that makes a table.
pub(crate) fn create_table(dialect: &dyn Dialect, table: &str, columns: &[Column], key: &[usize]) -> String {
    let mut lines: Vec<String> = Vec::with_capacity(columns.len() + 1);
    for (place, column) in columns.iter().enumerate() {
        let is_key = key.contains(&place);
        let not_null = if is_key { " NOT NULL" } else { "" };
        lines.push(format!("  {} {}{not_null}", dialect.quoted(&column.name), column.declared));
    }
    if !key.is_empty() {
        let names: Vec<String> = key.iter().map(|place| dialect.quoted(&columns[*place].name)).collect();
        lines.push(format!("  PRIMARY KEY ({})", names.join(", ")));
    }
    let (name, options) = (table_name(dialect, table), dialect.table_options());
    format!("CREATE TABLE {name} (\n{}\n){options}", lines.join(",\n"))
}

/// The statement that adds a column.
pub(crate) fn add_column(dialect: &dyn Dialect, table: &str, column: &Column) -> String {
    let (name, quoted) = (table_name(dialect, table), dialect.quoted(&column.name));
    format!("ALTER TABLE {name} ADD COLUMN {quoted} {}", column.declared)
}
