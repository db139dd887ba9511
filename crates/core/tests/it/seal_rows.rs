//! Rows of tables held against a sealed run.

use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_core::seal::{
    Audit, HEADER, Latest, Manifest, Place, RowSeal, RunId, Seal, Sealed, SealedLane, SealedTopic,
    StartOffset,
};
use proptest::prelude::*;

const RUN: RunId = RunId(7);

fn manifest(records: u64, tombstones: u64) -> Manifest {
    let mut lane = Sealed::default();
    for sequence in 0..records {
        lane.add(Seal { run: RUN, lane: 0, sequence, checksum: 1 }, sequence < tombstones);
    }
    let mut manifest = Manifest::begun(RUN, Vec::new(), "unpaced".into(), String::new());
    let start = vec![StartOffset { partition: 0, offset: 0 }];
    manifest.topics.push(SealedTopic { name: "t".into(), id: None, start });
    manifest.lanes.push(SealedLane::new(0, &lane));
    (manifest.complete, manifest.accepted, manifest.acknowledged) = (true, records, records);
    manifest
}

fn row(sequence: u64, checksum: Option<u32>) -> RowSeal {
    RowSeal { run: RUN, lane: 0, sequence, checksum }
}

/// The record of a sequence.
fn record(sequence: u64, run: RunId) -> Run {
    let mut held = Run::new(1_000, 1);
    let mut draft = held.draft();
    let seal = Seal { run, lane: 0, sequence, checksum: 0 };
    draft.header(HEADER.as_bytes(), Some(&seal.to_bytes()));
    draft.finish(Facts::default());
    held
}

fn place(offset: i64) -> Place {
    Place { topic: 0, partition: 0, offset }
}

proptest! {
    #[test]
    fn what_a_table_lacks_or_has_twice_is_counted(
        times in prop::collection::vec(0..3_u64, 1..200),
        strangers in 0..3_u64,
    ) {
        let records = times.len() as u64;
        let mut audit = Audit::of_table(&manifest(records, 0), None);
        // Backwards: the order of rows says nothing.
        for (sequence, times) in times.iter().enumerate().rev() {
            for _ in 0..*times {
                audit.look_at_row(place(sequence as i64), Some(row(sequence as u64, Some(1))));
            }
        }
        for stranger in 0..strangers {
            audit.look_at_row(place(10_000), Some(row(records + stranger, Some(1))));
        }
        let found = audit.finish();
        let count = |is_it: fn(u64) -> bool| times.iter().filter(|times| is_it(**times)).count() as u64;
        prop_assert_eq!(found.sent, Some(records));
        prop_assert_eq!(found.found, count(|times| times > 0));
        prop_assert_eq!(found.lost.records, count(|times| times == 0));
        prop_assert_eq!(found.doubled.records, count(|times| times == 2));
        prop_assert_eq!((found.reordered.records, found.unexpected.records), (0, strangers));
    }

    #[test]
    fn an_upserted_table_is_to_have_the_last_of_each_key(
        keys in prop::collection::vec(0..6_u8, 1..100),
        missing in any::<prop::sample::Index>(),
        forgotten in prop::option::of(0..6_u8),
    ) {
        let manifest = manifest(keys.len() as u64, 0);
        let mut latest = Latest::new(RUN);
        let mut last = std::collections::BTreeMap::new();
        for (sequence, key) in keys.iter().enumerate() {
            latest.note(&[*key], &record(sequence as u64, RUN).record(0));
            last.insert(*key, sequence as u64);
        }
        if let Some(key) = forgotten {
            latest.forget(&[key]);
            last.remove(&key);
        }
        let wanted: Vec<u64> = last.into_values().collect();
        let mut audit = Audit::of_table(&manifest, Some(latest));
        let absent = if wanted.is_empty() { None } else { Some(*missing.get(&wanted)) };
        for sequence in wanted.iter().filter(|sequence| Some(**sequence) != absent) {
            audit.look_at_row(place(0), Some(row(*sequence, Some(1))));
        }
        let older = (0..keys.len() as u64).find(|sequence| !wanted.contains(sequence));
        if let Some(older) = older {
            audit.look_at_row(place(0), Some(row(older, Some(1))));
        }
        let found = audit.finish();
        prop_assert_eq!(found.sent, Some(wanted.len() as u64));
        prop_assert_eq!(found.lost.records, u64::from(absent.is_some()));
        prop_assert_eq!(found.lost.examples.first().and_then(|example| example.sequence), absent);
        prop_assert_eq!(found.unexpected.records, u64::from(older.is_some()));
    }
}

#[test]
fn a_record_that_cannot_be_a_row_is_lost_to_the_table() {
    let mut latest = Latest::new(RUN);
    latest.note(b"a", &record(0, RUN).record(0));
    latest.note_rowless(&record(1, RUN).record(0));
    latest.note_rowless(&record(2, RUN).record(0));
    // What the run did not send is none of its losses.
    latest.note_rowless(&record(70, RUN).record(0));
    latest.note_rowless(&record(1, RunId(8)).record(0));
    let mut audit = Audit::of_table(&manifest(3, 0), Some(latest));
    audit.look_at_row(place(0), Some(row(0, Some(1))));
    let found = audit.finish();
    assert_eq!((found.sent, found.found, found.lost.records), (Some(3), 1, 2), "{found:?}");
}

#[test]
fn rows_whose_records_retention_took_are_not_accused() {
    let mut latest = Latest::new(RUN);
    latest.note(b"a", &record(3, RUN).record(0));
    let mut audit = Audit::of_table(&manifest(4, 0), Some(latest));
    audit.note_emptied(3);
    for sequence in [1, 2, 3] {
        audit.look_at_row(place(0), Some(row(sequence, Some(1))));
    }
    let found = audit.finish();
    assert_eq!((found.found, found.unexpected.records, found.expired.records), (1, 0, 2), "{found:?}");
    assert!(!found.is_sound());
}

#[test]
fn a_record_of_others_takes_the_key_from_the_run() {
    let mut latest = Latest::new(RUN);
    latest.note(b"a", &record(0, RUN).record(0));
    latest.note(b"b", &record(1, RUN).record(0));
    latest.note(b"a", &record(0, RunId(8)).record(0));
    let mut audit = Audit::of_table(&manifest(2, 0), Some(latest));
    audit.look_at_row(place(0), Some(row(1, Some(1))));
    audit.look_at_row(place(0), Some(RowSeal { run: RunId(8), lane: 0, sequence: 0, checksum: Some(1) }));
    let found = audit.finish();
    assert_eq!((found.sent, found.is_sound(), found.others), (Some(1), true, 1), "{found:?}");
}

#[test]
fn tombstones_are_no_rows_and_a_broken_seal_is_told() {
    let mut audit = Audit::of_table(&manifest(5, 2), None);
    for sequence in 2..5 {
        audit.look_at_row(place(0), Some(row(sequence, if sequence == 3 { None } else { Some(1) })));
    }
    audit.look_at_row(place(9), None);
    let found = audit.finish();
    assert_eq!((found.sent, found.found, found.lost.records), (Some(3), 3, 0));
    assert_eq!((found.corrupted.records, found.unexpected.records), (1, 1));
    assert_eq!(found.corrupted.examples[0].sequence, Some(3));
}
