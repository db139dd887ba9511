//! The partitions that the reader has been given, and how far each is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::feed::Partition;
use kadence_core::target::Claim;

use crate::back_off::BackOff;

/// A partition as records name it: without the topic's id.
pub(super) type Seat = (Arc<str>, i32);

/// All partitions that were given and are not gone.
pub(super) type Holding = BTreeMap<Seat, Held>;

/// A partition that was given.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) partition: Partition,
    pub(super) state: State,
    /// When the next step may be tried.
    pub(super) from: Duration,
    pub(super) back_off: BackOff,
    /// How often its log ended before the ledger's place.
    pub(super) looks: u32,
    /// The stretch that is being read, or claimed.
    pub(super) stretch: u64,
    /// Where it starts if nothing was landed yet, once that is known.
    pub(super) origin: Option<i64>,
    /// The offset behind what was last sent, or at which reading began.
    pub(super) sent: i64,
    /// The offset behind what was read.
    pub(super) at: i64,
    /// The offset before which there is nothing more, once that was told.
    pub(super) end: Option<i64>,
    /// Its part in the open batch.
    pub(super) part: Option<usize>,
    /// Whether it is taken.
    pub(super) leaving: Option<Leaving>,
}

/// How far a partition is.
#[derive(Debug)]
pub(super) enum State {
    /// Nobody confirmed yet that it is ours.
    Given,
    /// The writer claims it.
    Claiming,
    /// It is ours by the ledger, whose place is to be compared with the log.
    Claimed(Claim),
    /// It is to be read from `sent` on. The ledger will have `expected` then.
    Placed { expected: Option<i64> },
    /// It is read. The ledger has `expected` once all that was sent is landed.
    Reading { expected: Option<i64> },
}

/// How far a partition is that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// It was taken.
    Wanted,
    /// The writer was asked, by the order with this number.
    Asked(u64),
    /// It can be released.
    Left,
}

impl Held {
    pub(super) fn new(partition: Partition) -> Self {
        Self {
            partition,
            state: State::Given,
            from: Duration::ZERO,
            back_off: BackOff::default(),
            looks: 0,
            stretch: 0,
            origin: None,
            sent: 0,
            at: 0,
            end: None,
            part: None,
            leaving: None,
        }
    }

    /// Whether its records are wanted.
    pub(super) fn is_read(&self) -> bool {
        self.leaving.is_none() && matches!(self.state, State::Reading { .. })
    }

    /// Whether it is time to go on with it.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.leaving.is_none() && self.from <= now
    }

    /// Tries again after a pause.
    pub(super) fn later(&mut self, now: Duration) {
        self.from = now + self.back_off.next();
    }

    /// It has to be confirmed and claimed again, after a pause.
    pub(super) fn not_ours(&mut self, now: Duration) {
        self.state = State::Given;
        self.later(now);
    }

    /// It is read again from where the ledger is.
    pub(super) fn place(&mut self, stretch: u64, next: Option<i64>) {
        self.stretch = stretch;
        self.sent = next.or(self.origin).unwrap_or(self.sent);
        self.at = self.sent;
        self.end = None;
        self.state = State::Placed { expected: next };
        self.from = Duration::ZERO;
    }

    /// It is read again from where the last batch ended.
    pub(super) fn place_again(&mut self) {
        self.part = None;
        if let State::Reading { expected } = self.state {
            self.at = self.sent;
            self.end = None;
            self.state = State::Placed { expected };
        }
    }

    /// Its part was sent.
    pub(super) fn part_sent(&mut self) {
        if self.part.take().is_some() {
            self.sent = self.at;
            self.state = State::Reading { expected: Some(self.at) };
        }
    }
}

/// The seat of a partition.
pub(super) fn seat(partition: &Partition) -> Seat {
    (Arc::clone(&partition.topic), partition.index)
}
