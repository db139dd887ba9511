//! What columns take, by the servers' descriptions.

use kadence_store::{ColumnType, Digits, TextLimits};

/// A column, as `information_schema` has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    /// The type's name, such as `varchar`.
    pub(crate) data_type: String,
    /// All of the type, such as `varchar(40)`.
    pub(crate) declared: String,
    pub(crate) most_chars: Option<u64>,
    pub(crate) most_bytes: Option<u64>,
    pub(crate) precision: Option<u32>,
    pub(crate) scale: Option<u32>,
    /// Digits behind the second.
    pub(crate) digits: Option<u8>,
    pub(crate) character_set: String,
    /// Whether MariaDB checks that its text is JSON.
    pub(crate) has_json: bool,
}

/// What a column takes; `None` where nothing here writes such values without a change to some of them.
pub(crate) fn column_type(column: &Described) -> Option<ColumnType> {
    let signed = !column.declared.contains("unsigned");
    let int = |bits| Some(ColumnType::Int { bits, signed });
    let digits = column.digits.unwrap_or_default();
    match &*column.data_type {
        "tinyint" if column.declared == "tinyint(1)" => Some(ColumnType::Bool),
        "tinyint" => int(8),
        "smallint" => int(16),
        "mediumint" => int(24),
        "int" => int(32),
        "bigint" => int(64),
        // With digits behind the point, these round.
        "float" if column.scale.is_none() => Some(ColumnType::Float),
        "double" if column.scale.is_none() => Some(ColumnType::Double),
        "decimal" => {
            let (precision, scale) = (column.precision?, column.scale.unwrap_or_default());
            Some(ColumnType::Decimal(Some(Digits { precision, scale })))
        }
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Some(text(column)),
        // The list is checked before a row is sent, if it can be read.
        "enum" => crate::values::Check::of(&column.declared).map(|_| ColumnType::TEXT),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            Some(ColumnType::Bytes(column.most_bytes))
        }
        "date" => Some(ColumnType::Date),
        "time" => Some(ColumnType::Time(digits)),
        // The servers refuse what is outside of a `timestamp`'s years.
        "datetime" | "timestamp" => Some(ColumnType::Timestamp(digits)),
        "uuid" => Some(ColumnType::Uuid),
        "json" => Some(ColumnType::Json),
        // A `year` and a `bit` have numbers of their own, a `set` takes numbers for lists, `inet6` spells anew.
        _ => None,
    }
}

fn text(column: &Described) -> ColumnType {
    if column.has_json {
        return ColumnType::Json;
    }
    let is_counted = matches!(&*column.data_type, "char" | "varchar");
    let is_utf8 = column.character_set.starts_with("utf8");
    ColumnType::Text(TextLimits {
        chars: column.most_chars.filter(|_| is_counted),
        // In other character sets texts have other lengths, and the server sees to that.
        bytes: column.most_bytes.filter(|_| !is_counted && is_utf8),
        char_bytes: matches!(&*column.character_set, "utf8" | "utf8mb3" | "ucs2").then_some(3),
        loses_spaces: column.data_type == "char",
    })
}
