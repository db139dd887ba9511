//! A broker that is worked with, and what it has promised.

use super::Flush;
use crate::{
    clock::Clock,
    config::TopicConfig,
    disk::recorded::{self, Chance},
    groups::{Commit, Committer},
    node::Node,
    options::{Options, TopicSettings},
    partition::Incoming,
    served::Served,
    topics::Topic,
    transactions::{Place, Writer},
};
use kadence_wire::batch::{BatchHeader, HEADER_LEN, renew_crc};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

pub(super) const TRANSACTIONAL: &str = "x";
pub(super) const GROUP: &str = "g";
/// A number in each batch tells it from all others.
const NUMBER: std::ops::Range<usize> = HEADER_LEN..HEADER_LEN + 8;

/// A batch that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) base: i64,
    pub(super) number: u64,
}

/// A transaction that ended, with the offsets of its batches.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) at: usize,
    pub(super) commit: bool,
    pub(super) producer: i64,
    pub(super) records: Vec<(Place, i64)>,
}

/// What was said, and after how many steps of the recording.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Everything that was stored, in order.
    pub(super) stored: BTreeMap<Place, Vec<(usize, Stored)>>,
    /// Records of a partition before an offset that a loss of power does not take.
    pub(super) kept: Vec<(usize, Place, i64)>,
    /// Records before an offset may be deleted from then on.
    pub(super) deleted: Vec<(usize, Place, i64)>,
    /// Topics may be gone from the first step on, and are from the second on.
    pub(super) topics_deleted: BTreeMap<uuid::Uuid, (usize, Option<usize>)>,
    pub(super) topics: BTreeMap<uuid::Uuid, Option<usize>>,
    /// What a group has committed, for ever.
    pub(super) committed: Vec<(usize, String, i32, i64)>,
    pub(super) ended: Vec<Ended>,
    /// Ids that producers were given.
    pub(super) ids: Vec<(usize, i64)>,
}

#[derive(Debug)]
struct Producer {
    id: i64,
    epoch: i16,
    sequences: HashMap<Place, i32>,
}

pub(super) struct World {
    options: Options,
    flush: Flush,
    chance: Chance,
    node: Option<Arc<Node>>,
    producers: Vec<Producer>,
    transactional: Option<Producer>,
    open: Vec<(Place, i64)>,
    next: u64,
    said: Said,
}

impl World {
    pub(super) fn new(options: Options, flush: Flush, chance: Chance) -> Self {
        let mut world = Self {
            options,
            flush,
            chance,
            node: None,
            producers: Vec::new(),
            transactional: None,
            open: Vec::new(),
            next: 0,
            said: Said::default(),
        };
        world.start();
        world
    }

    pub(super) fn end(self) -> (Said, Chance) {
        (self.said, self.chance)
    }

    fn start(&mut self) {
        let node = Node::new(self.options.clone(), Clock::SYSTEM, Served::default())
            .expect("a broker starts after any stop");
        self.node = Some(Arc::new(node));
        self.producers.clear();
        (self.transactional, self.open) = (None, Vec::new());
    }

    fn node(&self) -> Arc<Node> {
        Arc::clone(self.node.as_ref().expect("it is started"))
    }

    pub(super) fn step(&mut self) {
        match self.chance.below(24) {
            0 | 1 => self.create(),
            2..=10 => self.produce(),
            11 | 12 => self.transact(),
            13 | 14 => self.end_transaction(),
            15 | 16 => self.commit(),
            17 => self.delete_topic(),
            18 => self.delete_records(),
            19 => self.retain(),
            20 => self.flush(),
            21 => drop(self.give_id()),
            22 => self.stop(),
            _ => self.kill(),
        }
    }

    fn some_topic(&mut self) -> Option<Arc<Topic>> {
        let topics = self.node().topics.all();
        if topics.is_empty() { None } else { Some(Arc::clone(&topics[self.chance.below(topics.len())])) }
    }

    fn some_place(&mut self) -> Option<(Arc<Topic>, i32)> {
        let topic = self.some_topic()?;
        let index = self.chance.below(topic.partitions.len()) as i32;
        Some((topic, index))
    }

    fn create(&mut self) {
        let mut config = TopicConfig::default();
        if self.flush == Flush::PerTopic && self.chance.below(2) == 0 {
            config.set("flush.messages", Some("1")).expect("a setting");
        }
        let name = format!("t{}", self.next);
        self.next += 1;
        let partitions = 1 + self.chance.below(2) as i32;
        let topic = self.node().topics.create(&name, partitions, config, false).expect("a topic");
        let kept = (topic.settings.flush_messages == 1).then(recorded::steps);
        self.said.topics.insert(topic.id, kept);
    }

