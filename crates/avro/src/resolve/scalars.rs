//! Types that hold no others.

use super::is_same_name;
use crate::plan::{Fixed, Meaning, Node};
use crate::program::{Blob, Read, Whole};

/// What a type is underneath its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Other,
}

fn base(node: &Node) -> Base {
    match node {
        Node::Null => Base::Null,
        Node::Boolean => Base::Boolean,
        Node::Int | Node::Date | Node::TimeMillis => Base::Int,
        Node::Long | Node::TimeMicros | Node::Timestamp(_) | Node::LocalTimestamp(_) => Base::Long,
        Node::Float => Base::Float,
        Node::Double => Base::Double,
        Node::Bytes | Node::Decimal(_) => Base::Bytes,
        Node::Text | Node::Uuid => Base::Text,
        Node::Fixed(_) | Node::Enum(_) | Node::Array(_) | Node::Map(_) | Node::Union(_) | Node::Record(_) => {
            Base::Other
        }
    }
}

/// Whether two types without names are the same.
pub(super) fn is_same(one: &Node, other: &Node) -> bool {
    match (one, other) {
        (Node::Array(_), Node::Array(_)) | (Node::Map(_), Node::Map(_)) => true,
        _ => base(one) != Base::Other && base(one) == base(other),
    }
}

/// Reads a type that holds no others as it stands.
pub(super) fn as_it_stands(node: &Node) -> Read {
    match base(node) {
        Base::Int => Read::Int(whole(node)),
        Base::Long => Read::Long(whole(node)),
        Base::Boolean => Read::Boolean,
        Base::Float => Read::Float,
        Base::Double => Read::Double,
        Base::Bytes | Base::Text => Read::Prefixed(blob(node)),
        Base::Null => Read::Null,
        Base::Other => match node {
            Node::Fixed(Fixed { size, .. }) => Read::Fixed(*size, blob(node)),
            _ => Read::Null,
        },
    }
}

/// Reads one type as another, if that goes.
pub(super) fn resolve(written: &Node, wanted: &Node) -> Option<Read> {
    Some(match (base(written), base(wanted)) {
        (Base::Int, Base::Int | Base::Long) => Read::Int(whole_as(written, wanted)?),
        (Base::Long, Base::Long) => Read::Long(whole_as(written, wanted)?),
        (Base::Int, Base::Float) => Read::Int(Whole::Float),
        (Base::Int, Base::Double) => Read::Int(Whole::Double),
        (Base::Long, Base::Float) => Read::Long(Whole::Float),
        (Base::Long, Base::Double) => Read::Long(Whole::Double),
        (Base::Float, Base::Double) => Read::WideFloat,
        (Base::Bytes | Base::Text, Base::Bytes | Base::Text) => Read::Prefixed(blob_as(written, wanted)?),
        (Base::Other, Base::Other) => match (written, wanted) {
            (Node::Fixed(one), Node::Fixed(other)) if one.size == other.size => {
                if !is_same_name(&one.named, &other.named) {
                    return None;
                }
                Read::Fixed(one.size, blob_as(written, wanted)?)
            }
            _ => return None,
        },
        (one, other) if one == other => as_it_stands(wanted),
        _ => return None,
    })
}

fn whole(node: &Node) -> Whole {
    match node {
        Node::Date => Whole::Date,
        Node::TimeMillis => Whole::TimeMillis,
        Node::TimeMicros => Whole::TimeMicros,
        Node::Timestamp(unit) => Whole::Timestamp(*unit),
        Node::LocalTimestamp(unit) => Whole::LocalTimestamp(*unit),
        _ => Whole::Int,
    }
}

/// What the reader's schema makes of a whole number: in the unit that it was written in.
fn whole_as(written: &Node, wanted: &Node) -> Option<Whole> {
    use Whole::{Int, LocalTimestamp, TimeMicros, TimeMillis, Timestamp};
    match (whole(written), whole(wanted)) {
        (_, Int) => Some(Int),
        (Int, wanted) => Some(wanted),
        (written @ (TimeMillis | TimeMicros), TimeMillis | TimeMicros)
        | (written @ Timestamp(_), Timestamp(_))
        | (written @ LocalTimestamp(_), LocalTimestamp(_)) => Some(written),
        (written, wanted) => (written == wanted).then_some(wanted),
    }
}

fn blob(node: &Node) -> Blob {
    match node {
        Node::Text => Blob::Text,
        Node::Uuid => Blob::UuidText,
        Node::Decimal(digits) => Blob::Decimal(digits.scale),
        Node::Fixed(Fixed { meaning, .. }) => match meaning {
            Meaning::Bytes => Blob::Bytes,
            Meaning::Uuid => Blob::Uuid,
            Meaning::Duration => Blob::Duration,
            Meaning::Decimal(digits) => Blob::Decimal(digits.scale),
        },
        _ => Blob::Bytes,
    }
}

/// What the reader's schema makes of bytes. A number with another scale would be another number.
fn blob_as(written: &Node, wanted: &Node) -> Option<Blob> {
    match (blob(written), blob(wanted)) {
        (_, wanted @ (Blob::Bytes | Blob::Text)) | (Blob::Bytes | Blob::Text, wanted) => Some(wanted),
        (written, wanted) => (written == wanted).then_some(wanted),
    }
}
