//! A lane of a sealed run.

use super::manifest::SealedLane;
use super::marks::Marks;
use super::sealed::Sealed;

/// Of a run that does not say how much it sent, a sequence can be this many times the records that were looked at.
const FARTHEST: u64 = 64;
/// And this many beyond that.
const SLACK: u64 = 1 << 20;
/// And its lanes are below this number, so that hostile seals do not take memory for each.
pub(super) const MOST_LANES: u32 = 1_024;

/// Which records of a lane are to be there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'w> {
    /// All that were sent.
    All,
    /// Those that are marked; none without marks.
    Marked(Option<&'w Marks>),
}

/// What was sent on a lane, and what is there of it.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) sent: Option<SealedLane>,
    pub(super) marks: Marks,
    pub(super) found: Sealed,
}

impl Lane {
    pub(super) fn expects(&self, sequence: u64, looked_at: u64) -> bool {
        match &self.sent {
            Some(SealedLane { first: Some(first), last: Some(last), .. }) => {
                (*first..=*last).contains(&sequence)
            }
            Some(_) => false,
            None => sequence < looked_at.saturating_mul(FARTHEST).saturating_add(SLACK),
        }
    }

    /// The first and the last sequence that is to be there.
    fn range(&self) -> Option<(u64, u64)> {
        match &self.sent {
            Some(sent) => sent.first.zip(sent.last),
            // Of what came after the last one that is there, nothing is known.
            None => self.found.range.map(|(_, last)| (0, last)),
        }
    }

    /// How many records no row is expected of.
    pub(super) fn rowless(&self, is_table: bool) -> u64 {
        self.sent.as_ref().filter(|_| is_table).map_or(0, |sent| sent.tombstones.min(sent.records))
    }

    /// How many records are not there that are to be: of all, or of those that are wanted.
    pub(super) fn absent(&self, is_table: bool, wanted: Wanted<'_>) -> u64 {
        let there = self.marks.len();
        if let Wanted::Marked(wanted) = wanted {
            return wanted.map_or(0, Marks::len).saturating_sub(there);
        }
        let all = self.range().map_or(0, |(first, last)| (last - first).saturating_add(1));
        all.saturating_sub(there).saturating_sub(self.rowless(is_table))
    }

    /// The first of them.
    pub(super) fn absentees(&self, wanted: Wanted<'_>, most: usize) -> Vec<u64> {
        let Some((first, last)) = self.range() else { return Vec::new() };
        match wanted {
            Wanted::Marked(wanted) => {
                let is_absent = |sequence: &u64| {
                    wanted.is_some_and(|wanted| wanted.has(*sequence)) && !self.marks.has(*sequence)
                };
                (first..=last).filter(is_absent).take(most).collect()
            }
            Wanted::All => self.marks.unmarked(first, last, most),
        }
    }

    /// Whether the seals that are there, though each holds, do not add up to what was sealed.
    pub(super) fn is_resealed(&self) -> bool {
        self.range().is_some() && self.sent.as_ref().is_some_and(|sent| sent.digest != self.found.digest)
    }
}
