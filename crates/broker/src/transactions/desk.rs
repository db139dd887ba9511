//! One step of the transactions, under their lock: what is written down, decided and marked.

use super::{
    entry::{Id, Place, Time},
    machine::{Due, Machine},
};
use crate::{
    clock::Clock,
    faults::Faults,
    groups::Groups,
    journal::{Event, Journal, NotWritten, Producer},
    partition::Unused,
    producer_ids::ProducerIds,
    topics::Topics,
};
use kadence_wire::control::Marker;
use kafka_protocol::ResponseError;
use std::sync::{Arc, MutexGuard};
use uuid::Uuid;

/// The only coordinator there is never changes.
pub(super) const COORDINATOR_EPOCH: i32 = 0;

/// The surroundings of the transactions: where they are written down, and what they change.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) topics: Arc<Topics>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) producer_ids: Arc<ProducerIds>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
}

/// The machine under its lock, and what a step changes beside it.
pub(super) struct Desk<'a> {
    pub(super) machine: MutexGuard<'a, Machine>,
    pub(super) around: &'a Surroundings,
    pub(super) now: Time,
}

impl Desk<'_> {
    /// Writes an event down, and has it happen.
    pub(super) fn write(&mut self, event: Event) -> Result<(), NotWritten> {
        let events = [event];
        self.around.journal.write(&events)?;
        let [event] = events;
        self.machine.apply(self.now, &event, None);
        Ok(())
    }

    /// Gives an id its producer. For one that is new others may have to go.
    pub(super) fn begin(&mut self, id: &str, producer: Producer) -> Result<(), ResponseError> {
        let mut share = None;
        if !self.machine.ids.contains_key(id) {
            let mut admitted = self.machine.admit(id);
            if admitted.is_err() {
                for idle in self.machine.idle() {
                    self.write(Event::TransactionalDeleted { id: idle.to_string() })?;
                }
                admitted = self.machine.admit(id);
            }
            share = Some(admitted?);
        }
        let events = [Event::Transactional { id: id.to_owned(), producer, ended: None }];
        self.around.journal.write(&events)?;
        self.machine.apply(self.now, &events[0], share);
        Ok(())
    }

    /// Decides a transaction and marks its end; whether all of it is marked.
    pub(super) fn decide(&mut self, id: &str, commit: bool, epoch: i16) -> Result<bool, ResponseError> {
        let event = Event::Decided { id: id.to_owned(), commit, epoch, ends: self.ends(id) };
        let groups = self.machine.groups(id);
        let producer = self.machine.ids.get(id).map(|entry| entry.producer.id);
        if let (false, Some(producer)) = (groups.is_empty(), producer) {
            let events = [event];
            self.around.groups.with(|machine, now| {
                self.around.journal.write(&events)?;
                for group in &groups {
                    machine.end_pending(now, group, producer, commit);
                }
                Ok::<_, NotWritten>(())
            })?;
            self.machine.apply(self.now, &events[0], None);
        } else {
            self.write(event)?;
        }
        Ok(self.finish(id, Unused::Marked))
    }

    /// Where the logs of a transaction end.
    fn ends(&self, id: &str) -> Vec<(Uuid, i32, i64)> {
        let places = self.machine.ids.get(id).and_then(|entry| entry.transaction.as_ref());
        let places = places.into_iter().flat_map(|transaction| &transaction.places);
        let end = |place: &Place| {
            let topic = self.around.topics.with_id(place.0)?;
            let end = topic.partition(place.1)?.lock().log.end();
            Some((place.0, place.1, end))
        };
        places.filter_map(end).collect()
    }

    /// Marks the end of a decided transaction where that is missing; whether nothing is missing any more.
    pub(super) fn finish(&mut self, id: &str, unused: Unused) -> bool {
        let Some(ending) = self.machine.ending(id) else { return true };
        let marker = Marker {
            producer_id: ending.producer_id,
            producer_epoch: ending.epoch,
            coordinator_epoch: COORDINATOR_EPOCH,
            commit: ending.commit,
        };
        let mut complete = true;
        for place in ending.places {
            // Where the topic is gone there is nothing to be marked.
            let topic = self.around.topics.with_id(place.0);
            let found = topic.as_ref().and_then(|topic| Some((topic, topic.partition(place.1)?)));
            let done = found.is_none_or(|(topic, partition)| {
                partition.end(&marker, &topic.settings, self.now, unused).is_ok()
            });
            if done {
                self.machine.marked(id, place);
            }
            complete &= done;
        }
        let ended = complete && self.write(Event::Ended { id: id.to_owned() }).is_ok();
        if !ended {
            self.machine.retry(id, self.now);
        }
        ended
    }
}

/// Does what is due; when something is due next.
pub(super) fn do_what_is_due(desk: &mut Desk<'_>) -> Option<Time> {
    for due in desk.machine.due(desk.now) {
        let id = match &due {
            Due::Expired { id, .. } | Due::Unfinished { id } => Id::clone(id),
        };
        let done = match due {
            Due::Expired { epoch, .. } => desk.decide(&id, false, epoch).is_ok(),
            Due::Unfinished { .. } => desk.finish(&id, Unused::Marked),
        };
        if !done {
            desk.machine.retry(&id, desk.now);
        }
    }
    desk.machine.deadline()
}