    fn give_id(&mut self) -> usize {
        let id = self.node().producer_ids.take().expect("an id");
        self.said.ids.push((recorded::steps(), id));
        self.producers.push(Producer { id, epoch: 0, sequences: HashMap::new() });
        self.producers.len() - 1
    }

    fn produce(&mut self) {
        let Some((topic, index)) = self.some_place() else { return };
        let at = match self.chance.below(self.producers.len() + 1) {
            at if at < self.producers.len() => at,
            _ => self.give_id(),
        };
        let mut producer = self.producers.swap_remove(at);
        self.store(&topic, index, &mut producer, false);
        self.producers.push(producer);
    }

    /// Stores a batch, and notes what that promises.
    fn store(&mut self, topic: &Arc<Topic>, index: i32, producer: &mut Producer, transactional: bool) -> i64 {
        let place = (topic.id, index);
        let records = 1 + self.chance.below(3) as i32;
        let size = [10, 100, 700, 5_000][self.chance.below(4)] + self.chance.below(50);
        let sequence = producer.sequences.entry(place).or_insert(0);
        let number = self.next;
        self.next += 1;
        let bytes = batch(producer.id, producer.epoch, *sequence, records, size, number, transactional);
        *sequence += records;
        let header = BatchHeader::parse_produced(&bytes).expect("a batch");
        let partition = topic.partition(index).expect("a partition");
        let incoming = Incoming { header: &header, bytes: &bytes, settings: &topic.settings, now_ms: 1_000 };
        let base = partition.append(&incoming).expect("it is stored").base_offset;
        let at = recorded::steps();
        self.said.stored.entry(place).or_default().push((at, Stored { base, number }));
        self.note_kept(topic);
        base
    }

    /// Notes which records are on the disk by what partitions say.
    fn note_kept(&mut self, topic: &Topic) {
        for (index, partition) in (0..).zip(&topic.partitions) {
            let state = partition.lock();
            let kept = if state.log.unflushed() == 0 { state.log.end() } else { state.log.finished() };
            if kept > 0 {
                self.said.kept.push((recorded::steps(), (topic.id, index), kept));
            }
        }
    }

    fn transact(&mut self) {
        let Some((topic, index)) = self.some_place() else { return };
        let node = self.node();
        if self.transactional.is_none() {
            let Ok(given) = node.transactions.init(TRANSACTIONAL, 60_000, None) else { return };
            self.said.ids.push((recorded::steps(), given.id));
            self.open.clear();
            self.transactional =
                Some(Producer { id: given.id, epoch: given.epoch, sequences: HashMap::new() });
        }
        let mut producer = self.transactional.take().expect("it is there");
        let who = Writer { id: TRANSACTIONAL, producer_id: producer.id, epoch: producer.epoch };
        let partition = Arc::clone(topic.partition(index).expect("a partition"));
        let place = (topic.id, index);
        if node.transactions.add(&who, &[(place, partition)]).is_ok() {
            let base = self.store(&topic, index, &mut producer, true);
            self.open.push((place, base));
        }
        self.transactional = Some(producer);
    }

    fn end_transaction(&mut self) {
        let Some(producer) = &self.transactional else { return };
        if self.open.is_empty() {
            return;
        }
        let who = Writer { id: TRANSACTIONAL, producer_id: producer.id, epoch: producer.epoch };
        let id = producer.id;
        let commit = self.chance.below(3) > 0;
        let node = self.node();
        if node.transactions.end(&who, commit).is_err() {
            return;
        }
        let open = std::mem::take(&mut self.open);
        if self.flush == Flush::Each {
            self.said.ended.push(Ended { at: recorded::steps(), commit, producer: id, records: open });
        }
        for topic in node.topics.all() {
            self.note_kept(&topic);
        }
    }

    fn commit(&mut self) {
        let Some((topic, partition)) = self.some_place() else { return };
        let offset = self.chance.below(50) as i64;
        // The journal is to have more than one page that is not synced.
        let metadata = &"m".repeat(self.chance.below(3_000));
        let commit = Commit { topic: &topic.name, partition, offset, leader_epoch: -1, metadata };
        let who = Committer { member: "", instance: None, generation: -1 };
        let results = self.node().groups.commit(GROUP, &who, &[commit], |_, _| true);
        assert_eq!(results, [Ok(())]);
        if self.flush == Flush::Each {
            self.said.committed.push((recorded::steps(), topic.name.to_string(), partition, offset));
        }
    }

