//! What of the groups outlives the process: their offsets.
//!
//! The machine and the journal change under one lock, so that the journal has the order of the changes. Offsets change
//! in the machine first: what could not be written is answered as not done, and is there until the process ends.

use super::{Commit, Committer, Coordinator, Groups, Results};
use crate::{
    journal::{Event, Offset, Offsets},
    memory::Memory,
};
use kafka_protocol::ResponseError;
use std::{collections::BTreeMap, sync::Arc};

impl Groups {
    /// Commits what `exists`; a result for each partition.
    pub(crate) fn commit(
        &self,
        id: &str,
        who: &Committer<'_>,
        commits: &[Commit<'_>],
        exists: impl Fn(&str, i32) -> bool,
    ) -> Results {
        self.step(|desk, now| {
            let mut results = desk.machine.commit(now, id, who, commits, exists);
            if !self.journal.is_kept() {
                return results;
            }
            let done = commits.iter().zip(&results).filter(|(_, result)| result.is_ok());
            let offsets: Vec<_> = done.map(|(commit, _)| commit.to_offset()).collect();
            if !offsets.is_empty() {
                let event = Event::Offsets { group: id.to_owned(), offsets };
                self.keep(event, results.iter_mut());
            }
            results
        })
    }

    /// Forgets offsets of topics that no member consumes; a result for each partition.
    pub(crate) fn delete_offsets(
        &self,
        id: &str,
        partitions: &[(&str, i32)],
    ) -> Result<Results, ResponseError> {
        self.step(|desk, now| {
            let mut results = desk.machine.delete_offsets(now, id, partitions)?;
            let done = partitions.iter().zip(&results).filter(|(_, result)| result.is_ok());
            let gone: Vec<_> = done.map(|((topic, index), _)| ((*topic).to_owned(), *index)).collect();
            if !gone.is_empty() {
                let event = Event::OffsetsDeleted { group: id.to_owned(), partitions: gone };
                self.keep(event, results.iter_mut());
            }
            Ok(results)
        })
    }

    /// Deletes a group without members.
    pub(crate) fn delete(&self, id: &str) -> Result<(), ResponseError> {
        self.step(|desk, _| {
            desk.machine.check_deletable(id)?;
            self.journal.write(&[Event::GroupDeleted { group: id.to_owned() }])?;
            desk.machine.delete(id)
        })
    }

    /// Writes `event`; if that fails, what was done is answered as not done.
    fn keep<'a>(&self, event: Event, results: impl Iterator<Item = &'a mut Result<(), ResponseError>>) {
        if let Err(error) = self.journal.write(&[event]) {
            results.filter(|result| result.is_ok()).for_each(|result| *result = Err(error.into()));
        }
    }
}

impl Commit<'_> {
    /// As the journal has it.
    pub(crate) fn to_offset(self) -> Offset {
        Offset {
            topic: self.topic.to_owned(),
            partition: self.partition,
            offset: self.offset,
            leader_epoch: self.leader_epoch,
            metadata: self.metadata.to_owned(),
        }
    }
}

impl Offset {
    /// As it was committed.
    pub(crate) fn to_commit(&self) -> Commit<'_> {
        Commit {
            topic: &self.topic,
            partition: self.partition,
            offset: self.offset,
            leader_epoch: self.leader_epoch,
            metadata: &self.metadata,
        }
    }
}

/// Puts back the offsets that a journal has; how many had no room.
pub(super) fn restore(
    machine: &mut Coordinator,
    memory: &Arc<Memory>,
    groups: &BTreeMap<String, Offsets>,
) -> usize {
    let nobody = Committer { member: "", instance: None, generation: -1 };
    let mut refused = 0;
    for (group, offsets) in groups {
        let commit = |offset: &Offset| machine.restore(group, &nobody, &offset.to_commit()).is_ok();
        refused += offsets.values().map(commit).filter(|done| !done).count();
    }
    memory.pass_on_refusals();
    refused
}
