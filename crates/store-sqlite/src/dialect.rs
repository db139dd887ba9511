//! Names and types in SQLite's words.

use kadence_store::{ColumnType, Dialect};

#[derive(Debug)]
pub(crate) struct SqliteDialect;

impl Dialect for SqliteDialect {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn longest_name(&self) -> usize {
        1_000
    }

    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one.eq_ignore_ascii_case(other)
    }

    fn parameter(&self, place: usize) -> String {
        format!("?{place}")
    }

    fn type_of(&self, column: ColumnType, _: bool) -> Option<String> {
        Some(
            match column {
                ColumnType::Bool => "BOOLEAN",
                ColumnType::Int { bits: 64, signed: false } | ColumnType::Decimal(_) => "DECIMAL_TEXT",
                ColumnType::Int { .. } => "INTEGER",
                ColumnType::Float | ColumnType::Double => "DOUBLE",
                ColumnType::Text(_) => "TEXT",
                ColumnType::Bytes(_) => "BLOB",
                ColumnType::Date => "DATE",
                ColumnType::Time(_) => "TIME",
                ColumnType::Timestamp(_) => "TIMESTAMP",
                ColumnType::Uuid => "UUID",
                ColumnType::Json => "JSON_TEXT",
                ColumnType::Any => "",
            }
            .to_owned(),
        )
    }

    fn ledger_text(&self, _: usize) -> String {
        "TEXT".to_owned()
    }

    fn for_update(&self) -> &'static str {
        ""
    }

    fn for_share(&self) -> &'static str {
        ""
    }

    fn widens(&self, _: ColumnType, _: ColumnType) -> bool {
        false
    }
}

/// What a column of this declared type takes. Only a strict table keeps what stands in a column of type ANY.
pub(crate) fn column_type(declared: &str, is_strict: bool) -> ColumnType {
    let upper = declared.to_ascii_uppercase();
    let has = |part: &str| upper.contains(part);
    // The names in `type_of` come first, then what SQLite's own rules make of others.
    match upper.split('(').next().unwrap_or_default().trim() {
        "" => return ColumnType::Any,
        "ANY" if is_strict => return ColumnType::Any,
        "BOOLEAN" | "BOOL" => return ColumnType::Bool,
        "DECIMAL_TEXT" => return ColumnType::Decimal(None),
        "JSON_TEXT" => return ColumnType::Json,
        "DATE" => return ColumnType::Date,
        "TIME" => return ColumnType::Time(9),
        "TIMESTAMP" | "DATETIME" => return ColumnType::Timestamp(9),
        "UUID" => return ColumnType::Uuid,
        _ => {}
    }
    if has("INT") {
        ColumnType::INT
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        ColumnType::TEXT
    } else if has("BLOB") {
        ColumnType::Bytes(None)
    } else {
        // Real, and what becomes a double where it looks like a number.
        ColumnType::Double
    }
}
