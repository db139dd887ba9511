//! Copies of a directory after a kill, with the ends of files cut off as a torn write leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use tempfile::TempDir;

use super::outcome::{CALL, Next, outcome};
use super::produce::create;
use super::victim::Victim;
use super::writers::{Acknowledged, PARTITIONS, Writers};
use super::{Random, client, kills, read, wait_until};

/// Partitions of the transactions' topic.
const PAIR: i32 = 2;
/// Records of a transaction in each of them.
const EACH: usize = 3;
/// Copies of one directory, each cut at other places.
const COPIES: u64 = 3;

#[test]
#[ignore = "needs a number of kills in KADENCE_TEST_KILLS"]
fn copies_that_are_cut_at_random_bytes_hold_a_prefix() {
    let rounds = kills().div_ceil(5);
    let (mut random, mut cuts) = (Random(0xc07), 0);
    for _ in 0..rounds {
        cuts += round(&mut random);
    }
    println!("{rounds} directories, {COPIES} copies each, {cuts} files cut: every partition held a prefix");
}

/// One directory: a kill, a noted moment, another kill, and the copies. Returns how many files were cut.
fn round(random: &mut Random) -> usize {
    let folder = TempDir::new().unwrap();
    let mut victim = Victim::start(folder.path());
    create(&victim.address, "written", PARTITIONS);
    create(&victim.address, "pairs", PAIR);
    let writers = Writers::start(&victim.address, "written");
    let pairs = Pairs::start(&victim.address);
    let more = |records: u64, transactions: usize| {
        let (before, done) = (writers.count(), pairs.committed().len());
        wait_until("more records and transactions", || {
            writers.count() >= before + records && pairs.committed().len() >= done + transactions
        });
    };
    more(1_000, 3);
    victim.restart();
    more(1_000, 3);
    // What was acknowledged first is in the files that are measured then.
    let (acknowledged, committed) = (writers.acknowledged(), pairs.committed());
    let noted = Noted { acknowledged, committed, files: Files::of(folder.path()) };
    more(1_000, 3);
    victim.kill();
    (0..COPIES).map(|_| check_copy(folder.path(), &noted, &writers, random)).sum()
}

/// A moment, and what had been acknowledged by then.
struct Noted {
    acknowledged: Acknowledged,
    committed: BTreeSet<usize>,
    files: Files,
}

