//! Holding what is read against what was sent.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::findings::{Example, Findings};
use super::lane::{Lane, MOST_LANES, Wanted};
use super::latest::Latest;
use super::manifest::{LateExample, Manifest};
use super::marks::Marks;
use super::{RunId, Seal, SealOf};
use crate::record::Record;

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

/// What a row says of the seal of the record that it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowSeal {
    /// The run.
    pub run: RunId,
    /// The lane.
    pub lane: u32,
    /// The sequence.
    pub sequence: u64,
    /// The checksum, where the record had it when it was landed.
    pub checksum: Option<u32>,
}

/// What there is of each lane. A lane comes in only if the run has it, so nobody chooses numbers that get into each
/// other's way, and each record is looked up several times.
type ByLane<T> = HashMap<u32, T, BuildHasherDefault<LaneHasher>>;

/// Spreads the number of a lane.
#[derive(Debug, Default)]
struct LaneHasher(u64);

impl Hasher for LaneHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32((*byte).into());
        }
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(SPREAD);
    }
}

/// Looks at each record that there is of a sealed run, in the order of their partitions, and says at the end what is
/// the matter. It takes a bit of memory per record that was sent.
#[derive(Debug)]
pub struct Audit {
    run: RunId,
    /// Whether it is known how much was sent.
    is_complete: bool,
    /// Whether rows are looked at: in any order, and none for a tombstone.
    is_table: bool,
    /// The records that the table is to have, by lane, where that is not all.
    wanted: Option<HashMap<u32, Marks>>,
    unconfirmed: u64,
    lanes: ByLane<Lane>,
    partitions: HashMap<(u32, i32), usize>,
    /// The partition that was looked at last, and where its order stands.
    current: Option<((u32, i32), usize)>,
    /// The greatest sequence met so far, by partition and lane.
    orders: Vec<ByLane<u64>>,
    late: Vec<LateExample>,
    late_records: u64,
    /// Offsets that retention has emptied.
    emptied: u64,
    looked_at: u64,
    findings: Findings,
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
            is_table: false,
            wanted: None,
            unconfirmed: manifest.accepted.saturating_sub(manifest.acknowledged),
            lanes: lanes.collect(),
            partitions: HashMap::new(),
            current: None,
            orders: Vec::new(),
            late: late.map_or_else(Vec::new, |late| late.examples.clone()),
            late_records: late.map_or(0, |late| late.records),
            emptied: 0,
            looked_at: 0,
            findings: Findings::default(),
        }
    }

    /// Starts with what the manifest says, for the rows of a table; of a table that has one row per key, with the
    /// `latest` records.
    pub fn of_table(manifest: &Manifest, latest: Option<Latest>) -> Self {
        let mut audit = Self::new(manifest);
        let is_sent = |lane: u32, sequence: u64| match audit.lanes.get(&lane) {
            Some(lane) => lane.expects(sequence, 0),
            None => !manifest.complete && lane < MOST_LANES,
        };
        let wanted = latest.map(|latest| latest.into_marks(is_sent));
        for lane in wanted.iter().flat_map(HashMap::keys) {
            audit.lanes.entry(*lane).or_default();
        }
        Self { is_table: true, wanted, ..audit }
    }

    /// Notes that retention has emptied so many offsets where records of the run may have stood.
    pub fn note_emptied(&mut self, offsets: u64) {
        self.emptied = self.emptied.saturating_add(offsets);
    }

    /// Looks at a row; `seal` is that of its record, if there was one.
    pub fn look_at_row(&mut self, place: Place, seal: Option<RowSeal>) {
        self.looked_at += 1;
        let here = Example {
            partition: Some(place.partition),
            offset: Some(place.offset),
            lane: seal.map(|seal| seal.lane),
            sequence: seal.map(|seal| seal.sequence),
        };
        let Some(row) = seal else { return self.findings.unexpected.add(here) };
        let RowSeal { run, lane, sequence, checksum } = row;
        let seal = Seal { run, lane, sequence, checksum: checksum.unwrap_or_default() };
        self.judge(place, seal, here, |_| checksum.is_some());
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
        let here = Example { lane: Some(seal.lane), sequence: Some(seal.sequence), ..here };
        self.judge(place, seal, here, |seal| seal.holds(record));
    }

    #[inline]
    fn judge(&mut self, place: Place, seal: Seal, here: Example, holds: impl FnOnce(&Seal) -> bool) {
        if seal.run != self.run {
            self.findings.others += 1;
            return;
        }
        if !self.expects(seal) {
            // Which record of a key is the last one, a topic that retention has begun to eat does not tell.
            let may_be_right = self.wanted.is_some() && self.emptied > 0;
            let finding =
                if may_be_right { &mut self.findings.expired } else { &mut self.findings.unexpected };
            return finding.add(here);
        }
        if !holds(&seal) {
            self.findings.corrupted.add(here);
        }
        self.note(place, seal, here);
    }

    fn expects(&mut self, seal: Seal) -> bool {
        let is_wanted =
            |wanted: &HashMap<u32, Marks>| wanted.get(&seal.lane).is_some_and(|lane| lane.has(seal.sequence));
        if !self.wanted.as_ref().is_none_or(is_wanted) {
            return false;
        }
        match self.lanes.get(&seal.lane) {
            Some(lane) => lane.expects(seal.sequence, self.looked_at),
            None if self.is_complete || seal.lane >= MOST_LANES => false,
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
        let Some(lane) = self.lanes.get_mut(&seal.lane) else { return };
        if !lane.marks.mark(seal.sequence) {
            return self.findings.doubled.add(here);
        }
        lane.found.add(seal, false);
        if !self.is_table {
            let order = self.order(place);
            let greatest = self.orders[order].entry(seal.lane).or_insert(seal.sequence);
            if seal.sequence < *greatest {
                self.findings.reordered.add(here);
            }
            *greatest = seal.sequence.max(*greatest);
        }
        if let Some(late) =
            self.late.iter().position(|late| (late.lane, late.sequence) == (seal.lane, seal.sequence))
        {
            self.late.swap_remove(late);
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
            self.orders.push(ByLane::default());
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
        // A row whose seal did not hold has no checksum.
        let has_all_checksums = !self.is_table || findings.corrupted.records == 0;
        for (number, lane) in &lanes {
            findings.found += lane.marks.len();
            let wanted = match &self.wanted {
                Some(wanted) => Wanted::Marked(wanted.get(number)),
                None => Wanted::All,
            };
            let absent = lane.absent(self.is_table, wanted);
            if absent > 0 {
                missing += absent;
                for sequence in lane.absentees(wanted, findings.lost.room().min(absent as usize)) {
                    findings.lost.show(absentee(*number, sequence));
                }
            } else if self.wanted.is_none()
                && has_all_checksums
                && lane.rowless(self.is_table) == 0
                && lane.is_resealed()
            {
                findings.resealed.push(*number);
            }
        }
        // Retention has taken these, or nobody vouched for them; which of those that are missing they are, nobody can
        // tell.
        let expired = missing.min(self.emptied);
        let open = if self.is_complete { missing.min(self.unconfirmed) } else { missing };
        let open = open.min(missing - expired);
        findings.expired.records += expired;
        findings.unconfirmed.records = open;
        findings.lost.records = missing - expired - open;
        if findings.lost.records == 0 {
            let those = if expired > 0 { &mut findings.expired } else { &mut findings.unconfirmed };
            std::mem::swap(&mut findings.lost.examples, &mut those.examples);
        }
        findings.late.records = self.late_records;
        for LateExample { lane, sequence, .. } in self.late {
            findings.late.show(absentee(lane, sequence));
        }
        if self.is_complete {
            let expected = |lane: &Lane| Some(lane.sent.as_ref()?.records - lane.rowless(self.is_table));
            findings.sent = Some(match &self.wanted {
                Some(wanted) => wanted.values().map(Marks::len).sum(),
                None => lanes.iter().filter_map(|(_, lane)| expected(lane)).sum(),
            });
        }
        findings
    }
}

/// A record that is not there.
fn absentee(lane: u32, sequence: u64) -> Example {
    Example { partition: None, offset: None, lane: Some(lane), sequence: Some(sequence) }
}
