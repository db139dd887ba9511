//! How bodies of one schema are read, with what another one makes of them worked out before the first.

use std::sync::Arc;

use crate::plan::{NodeId, Plan, Unit};

/// The place of a step in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ReadId(pub(crate) u32);

impl ReadId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The steps that read bodies of a schema.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) reads: Vec<Read>,
    pub(crate) root: ReadId,
    /// Whether the outermost value is a record, which is the row itself.
    pub(crate) is_row: bool,
    /// How many fields of one record have defaults in place of what was not written.
    pub(crate) most_defaults: usize,
    /// What the bodies were written with: fields that nobody wants are left out by it.
    pub(crate) writer: Arc<Plan>,
}

impl Program {
    #[inline]
    pub(crate) fn read(&self, id: ReadId) -> &Read {
        // Ids are made with their steps, and a program keeps all of them.
        &self.reads[id.index()]
    }
}

/// What is read, and what it becomes.
#[derive(Debug)]
pub(crate) enum Read {
    Null,
    Boolean,
    /// A whole number of 32 bits.
    Int(Whole),
    /// One of 64 bits.
    Long(Whole),
    /// A float as the decimal that it is meant to be.
    Float,
    /// A float as the double that it is.
    WideFloat,
    Double,
    /// Bytes or text with their length before them.
    Prefixed(Blob),
    /// So many bytes.
    Fixed(usize, Blob),
    /// The text of each symbol; none where the reader's schema has no place for it.
    Enum(Box<[Option<Box<str>>]>),
    Array(ReadId),
    Map(ReadId),
    Union(Box<[ReadId]>),
    /// What another step reads: the branch of the reader's union that was chosen.
    Same(ReadId),
    Record(Box<RecordRead>),
    /// A branch of a union that the reader's schema has no place for, and why.
    Never(Box<str>),
}

/// What a whole number becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Int,
    Float,
    Double,
    Date,
    TimeMillis,
    TimeMicros,
    Timestamp(Unit),
    LocalTimestamp(Unit),
}

/// What bytes become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blob {
    Bytes,
    Text,
    /// The text of a UUID.
    UuidText,
    /// The sixteen bytes of one.
    Uuid,
    /// Three numbers of 32 bits.
    Duration,
    /// A decimal number with so many digits behind the point.
    Decimal(u32),
}

/// How a record is read.
#[derive(Debug)]
pub(crate) struct RecordRead {
    pub(crate) steps: Box<[Step]>,
    /// The types of the fields as they were written, where they have to be looked up before they are read: the
    /// reader's schema has them in another order.
    pub(crate) shuffled: Option<Box<[NodeId]>>,
}

/// What is done about a field.
#[derive(Debug)]
pub(crate) enum Step {
    /// It is left out.
    Skip(NodeId),
    /// It is read. `place` is where it stands in what was written.
    Field { name: Box<str>, read: ReadId, place: u32 },
    /// It was not written, and has this default in binary form.
    Default { name: Box<str>, read: ReadId, bytes: Box<[u8]> },
}
