//! One transactional id.

use crate::{
    journal::{self, Producer},
    memory::Share,
};
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

/// A name that is kept: shared, not copied.
pub(crate) type Id = Arc<str>;
/// Milliseconds since the epoch: a timeout runs on over a restart.
pub(crate) type Time = i64;
/// A partition of a topic, which is known by its id: another of the same name is no part of the transaction.
pub(crate) type Place = (Uuid, i32);

/// What an id takes beside its name.
pub(super) const ENTRY_BYTES: usize = 384;
const PLACE_BYTES: usize = 96;
const GROUP_BYTES: usize = 128;

/// Where a transactional id is, by Kafka's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It had no transaction since its producer began.
    Empty,
    /// A transaction is under way.
    Ongoing,
    /// It is committed, and markers are missing.
    PrepareCommit,
    /// It is aborted, and markers are missing.
    PrepareAbort,
    /// The last one was committed.
    CompleteCommit,
    /// The last one was aborted.
    CompleteAbort,
}

impl State {
    pub(crate) const ALL: [Self; 6] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
    ];

    /// Kafka's name for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) producer: Producer,
    /// How the last transaction ended.
    pub(super) ended: Option<bool>,
    pub(super) transaction: Option<Transaction>,
    /// When the transaction began, or the last one of this producer, or -1; for people.
    pub(super) since_ms: Time,
    pub(super) used_ms: Time,
    /// The entry in the machine's list of deadlines.
    pub(super) scheduled: Option<Time>,
    pub(super) share: Share,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) since_ms: Time,
    pub(super) places: BTreeSet<Place>,
    pub(super) groups: BTreeSet<Id>,
    /// Whether it is committed, and the epoch of its markers.
    pub(super) decided: Option<(bool, i16)>,
}

/// What places and a group take in a transaction.
pub(super) fn held(places: usize, group: &str) -> usize {
    let group = if group.is_empty() { 0 } else { GROUP_BYTES + group.len() };
    places.saturating_mul(PLACE_BYTES) + group
}

impl Entry {
    pub(super) fn new(share: Share, now: Time, producer: Producer, ended: Option<bool>) -> Self {
        let transaction = None;
        Self { producer, ended, transaction, since_ms: -1, used_ms: now, scheduled: None, share }
    }

    pub(super) fn restored(share: Share, now: Time, from: &journal::Transactional) -> Self {
        let transaction = from.transaction.as_ref().map(|t| Transaction {
            since_ms: t.since_ms,
            places: t.partitions.clone(),
            groups: t.groups.keys().map(|group| Id::from(group.as_str())).collect(),
            decided: t.decided,
        });
        let since_ms = transaction.as_ref().map_or(-1, |t| t.since_ms);
        Self { transaction, since_ms, ..Self::new(share, now, from.producer, from.ended) }
    }

    pub(super) fn state(&self) -> State {
        match (self.transaction.as_ref().map(|t| t.decided), self.ended) {
            (None, None) => State::Empty,
            (None, Some(true)) => State::CompleteCommit,
            (None, Some(false)) => State::CompleteAbort,
            (Some(None), _) => State::Ongoing,
            (Some(Some((true, _))), _) => State::PrepareCommit,
            (Some(Some((false, _))), _) => State::PrepareAbort,
        }
    }

    /// A producer begins.
    pub(super) fn begin(&mut self, producer: Producer, ended: Option<bool>) {
        (self.producer, self.ended, self.transaction, self.since_ms) = (producer, ended, None, -1);
    }

    /// The transaction, which begins if there is none.
    pub(super) fn open(&mut self, since_ms: Time) -> &mut Transaction {
        self.transaction.get_or_insert_with(|| {
            self.since_ms = since_ms;
            Transaction { since_ms, ..Transaction::default() }
        })
    }

    pub(super) fn decide(&mut self, commit: bool, epoch: i16) {
        let Some(transaction) = &mut self.transaction else { return };
        transaction.decided = Some((commit, epoch));
        transaction.groups.clear();
        if epoch > self.producer.epoch {
            self.producer = Producer { epoch, last_id: -1, last_epoch: -1, ..self.producer };
        }
    }

    pub(super) fn end(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            self.ended = transaction.decided.map(|(commit, _)| commit);
        }
    }

    /// What it takes in memory, about.
    pub(super) fn bytes(&self, id: &str) -> usize {
        let own = ENTRY_BYTES + id.len();
        self.transaction.as_ref().map_or(own, |t| {
            own + held(t.places.len(), "") + t.groups.iter().map(|group| held(0, group)).sum::<usize>()
        })
    }
}
