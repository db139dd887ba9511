//! Rules that tests take out, to see that the simulation finds it.

/// A rule that can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests take rules out"))]
pub(crate) enum Rule {
    /// A commit compares epoch and offset with the ledger.
    CommitsCompare,
    /// The comparison is made when the transaction ends, not when it begins.
    ComparedAtTheEnd,
    /// A partition is released once its batches are committed or rolled back.
    ReleasedLast,
    /// After an outcome that nobody knows the ledger is asked.
    LedgerBelieved,
    /// After such an outcome a claim is made only where the epoch is still ours.
    ClaimedAgainByEpoch,
    /// A claim is made only while the feed says that the partition is ours.
    OwnershipConfirmed,
    /// What the feed confirmed some time ago is confirmed anew.
    ConfirmedJustNow,
    /// The topic's id is asked for after a batch's last record was read.
    TopicIdAsked,
    /// The ledger's place lies within the log.
    PlaceCompared,
    /// The ledger's last record is the log's.
    MarkCompared,
    /// What is rolled back is read again.
    ReadAgain,
    /// An end that was told before that is none.
    OldEndsPassedOver,
}

/// Which rule is taken out: none, but in tests.
pub(crate) type Without = Option<Rule>;
