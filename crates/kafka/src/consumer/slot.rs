//! What is known of a partition that is read.

use kadence_core::feed::Partition;

use super::bounds::{End, Log};

/// A partition that is ours.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) partition: Partition,
    /// The offset behind the last record that was given.
    pub(super) next: i64,
    pub(super) end: End,
    pub(super) state: State,
    /// Its log, when somebody asked where to start.
    pub(super) log: Option<Log>,
    /// Whether librdkafka fetches it.
    pub(super) is_assigned: bool,
}

/// How far a partition has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has said where it starts.
    Given,
    /// It is read.
    Open,
    /// It is read to its end.
    Done,
    /// The group takes it, and what was read of it is not done yet.
    Held,
}

impl Slot {
    pub(super) fn given(partition: Partition) -> Self {
        Self { partition, next: 0, end: End::Never, state: State::Given, log: None, is_assigned: false }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether librdkafka was told where it starts.
    pub(super) fn is_begun(&self) -> bool {
        matches!(self.state, State::Open | State::Done)
    }
}
