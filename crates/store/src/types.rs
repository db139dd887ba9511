//! The types of columns, as every database here has them in one form or another.

use std::fmt;
use std::str::FromStr;

/// What a column of a table takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int {
        /// How many bits it has.
        bits: u8,
        /// Whether it can be below zero.
        signed: bool,
    },
    /// A binary number of 32 bits.
    Float,
    /// A binary number of 64 bits.
    Double,
    /// A decimal number, exactly.
    Decimal(Option<Digits>),
    /// Text.
    Text(TextLimits),
    /// Bytes, at most this many.
    Bytes(Option<u64>),
    /// A day.
    Date,
    /// A time of day, with this many digits behind the second.
    Time(u8),
    /// A point in time, with this many digits behind the second. It is kept in UTC.
    Timestamp(u8),
    /// A UUID.
    Uuid,
    /// JSON.
    Json,
    /// Whatever comes: SQLite's columns take any value.
    Any,
}

/// The digits of a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// All of them.
    pub precision: u32,
    /// Those behind the point.
    pub scale: u32,
}

/// How long a text may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextLimits {
    /// In characters.
    pub chars: Option<u64>,
    /// In bytes.
    pub bytes: Option<u64>,
    /// The most bytes that one character may have: 3 where a character set ends at U+FFFF.
    pub char_bytes: Option<u8>,
    /// Whether spaces at its end are lost.
    pub loses_spaces: bool,
}

impl ColumnType {
    /// A signed integer of 64 bits.
    pub const INT: Self = Self::Int { bits: 64, signed: true };
    /// An unsigned integer of 64 bits.
    pub const UINT: Self = Self::Int { bits: 64, signed: false };
    /// Text without limits.
    pub const TEXT: Self =
        Self::Text(TextLimits { chars: None, bytes: None, char_bytes: None, loses_spaces: false });
}

/// The names that stand for types where people declare them.
const TYPE_NAMES: &[(&str, ColumnType)] = &[
    ("text", ColumnType::TEXT),
    ("int", ColumnType::INT),
    ("float", ColumnType::Double),
    ("decimal", ColumnType::Decimal(None)),
    ("bool", ColumnType::Bool),
    ("date", ColumnType::Date),
    ("time", ColumnType::Time(6)),
    ("timestamp", ColumnType::Timestamp(6)),
    ("uuid", ColumnType::Uuid),
    ("bytes", ColumnType::Bytes(None)),
    ("json", ColumnType::Json),
];

/// The types that can be declared, for a message.
pub const KNOWN_TYPES: &str = "text, text(CHARACTERS), int, float, decimal, decimal(DIGITS,SCALE), bool, date, time, time(DIGITS), \
     timestamp, timestamp(DIGITS), epoch-s, epoch-ms, epoch-us, epoch-ns, uuid, bytes and json";

/// A text that names no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown type `{found}`; the types are {KNOWN_TYPES}")]
pub struct UnknownType {
    /// The text.
    pub found: String,
}

impl FromStr for ColumnType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let named = TYPE_NAMES.iter().find(|(name, _)| *name == text).map(|(_, is)| *is);
        named.or_else(|| with_digits(text)).ok_or_else(|| UnknownType { found: text.into() })
    }
}

/// A type with its digits in brackets.
fn with_digits(text: &str) -> Option<ColumnType> {
    let (name, rest) = text.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    let mut numbers = inner.split(',').map(|number| number.trim().parse::<u32>());
    let first = numbers.next()?.ok()?;
    let second = numbers.next().transpose().ok()?;
    if numbers.next().is_some() {
        return None;
    }
    match (name, first, second) {
        ("decimal", precision @ 1..=1000, scale) => {
            let scale = scale.unwrap_or(0);
            (scale <= precision).then_some(ColumnType::Decimal(Some(Digits { precision, scale })))
        }
        ("time", digits @ 0..=9, None) => Some(ColumnType::Time(digits as u8)),
        ("timestamp", digits @ 0..=9, None) => Some(ColumnType::Timestamp(digits as u8)),
        ("text", chars @ 1.., None) => {
            Some(ColumnType::Text(TextLimits { chars: Some(chars.into()), ..TextLimits::default() }))
        }
        _ => None,
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int { bits: 64, signed: true } => f.write_str("int"),
            Self::Int { bits, signed: true } => write!(f, "int of {bits} bits"),
            Self::Int { bits, signed: false } => write!(f, "unsigned int of {bits} bits"),
            Self::Float => f.write_str("float of 32 bits"),
            Self::Double => f.write_str("float"),
            Self::Decimal(None) => f.write_str("decimal"),
            Self::Decimal(Some(Digits { precision, scale })) => write!(f, "decimal({precision},{scale})"),
            Self::Text(TextLimits { chars: Some(chars), .. }) => write!(f, "text({chars})"),
            Self::Text(_) => f.write_str("text"),
            Self::Bytes(Some(most)) => write!(f, "bytes({most})"),
            Self::Bytes(None) => f.write_str("bytes"),
            Self::Date => f.write_str("date"),
            Self::Time(digits) => write!(f, "time({digits})"),
            Self::Timestamp(digits) => write!(f, "timestamp({digits})"),
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
            Self::Any => f.write_str("any"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_written() {
        for text in ["text", "int", "decimal", "decimal(10,2)", "timestamp(3)", "text(40)", "uuid", "json"] {
            let read: ColumnType = text.parse().expect(text);
            assert_eq!(read.to_string(), text);
        }
        for text in ["", "integer", "decimal(2,3)", "decimal(0)", "timestamp(10)", "decimal(1,2,3)", "int(3)"]
        {
            assert!(text.parse::<ColumnType>().is_err(), "{text}");
        }
    }
}
