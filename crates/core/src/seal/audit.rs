//! Holding what is read against what was sent.

use std::collections::HashMap;

use super::findings::{Example, Findings};
use super::manifest::{LateExample, Manifest, SealedLane};
use super::marks::Marks;
use super::sealed::Sealed;
use super::{RunId, Seal, SealOf};
use crate::record::Record;

/// Of a run that does not say how much it sent, a sequence can be this many times the records that were looked at.
const FARTHEST: u64 = 64;
/// And this many beyond that.
const SLACK: u64 = 1 << 24;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The topic, by its index among those that are read.
    pub topic: u32,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// Looks at each record that there is of a sealed run, in the order of their partitions, and says at the end what is
/// the matter. It takes a bit of memory per record that was sent.
#[derive(Debug)]
pub struct Audit {
    run: RunId,
    /// Whether it is known how much was sent.
    is_complete: bool,
    unconfirmed: u64,
    lanes: HashMap<u32, Lane>,
    partitions: HashMap<(u32, i32), usize>,
    /// The partition that was looked at last, and where its order stands.
    current: Option<((u32, i32), usize)>,
    /// The greatest sequence met so far, by partition and lane.
    orders: Vec<HashMap<u32, u64>>,
    late: Vec<LateExample>,
    late_records: u64,
    looked_at: u64,
    findings: Findings,
}

/// What was sent on a lane, and what is there of it.
#[derive(Debug, Default)]
struct Lane {
    sent: Option<SealedLane>,
    marks: Marks,
    found: Sealed,
}

impl Lane {
    fn expects(&self, sequence: u64, looked_at: u64) -> bool {
        match &self.sent {
            Some(SealedLane { first: Some(first), last: Some(last), .. }) => {
                (*first..=*last).contains(&sequence)
            }
            Some(_) => false,
            None => sequence < looked_at.saturating_mul(FARTHEST).saturating_add(SLACK),
        }
    }
}

impl Audit {
    /// Starts with what the manifest says.
    pub fn new(manifest: &Manifest) -> Self {
        let sent = if manifest.complete { &*manifest.lanes } else { &[] };
        let lanes = sent.iter().map(|lane| (lane.lane, Lane { sent: Some(lane.clone()), ..Lane::default() }));
        let late = manifest.late.as_ref();
        Self {
            run: manifest.run,
            is_complete: manifest.complete,
            unconfirmed: manifest.accepted.saturating_sub(manifest.acknowledged),
            lanes: lanes.collect(),
            partitions: HashMap::new(),
            current: None,
            orders: Vec::new(),
            late: late.map_or_else(Vec::new, |late| late.examples.clone()),
            late_records: late.map_or(0, |late| late.records),
            looked_at: 0,
            findings: Findings::default(),
        }
    }

    /// Looks at a record.
    #[inline]
    pub fn look(&mut self, place: Place, record: &Record<'_>) {
        self.looked_at += 1;
        let here = Example {
            partition: Some(place.partition),
            offset: Some(place.offset),
            lane: None,
            sequence: None,
        };
        let seal = match SealOf::record(record) {
            SealOf::Found(seal) => seal,
            SealOf::Missing => return self.findings.unexpected.add(here),
            SealOf::Malformed => return self.findings.corrupted.add(here),
        };
        if seal.run != self.run {
            self.findings.others += 1;
            return;
        }
        let here = Example { lane: Some(seal.lane), sequence: Some(seal.sequence), ..here };
        if !self.expects(seal) {
            return self.findings.unexpected.add(here);
        }
        if !seal.holds(record) {
            self.findings.corrupted.add(here);
        }
        self.note(place, seal, here);
    }

    fn expects(&mut self, seal: Seal) -> bool {
        match self.lanes.get(&seal.lane) {
            Some(lane) => lane.expects(seal.sequence, self.looked_at),
            None if self.is_complete => false,
            None => {
                let lane = Lane::default();
                let is_plausible = lane.expects(seal.sequence, self.looked_at);
                if is_plausible {
                    self.lanes.insert(seal.lane, lane);
                }
                is_plausible
            }
        }
    }

    /// Notes that a record that was sent is there.
    fn note(&mut self, place: Place, seal: Seal, here: Example) {
        let order = self.order(place);
        let Some(lane) = self.lanes.get_mut(&seal.lane) else { return };
        if !lane.marks.mark(seal.sequence) {
            return self.findings.doubled.add(here);
        }
        lane.found.add(seal);
        let greatest = self.orders[order].entry(seal.lane).or_insert(seal.sequence);
        if seal.sequence < *greatest {
            self.findings.reordered.add(here);
        }
        *greatest = seal.sequence.max(*greatest);
        if self.late.iter().any(|late| (late.lane, late.sequence) == (seal.lane, seal.sequence)) {
            self.findings.late.show(here);
        }
    }

    /// Gives the index of the partition's order.
    #[inline]
    fn order(&mut self, place: Place) -> usize {
        let partition = (place.topic, place.partition);
        if let Some((current, order)) = self.current
            && current == partition
        {
            return order;
        }
        let order = *self.partitions.entry(partition).or_insert_with(|| {
            self.orders.push(HashMap::new());
            self.orders.len() - 1
        });
        self.current = Some((partition, order));
        order
    }

    /// Says what is the matter.
    pub fn finish(mut self) -> Findings {
        let mut findings = std::mem::take(&mut self.findings);
        let mut lanes: Vec<(u32, Lane)> = self.lanes.into_iter().collect();
        lanes.sort_unstable_by_key(|(lane, _)| *lane);
        let mut missing = 0;
        for (number, lane) in &lanes {
            findings.found += lane.marks.len();
            let last = match &lane.sent {
                Some(sent) => sent.first.zip(sent.last),
                // Of what came after the last one that is there, nothing is known.
                None => lane.found.range.map(|(_, last)| (0, last)),
            };
            let Some((first, last)) = last else { continue };
            let absent = (last - first).saturating_add(1).saturating_sub(lane.marks.len());
            if absent > 0 {
                missing += absent;
                for sequence in lane.marks.unmarked(first, last, findings.lost.room()) {
                    findings.lost.show(absentee(*number, sequence));
                }
            } else if lane.sent.as_ref().is_some_and(|sent| sent.digest != lane.found.digest) {
                findings.resealed.push(*number);
            }
        }
        // Nobody vouched for these; which of those that are missing they are, nobody can tell.
        let open = if self.is_complete { missing.min(self.unconfirmed) } else { missing };
        findings.unconfirmed.records = open;
        findings.lost.records = missing - open;
        if findings.lost.records == 0 {
            std::mem::swap(&mut findings.lost.examples, &mut findings.unconfirmed.examples);
        }
        findings.late.records = self.late_records;
        if self.is_complete {
            findings.sent =
                Some(lanes.iter().filter_map(|(_, lane)| Some(lane.sent.as_ref()?.records)).sum());
        }
        findings
    }
}

/// A record that is not there.
fn absentee(lane: u32, sequence: u64) -> Example {
    Example { partition: None, offset: None, lane: Some(lane), sequence: Some(sequence) }
}
