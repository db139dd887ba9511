//! The words the tables are written in.

use kafka_protocol::messages::ApiKey;

/// The structure of one API's request over a range of versions.
#[derive(Debug)]
pub struct Request {
    /// Whose request.
    pub api: ApiKey,
    /// The first version the table describes.
    pub min: i16,
    /// The last version the table describes.
    pub max: i16,
    /// The first version with compact lengths and tagged fields.
    pub flexible: i16,
    /// The fields, in wire order.
    pub body: &'static [Field],
    /// Tagged fields the decoder knows; it reads others as opaque bytes.
    pub tags: &'static [Tag],
}

/// One field and the versions that carry it.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// What is on the wire.
    pub kind: Kind,
    since: i16,
    until: i16,
}

/// A tagged field that the decoder knows by number.
#[derive(Debug, Clone, Copy)]
pub struct Tag {
    /// Its number within its structure.
    pub number: u32,
    /// The first version in which it may be present.
    pub since: i16,
    /// What is on the wire.
    pub kind: Kind,
}

/// What a field looks like on the wire. Null is passed on: the decoder refuses it where it may not stand.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A number, boolean or UUID of so many bytes.
    Fixed(usize),
    /// A string.
    Text,
    /// Bytes, or records.
    Blob,
    /// An array.
    List(&'static Kind),
    /// A byte that says whether a structure follows: 1 if it does.
    Optional(&'static [Field], &'static [Tag]),
    /// A structure.
    Struct(&'static [Field], &'static [Tag]),
}

/// One byte: a boolean or an `i8`.
pub(super) const I8: Kind = Kind::Fixed(1);
/// Two bytes.
pub(super) const I16: Kind = Kind::Fixed(2);
/// Four bytes.
pub(super) const I32: Kind = Kind::Fixed(4);
/// Eight bytes.
pub(super) const I64: Kind = Kind::Fixed(8);
/// Sixteen bytes.
pub(super) const UUID: Kind = Kind::Fixed(16);

/// A field of every version.
pub(super) const fn field(kind: Kind) -> Field {
    Field { kind, since: 0, until: i16::MAX }
}

/// A field from a version on.
pub(super) const fn since(since: i16, kind: Kind) -> Field {
    Field { kind, since, until: i16::MAX }
}

/// A field up to and with a version.
pub(super) const fn until(until: i16, kind: Kind) -> Field {
    Field { kind, since: 0, until }
}

/// A field of some versions only.
pub(super) const fn between(since: i16, until: i16, kind: Kind) -> Field {
    Field { kind, since, until }
}

impl Field {
    /// Whether `version` carries this field.
    pub fn is_in(&self, version: i16) -> bool {
        self.since <= version && version <= self.until
    }
}

impl Kind {
    /// The fewest bytes a value of this kind can take.
    pub fn min_len(&self, version: i16, flexible: bool) -> usize {
        match self {
            Self::Fixed(len) => *len,
            Self::Text | Self::Blob | Self::List(_) if flexible => 1,
            Self::Optional(..) => 1,
            Self::Text => 2,
            Self::Blob | Self::List(_) => 4,
            Self::Struct(fields, _) => {
                let own: usize = fields
                    .iter()
                    .filter(|f| f.is_in(version))
                    .map(|f| f.kind.min_len(version, flexible))
                    .sum();
                own + usize::from(flexible)
            }
        }
    }
}
