//! What was written to a partition, and what a reader has to find of it.

use crate::{
    options::TopicSettings,
    partition::{Incoming, Partition},
};
use kadence_wire::{
    batch::{BatchHeader, renew_crc},
    contents::{contents, unpacked},
    control::Marker,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A record that was written, or is found. Its number is in its value, and in no other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) offset: i64,
    pub(super) key: u8,
    pub(super) has_value: bool,
    pub(super) timestamp: i64,
}

#[derive(Debug, Default)]
pub(super) struct History {
    records: Vec<(Record, Option<i64>)>,
    /// Where transactions ended: producer, whether committed, the marker's offset.
    ends: Vec<(i64, bool, i64)>,
    sequences: HashMap<i64, i32>,
}

/// How much of it is expected.
pub(super) enum Kept {
    All,
    /// What is before this offset, and perhaps more.
    Before(i64),
}

impl History {
    pub(super) fn append(
        &mut self,
        partition: &Partition,
        keys: &[(u8, bool)],
        producer: Option<i64>,
        settings: &TopicSettings,
        now_ms: i64,
    ) {
        let sequence = producer.map_or(-1, |id| *self.sequences.entry(id).or_default());
        let bytes = batch(keys, producer, sequence, now_ms);
        let header = BatchHeader::parse_produced(&bytes).unwrap();
        let incoming = Incoming { header: &header, bytes: &bytes, settings, now_ms };
        let base = partition.append(&incoming).unwrap().base_offset;
        for (at, (key, has_value)) in keys.iter().enumerate() {
            let timestamp = now_ms + at as i64;
            let record = Record { offset: base + at as i64, key: *key, has_value: *has_value, timestamp };
            self.records.push((record, producer));
        }
        if let Some(id) = producer {
            self.sequences.insert(id, sequence + keys.len() as i32);
        }
    }

    pub(super) fn ended(&mut self, producer: i64, commit: bool, offset: i64) {
        self.ends.push((producer, commit, offset));
    }

    /// Whether a record is committed by what is before `end`; nothing where that is not decided.
    fn is_committed(&self, (record, producer): &(Record, Option<i64>), end: i64) -> Option<bool> {
        let Some(producer) = producer else { return Some(true) };
        let ends = self.ends.iter().filter(|(id, _, at)| id == producer && *at > record.offset && *at < end);
        ends.min_by_key(|(.., at)| *at).map(|(_, commit, _)| *commit)
    }

    /// Whether what is there is right: nothing that was not written or not committed, and of each key the last one.
    pub(super) fn check(&self, partition: &Partition, kept: &Kept) {
        let (end, stable) = {
            let state = partition.lock();
            assert!(state.log.fault().is_none(), "{:?}", state.log.fault());
            (state.log.end(), state.last_stable())
        };
        if let Kept::Before(before) = kept {
            assert!(end >= *before, "it ends at {end}, before {before}");
        }
        let found = found(partition);
        assert!(found.is_sorted_by_key(|record| record.offset));
        let committed: Vec<&Record> = self
            .records
            .iter()
            .filter(|record| record.0.offset < stable && self.is_committed(record, end) == Some(true))
            .map(|(record, _)| record)
            .collect();
        for record in &found {
            assert!(committed.contains(&record), "{record:?} was not written so, or not committed");
        }
        let mut last: BTreeMap<u8, &Record> = BTreeMap::new();
        for record in committed {
            last.insert(record.key, record);
        }
        for (key, record) in last {
            let newest = found.iter().rev().find(|found| found.key == key);
            // A tombstone may have gone.
            let is_right = newest == Some(record) || (newest.is_none() && !record.has_value);
            assert!(is_right, "key {key} has {newest:?} instead of {record:?}");
        }
    }
}

/// What a reader finds who reads only what is committed, as clients do it: answer by answer.
pub(super) fn found(partition: &Partition) -> Vec<Record> {
    let mut at = partition.lock().log.start();
    let mut found = Vec::new();
    loop {
        let (read, aborted) = {
            let state = partition.lock();
            let read = state.log.read(at, 700, true, state.last_stable());
            (read, state.producers.aborted(at, i64::MAX))
        };
        let read = read.load().unwrap().concat();
        if read.is_empty() {
            return found;
        }
        let mut rest = &*read;
        let mut going: HashSet<i64> = HashSet::new();
        let mut aborted: Vec<(i64, i64)> = aborted.iter().map(|a| (a.first, a.producer_id)).collect();
        aborted.sort_unstable();
        while let Ok(header) = BatchHeader::parse(rest) {
            let (batch, behind) = rest.split_at(header.len);
            rest = behind;
            let last = header.base_offset + i64::from(header.last_offset_delta);
            assert_eq!(header.base_offset.max(at), at, "no offset is missing");
            at = last + 1;
            while aborted.first().is_some_and(|(first, _)| *first <= last) {
                going.insert(aborted.remove(0).1);
            }
            if header.is_control() {
                if Marker::parse(&header, batch).is_some_and(|marker| !marker.commit) {
                    going.remove(&header.producer_id);
                }
                continue;
            }
            if header.is_transactional() && going.contains(&header.producer_id) {
                continue;
            }
            let mut room = Vec::new();
            let records = unpacked(batch, &header, 1 << 20, &mut room).unwrap();
            found.extend(contents(&header, records).map(|content| {
                let content = content.unwrap();
                Record {
                    offset: header.base_offset + i64::from(content.offset_delta),
                    key: content.key.unwrap()[0],
                    has_value: !content.is_tombstone(),
                    timestamp: content.timestamp,
                }
            }));
        }
    }
}

/// Whether no key has two records before `upto`.
pub(super) fn check_is_compact(partition: &Partition, upto: i64) {
    let mut seen = HashSet::new();
    for record in found(partition).iter().filter(|record| record.offset < upto) {
        assert!(seen.insert(record.key), "key {} has an older record at {}", record.key, record.offset);
    }
}

/// A batch of records with keys of one byte, as a producer sends it.
fn batch(keys: &[(u8, bool)], producer: Option<i64>, sequence: i32, timestamp: i64) -> Vec<u8> {
    let mut out = vec![0; 61];
    for (at, (key, has_value)) in keys.iter().enumerate() {
        // Attributes, deltas of time and offset, a key of one byte, a value of twenty or none, no headers.
        let mut record = vec![0, (at as u8) << 1, (at as u8) << 1, 2, *key];
        if *has_value {
            record.push(40);
            record.extend_from_slice(&[*key; 20]);
        } else {
            record.push(1);
        }
        record.push(0);
        out.push((record.len() as u8) << 1);
        out.append(&mut record);
    }
    let count = keys.len() as i32;
    let length = out.len() as i32 - 12;
    out[8..12].copy_from_slice(&length.to_be_bytes());
    out[12..16].copy_from_slice(&(-1_i32).to_be_bytes());
    out[16] = 2;
    if producer.is_some() {
        out[22] = 0x10;
    }
    out[23..27].copy_from_slice(&(count - 1).to_be_bytes());
    out[27..35].copy_from_slice(&timestamp.to_be_bytes());
    out[35..43].copy_from_slice(&(timestamp + i64::from(count) - 1).to_be_bytes());
    out[43..51].copy_from_slice(&producer.unwrap_or(-1).to_be_bytes());
    out[51..53].copy_from_slice(&(if producer.is_some() { 0_i16 } else { -1 }).to_be_bytes());
    out[53..57].copy_from_slice(&sequence.to_be_bytes());
    out[57..61].copy_from_slice(&count.to_be_bytes());
    renew_crc(&mut out);
    out
}
