//! Names and types in PostgreSQL's words.

use kadence_store::{ColumnType, Dialect, Digits, TextLimits};

/// The most digits that a `numeric` is declared with.
const MOST_DIGITS: u32 = 1_000;
/// The most characters that a `varchar` is declared with.
const MOST_CHARS: u64 = 10_485_760;
/// The digits that the server keeps behind a second.
const MOST_SECOND_DIGITS: u8 = 6;

#[derive(Debug)]
pub(crate) struct PostgresDialect;

impl Dialect for PostgresDialect {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn longest_name(&self) -> usize {
        63
    }

    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one == other
    }

    fn parameter(&self, place: usize) -> String {
        format!("${place}")
    }

    fn type_of(&self, column: ColumnType, _: bool) -> Option<String> {
        Some(match column {
            ColumnType::Bool => "boolean".into(),
            ColumnType::Int { bits: 0..=16, signed: true }
            | ColumnType::Int { bits: 0..=8, signed: false } => "smallint".into(),
            ColumnType::Int { bits: 0..=32, signed: true }
            | ColumnType::Int { bits: 0..=16, signed: false } => "integer".into(),
            ColumnType::Int { signed: true, .. } | ColumnType::Int { bits: 0..=32, signed: false } => {
                "bigint".into()
            }
            ColumnType::Int { signed: false, .. } => "numeric(20,0)".into(),
            ColumnType::Float => "real".into(),
            ColumnType::Double => "double precision".into(),
            ColumnType::Decimal(Some(Digits { precision: precision @ 1..=MOST_DIGITS, scale })) => {
                format!("numeric({precision},{scale})")
            }
            ColumnType::Decimal(_) => "numeric".into(),
            ColumnType::Text(TextLimits { chars: Some(chars @ 1..=MOST_CHARS), .. }) => {
                format!("varchar({chars})")
            }
            ColumnType::Text(_) => "text".into(),
            ColumnType::Bytes(_) => "bytea".into(),
            ColumnType::Date => "date".into(),
            ColumnType::Time(digits) if digits <= MOST_SECOND_DIGITS => format!("time({digits})"),
            ColumnType::Timestamp(digits) if digits <= MOST_SECOND_DIGITS => format!("timestamptz({digits})"),
            ColumnType::Time(_) | ColumnType::Timestamp(_) | ColumnType::Any => return None,
            ColumnType::Uuid => "uuid".into(),
            ColumnType::Json => "jsonb".into(),
        })
    }

    fn ledger_text(&self, most: usize) -> String {
        format!("varchar({most}) COLLATE \"C\"")
    }

    fn widens(&self, from: ColumnType, to: ColumnType) -> bool {
        matches!(from, ColumnType::Int { bits: 32 | 16, signed: true }) && to == ColumnType::INT
    }
}
