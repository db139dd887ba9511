//! Producers of several transactional ids, some of them dead and not knowing it, on a broker in a directory that is
//! started anew again and again, against the plainest model there is.

use crate::{
    clock::Clock,
    config::TopicConfig,
    groups::{Commit, Committer},
    node::Node,
    options::{Options, TopicSettings},
    partition::{AppendError, Incoming, Partition},
    served::Served,
    transactions::{Place, Writer},
};
use kadence_wire::{
    batch::{BatchHeader, HEADER_LEN, renew_crc},
    control::Marker,
};
use kafka_protocol::ResponseError;
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, RngSeed, TestRunner},
};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    mem::take,
    sync::Arc,
};
use tempfile::TempDir;

const IDS: [&str; 3] = ["a", "b", "c"];
const TOPIC: &str = "t";
const PARTITIONS: i32 = 2;
const GROUPS: [&str; 2] = ["g", "h"];
const TIMEOUT_MS: i32 = 1_000;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
}

/// What somebody does next; `old` is how many producers ago they lost their id.
#[derive(Debug, Clone)]
enum Step {
    Init { id: usize, knows: bool },
    Add { id: usize, old: usize, partition: i32 },
    Write { id: usize, old: usize, partition: i32, adds: bool },
    Plain { partition: i32 },
    AddGroup { id: usize, old: usize, group: usize },
    Offset { id: usize, old: usize, group: usize, partition: i32, adds: bool },
    End { id: usize, old: usize, commit: bool },
    Pass { ms: i64 },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let who = (0..IDS.len(), 0..5_usize, any::<bool>());
    (0..20_u8, who, 0..PARTITIONS, 0..GROUPS.len(), 0..600_i64).prop_map(
        |(what, (id, old, yes), partition, group, ms)| {
            // Most are who they say they are.
            let old = old.saturating_sub(3);
            match what {
                0 => Step::Init { id, knows: yes },
                1..=4 => Step::Add { id, old, partition },
                5..=9 => Step::Write { id, old, partition, adds: yes },
                10 => Step::Plain { partition },
                11..=12 => Step::AddGroup { id, old, group },
                13..=14 => Step::Offset { id, old, group, partition, adds: yes },
                15..=17 => Step::End { id, old, commit: yes },
                18 => Step::Pass { ms },
                _ => Step::Restart,
            }
        },
    )
}

/// A producer as it knows itself.
#[derive(Debug, Clone, Default)]
struct Producer {
    id: i64,
    epoch: i16,
    sequences: HashMap<i32, i32>,
}

#[derive(Debug, Default)]
struct Transaction {
    since: i64,
    partitions: BTreeSet<i32>,
    groups: BTreeSet<usize>,
    /// Values, by partition.
    written: BTreeSet<(i32, i64)>,
    offsets: BTreeMap<(usize, i32), i64>,
}

/// What ought to be.
#[derive(Debug, Default)]
struct Id {
    /// The current one is last.
    producers: Vec<Producer>,
    /// Whether the broker has fenced the last one.
    fenced: bool,
    open: Option<Transaction>,
    ended: Option<bool>,
}

struct World {
    node: Node,
    dir: TempDir,
    ids: [Id; IDS.len()],
    /// Each partition's values, with their offsets.
    logs: [Vec<(i64, i64)>; PARTITIONS as usize],
    committed: HashSet<(i32, i64)>,
    offsets: BTreeMap<(usize, i32), i64>,
    next: i64,
}

fn open(dir: &TempDir) -> Node {
    let options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
    Node::new(options, Clock::of(|| NOW.get()), Served::default()).unwrap()
}

impl World {
    fn new() -> Self {
        NOW.set(1_000_000);
        let dir = TempDir::new().unwrap();
        let node = open(&dir);
        node.topics.create(TOPIC, PARTITIONS, TopicConfig::default(), false).unwrap();
        Self {
            node,
            dir,
            ids: Default::default(),
            logs: Default::default(),
            committed: HashSet::new(),
            offsets: BTreeMap::new(),
            next: 0,
        }
    }

