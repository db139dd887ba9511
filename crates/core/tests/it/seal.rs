//! Sealed runs that were tampered with, against a simple count of what was done to them.

use std::collections::{BTreeMap, BTreeSet};

use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_core::seal::{
    Audit, Finding, Findings, HEADER, Late, LateExample, Manifest, Place, RunId, Seal, SealedLane,
    SealedTopic, StartOffset,
};
use proptest::prelude::*;

const RUN: RunId = RunId(7);

/// A record as it stands in a partition.
#[derive(Clone, Debug)]
struct Stored {
    body: Vec<u8>,
    header: Option<Vec<u8>>,
}

fn sealed(run: RunId, sequence: u64) -> Stored {
    let body = format!("record {sequence}").into_bytes();
    let mut held = Run::new(1_000, 1);
    held.draft().finish(Facts::default());
    let facts = Facts { sequence, ..Facts::default() };
    let record = kadence_core::record::Record { body: Some(&body), facts, ..held.record(0) };
    let header = Seal::of(run, &record).to_bytes().to_vec();
    Stored { body, header: Some(header) }
}

/// The run of this many records, dealt out to partitions.
fn run_of(records: u64, partitions: usize) -> (Manifest, Vec<Vec<Stored>>) {
    let mut logs = vec![Vec::new(); partitions];
    let mut lane = kadence_core::seal::Sealed::default();
    for sequence in 0..records {
        let stored = sealed(RUN, sequence);
        lane.add(Seal::parse(stored.header.as_deref().unwrap()).unwrap(), false);
        logs[(sequence * 7 + sequence / 3) as usize % partitions].push(stored);
    }
    let mut manifest = Manifest::begun(RUN, Vec::new(), "unpaced".into(), String::new());
    let start = (0..partitions as i32).map(|partition| StartOffset { partition, offset: 0 }).collect();
    manifest.topics.push(SealedTopic { name: "t".into(), id: None, start });
    manifest.lanes.push(SealedLane::new(0, &lane));
    (manifest.complete, manifest.accepted, manifest.acknowledged) = (true, records, records);
    (manifest, logs)
}

fn audit(manifest: &Manifest, logs: &[Vec<Stored>]) -> Findings {
    let mut audit = Audit::new(manifest);
    for (partition, log) in (0..).zip(logs) {
        for (offset, stored) in (0..).zip(log) {
            let mut held = Run::new(1 << 20, 1);
            let mut draft = held.draft();
            draft.bytes().extend_from_slice(&stored.body);
            draft.header(b"other", None);
            if let Some(header) = &stored.header {
                draft.header(HEADER.as_bytes(), Some(header));
            }
            draft.finish(Facts::default());
            audit.look(Place { topic: 0, partition, offset }, &held.record(0));
        }
    }
    audit.finish()
}

fn counts(findings: &Findings) -> [u64; 6] {
    let Findings { lost, doubled, reordered, corrupted, unexpected, unconfirmed, .. } = findings;
    [lost, doubled, reordered, corrupted, unexpected, unconfirmed].map(|finding| finding.records)
}

#[test]
fn a_run_that_is_all_there_is_sound() {
    let (manifest, logs) = run_of(1_000, 3);
    let findings = audit(&manifest, &logs);
    assert!(findings.is_sound(), "{findings:?}");
    assert_eq!((findings.sent, findings.found, counts(&findings)), (Some(1_000), 1_000, [0; 6]));
}

#[test]
fn each_kind_of_fault_is_told_apart_with_its_place() {
    let (manifest, logs) = run_of(100, 1);
    let of = |change: &dyn Fn(&mut Vec<Stored>)| {
        let mut logs = logs.clone();
        change(&mut logs[0]);
        audit(&manifest, &logs)
    };
    let place = |finding: &Finding| {
        let example = finding.examples[0];
        (finding.records, example.offset, example.sequence)
    };
    let lost = of(&|log| drop(log.remove(40)));
    assert_eq!((counts(&lost), place(&lost.lost)), ([1, 0, 0, 0, 0, 0], (1, None, Some(40))));
    let doubled = of(&|log| log.insert(60, log[40].clone()));
    assert_eq!((counts(&doubled), place(&doubled.doubled)), ([0, 1, 0, 0, 0, 0], (1, Some(60), Some(40))));
    let reordered = of(&|log| log.swap(40, 41));
    assert_eq!(
        (counts(&reordered), place(&reordered.reordered)),
        ([0, 0, 1, 0, 0, 0], (1, Some(41), Some(40)))
    );
    let corrupted = of(&|log| log[40].body[0] ^= 1);
    assert_eq!(
        (counts(&corrupted), place(&corrupted.corrupted)),
        ([0, 0, 0, 1, 0, 0], (1, Some(40), Some(40)))
    );
    let cut = of(&|log| log[40].header.as_mut().unwrap().truncate(23));
    assert_eq!((counts(&cut), place(&cut.corrupted)), ([1, 0, 0, 1, 0, 0], (1, Some(40), None)));
    let bare = of(&|log| log.push(Stored { body: b"x".to_vec(), header: None }));
    assert_eq!((counts(&bare), place(&bare.unexpected)), ([0, 0, 0, 0, 1, 0], (1, Some(100), None)));
    let beyond = of(&|log| log.push(sealed(RUN, 100)));
    assert_eq!((counts(&beyond), place(&beyond.unexpected)), ([0, 0, 0, 0, 1, 0], (1, Some(100), Some(100))));
    let other = of(&|log| log.push(sealed(RunId(8), 5)));
    assert_eq!((counts(&other), other.others, other.is_sound()), ([0; 6], 1, true));
    // A record whose seal was made anew for another body.
    let resealed = of(&|log| {
        let body = b"another body".to_vec();
        let mut header = log[40].header.clone().unwrap();
        header[20..].copy_from_slice(&kadence_core::seal::checksum(None, Some(&body)).to_be_bytes());
        log[40] = Stored { body, header: Some(header) };
    });
    assert_eq!((counts(&resealed), &*resealed.resealed, resealed.is_sound()), ([0; 6], &[0][..], false));
}

