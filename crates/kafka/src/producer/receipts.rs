//! Delivery reports, matched to their records.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use kadence_core::clock::Clock;
use kadence_core::report::{Deliveries, Lateness};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;

use super::hold::Hold;
use super::window::{InFlight, Window};
use super::written::{End, Lost, Topic, Written};
use crate::context::Watch;

/// Keeps the accounts of a sink. Whoever polls the client calls in here.
pub(super) struct Receipts {
    pub(super) watch: Watch,
    pub(super) window: Window,
    clock: Arc<dyn Clock>,
    /// Whether arrivals are timed.
    paced: bool,
    anchor_nanos: AtomicU64,
    topic: Topic,
    /// What is paused while it may not be sent; set once the topic is known.
    hold: OnceLock<Hold>,
    /// Records handed to the client.
    accepted: AtomicU64,
    /// Records acknowledged or failed.
    done: AtomicU64,
    has_failed: AtomicBool,
    /// Whether the topic was found to be gone; what is given up then is given up for that.
    is_gone: AtomicBool,
    /// Uncontended but for reports: the polling thread alone writes.
    tally: Mutex<Tally>,
    /// Whom to wake once `done` reaches `wake_at`.
    waiter: Mutex<Option<Thread>>,
    wake_at: AtomicU64,
}

#[derive(Debug, Default)]
struct Tally {
    acknowledged: u64,
    failed: u64,
    bytes: u64,
    partitions: Vec<Written>,
    lateness: Lateness,
    first_failure: Option<Failure>,
}

/// A record that the client gave up on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) sequence: u64,
    pub(super) line: u64,
    pub(super) bytes: u64,
    pub(super) code: Code,
}

impl Receipts {
    pub(super) fn new(clock: Arc<dyn Clock>, paced: bool, in_flight: usize) -> Self {
        Self {
            watch: Watch::default(),
            window: Window::new(in_flight),
            clock,
            paced,
            anchor_nanos: AtomicU64::new(0),
            topic: Topic::default(),
            hold: OnceLock::new(),
            accepted: AtomicU64::new(0),
            done: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
            tally: Mutex::default(),
            waiter: Mutex::default(),
            wake_at: AtomicU64::new(u64::MAX),
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn begin(&self, anchor: Duration) {
        self.anchor_nanos.store(u64::try_from(anchor.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Sets what is paused while it may not be sent.
    pub(super) fn hold_with(&self, hold: Hold) {
        let _ = self.hold.set(hold);
    }

    /// Tells whoever polls how many records the client has got.
    pub(super) fn set_accepted(&self, accepted: u64) {
        self.accepted.store(accepted, Ordering::Relaxed);
    }

    /// Records handed to the client.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn hold(&self) -> Option<&Hold> {
        self.hold.get()
    }

    pub(super) fn topic(&self) -> &Topic {
        &self.topic
    }

    /// How many records are acknowledged so far.
    pub(super) fn written(&self) -> u64 {
        self.tally().partitions.iter().map(|written| written.records).sum()
    }

    /// How many records are acknowledged so far, by partition.
    pub(super) fn by_partition(&self) -> Vec<u64> {
        self.tally().partitions.iter().map(|written| written.records).collect()
    }

    /// The topic was still the same after so many acknowledged records, by partition.
    pub(super) fn confirm(&self, records: &[u64]) {
        self.tally()
            .partitions
            .iter_mut()
            .zip(records)
            .for_each(|(written, records)| written.confirm(*records));
    }

    /// How many acknowledged records went with a topic that is another one now and to which nothing is under way;
    /// `end` tells where the log of a partition ends.
    pub(super) fn lost_with_topic(&self, mut end: impl FnMut(i32) -> End) -> Lost {
        let written: Vec<Written> = self.tally().partitions.clone();
        let mut lost = Lost::default();
        for (partition, written) in (0..).zip(&written).filter(|(_, written)| written.records > 0) {
            lost += written.lost(end(partition));
        }
        lost
    }

    /// What is given up from now on is given up because the topic is gone.
    pub(super) fn topic_is_gone(&self) {
        self.is_gone.store(true, Ordering::Release);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Why a record was given up.
    fn reason(&self, error: &ClientError) -> Code {
        match error.rdkafka_error_code().unwrap_or(Code::Unknown) {
            Code::PurgeQueue | Code::PurgeInflight if self.is_gone() => Code::UnknownTopicOrPartition,
            code => code,
        }
    }

    /// Records acknowledged or failed so far.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// Blocks until `target` records are done, or for `at_most`; for when another thread polls.
    pub(super) fn wait(&self, target: u64, at_most: Duration) {
        *self.waiter.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.wake_at.store(target, Ordering::SeqCst);
        if self.done.load(Ordering::SeqCst) < target {
            thread::park_timeout(at_most);
        }
        self.wake_at.store(u64::MAX, Ordering::SeqCst);
    }

    pub(super) fn first_failure(&self) -> Option<Failure> {
        if self.has_failed.load(Ordering::Acquire) { self.tally().first_failure } else { None }
    }

    pub(super) fn deliveries(&self, topic: &str) -> Deliveries {
        let tally = self.tally();
        let partitions = tally.partitions.iter().zip(0..).filter(|(written, _)| written.records > 0);
        Deliveries {
            acknowledged: tally.acknowledged,
            failed: tally.failed,
            bytes: tally.bytes,
            arrival_lateness: tally.lateness.clone(),
            retries: self.watch.retries(),
            topics: [(topic.to_owned(), partitions.map(|(written, id)| (id, written.records)).collect())]
                .into(),
            ..Deliveries::default()
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lateness(&self, due: Duration) -> Duration {
        let anchor = Duration::from_nanos(self.anchor_nanos.load(Ordering::Relaxed));
        self.clock.now().saturating_sub(anchor).saturating_sub(due)
    }

    fn count_done(&self) {
        let done = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        if done >= self.wake_at.load(Ordering::SeqCst)
            && let Some(waiter) = &*self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
        {
            waiter.unpark();
        }
    }
}

impl ProducerContext for Receipts {
    /// The record's sequence: a number costs nothing to pass through and is nobody's to free.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sequence: usize) {
        let InFlight { due, line } = self.window.take(sequence);
        let mut tally = self.tally();
        match result {
            Ok(record) => {
                self.watch.up();
                tally.acknowledged += 1;
                tally.bytes += (record.key_len() + record.payload_len()) as u64;
                let partition = usize::try_from(record.partition()).unwrap_or(0);
                if partition >= tally.partitions.len() {
                    tally.partitions.resize(partition + 1, Written::default());
                }
                tally.partitions[partition].add(record.offset());
                if self.paced {
                    tally.lateness.record(self.lateness(due));
                }
            }
            Err((error, record)) => {
                tally.failed += 1;
                if tally.first_failure.is_none() {
                    tally.first_failure = Some(Failure {
                        sequence: sequence as u64,
                        line,
                        bytes: (record.key_len() + record.payload_len()) as u64,
                        code: self.reason(error),
                    });
                    self.has_failed.store(true, Ordering::Release);
                }
            }
        }
        drop(tally);
        // There is room for others now.
        if let Some(hold) = self.hold.get() {
            hold.release();
        }
        self.count_done();
    }
}

impl ClientContext for Receipts {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.watch.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.watch.stats_raw(statistics);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.watch.error(error, reason);
    }
}
