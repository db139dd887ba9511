//! The batch that is being filled.

use std::time::Duration;

use kadence_core::feed::Mark;
use kadence_core::record::{Facts, Record};
use kadence_core::run::Run;
use kadence_core::target::Part;

use super::held::{Held, State};
use crate::orders::Filled;

/// A batch that is being filled.
#[derive(Debug)]
pub(super) struct Open {
    run: Run,
    parts: Vec<OpenPart>,
    /// When its first part was begun.
    since: Option<Duration>,
}

#[derive(Debug)]
struct OpenPart {
    part: Part,
    stretch: u64,
    /// The place of its last record.
    last: Option<usize>,
}

impl Open {
    /// An empty one.
    pub(super) fn new(mut run: Run) -> Self {
        run.clear();
        Self { run, parts: Vec::new(), since: None }
    }

    /// Whether another record may be added.
    pub(super) fn has_room(&self) -> bool {
        self.run.has_room()
    }

    /// Whether there is nothing to land.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many records it holds.
    pub(super) fn records(&self) -> u64 {
        self.run.len() as u64
    }

    /// When its first part was begun.
    pub(super) fn since(&self) -> Option<Duration> {
        self.since
    }

    /// The topic ids under which its partitions were given, each once.
    pub(super) fn topics(&self) -> impl Iterator<Item = &kadence_core::feed::Partition> {
        let is_first = |at: usize| {
            let one = &self.parts[at].part.partition;
            !self.parts[..at]
                .iter()
                .any(|other| (&other.part.partition.topic, &other.part.partition.id) == (&one.topic, &one.id))
        };
        (0..self.parts.len()).filter(move |&at| is_first(at)).map(|at| &self.parts[at].part.partition)
    }

    /// Adds a record of a partition that is being read.
    pub(super) fn push(&mut self, now: Duration, held: &mut Held, record: &Record<'_>) {
        let at = self.part(now, held);
        let place = self.run.len();
        self.run.push(record, Facts { lane: at as u32, ..record.facts });
        let next = record.facts.sequence as i64 + 1;
        self.parts[at].last = Some(place);
        self.parts[at].part.next = next;
        held.at = next;
    }

    /// Moves over offsets that hold no records.
    pub(super) fn skip_to(&mut self, now: Duration, held: &mut Held, offset: i64) {
        let at = self.part(now, held);
        self.parts[at].part.next = offset;
        held.at = offset;
    }

    fn part(&mut self, now: Duration, held: &mut Held) -> usize {
        *held.part.get_or_insert_with(|| {
            self.since.get_or_insert(now);
            let expected = if let State::Reading { expected } = held.state { expected } else { None };
            let part =
                Part { partition: held.partition.clone(), epoch: 0, expected, next: held.at, mark: None };
            self.parts.push(OpenPart { part, stretch: held.stretch, last: None });
            self.parts.len() - 1
        })
    }

    /// The batch, to be sent.
    pub(super) fn close(self) -> Filled {
        let run = self.run;
        let stretches = self.parts.iter().map(|open| open.stretch).collect();
        let mark = |last: Option<usize>| last.map(|last| Mark::of(&run.record(last)));
        let parts = self.parts.into_iter().map(|open| Part { mark: mark(open.last), ..open.part }).collect();
        Filled { parts, stretches, run }
    }

    /// The buffer, without what is in it.
    pub(super) fn into_run(self) -> Run {
        self.run
    }
}