#[test]
fn what_nobody_vouched_for_is_not_lost() {
    let (mut manifest, mut logs) = run_of(100, 2);
    manifest.acknowledged = 97;
    logs[0].pop();
    logs[1].pop();
    assert_eq!(counts(&audit(&manifest, &logs)), [0, 0, 0, 0, 0, 2]);
    let length = logs[0].len();
    logs[0].truncate(length - 2);
    assert_eq!(counts(&audit(&manifest, &logs)), [1, 0, 0, 0, 0, 3]);
    // A run that was killed says nothing of its end.
    let begun = Manifest { complete: false, lanes: Vec::new(), accepted: 0, acknowledged: 0, ..manifest };
    let findings = audit(&begun, &logs);
    assert!(findings.is_sound() && findings.sent.is_none(), "{findings:?}");
    logs[0].push(sealed(RUN, u64::MAX));
    assert_eq!(counts(&audit(&begun, &logs))[4], 1, "no run is as long as that");
}

#[test]
fn late_records_are_found_in_their_places() {
    let (mut manifest, logs) = run_of(100, 1);
    let example = LateExample { lane: 0, sequence: 30, late_us: 20_000 };
    manifest.late = Some(Late { tolerance_us: 10_000, records: 1, examples: vec![example] });
    let findings = audit(&manifest, &logs);
    assert_eq!((findings.late.records, findings.late.examples[0].offset), (1, Some(30)));
    assert!(findings.is_sound(), "late is how they were sent");
    let findings = audit(&manifest, &[logs[0][..30].to_vec()]);
    let example = findings.late.examples[0];
    assert_eq!((example.offset, example.sequence), (None, Some(30)), "it is not there any more");
}

#[test]
fn what_retention_took_is_not_lost() {
    let (manifest, logs) = run_of(100, 1);
    let taken = |emptied: u64, from: usize| {
        let mut audit = Audit::new(&manifest);
        audit.note_emptied(emptied);
        for (offset, stored) in (0..).zip(&logs[0]).skip(from) {
            let mut held = Run::new(1 << 20, 1);
            let mut draft = held.draft();
            draft.bytes().extend_from_slice(&stored.body);
            draft.header(HEADER.as_bytes(), stored.header.as_deref());
            draft.finish(Facts::default());
            audit.look(Place { topic: 0, partition: 0, offset }, &held.record(0));
        }
        audit.finish()
    };
    let findings = taken(10, 10);
    assert_eq!((findings.expired.records, findings.lost.records, findings.is_sound()), (10, 0, false));
    assert_eq!(findings.expired.examples[0].sequence, Some(0), "{findings:?}");
    let findings = taken(10, 12);
    assert_eq!((findings.expired.records, findings.lost.records), (10, 2), "{findings:?}");
    assert!(taken(10, 0).is_sound(), "what is there was not taken");
}

