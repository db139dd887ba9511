//! The machine in simulated time, and the coordinator against a plain model.

mod judging;
mod model;

use super::machine::{Due, End, Init, Machine, Writer};
use crate::{
    journal::{Event, Producer, State},
    memory::Memory,
};
use std::sync::Arc;

pub(super) const ID: &str = "id";

/// A machine and the state of a journal, which are told the same.
pub(super) struct Sim {
    pub(super) machine: Machine,
    pub(super) journal: State,
    pub(super) memory: Arc<Memory>,
    pub(super) now: i64,
}

impl Sim {
    pub(super) fn new() -> Self {
        let memory = Memory::new(1 << 20, None);
        let machine = Machine::new(Arc::clone(&memory)).with_max_ids(10);
        Self { machine, journal: State::default(), memory, now: 1_000 }
    }

    pub(super) fn write(&mut self, event: Event) {
        self.machine.apply(self.now, &event, None);
        self.journal.apply(event);
    }

    pub(super) fn begin(&mut self, producer: Producer) {
        self.write(Event::Transactional { id: ID.to_owned(), producer, ended: None });
    }

    pub(super) fn join(&mut self, partition: i32) {
        let place = (uuid::Uuid::nil(), partition);
        self.write(Event::Joined { id: ID.to_owned(), since_ms: self.now, partitions: vec![place] });
    }

    pub(super) fn decide(&mut self, commit: bool, epoch: i16) {
        self.write(Event::Decided { id: ID.to_owned(), commit, epoch, ends: Vec::new() });
    }

    pub(super) fn ended(&mut self) {
        self.write(Event::Ended { id: ID.to_owned() });
    }

    /// The machine that a restart finds.
    pub(super) fn restarted(&self) -> Machine {
        let mut machine = Machine::new(Arc::clone(&self.memory)).with_max_ids(10);
        let mut journal = State::default();
        self.journal.events().into_iter().for_each(|event| journal.apply(event));
        assert_eq!(journal, self.journal, "written shortly it comes to the same");
        machine.restore(self.now, &journal.transactional);
        machine
    }
}

pub(super) fn producer(epoch: i16) -> Producer {
    Producer { id: 7, epoch, last_id: -1, last_epoch: -1, timeout_ms: 500 }
}

pub(super) fn writer(epoch: i16) -> Writer<'static> {
    Writer { id: ID, producer_id: 7, epoch }
}
