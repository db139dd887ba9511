//! What is wrong with a body.

use std::fmt;

use crate::wire;

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw<'p> {
    Wire(wire::Flaw),
    Boolean(u8),
    Int(i64),
    Length(i64),
    Size { said: i64, read: usize },
    Symbol(i64),
    Unwanted(usize),
    Branch { found: i64, of: usize },
    Never(&'p str),
    Utf8,
    Uuid,
    UuidSize(usize),
    Decimal(usize),
    Timestamp,
    Time,
    Deep(usize),
    Many,
    Left(usize),
}

impl From<wire::Flaw> for Flaw<'_> {
    fn from(flaw: wire::Flaw) -> Self {
        Self::Wire(flaw)
    }
}

impl fmt::Display for Flaw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(wire::Flaw::Short) => f.write_str("the body ends too early"),
            Self::Wire(wire::Flaw::Number) => f.write_str("a whole number takes more than 64 bits"),
            Self::Boolean(byte) => write!(f, "a boolean is 0 or 1, and this one {byte}"),
            Self::Int(number) => write!(f, "an int has 32 bits, and this one is {number}"),
            Self::Length(len) => write!(f, "a length is {len}"),
            Self::Size { said, read } => write!(f, "a block of {said} bytes has {read}"),
            Self::Symbol(place) => write!(f, "an enum has no symbol number {place}"),
            Self::Unwanted(place) => {
                write!(
                    f,
                    "the reader's schema has neither symbol number {place} of an enum nor a default for it"
                )
            }
            Self::Branch { found, of } => write!(f, "a union has {of} branches, and this is number {found}"),
            Self::Never(what) => write!(f, "the reader's schema cannot read {what}"),
            Self::Utf8 => f.write_str("a text is not UTF-8"),
            Self::Uuid => f.write_str("a text that is to be a UUID is none"),
            Self::UuidSize(size) => write!(f, "a UUID has 16 bytes, and this one {size}"),
            Self::Decimal(size) => {
                write!(f, "a decimal number has {size} bytes, more than any that is in use")
            }
            Self::Timestamp => f.write_str("a timestamp is outside the years 1677 to 2262"),
            Self::Time => f.write_str("a time of day is not within a day"),
            Self::Deep(most) => write!(f, "values stand in each other deeper than {most} levels"),
            Self::Many => f.write_str("there are more values than so few bytes may stand for"),
            Self::Left(left) => write!(f, "{left} bytes are left over behind the value"),
        }
    }
}