#[test]
fn a_manifest_is_read_as_it_was_written() {
    let (manifest, _) = run_of(100, 2);
    assert_eq!(Manifest::parse(&manifest.to_text()).unwrap(), manifest);
    let twice = Manifest { lanes: [&manifest.lanes[..], &manifest.lanes].concat(), ..manifest.clone() };
    let too_many =
        Manifest { lanes: vec![SealedLane { records: 99, ..manifest.lanes[0].clone() }], ..manifest.clone() };
    let later = manifest.to_text().replace("\"format\": 1", "\"format\": 2");
    let mut buried = manifest.clone();
    buried.lanes[0].tombstones = 101;
    assert_eq!(Manifest::parse(&format!("\u{feff}{}", manifest.to_text())).unwrap(), manifest);
    let named = |name: &str| {
        let mut other = manifest.clone();
        other.topics[0].name = name.into();
        other.to_text()
    };
    let mut same_partition = manifest.clone();
    same_partition.topics[0].start[1].partition = 0;
    let mut endless = manifest.clone();
    let lane = SealedLane {
        first: Some(0),
        last: Some((1 << 63) - 1),
        records: 1 << 63,
        ..manifest.lanes[0].clone()
    };
    endless.lanes = vec![lane.clone(), SealedLane { lane: 1, ..lane }];
    let mut before = manifest.clone();
    before.topics[0].start[1].offset = -1;
    for (text, said) in [
        (twice.to_text(), "lane 0 stands there twice"),
        (too_many.to_text(), "those from 0 to 99 are not as many"),
        (buried.to_text(), "lane 0 has 100 records, and 101 tombstones"),
        (Manifest { topics: Vec::new(), ..manifest.clone() }.to_text(), "names no topic"),
        (Manifest { accepted: 99, ..manifest.clone() }.to_text(), "100 records in its lanes, 99 accepted"),
        (Manifest { acknowledged: 101, ..manifest.clone() }.to_text(), "101 acknowledged"),
        (
            Manifest { topics: [&manifest.topics[..], &manifest.topics].concat(), ..manifest.clone() }
                .to_text(),
            "twice",
        ),
        (same_partition.to_text(), "names topic t or a partition of it twice"),
        (endless.to_text(), "more records than there can be"),
        (named("^.*"), "a topic that there cannot be (\"^.*\")"),
        (named(""), "a topic that there cannot be"),
        (before.to_text(), "partition 1 of topic t began at -1"),
        (later, "a manifest of form 2"),
        ("{}".into(), "is no manifest"),
        ("[".into(), "is no manifest"),
        (manifest.to_text().replace("0000000000000007", "7"), "16 hexadecimal digits"),
    ] {
        let error = Manifest::parse(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// What is done to a log.
#[derive(Clone, Debug)]
enum Tampering {
    Drop(usize),
    Double(usize, usize),
    Swap(usize),
    Flip(usize, u8),
    Bare(usize),
    Foreign(usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let at = 0..1_000_usize;
    prop_oneof![
        at.clone().prop_map(Tampering::Drop),
        (at.clone(), at.clone()).prop_map(|(from, to)| Tampering::Double(from, to)),
        at.clone().prop_map(Tampering::Swap),
        (at.clone(), any::<u8>()).prop_map(|(at, bit)| Tampering::Flip(at, bit)),
        at.clone().prop_map(Tampering::Bare),
        at.prop_map(Tampering::Foreign),
    ]
}

fn tamper(log: &mut Vec<Stored>, tampering: &Tampering) {
    let at = |at: usize, most: usize| at % most;
    match *tampering {
        _ if log.is_empty() => {}
        Tampering::Drop(place) => drop(log.remove(at(place, log.len()))),
        Tampering::Double(from, to) => log.insert(at(to, log.len() + 1), log[at(from, log.len())].clone()),
        Tampering::Swap(place) if log.len() > 1 => {
            let place = at(place, log.len() - 1);
            log.swap(place, place + 1);
        }
        Tampering::Swap(_) => {}
        Tampering::Flip(place, bit) => {
            let length = log.len();
            let body = &mut log[at(place, length)].body;
            let byte = usize::from(bit / 8) % body.len();
            body[byte] ^= 1 << (bit % 8);
        }
        Tampering::Bare(place) => {
            let length = log.len();
            log[at(place, length)].header = None;
        }
        Tampering::Foreign(place) => log.insert(at(place, log.len() + 1), sealed(RunId(9), 3)),
    }
}

/// Counts as one would by hand.
fn counted(records: u64, logs: &[Vec<Stored>]) -> [u64; 6] {
    let (mut seen, mut greatest) = (BTreeSet::new(), BTreeMap::new());
    let [mut doubled, mut reordered, mut corrupted, mut unexpected] = [0; 4];
    for (partition, log) in logs.iter().enumerate() {
        for stored in log {
            let Some(header) = &stored.header else {
                unexpected += 1;
                continue;
            };
            let (run, rest) = header.split_at(8);
            if run != RUN.0.to_be_bytes() {
                continue;
            }
            let sequence = u64::from_be_bytes(rest[4..12].try_into().unwrap());
            let sum = [&[0xff; 4][..], &stored.body].concat();
            corrupted += u64::from(rest[12..] != crc32c::crc32c(&sum).to_be_bytes());
            if !seen.insert(sequence) {
                doubled += 1;
                continue;
            }
            let greatest = greatest.entry(partition).or_insert(0);
            reordered += u64::from(sequence < *greatest);
            *greatest = sequence.max(*greatest);
        }
    }
    [records - seen.len() as u64, doubled, reordered, corrupted, unexpected, 0]
}

proptest! {
    #[test]
    fn an_audit_finds_what_was_done(
        records in 1..120_u64,
        partitions in 1..4_usize,
        tamperings in prop::collection::vec((0..4_usize, tampering()), 0..12),
    ) {
        let (manifest, mut logs) = run_of(records, partitions);
        for (partition, tampering) in &tamperings {
            tamper(&mut logs[partition % partitions], tampering);
        }
        let findings = audit(&manifest, &logs);
        prop_assert_eq!(counts(&findings), counted(records, &logs));
        prop_assert!(findings.resealed.is_empty());
    }
}
