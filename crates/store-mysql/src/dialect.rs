//! Names and types in the servers' words.

use kadence_store::{ColumnType, Dialect, Digits, TextLimits};

use crate::server::Kind;

/// The most characters of a text that is not a document of its own. A row has room for 65,535 bytes beside those.
const MOST_CHARS: u64 = 16_383;
/// The most characters of a text among others in a key, and of one whose length is not declared.
const KEY_CHARS: u64 = 255;
/// An index has room for 3,072 bytes.
const MOST_KEY_CHARS: u64 = 768;

/// One for each server, and one for whichever it will be.
#[derive(Debug)]
pub(crate) struct MysqlDialect {
    name: &'static str,
    /// Texts that are compared as they are, byte by byte and with the spaces at their ends.
    text: &'static str,
}

/// Before the first connection nobody knows. Each server executes its own part of these comments.
const EITHER_TEXT: &str =
    "CHARACTER SET utf8mb4 COLLATE /*M!100500 utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */";

static MYSQL: MysqlDialect =
    MysqlDialect { name: "MySQL", text: "CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin" };
static MARIADB: MysqlDialect =
    MysqlDialect { name: "MariaDB", text: "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin" };
static MYSQL_PERHAPS: MysqlDialect = MysqlDialect { name: "MySQL", text: EITHER_TEXT };
static MARIADB_PERHAPS: MysqlDialect = MysqlDialect { name: "MariaDB", text: EITHER_TEXT };

/// The dialect of a server, which is `found` or else perhaps `expected`.
pub(crate) fn dialect(found: Option<Kind>, expected: Kind) -> &'static MysqlDialect {
    match (found, expected) {
        (Some(Kind::MySql), _) => &MYSQL,
        (Some(Kind::MariaDb), _) => &MARIADB,
        (None, Kind::MySql) => &MYSQL_PERHAPS,
        (None, Kind::MariaDb) => &MARIADB_PERHAPS,
    }
}

/// A name in quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Dialect for MysqlDialect {
    fn name(&self) -> &'static str {
        self.name
    }

    fn quoted(&self, name: &str) -> String {
        quoted(name)
    }

    /// The servers count characters, of which each has a byte at least.
    fn longest_name(&self) -> usize {
        64
    }

    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one.eq_ignore_ascii_case(other)
            || (!one.is_ascii() && !other.is_ascii() && one.to_lowercase() == other.to_lowercase())
    }

    fn parameter(&self, _: usize) -> String {
        "?".to_owned()
    }

    fn type_of(&self, column: ColumnType, is_key: bool) -> Option<String> {
        let text = |chars: u64| format!("varchar({chars}) {}", self.text);
        Some(match column {
            ColumnType::Bool => "boolean".to_owned(),
            ColumnType::Int { signed: true, .. } => "bigint".to_owned(),
            ColumnType::Int { signed: false, .. } => "bigint unsigned".to_owned(),
            ColumnType::Float => "float".to_owned(),
            ColumnType::Double => "double".to_owned(),
            // The most that it has: what has more digits is refused, record by record.
            ColumnType::Decimal(None) => "decimal(65,30)".to_owned(),
            ColumnType::Decimal(Some(Digits { precision: precision @ ..=65, scale: scale @ ..=30 })) => {
                format!("decimal({precision},{scale})")
            }
            ColumnType::Text(TextLimits { chars, .. }) => match (is_key, chars) {
                (true, None) => text(KEY_CHARS),
                (true, Some(chars)) if chars <= MOST_KEY_CHARS => text(chars),
                (true, Some(_)) => return None,
                (false, Some(chars)) if chars <= MOST_CHARS => text(chars),
                (false, _) => format!("longtext {}", self.text),
            },
            ColumnType::Bytes(_) if is_key => format!("varbinary({KEY_CHARS})"),
            ColumnType::Bytes(_) => "longblob".to_owned(),
            ColumnType::Date => "date".to_owned(),
            ColumnType::Time(digits @ ..=6) => format!("time({digits})"),
            ColumnType::Timestamp(digits @ ..=6) => format!("datetime({digits})"),
            ColumnType::Uuid => "char(36) CHARACTER SET ascii COLLATE ascii_bin".to_owned(),
            ColumnType::Json if !is_key => "json".to_owned(),
            _ => return None,
        })
    }

    fn table_options(&self) -> &'static str {
        " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    }

    fn ledger_text(&self, most: usize) -> String {
        format!("varchar({most}) {}", self.text)
    }

    fn upserts_by_any_key(&self) -> bool {
        true
    }

    fn for_share(&self) -> &'static str {
        " LOCK IN SHARE MODE"
    }

    fn widens(&self, from: ColumnType, to: ColumnType) -> bool {
        matches!((from, to), (ColumnType::Int { bits: ..64, signed }, ColumnType::Int { bits: 64, signed: wide }) if signed == wide)
    }
}
