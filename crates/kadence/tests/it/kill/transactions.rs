//! Kills while a job reads one topic and writes two others, in transactions that take its place along.

mod job;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use tempfile::TempDir;

use super::produce::create;
use super::victim::Victim;
use super::{Random, Sequences, client, kills, read, wait_until};
use crate::support::{PATIENCE, eventually};

const PARTITIONS: i32 = 2;
/// Records that wait for the job at most.
const AHEAD: u64 = 400;
/// Transactions committed between two kills.
const BETWEEN: u64 = 3;
const GROUP: &str = "job";

/// What the job says of itself while it works.
#[derive(Default)]
struct Progress {
    /// Every call to a client counts, so that kills fall between all of them.
    steps: AtomicU64,
    /// Records whose transaction is over.
    taken: AtomicU64,
    /// By the number of a transaction; whose commit was answered with nothing is in neither.
    committed: Mutex<BTreeSet<u64>>,
    aborted: Mutex<BTreeSet<u64>>,
    /// Producers that were given up.
    renewed: AtomicU64,
    /// Set once all that there will be is written.
    fed: Mutex<Option<[i64; PARTITIONS as usize]>>,
}

impl Progress {
    fn committed(&self) -> u64 {
        self.committed.lock().unwrap().len() as u64
    }
}

#[test]
#[ignore = "needs a number of kills in KADENCE_TEST_KILLS"]
fn transactions_are_whole_or_not_there() {
    let folder = TempDir::new().unwrap();
    let mut victim = Victim::start(folder.path());
    for (topic, partitions) in [("in", PARTITIONS), ("out", PARTITIONS), ("audit", 1)] {
        create(&victim.address, topic, partitions);
    }
    let progress = Arc::new(Progress::default());
    let stop = Arc::new(AtomicBool::new(false));
    let feeder = {
        let (address, progress, stop) = (victim.address.clone(), Arc::clone(&progress), Arc::clone(&stop));
        thread::spawn(move || feed(&address, &progress, &stop))
    };
    let worker = {
        let (address, progress) = (victim.address.clone(), Arc::clone(&progress));
        thread::spawn(move || job::run(&address, &progress))
    };
    let kills = kills();
    let mut random = Random(0x7a11);
    for _ in 0..kills {
        let before = progress.committed();
        let at_work = || assert!(!worker.is_finished() && !feeder.is_finished(), "a client ended");
        wait_until("more transactions", || {
            at_work();
            progress.committed() >= before + BETWEEN
        });
        let then = progress.steps.load(Relaxed) + random.below(40);
        wait_until("more steps", || {
            at_work();
            progress.steps.load(Relaxed) >= then
        });
        victim.restart();
    }
    let before = progress.committed();
    wait_until("transactions after the last kill", || progress.committed() >= before + BETWEEN);
    stop.store(true, Relaxed);
    wait_until("the feeder's end", || feeder.is_finished());
    let fed = feeder.join().unwrap();
    wait_until("the job's end", || worker.is_finished());
    worker.join().unwrap();

    check(&victim.address, &progress, fed);
    victim.restart();
    check(&victim.address, &progress, fed);
    println!(
        "{kills} kills, {} records; transactions: {} committed, {} aborted; producers given up: {}",
        fed.iter().sum::<i64>(),
        progress.committed(),
        progress.aborted.lock().unwrap().len(),
        progress.renewed.load(Relaxed)
    );
}

/// Writes numbers to the partitions of `in`, never far ahead of the job; returns how many there are in each.
fn feed(address: &str, progress: &Progress, stop: &AtomicBool) -> [i64; PARTITIONS as usize] {
    let producer: ThreadedProducer<DefaultProducerContext> = client(address)
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", "0")
        .set("linger.ms", "1")
        .create()
        .unwrap();
    let mut fed = [0; PARTITIONS as usize];
    let mut total = 0;
    while !stop.load(Relaxed) {
        if total >= progress.taken.load(Relaxed) + AHEAD {
            producer.poll(Duration::from_millis(5));
            continue;
        }
        let partition = total as usize % fed.len();
        let text = fed[partition].to_string();
        let record = BaseRecord::<(), str>::to("in").partition(partition as i32).payload(&text);
        producer.send(record).map_err(|(error, _)| error).expect("there is room for a few hundred records");
        fed[partition] += 1;
        total += 1;
    }
    producer.flush(PATIENCE).expect("everything is acknowledged");
    *progress.fed.lock().unwrap() = Some(fed);
    fed
}

/// Every record of `in` was taken once and in order, by whole transactions, and the group's place says so.
#[track_caller]
fn check(address: &str, progress: &Progress, fed: [i64; PARTITIONS as usize]) {
    let aborted = progress.aborted.lock().unwrap().clone();
    let mut records_out: BTreeMap<u64, usize> = BTreeMap::new();
    for (partition, out) in read(address, "out", PARTITIONS, "read_committed").into_iter().enumerate() {
        let place = format!("out {partition}");
        let mut sequences = Sequences::default();
        for (_, text) in out {
            let [from, number, transaction] = words(&text);
            assert_eq!(from as usize, partition, "{place}: {text}");
            assert!(!aborted.contains(&transaction), "{place}: {text} is of an aborted transaction");
            sequences.take("in", number as usize, &place);
            *records_out.entry(transaction).or_default() += 1;
        }
        assert_eq!(sequences.count("in") as i64, fed[partition], "{place}: records");
    }
    let mut sequences = Sequences::default();
    let mut records: BTreeMap<u64, (usize, u64)> = BTreeMap::new();
    for (_, text) in read(address, "audit", 1, "read_committed").remove(0) {
        let [from, number, transaction, size] = words(&text);
        assert!(!aborted.contains(&transaction), "audit: {text} is of an aborted transaction");
        sequences.take(&from.to_string(), number as usize, "audit");
        let (there, said) = records.entry(transaction).or_insert((0, size));
        *there += 1;
        assert_eq!(*said, size);
    }
    for (transaction, (there, said)) in &records {
        assert_eq!(*there as u64, *said, "records of transaction {transaction} in audit");
        assert_eq!(records_out.get(transaction), Some(there), "records of transaction {transaction} in out");
    }
    assert_eq!(records_out.len(), records.len());
    for transaction in progress.committed.lock().unwrap().iter() {
        assert!(records.contains_key(transaction), "transaction {transaction} was committed");
    }
    let consumer: BaseConsumer = client(address).set("group.id", GROUP).create().unwrap();
    assert_eq!(committed(&consumer), fed, "the group's place");
}

fn words<const N: usize>(text: &str) -> [u64; N] {
    let numbers: Vec<u64> = text.split(' ').map(|word| word.parse().expect("a number")).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("a foreign record: {text}"))
}

/// Where the group goes on in each partition of `in`: 0 if it has not committed anything there.
fn committed(consumer: &BaseConsumer) -> [i64; PARTITIONS as usize] {
    let offsets = eventually("committed offsets", || {
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_range("in", 0, PARTITIONS - 1);
        let offsets = consumer.committed_offsets(partitions, Duration::from_secs(10)).ok()?;
        offsets.elements().iter().all(|element| element.error().is_ok()).then_some(offsets)
    });
    std::array::from_fn(|partition| match offsets.find_partition("in", partition as i32).unwrap().offset() {
        Offset::Offset(offset) => offset,
        _ => 0,
    })
}