    fn place(&self, partition: i32) -> (Place, Arc<Partition>) {
        let topic = self.node.topics.named(TOPIC).unwrap();
        ((topic.id, partition), Arc::clone(topic.partition(partition).unwrap()))
    }

    /// The producer that acts, and whether it is the current one; none if there is none so old.
    fn who(&self, id: usize, old: usize) -> Option<(Producer, bool)> {
        let id = &self.ids[id];
        let at = id.producers.len().checked_sub(old + 1)?;
        Some((id.producers[at].clone(), old == 0 && !id.fenced))
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Init { id, knows } => self.init(id, knows),
            Step::Add { id, old, partition } => self.add(id, old, partition),
            Step::Write { id, old, partition, adds } => {
                if adds {
                    self.add(id, old, partition);
                }
                self.write(id, old, partition);
            }
            Step::Plain { partition } => self.plain(partition),
            Step::AddGroup { id, old, group } => self.add_group(id, old, group),
            Step::Offset { id, old, group, partition, adds } => {
                if adds {
                    self.add_group(id, old, group);
                }
                self.offset(id, old, group, partition);
            }
            Step::End { id, old, commit } => self.end(id, old, commit),
            Step::Pass { ms } => {
                NOW.set(NOW.get() + ms);
                self.expire();
            }
            Step::Restart => {
                // The directory is free again when the broker is gone.
                self.node =
                    Node::new(Options::default(), Clock::of(|| NOW.get()), Served::default()).unwrap();
                self.node = open(&self.dir);
                self.expire();
            }
        }
        self.check();
    }

    fn settle(&mut self, id: usize, commit: bool) {
        let Some(transaction) = self.ids[id].open.take() else { return };
        if commit {
            self.committed.extend(transaction.written);
            self.offsets.extend(transaction.offsets);
        }
        self.ids[id].ended = Some(commit);
    }

    fn expire(&mut self) {
        self.node.transactions.tick();
        for id in 0..IDS.len() {
            let late = |t: &Transaction| NOW.get() >= t.since + i64::from(TIMEOUT_MS);
            if self.ids[id].open.as_ref().is_some_and(late) {
                self.settle(id, false);
                self.ids[id].fenced = true;
            }
        }
    }

    fn init(&mut self, id: usize, knows: bool) {
        let fenced = self.ids[id].fenced;
        let had = self.ids[id].producers.last().filter(|_| knows).map(|p| (p.id, p.epoch));
        let begun = self.node.transactions.init(IDS[id], TIMEOUT_MS, had);
        if had.is_some() && fenced {
            assert_eq!(begun, Err(ResponseError::ProducerFenced));
            return;
        }
        let begun = begun.unwrap();
        self.settle(id, false);
        let id = &mut self.ids[id];
        if let Some(last) = id.producers.last() {
            assert!((begun.id, begun.epoch) > (last.id, last.epoch));
        }
        (id.fenced, id.ended) = (false, None);
        id.producers.push(Producer { id: begun.id, epoch: begun.epoch, ..Producer::default() });
    }

    fn add(&mut self, id: usize, old: usize, partition: i32) {
        let Some((producer, current)) = self.who(id, old) else { return };
        let added = self.node.transactions.add(&writer(id, &producer), &[self.place(partition)]);
        assert_eq!(added, if current { Ok(()) } else { Err(ResponseError::ProducerFenced) });
        if current {
            self.open(id).partitions.insert(partition);
        }
    }

    fn open(&mut self, id: usize) -> &mut Transaction {
        let begin = || Transaction { since: NOW.get(), ..Transaction::default() };
        self.ids[id].open.get_or_insert_with(begin)
    }

    fn append(&mut self, partition: i32, bytes: &[u8]) -> Result<i64, AppendError> {
        let header = BatchHeader::parse_produced(bytes).unwrap();
        let settings = TopicSettings::default();
        let incoming = Incoming { header: &header, bytes, settings: &settings, now_ms: NOW.get() };
        let stored = self.place(partition).1.append(&incoming)?.base_offset;
        self.logs[partition as usize].push((stored, self.next));
        Ok(stored)
    }

    fn plain(&mut self, partition: i32) {
        self.next += 1;
        self.append(partition, &batch(None, 0, self.next)).unwrap();
        self.committed.insert((partition, self.next));
    }

    fn write(&mut self, id: usize, old: usize, partition: i32) {
        let Some((producer, current)) = self.who(id, old) else { return };
        self.next += 1;
        let value = self.next;
        let sequence = producer.sequences.get(&partition).copied().unwrap_or(0);
        let open = self.ids[id].open.as_ref().filter(|t| current && t.partitions.contains(&partition));
        let may = open.is_some();
        let stored = self.append(partition, &batch(Some(&producer), sequence, value));
        assert_eq!(stored.is_ok(), may, "{stored:?} by {producer:?}");
        if may {
            self.open(id).written.insert((partition, value));
            let producer = self.ids[id].producers.last_mut().unwrap();
            producer.sequences.insert(partition, sequence + 1);
        }
    }

    fn add_group(&mut self, id: usize, old: usize, group: usize) {
        let Some((producer, current)) = self.who(id, old) else { return };
        let added = self.node.transactions.add_group(&writer(id, &producer), GROUPS[group]);
        assert_eq!(added, if current { Ok(()) } else { Err(ResponseError::ProducerFenced) });
        if current {
            self.open(id).groups.insert(group);
        }
    }

    fn offset(&mut self, id: usize, old: usize, group: usize, partition: i32) {
        let Some((producer, current)) = self.who(id, old) else { return };
        self.next += 1;
        let commit =
            Commit { topic: TOPIC, partition, offset: self.next, leader_epoch: -1, metadata: "note" };
        let nobody = Committer { member: "", instance: None, generation: -1 };
        let who = writer(id, &producer);
        let whose = (GROUPS[group], &nobody);
        let kept = self.node.transactions.commit_offsets(&who, whose, &[commit]);
        let may = self.ids[id].open.as_ref().is_some_and(|t| current && t.groups.contains(&group));
        let refused =
            if current { ResponseError::TransactionAbortable } else { ResponseError::ProducerFenced };
        assert_eq!(kept, [if may { Ok(()) } else { Err(refused) }]);
        if may {
            let offset = self.next;
            self.open(id).offsets.insert((group, partition), offset);
        }
    }

    fn end(&mut self, id: usize, old: usize, commit: bool) {
        let Some((producer, current)) = self.who(id, old) else { return };
        let ended = self.node.transactions.end(&writer(id, &producer), commit);
        let expected = match (&self.ids[id].open, self.ids[id].ended) {
            _ if !current => Err(ResponseError::ProducerFenced),
            (Some(_), _) => Ok(()),
            (None, before) if before == Some(commit) => Ok(()),
            _ => Err(ResponseError::InvalidTxnState),
        };
        assert_eq!(ended, expected);
        if ended.is_ok() {
            self.settle(id, commit);
        }
    }

    fn check(&self) {
        let open: HashSet<(i32, i64)> =
            self.ids.iter().filter_map(|id| id.open.as_ref()).flat_map(|t| t.written.clone()).collect();
        for partition in 0..PARTITIONS {
            let log = &self.logs[partition as usize];
            let first_open = log.iter().find(|(_, value)| open.contains(&(partition, *value)));
            let partition_now = self.place(partition).1;
            let stable = partition_now.lock().last_stable();
            let end = partition_now.lock().log.end();
            assert_eq!(stable, first_open.map_or(end, |(offset, _)| *offset));
            let seen = log.iter().take_while(|(offset, _)| *offset < stable);
            let expected: Vec<i64> =
                seen.map(|(_, value)| *value).filter(|v| self.committed.contains(&(partition, *v))).collect();
            assert_eq!(read_committed(&partition_now, stable), expected, "partition {partition}");
        }
        for (at, group) in GROUPS.into_iter().enumerate() {
            for partition in 0..PARTITIONS {
                let found = self.node.groups.with(|groups, _| {
                    let offsets = groups.offsets(group)?;
                    Some((offsets.get(TOPIC, partition)?.offset, offsets.is_unstable(TOPIC, partition)))
                });
                let pending =
                    |id: &Id| id.open.as_ref().is_some_and(|t| t.offsets.contains_key(&(at, partition)));
                let expected = self.offsets.get(&(at, partition));
                let expected = expected.map(|offset| (*offset, self.ids.iter().any(pending)));
                assert_eq!(found, expected, "offset of {group}");
            }
        }
    }
}

