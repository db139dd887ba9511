//! What an audit finds.

use std::fmt;

use serde::Serialize;

/// The most examples that are kept of a kind.
const MOST_EXAMPLES: usize = 10;

/// A record that something is the matter with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The partition in which it stands; null where it is not there.
    pub partition: Option<i32>,
    /// Its offset there.
    pub offset: Option<i64>,
    /// The lane that its seal says; null where it has none.
    pub lane: Option<u32>,
    /// The sequence that its seal says.
    pub sequence: Option<u64>,
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.partition.zip(self.offset);
        let seal = self.lane.zip(self.sequence);
        if let Some((partition, offset)) = place {
            write!(f, "[{partition}] at {offset}")?;
        }
        if place.is_some() && seal.is_some() {
            f.write_str(" ")?;
        }
        if let Some((lane, sequence)) = seal {
            write!(f, "lane {lane} sequence {sequence}")?;
        }
        Ok(())
    }
}

/// Findings of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How many there are.
    pub records: u64,
    /// The first ten.
    pub examples: Vec<Example>,
}

impl Finding {
    /// Adds one.
    pub(super) fn add(&mut self, example: Example) {
        self.records += 1;
        self.show(example);
    }

    /// Shows one that is counted elsewhere.
    pub(super) fn show(&mut self, example: Example) {
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(example);
        }
    }

    /// How many more can be shown.
    pub(super) fn room(&self) -> usize {
        MOST_EXAMPLES - self.examples.len()
    }
}

/// What a sealed run comes to, held against what is there of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Records that were sent; null where the run was cut before it could say.
    pub sent: Option<u64>,
    /// Records of the run that are there, each counted once.
    pub found: u64,
    /// Records that were acknowledged and are not there.
    pub lost: Finding,
    /// Records that are there once more.
    pub doubled: Finding,
    /// Records that stand behind later ones of their lane in the same partition.
    pub reordered: Finding,
    /// Records whose key, body or seal is not what was sent.
    pub corrupted: Finding,
    /// Records that this run did not send: without a seal, or with a place that it does not have.
    pub unexpected: Finding,
    /// Records that left later than was allowed.
    pub late: Finding,
    /// Records that are not there, and that nobody vouched for.
    pub unconfirmed: Finding,
    /// Records that are not there, and that retention may have taken; of an upserted table also rows whose records it may
    /// have taken.
    pub expired: Finding,
    /// Records of other sealed runs.
    pub others: u64,
    /// Lanes whose seals do not add up to what was sealed, though each holds.
    pub resealed: Vec<u32>,
}

impl Findings {
    /// Whether nothing is the matter with what is there. Late records are as they were sent.
    pub fn is_sound(&self) -> bool {
        let faults =
            [&self.lost, &self.doubled, &self.reordered, &self.corrupted, &self.unexpected, &self.expired];
        self.resealed.is_empty() && faults.iter().all(|finding| finding.records == 0)
    }
}
