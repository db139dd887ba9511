//! Where a landing writes to: rows and, in the same transaction, how far it has come.
//!
//! A [`Target`] keeps a *ledger*: for each partition an *epoch*, which every claim raises, and the offset that comes
//! next. A commit compares both with what it was told, and changes rows and ledger together or not at all. So of two
//! who believe they own a partition only the one who claimed it last can write.

use crate::fault::Fault;
use crate::feed::{Mark, Partition};
use crate::run::Run;

/// The promise that a target can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Each record once, whatever happens.
    ExactlyOnce,
    /// Each record at least once.
    AtLeastOnce,
}

/// A partition that is ours by the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The partition.
    pub partition: Partition,
    /// The epoch from now on.
    pub epoch: i64,
    /// The offset that comes next; `None` where nothing was landed yet.
    pub next: Option<i64>,
    /// The last record that was read, where there is one.
    pub mark: Option<Mark>,
}

/// The part of a batch that comes from one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The partition.
    pub partition: Partition,
    /// The epoch under which it was claimed.
    pub epoch: i64,
    /// The offset that the ledger has to have; `None` where it has to have none.
    pub expected: Option<i64>,
    /// The offset that it has afterwards.
    pub next: i64,
    /// The last record of this part. Without one the ledger keeps the mark that it has.
    pub mark: Option<Mark>,
}

/// Records, and what the ledger says once they are landed. A batch may have no records: an offset can move over
/// records that are none, such as the markers of transactions.
#[derive(Debug)]
pub struct Batch<'b> {
    /// A part for each partition in it.
    pub parts: &'b [Part],
    /// The records; each belongs to the part in the place that its lane says.
    pub records: &'b Run,
}

/// Is asked about records that a target does not take, before anything of their batch is committed. So what became of
/// them is known even where the answer to the commit is lost.
pub trait Rejects {
    /// A record that is not taken, by its place in the batch, with the reason. It is told in the order of the places.
    fn rejected(&mut self, place: usize, reason: &str) -> Verdict;
}

/// The decision about a batch that has a record which the target does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The record is left out, and the rest is landed.
    LeaveOut,
    /// The batch is rolled back, without a look at the others.
    RollBack,
}

/// The fate of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Committed {
    /// Rows and ledger are changed, and will stay so.
    Done,
    /// Nothing is changed: a record is not taken, and the verdict was to roll back.
    Refused,
    /// Nothing is changed: these partitions were claimed by somebody else, or the ledger has another offset.
    Fenced(Vec<Partition>),
    /// Nobody knows: the answer was lost. The partitions are to be claimed again, and the ledger to be believed.
    Unknown,
}

/// Takes records and keeps the ledger.
pub trait Target: Send {
    /// What it promises here.
    fn delivery(&self) -> Delivery;

    /// Raises the epochs of these partitions and says where each goes on. With an epoch, only if it is still that
    /// one: another one belongs to somebody else, and the partition is left out of the answer.
    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, Fault>;

    /// Lands a batch: all of it but for what is left out, or nothing. After an error nothing is changed; where that is
    /// not known, the answer is [`Committed::Unknown`].
    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, Fault>;
}

impl<T: Target + ?Sized> Target for Box<T> {
    fn delivery(&self) -> Delivery {
        (**self).delivery()
    }

    fn claim(&mut self, partitions: &[(Partition, Option<i64>)]) -> Result<Vec<Claim>, Fault> {
        (**self).claim(partitions)
    }

    fn commit(&mut self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Result<Committed, Fault> {
        (**self).commit(batch, rejects)
    }
}