    fn delete_topic(&mut self) {
        if self.chance.below(3) > 0 {
            return;
        }
        let Some(topic) = self.some_topic() else { return };
        let node = self.node();
        let began = recorded::steps();
        node.groups.with(|groups, _| {
            node.topics.delete(&topic.name).expect("it is there");
            groups.forget_topics(&HashSet::from([&*topic.name]));
        });
        let known = (self.flush == Flush::Each).then(recorded::steps);
        node.topics.remove_logs(&topic);
        self.said.topics_deleted.insert(topic.id, (began, known));
    }

    fn delete_records(&mut self) {
        let Some((topic, index)) = self.some_place() else { return };
        let partition = topic.partition(index).expect("a partition");
        let end = partition.lock().log.end();
        let offset = self.chance.below(end as usize + 1) as i64;
        self.said.deleted.push((recorded::steps(), (topic.id, index), offset));
        let node = self.node();
        let keep = |offset| node.topics.note_start(&topic, index, offset);
        partition.delete_before(Some(offset), keep).expect("it is deleted");
    }

    fn retain(&mut self) {
        let Some((topic, index)) = self.some_place() else { return };
        let partition = topic.partition(index).expect("a partition");
        let node = self.node();
        let began = recorded::steps();
        let settings = TopicSettings {
            retention_bytes: 12_000,
            retention_ms: if self.chance.below(3) == 0 { 10 } else { -1 },
            ..topic.settings.clone()
        };
        let keep = |offset| node.topics.keep_start(&topic, index, offset);
        partition.retain(&settings, 100_000, keep).expect("it is deleted");
        self.said.deleted.push((began, (topic.id, index), partition.lock().log.start()));
    }

    fn flush(&mut self) {
        let node = self.node();
        for topic in node.topics.all() {
            for partition in &topic.partitions {
                partition.lock().flush_due(&topic.settings, i64::MAX / 2).expect("it is flushed");
            }
            self.note_kept(&topic);
        }
    }

    fn stop(&mut self) {
        let node = self.node();
        node.upkeep().close();
        for topic in node.topics.all() {
            self.note_kept(&topic);
            // What the journal says at a stop is on the disk.
            let kept = self.said.topics.get_mut(&topic.id).expect("it was made");
            kept.get_or_insert(recorded::steps());
        }
        drop(node);
        self.kill();
    }

    fn kill(&mut self) {
        self.node = None;
        self.start();
    }
}

/// A batch as a producer sends it, which is told from others by its number.
pub(crate) fn batch(
    producer: i64,
    epoch: i16,
    sequence: i32,
    records: i32,
    size: usize,
    number: u64,
    transactional: bool,
) -> Vec<u8> {
    let mut out = vec![0x55; HEADER_LEN + 8 + size];
    out[..8].fill(0);
    let len = out.len() as i32 - 12;
    out[8..12].copy_from_slice(&len.to_be_bytes());
    out[12..16].copy_from_slice(&(-1_i32).to_be_bytes());
    out[16] = 2;
    out[21..23].copy_from_slice(&(i16::from(transactional) << 4).to_be_bytes());
    out[23..27].copy_from_slice(&(records - 1).to_be_bytes());
    out[27..35].copy_from_slice(&1_000_i64.to_be_bytes());
    out[35..43].copy_from_slice(&1_000_i64.to_be_bytes());
    out[43..51].copy_from_slice(&producer.to_be_bytes());
    out[51..53].copy_from_slice(&epoch.to_be_bytes());
    out[53..57].copy_from_slice(&sequence.to_be_bytes());
    out[57..61].copy_from_slice(&records.to_be_bytes());
    out[NUMBER].copy_from_slice(&number.to_be_bytes());
    renew_crc(&mut out);
    out
}

/// The batches in what was read, but for markers.
pub(super) fn batches(mut bytes: &[u8]) -> Vec<Stored> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let header = BatchHeader::parse(bytes).expect("a batch");
        let (batch, rest) = bytes.split_at(header.len);
        if !header.is_control() {
            let number = u64::from_be_bytes(batch[NUMBER].try_into().expect("eight bytes"));
            found.push(Stored { base: header.base_offset, number });
        }
        bytes = rest;
    }
    found
}

/// Ids that were given out by then.
pub(super) fn given(said: &Said, steps: usize) -> BTreeSet<i64> {
    said.ids.iter().filter(|(at, _)| *at <= steps).map(|(_, id)| *id).collect()
}
