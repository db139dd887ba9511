//! Rows and a ledger in memory, changed together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kadence_core::feed::{Mark, Partition};
use kadence_core::record::Record;
use kadence_core::target::{Batch, Claim, Committed, Part, Rejects, Verdict};

use crate::planted::{Rule, Without};

/// A store of rows, with a ledger. Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rows: Vec<Row>,
    ledger: BTreeMap<Partition, Place>,
    rejects: Option<fn(&Record<'_>) -> Option<String>>,
    without: Without,
}

/// A landed record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it is from.
    pub partition: Partition,
    /// Its offset there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its body.
    pub body: Option<Vec<u8>>,
}

/// The place up to which a partition is landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The epoch of the last claim.
    pub epoch: i64,
    /// The offset that comes next.
    pub next: Option<i64>,
    /// The last record.
    pub mark: Option<Mark>,
}

/// A transaction that is open: nothing of it is to be seen. Dropping it rolls it back.
#[derive(Clone, Debug)]
pub struct Transaction {
    parts: Vec<Part>,
    rows: Vec<Row>,
    is_refused: bool,
    /// What a comparison gave when it was opened.
    fenced: Vec<Partition>,
}

impl Transaction {
    /// The parts of its batch.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn without(&self, rule: Without) {
        self.lock().without = rule;
    }

    /// Does not take records of which `rejects` gives a reason.
    pub fn reject(&self, rejects: fn(&Record<'_>) -> Option<String>) {
        self.lock().rejects = Some(rejects);
    }

    /// All rows, in the order in which they were landed.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_from(0)
    }

    /// The rows from this one on.
    pub fn rows_from(&self, first: usize) -> Vec<Row> {
        self.lock().rows[first..].to_vec()
    }

    /// Counts the rows.
    pub fn len(&self) -> usize {
        self.lock().rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives what the ledger has of a partition.
    pub fn place(&self, partition: &Partition) -> Place {
        self.lock().ledger.get(partition).cloned().unwrap_or_default()
    }

    /// Sets a partition's place by hand, as who accepts a gap or another log does. Whoever has it is fenced.
    pub fn set_place(&self, partition: &Partition, next: Option<i64>, mark: Option<Mark>) {
        let mut state = self.lock();
        let place = state.ledger.entry(partition.clone()).or_default();
        *place = Place { epoch: place.epoch + 1, next, mark };
    }

    /// Claims partitions.
    pub fn claim(&self, partitions: &[(Partition, Option<i64>)]) -> Vec<Claim> {
        let mut state = self.lock();
        let mut claims = Vec::new();
        for (partition, epoch) in partitions {
            let place = state.ledger.entry(partition.clone()).or_default();
            if epoch.is_none_or(|epoch| epoch == place.epoch) {
                place.epoch += 1;
                let Place { epoch, next, mark } = *place;
                claims.push(Claim { partition: partition.clone(), epoch, next, mark });
            }
        }
        claims
    }

    /// Opens a transaction for a batch.
    pub fn open(&self, batch: &Batch<'_>, rejects: &mut dyn Rejects) -> Transaction {
        let state = self.lock();
        let mut transaction = Transaction {
            parts: batch.parts.to_vec(),
            rows: Vec::with_capacity(batch.records.len()),
            is_refused: false,
            fenced: state.fenced(batch.parts),
        };
        for (place, record) in batch.records.records().enumerate() {
            let reason = state.rejects.and_then(|rejects| rejects(&record));
            match reason.map(|reason| rejects.rejected(place, &reason)) {
                Some(Verdict::LeaveOut) => continue,
                Some(Verdict::RollBack) => {
                    transaction.is_refused = true;
                    return transaction;
                }
                None => {}
            }
            transaction.rows.push(Row {
                partition: batch.parts[record.facts.lane as usize].partition.clone(),
                offset: record.facts.sequence as i64,
                key: record.key.map(ToOwned::to_owned),
                body: record.body.map(ToOwned::to_owned),
            });
        }
        transaction
    }

    /// Commits a transaction, if the ledger still is where the batch goes on.
    pub fn commit(&self, transaction: Transaction) -> Committed {
        let mut state = self.lock();
        if transaction.is_refused {
            return Committed::Refused;
        }
        let fenced = match state.without {
            Some(Rule::CommitsCompare) => Vec::new(),
            Some(Rule::ComparedAtTheEnd) => transaction.fenced,
            _ => state.fenced(&transaction.parts),
        };
        if !fenced.is_empty() {
            return Committed::Fenced(fenced);
        }
        state.rows.extend(transaction.rows);
        for part in transaction.parts {
            let place = state.ledger.entry(part.partition).or_default();
            place.next = Some(part.next);
            place.mark = part.mark.or(place.mark);
        }
        Committed::Done
    }
}

impl State {
    /// The parts whose epoch or offset the ledger does not have.
    fn fenced(&self, parts: &[Part]) -> Vec<Partition> {
        let is_as_expected = |part: &&Part| {
            let place = self.ledger.get(&part.partition);
            place.is_some_and(|place| place.epoch == part.epoch && place.next == part.expected)
        };
        parts.iter().filter(|part| !is_as_expected(part)).map(|part| part.partition.clone()).collect()
    }
}
