//! All there is, and what happens to it.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, ManualClock};
use kadence_core::record::{Record, Timestamp};

use super::Verdict;
use super::chance::Chance;
use super::reasons::Reasons;
use super::truth::{Truth, is_rejected};
use super::worker::{Around, Worker};
use crate::memory::{MemoryCluster, MemoryFeedOptions, MemoryRecord, MemoryStore, Protocol, Transaction};
use crate::options::{OnReject, Options};
use crate::outcome::Outcome;
use crate::planted::Without;

const TOPICS: [&str; 2] = ["orders", "returns"];
const MOST_WORKERS: usize = 4;
/// In so many rounds everything has to be landed that is left at the end of the trouble.
const QUIET_ROUNDS: u32 = 4_000;

pub(super) struct World {
    chance: Chance,
    clock: Arc<ManualClock>,
    pub(super) cluster: MemoryCluster,
    pub(super) store: MemoryStore,
    truth: Truth,
    workers: Vec<Worker>,
    late: Vec<Transaction>,
    options: Options,
    without: Without,
    partitions: usize,
    topics: usize,
    /// The last number given to a record, or to a worker.
    number: u64,
    is_silent: bool,
    phase: Phase,
    pub(super) reasons: Reasons,
    /// Records that workers say they landed, and whether any may have landed more than it says.
    landed: u64,
    is_countable: bool,
}

/// What part of a run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Trouble,
    /// Nothing goes wrong any more.
    Quiet,
    /// Nobody who ends is started again.
    End,
}

fn rejects(record: &Record<'_>) -> Option<String> {
    let number = std::str::from_utf8(record.body?).ok()?.parse().ok()?;
    is_rejected(number).then(|| "it is one of thirteen".into())
}