fn check_copy(folder: &Path, noted: &Noted, writers: &Writers, random: &mut Random) -> usize {
    let copy = TempDir::new().unwrap();
    let mut cuts = 0;
    for path in files_below(folder) {
        let to = copy.path().join(&path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(folder.join(&path), &to).unwrap();
        if let Some(len) = noted.files.cut(folder, &path, random) {
            OpenOptions::new().write(true).open(&to).unwrap().set_len(len).unwrap();
            cuts += 1;
        }
    }
    let mut victim = Victim::start(copy.path());
    for _ in 0..2 {
        writers.check_at_least(&victim.address, &noted.acknowledged);
        check_pairs(&victim.address, &noted.committed);
        // What a start repaired stays as it is.
        victim.restart();
    }
    cuts
}

/// How long files were, and what the journal held.
struct Files {
    lengths: BTreeMap<PathBuf, u64>,
    journal: Vec<u8>,
}

const JOURNAL: &str = "journal";

impl Files {
    fn of(folder: &Path) -> Self {
        let length = |path: PathBuf| Some((fs::metadata(folder.join(&path)).ok()?.len(), path));
        let lengths =
            files_below(folder).into_iter().filter_map(length).map(|(len, path)| (path, len)).collect();
        Self { lengths, journal: fs::read(folder.join(JOURNAL)).unwrap() }
    }

    /// Where to cut a file, if it is one that is written at its end and has grown: the journal and the last segment
    /// of a partition. Others were synced before they were given their names.
    fn cut(&self, folder: &Path, path: &Path, random: &mut Random) -> Option<u64> {
        let whole = folder.join(path);
        let (before, now) = if path == Path::new(JOURNAL) {
            let now = fs::read(&whole).unwrap();
            // It may have been written anew.
            let grown = now.starts_with(&self.journal);
            (if grown { self.journal.len() as u64 } else { now.len() as u64 }, now.len() as u64)
        } else if path.extension().is_some_and(|e| e == "log") && is_last_segment(&whole) {
            (self.lengths.get(path).copied().unwrap_or(0), fs::metadata(&whole).unwrap().len())
        } else {
            return None;
        };
        // One in four stays whole: not all files are torn by the same crash.
        (now > before && random.below(4) > 0).then(|| before + random.below(now - before))
    }
}

fn is_last_segment(path: &Path) -> bool {
    let siblings = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let last = siblings.filter(|p| p.extension().is_some_and(|e| e == "log")).max();
    last.as_deref() == Some(path) && !path.with_extension("index").exists()
}

/// All files, by their paths below `folder`.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A producer whose transactions write the same to two partitions; every third is aborted.
struct Pairs {
    stop: Arc<AtomicBool>,
    committed: Arc<Mutex<BTreeSet<usize>>>,
    thread: Option<JoinHandle<()>>,
}

fn is_aborted(transaction: usize) -> bool {
    transaction % 3 == 2
}

impl Pairs {
    fn start(address: &str) -> Self {
        let (stop, committed) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (address, stopped, done) = (address.to_owned(), Arc::clone(&stop), Arc::clone(&committed));
        let thread = Some(thread::spawn(move || commit_pairs(&address, &stopped, &done)));
        Self { stop, committed, thread }
    }

    /// Whose commit was answered.
    fn committed(&self) -> BTreeSet<usize> {
        self.committed.lock().unwrap().clone()
    }
}

impl Drop for Pairs {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Those of `wanted` are there as a whole, none that was aborted is, and all are in order.
#[track_caller]
fn check_pairs(address: &str, wanted: &BTreeSet<usize>) {
    for (partition, records) in read(address, "pairs", PAIR, "read_committed").into_iter().enumerate() {
        let mut found = BTreeMap::new();
        let mut last = 0;
        for (_, text) in records {
            let transaction: usize = text.parse().unwrap();
            assert!(!is_aborted(transaction), "pairs {partition}: transaction {transaction} was aborted");
            assert!(transaction >= last, "pairs {partition}: {transaction} after {last}");
            last = transaction;
            *found.entry(transaction).or_insert(0) += 1;
        }
        for (transaction, there) in &found {
            assert!(*there <= EACH, "pairs {partition}: {there} records of transaction {transaction}");
        }
        for transaction in wanted {
            let there = found.get(transaction).copied().unwrap_or(0);
            assert_eq!(there, EACH, "pairs {partition}: records of transaction {transaction}");
        }
    }
}

fn commit_pairs(address: &str, stop: &AtomicBool, committed: &Mutex<BTreeSet<usize>>) {
    let mut transaction = 0;
    while !stop.load(Relaxed) {
        let producer: ThreadedProducer<DefaultProducerContext> =
            client(address).set("transactional.id", "pairs").set("linger.ms", "1").create().unwrap();
        let call = |call: &dyn Fn() -> rdkafka::error::KafkaResult<()>| {
            outcome(|| if stop.load(Relaxed) { Ok(()) } else { call() })
        };
        let mut next = call(&|| producer.init_transactions(CALL));
        while !stop.load(Relaxed) && matches!(next, Next::GoOn) {
            next = call(&|| producer.begin_transaction());
            if matches!(next, Next::GoOn) {
                next = write(&producer, transaction);
            }
            next = match next {
                Next::GoOn if !is_aborted(transaction) => call(&|| producer.commit_transaction(CALL)),
                Next::GoOn => Next::Abort,
                other => other,
            };
            if matches!(next, Next::GoOn) && !stop.load(Relaxed) {
                committed.lock().unwrap().insert(transaction);
            }
            if matches!(next, Next::Abort) {
                next = call(&|| producer.abort_transaction(CALL));
            }
            // A number is used once, whatever became of it.
            transaction += 1;
        }
    }
}

fn write(producer: &ThreadedProducer<DefaultProducerContext>, transaction: usize) -> Next {
    let text = transaction.to_string();
    for partition in 0..PAIR {
        for _ in 0..EACH {
            let record = BaseRecord::<(), str>::to("pairs").partition(partition).payload(&text);
            if producer.send(record).is_err() {
                return Next::Abort;
            }
        }
    }
    Next::GoOn
}