fn writer<'a>(id: usize, producer: &Producer) -> Writer<'a> {
    Writer { id: IDS[id], producer_id: producer.id, epoch: producer.epoch }
}

/// A batch of one record, of which only its number is there.
fn batch(producer: Option<&Producer>, sequence: i32, value: i64) -> Vec<u8> {
    let mut out = vec![0; HEADER_LEN];
    out.extend_from_slice(&value.to_be_bytes());
    let len = out.len() as i32 - 12;
    out[8..12].copy_from_slice(&len.to_be_bytes());
    out[16] = 2;
    out[43..57].fill(0xff);
    if let Some(producer) = producer {
        out[22] = 0x10;
        out[43..51].copy_from_slice(&producer.id.to_be_bytes());
        out[51..53].copy_from_slice(&producer.epoch.to_be_bytes());
        out[53..57].copy_from_slice(&sequence.to_be_bytes());
    }
    out[57..61].copy_from_slice(&1_i32.to_be_bytes());
    renew_crc(&mut out);
    out
}

/// The values that a consumer finds that skips what was aborted.
fn read_committed(partition: &Partition, stable: i64) -> Vec<i64> {
    let (found, aborted) = {
        let state = partition.lock();
        (state.log.read(0, usize::MAX, true, stable), state.producers.aborted(0, stable))
    };
    let mut aborted: Vec<(i64, i64)> = aborted.iter().map(|a| (a.first, a.producer_id)).collect();
    aborted.sort_unstable();
    let (mut skipped, mut values) = (HashSet::new(), Vec::new());
    let found = found.load().unwrap();
    let mut bytes: Vec<u8> = found.iter().flat_map(|part| part.to_vec()).collect();
    while !bytes.is_empty() {
        let header = BatchHeader::parse(&bytes).unwrap();
        let rest = bytes.split_off(header.len);
        let batch = std::mem::replace(&mut bytes, rest);
        let (begun, later) =
            take(&mut aborted).into_iter().partition(|(first, _)| *first <= header.base_offset);
        let begun: Vec<(i64, i64)> = begun;
        skipped.extend(begun.into_iter().map(|(_, producer)| producer));
        aborted = later;
        if Marker::parse(&header, &batch).is_some() {
            skipped.remove(&header.producer_id);
        } else if !skipped.contains(&header.producer_id) {
            values.push(i64::from_be_bytes(*batch[HEADER_LEN..].first_chunk().unwrap()));
        }
    }
    values
}

#[test]
fn whatever_happens_a_transaction_is_seen_as_a_whole_or_not_at_all() {
    let mut runner = TestRunner::new(Config {
        cases: 150,
        rng_seed: RngSeed::Fixed(23),
        failure_persistence: None,
        ..Config::default()
    });
    let (seen, kept) = (Cell::new(0), Cell::new(0));
    runner
        .run(&vec(step(), 1..120), |steps| {
            let mut world = World::new();
            (0..IDS.len()).for_each(|id| world.init(id, false));
            for step in &steps {
                world.act(step);
            }
            seen.set(seen.get() + world.committed.len());
            kept.set(kept.get() + world.offsets.len());
            Ok(())
        })
        .unwrap();
    assert!(seen.get() > 500 && kept.get() > 50, "{} records, {} offsets", seen.get(), kept.get());
}