impl World {
    pub(super) fn new(seed: u64, without: Without) -> Self {
        let mut chance = Chance::new(seed);
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_nanos(0)));
        let protocol = *chance.of(&[Protocol::Eager, Protocol::Cooperative]);
        let session = Duration::from_millis(chance.between(6_000, 10_000));
        let cluster = MemoryCluster::new(Arc::clone(&clock) as Arc<dyn Clock>, protocol, session);
        let store = MemoryStore::default();
        store.without(without);
        let on_reject = if chance.once_in(3) { OnReject::Skip } else { OnReject::Stop };
        if on_reject == OnReject::Skip {
            store.reject(rejects);
        }
        let options = Options {
            batch_records: chance.between(1, 20) as usize,
            batch_bytes: if chance.once_in(3) { chance.between(1, 60) as usize } else { 1 << 20 },
            linger: Duration::from_millis(chance.between(0, 100)),
            on_reject,
            limit: None,
        };
        let (topics, partitions) = (chance.between(1, 2) as usize, chance.between(1, 3) as usize);
        for topic in &TOPICS[..topics] {
            cluster.make_topic(topic, partitions);
        }
        let mut world = Self {
            chance,
            clock,
            cluster,
            store,
            truth: Truth::default(),
            workers: Vec::new(),
            late: Vec::new(),
            options,
            without,
            partitions,
            topics,
            number: 0,
            is_silent: false,
            phase: Phase::Trouble,
            reasons: Reasons::default(),
            landed: 0,
            is_countable: true,
        };
        for _ in 0..world.chance.between(1, 3) {
            world.start(None);
        }
        world
    }

    pub(super) fn count(&mut self, outcome: &Outcome) {
        self.landed += outcome.landed;
        self.is_countable &= outcome.uncertain == 0;
    }

    fn start(&mut self, instance: Option<String>) {
        self.number += 1;
        let instance = instance.or_else(|| self.chance.once_in(2).then(|| format!("worker {}", self.number)));
        let feed_options = MemoryFeedOptions {
            instance,
            until_end: false,
            records: self.chance.between(1, 12) as usize,
            goes_back_slowly: self.chance.once_in(2),
        };
        self.workers.push(Worker::start(&self.cluster, self.options.clone(), feed_options, self.without));
    }

    fn around(&mut self) -> (&mut Vec<Worker>, Around<'_>) {
        let around = Around {
            clock: &self.clock,
            cluster: &self.cluster,
            store: &self.store,
            chance: &mut self.chance,
            late: &mut self.late,
            is_quiet: self.phase != Phase::Trouble,
        };
        (&mut self.workers, around)
    }

    /// A while in which anything happens.
    pub(super) fn trouble(&mut self) -> Verdict {
        let steps = self.chance.between(60, 400);
        for _ in 0..steps {
            self.happen()?;
            for _ in 0..self.chance.between(1, 8) {
                self.step()?;
            }
        }
        Ok(())
    }

    /// One step of one worker.
    fn step(&mut self) -> Verdict {
        let passed = self.chance.below(12);
        self.clock.advance(Duration::from_millis(passed));
        if self.workers.is_empty() {
            if self.phase == Phase::End {
                return Ok(());
            }
            self.start(None);
        }
        let at = self.chance.below(self.workers.len() as u64) as usize;
        let now = self.clock.now();
        let worker = &mut self.workers[at];
        if worker.asleep.is_some_and(|until| now < until) {
            return Ok(());
        }
        worker.asleep = None;
        let (workers, mut around) = self.around();
        workers[at].step(&mut around)?;
        self.truth.look(&self.store)?;
        if self.workers[at].is_over {
            let instance = self.workers[at].instance.clone();
            let is_replaced = self.workers[at].is_replaced;
            let outcome = self.workers.remove(at).leave();
            self.ended(outcome)?;
            if self.phase != Phase::End && !is_replaced && !self.chance.once_in(4) {
                self.start(instance);
            }
        }
        Ok(())
    }

    /// Something happens.
    fn happen(&mut self) -> Verdict {
        match self.chance.below(200) {
            0..60 => self.append_some(),
            60..66 => self.fall_asleep(),
            66..72 => self.fall_asleep_inside(),
            72..76 => self.kill_one(),
            76..79 if self.workers.len() < MOST_WORKERS => self.start(None),
            79..82 => self.stop_one(),
            82..84 => self.replace_one(),
            84..86 => self.retain(),
            86..90 => self.compact(),
            90 => self.make_anew(),
            91 => self.disaster(),
            92..100 => {
                self.is_silent = !self.is_silent && self.chance.once_in(2);
                self.cluster.set_silent(self.is_silent);
            }
            100..120 => self.go_on_with_a_late_one()?,
            123..127 => self.intrude(),
            127..129 => {
                let commands = self.chance.between(1, 6) as u32;
                self.cluster.refuse(commands);
            }
            120..123 => {
                let passed = self.chance.between(500, 15_000);
                self.clock.advance(Duration::from_millis(passed));
            }
            _ => {}
        }
        Ok(())
    }

    fn some_partition(&mut self) -> (&'static str, i32) {
        let topic = TOPICS[self.chance.below(self.topics as u64) as usize];
        (topic, self.chance.below(self.partitions as u64) as i32)
    }

    fn append_some(&mut self) {
        let (topic, index) = self.some_partition();
        for _ in 0..self.chance.between(1, 8) {
            self.append(topic, index);
        }
    }

    /// Appends a record, or now and then an offset without one.
    pub(super) fn append(&mut self, topic: &str, index: i32) {
        self.number += 1;
        let number = (!self.chance.once_in(6)).then_some(self.number);
        let record = number.map(|number| MemoryRecord {
            key: Some(vec![index as u8]),
            body: Some(number.to_string().into_bytes()),
            time: Timestamp::from_nanos(number as i64),
        });
        let partition = self.cluster.partition(topic, index);
        let rejects = self.options.on_reject == OnReject::Skip;
        if let Some(offset) = self.cluster.append(topic, index, record) {
            self.truth.append_at(&partition, offset, number, rejects);
        }
    }

    fn fall_asleep(&mut self) {
        let length = Duration::from_millis(self.chance.between(100, 30_000));
        if !self.workers.is_empty() {
            let at = self.chance.below(self.workers.len() as u64) as usize;
            self.workers[at].asleep = Some(self.clock.now() + length);
        }
    }

    fn fall_asleep_inside(&mut self) {
        let until = self.clock.now() + Duration::from_millis(self.chance.between(3_000, 30_000));
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.is_inside()) {
            worker.asleep = Some(until);
        }
    }

    fn kill_one(&mut self) {
        if self.workers.is_empty() {
            return;
        }
        let at = self.chance.below(self.workers.len() as u64) as usize;
        let worker = self.workers.swap_remove(at);
        let (instance, is_replaced) = (worker.instance.clone(), worker.is_replaced);
        let outcome = worker.kill(&mut self.around().1);
        self.count(&outcome);
        self.is_countable = false;
        if !is_replaced && self.chance.once_in(2) {
            self.start(instance);
        }
    }

    fn stop_one(&mut self) {
        if !self.workers.is_empty() {
            let at = self.chance.below(self.workers.len() as u64) as usize;
            self.workers[at].stop();
        }
    }

    /// A worker that is stopped is taken for dead, and another one is started with its name.
    fn replace_one(&mut self) {
        let is_it = |one: &&mut Worker| one.asleep.is_some() && one.instance.is_some() && !one.is_replaced;
        let Some(worker) = self.workers.iter_mut().find(is_it) else { return };
        worker.is_replaced = true;
        let instance = worker.instance.clone();
        self.reasons.names.extend(instance.clone());
        self.start(instance);
    }

    /// Somebody claims a partition and goes away: who has it is fenced, and has to find its way back.
    fn intrude(&mut self) {
        let (topic, index) = self.some_partition();
        self.store.claim(&[(self.cluster.partition(topic, index), None)]);
    }

    fn retain(&mut self) {
        let (topic, index) = self.some_partition();
        let Some(span) = self.cluster.span(topic, index) else { return };
        let partition = self.cluster.partition(topic, index);
        let next = self.store.place(&partition).next;
        let start = self.chance.between(span.start as u64, span.end as u64) as i64;
        self.cluster.retain_from(topic, index, start);
        self.truth.gone(&partition, 0..start, next);
        self.reasons.cut_short.insert(partition);
    }

    fn compact(&mut self) {
        let (topic, index) = self.some_partition();
        let Some(span) = self.cluster.span(topic, index).filter(|span| span.start < span.end) else { return };
        let partition = self.cluster.partition(topic, index);
        let next = self.store.place(&partition).next;
        let offset = self.chance.between(span.start as u64, span.end as u64 - 1) as i64;
        self.cluster.compact(topic, index, offset);
        self.truth.gone(&partition, offset..offset + 1, next);
    }

    /// A topic is deleted and made anew, and has records soon.
    fn make_anew(&mut self) {
        let (topic, _) = self.some_partition();
        for index in 0..self.partitions as i32 {
            let partition = self.cluster.partition(topic, index);
            let next = self.store.place(&partition).next;
            self.truth.gone(&partition, 0..i64::MAX, next);
        }
        self.cluster.make_topic(topic, self.partitions);
        self.reasons.made_anew.insert(topic);
        for index in 0..self.partitions as i32 {
            for _ in 0..self.chance.below(60) {
                self.append(topic, index);
            }
        }
    }

    /// All workers die, and what was the end of a log is another one when they come back.
    fn disaster(&mut self) {
        while let Some(worker) = self.workers.pop() {
            let outcome = worker.kill(&mut self.around().1);
            self.count(&outcome);
            self.is_countable = false;
        }
        for transaction in self.late.drain(..) {
            self.store.commit(transaction);
        }
        let (topic, index) = self.some_partition();
        let Some(span) = self.cluster.span(topic, index) else { return };
        let partition = self.cluster.partition(topic, index);
        let next = self.store.place(&partition).next;
        let cut = self.chance.between(span.start as u64, span.end as u64) as i64;
        self.cluster.truncate(topic, index, cut);
        self.truth.cut(&partition, cut, next);
        for _ in 0..self.chance.below(20) {
            self.append(topic, index);
        }
        self.reasons.replaced.insert(partition);
        self.start(None);
    }

    fn go_on_with_a_late_one(&mut self) -> Verdict {
        if !self.late.is_empty() {
            let at = self.chance.below(self.late.len() as u64) as usize;
            let transaction = self.late.swap_remove(at);
            self.store.commit(transaction);
            self.truth.look(&self.store)?;
        }
        Ok(())
    }

    /// No more trouble: everything is landed, and the workers stop.
    pub(super) fn quiet(&mut self) -> Verdict {
        self.phase = Phase::Quiet;
        self.cluster.set_silent(false);
        self.cluster.refuse(0);
        while !self.late.is_empty() {
            self.go_on_with_a_late_one()?;
        }
        for worker in &mut self.workers {
            worker.asleep = None;
        }
        self.round_until(|world| world.missing())?;
        self.phase = Phase::End;
        for worker in &mut self.workers {
            worker.stop();
        }
        self.round_until(|world| {
            if world.workers.is_empty() { Ok(()) } else { Err("a worker does not stop".into()) }
        })?;
        self.truth.look(&self.store)?;
        self.truth.is_complete()?;
        let rows = self.store.len() as u64;
        if self.landed > rows || (self.is_countable && self.landed != rows) {
            return Err(format!("{} records are said to be landed, and there are {rows}", self.landed));
        }
        Ok(())
    }

    /// What is not landed yet.
    fn missing(&self) -> Verdict {
        for topic in &TOPICS[..self.topics] {
            for index in 0..self.partitions as i32 {
                let partition = self.cluster.partition(topic, index);
                let span = self.cluster.span(topic, index).ok_or("no such partition")?;
                let next = self.store.place(&partition).next.unwrap_or(span.start);
                if next != span.end {
                    return Err(format!(
                        "{partition}: the ledger has {next}, and the log ends at {}",
                        span.end
                    ));
                }
            }
        }
        Ok(())
    }

    /// Lets everybody work until all is well.
    fn round_until(&mut self, mut is_well: impl FnMut(&mut Self) -> Verdict) -> Verdict {
        let mut verdict = Ok(());
        for round in 0..QUIET_ROUNDS {
            for _ in 0..8 {
                if self.workers.is_empty() && is_well(self).is_ok() {
                    return Ok(());
                }
                self.step()?;
            }
            self.clock.advance(Duration::from_millis(10));
            if round % 8 == 0 {
                verdict = is_well(self);
                if verdict.is_ok() {
                    return Ok(());
                }
            }
        }
        verdict
    }
}
