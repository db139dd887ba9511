use super::{Producers, Verdict, snapshot::BadSnapshot};
use kadence_wire::{
    batch::{BatchHeader, Codec, place},
    control::Marker,
};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, RngSeed, TestRunner},
};

fn runner(cases: u32) -> TestRunner {
    let rng_seed = RngSeed::Fixed(7);
    TestRunner::new(Config { cases, rng_seed, failure_persistence: None, ..Config::default() })
}

fn header(producer_id: i64, producer_epoch: i16, base_sequence: i32, transactional: bool) -> BatchHeader {
    BatchHeader {
        base_offset: 0,
        len: 61,
        leader_epoch: 0,
        crc: 0,
        attributes: if transactional { 0x10 } else { 0 },
        codec: Codec::None,
        last_offset_delta: 1,
        base_timestamp: 5,
        max_timestamp: 5,
        producer_id,
        producer_epoch,
        base_sequence,
        count: 2,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write { who: i64, transactional: bool, again: bool },
    Plain,
    Enrol { who: i64 },
    End { who: i64, commit: bool, fence: bool },
    Trim,
}

fn step() -> impl Strategy<Value = Step> {
    (0..10_u8, 0..3_i64, any::<bool>(), any::<bool>()).prop_map(|(what, who, a, b)| match what {
        0..=3 => Step::Write { who, transactional: a, again: b && a },
        4 => Step::Plain,
        5..=6 => Step::Enrol { who },
        7..=8 => Step::End { who, commit: a, fence: b },
        _ => Step::Trim,
    })
}

/// A log with its producers, and what they should know, kept in the plainest way.
#[derive(Default)]
struct World {
    producers: Producers,
    log: Vec<(BatchHeader, Vec<u8>)>,
    start: i64,
    end: i64,
    epochs: [i16; 3],
    sequences: [i32; 3],
    open: Vec<(i64, i64)>,
    aborted: Vec<(i64, i64, i64)>,
}

impl World {
    fn act(&mut self, step: &Step) {
        match *step {
            Step::Plain => self.store(header(-1, -1, -1, false), Vec::new()),
            Step::Enrol { who } => self.producers.enrol(who, self.epochs[who as usize]),
            Step::Write { who, transactional, again } => self.write(who, transactional, again),
            Step::End { who, commit, fence } => self.end(who, commit, fence),
            Step::Trim => {
                if let Some((first, _)) = self.open.first() {
                    self.start = self.start.max((self.start + first) / 2);
                } else {
                    self.start = i64::midpoint(self.start, self.end);
                }
                self.producers.forget_before(self.start);
                self.aborted.retain(|(_, _, last)| *last >= self.start);
            }
        }
    }

    fn write(&mut self, who: i64, transactional: bool, again: bool) {
        let at = who as usize;
        let enrolled = self.producers.enrolled.contains_key(&who);
        let known = self.producers.known.get(&who).is_some_and(|p| p.batches[0].is_some());
        if again && known && enrolled == transactional {
            let repeated = header(who, self.epochs[at], self.sequences[at] - 2, transactional);
            if self.producers.known[&who].epoch == self.epochs[at] {
                assert!(matches!(self.producers.judge(&repeated), Verdict::Duplicate { .. }));
            }
            return;
        }
        let header = header(who, self.epochs[at], self.sequences[at], transactional);
        match self.producers.judge(&header) {
            Verdict::Append | Verdict::AppendFirst => {
                assert_eq!(transactional, enrolled);
                self.sequences[at] += 2;
                if transactional && !self.open.iter().any(|(_, id)| *id == who) {
                    self.open.push((self.end, who));
                }
                self.store(header, Vec::new());
            }
            Verdict::NotEnrolled => assert!(transactional && !enrolled),
            Verdict::Outside => assert!(!transactional && enrolled),
            other => panic!("{other:?} for the next batch"),
        }
    }

    fn end(&mut self, who: i64, commit: bool, fence: bool) {
        let at = who as usize;
        if fence {
            self.epochs[at] += 1;
            self.sequences[at] = 0;
        }
        let marker =
            Marker { producer_id: who, producer_epoch: self.epochs[at], coordinator_epoch: 0, commit };
        let mut bytes = marker.encode(9);
        place(&mut bytes, self.end, 0);
        if let Some(open) = self.open.iter().position(|(_, id)| *id == who) {
            let (first, _) = self.open.remove(open);
            if !commit {
                self.aborted.push((who, first, self.end));
            }
        }
        self.producers.ended(&marker, self.end, 9);
        self.end += 1;
        self.log.push((BatchHeader::parse(&bytes).unwrap(), bytes));
        if fence {
            let old = header(who, self.epochs[at] - 1, 0, true);
            assert!(matches!(self.producers.judge(&old), Verdict::OldEpoch { .. }));
        }
    }

    fn store(&mut self, header: BatchHeader, bytes: Vec<u8>) {
        if header.producer_id >= 0 {
            self.producers.stored(&header, self.end, -1);
        }
        self.log.push((BatchHeader { base_offset: self.end, ..header }, bytes));
        self.end += 2;
    }

    /// What a restart comes to that finds a snapshot made before the batch at `cut`.
    fn restarted(&self, cut: usize) -> Producers {
        let mut before = Producers::default();
        let (old, new) = self.log.split_at(cut.min(self.log.len()));
        for (header, bytes) in old {
            before.replay(header, bytes);
        }
        let mut after = Producers::restore(&before.snapshot()).unwrap();
        assert_eq!(after, before);
        for (header, bytes) in new {
            after.replay(header, bytes);
        }
        after.forget_before(self.start);
        after
    }

    fn check(&self, cut: usize) {
        let mut live = self.producers.clone();
        live.enrolled.clear();
        assert_eq!(self.restarted(cut), live);
        assert_eq!(self.producers.first_open(), self.open.iter().map(|(first, _)| *first).min());
        for (from, to) in [(self.start, self.end), (cut as i64, self.end), (self.start, cut as i64)] {
            let found = self.producers.aborted(from, to);
            let found: Vec<_> = found.iter().map(|a| (a.producer_id, a.first, a.last)).collect();
            let expected: Vec<_> = self
                .aborted
                .iter()
                .filter(|(_, first, last)| *last >= from && *first < to)
                .copied()
                .collect();
            assert_eq!(found, expected, "from {from} to {to}");
        }
    }
}

#[test]
fn a_snapshot_and_the_batches_behind_it_come_to_what_was() {
    runner(2_000)
        .run(&(vec(step(), 1..50), 0..50_usize), |(steps, cut)| {
            let mut world = World::default();
            for step in &steps {
                world.act(step);
            }
            world.check(cut);
            Ok(())
        })
        .unwrap();
}

#[test]
fn bytes_that_are_no_snapshot_are_refused_without_harm() {
    assert_eq!(Producers::restore(&[]), Err(BadSnapshot));
    assert_eq!(Producers::restore(&[1, 255, 255, 255, 255]), Err(BadSnapshot));
    let mut world = World::default();
    for who in 0..3 {
        world.act(&Step::Enrol { who });
        world.act(&Step::Write { who, transactional: true, again: false });
    }
    world.act(&Step::End { who: 1, commit: false, fence: false });
    let good = world.producers.snapshot();
    for len in 0..good.len() {
        assert_eq!(Producers::restore(&good[..len]), Err(BadSnapshot), "cut at {len}");
    }
    runner(20_000)
        .run(&vec((0..good.len(), any::<u8>()), 1..4), |changes| {
            let mut bytes = good.clone();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            if let Ok(read) = Producers::restore(&bytes) {
                assert_eq!(read.snapshot().len(), bytes.len());
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_enrolment_is_for_one_epoch_and_ends_with_the_marker() {
    let mut producers = Producers::default();
    let batch = header(7, 2, 0, true);
    assert_eq!(producers.judge(&batch), Verdict::NotEnrolled);
    producers.enrol(7, 2);
    assert_eq!(producers.judge(&batch), Verdict::AppendFirst);
    assert_eq!(producers.judge(&header(7, 1, 0, true)), Verdict::OldEpoch { current: 2 });
    assert_eq!(producers.judge(&header(7, 3, 0, true)), Verdict::NotEnrolled);
    assert_eq!(producers.judge(&header(7, 2, 0, false)), Verdict::Outside);
    producers.stored(&batch, 0, -1);
    assert!(producers.hanging().is_empty());
    let marker = Marker { producer_id: 7, producer_epoch: 3, coordinator_epoch: 0, commit: false };
    producers.ended(&marker, 2, 9);
    assert_eq!(producers.judge(&header(7, 2, 2, true)), Verdict::OldEpoch { current: 3 });
    producers.enrol(7, 3);
    assert_eq!(producers.judge(&header(7, 3, 2, true)), Verdict::OutOfOrder { expected: 0 });
    assert_eq!(producers.judge(&header(7, 3, 0, true)), Verdict::Append);
}

#[test]
fn a_transaction_that_nobody_has_enrolled_hangs() {
    let mut producers = Producers::default();
    producers.stored(&header(7, 2, 0, true), 0, -1);
    assert_eq!(producers.hanging(), [(7, 2)]);
    producers.enrol(7, 2);
    assert_eq!(producers.hanging(), []);
}

#[test]
fn idle_producers_are_forgotten_and_busy_ones_are_not() {
    let mut producers = Producers::default();
    for id in 0..20 {
        if id < 3 {
            producers.enrol(id, 0);
        }
        producers.stored(&header(id, 0, 0, id < 2), id * 2, -1);
    }
    producers.forget_idle();
    let left: Vec<i64> = producers.active().iter().map(|active| active.id).collect();
    let expected: Vec<i64> = (0..3).chain(5..20).collect();
    assert_eq!(left, expected, "a tenth, the oldest first");
}
