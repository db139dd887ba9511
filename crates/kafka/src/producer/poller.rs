//! Who serves delivery reports, as they come: a thread for them, or the caller's thread while it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::{Producer as _, PurgeConfig};

use super::ClientProducer;
use super::brake::Brake;
use super::hold::Hold;
use super::receipts::Receipts;
use super::written::End;
use crate::ffi::Bell;
use crate::topic_id::{Found, look_up};

/// The thread looks this often whether it is still needed. Reports wake it at once.
const SHIFT: Duration = Duration::from_millis(20);
/// So many events are served before the caller looks at anything else. One may hold thousands of reports.
const AT_ONCE: usize = 64;
/// How long a broker that is up may take to say whether the topic is there.
const ANSWER: Duration = Duration::from_millis(200);
/// How long reports are waited for of what was under way when the topic was found to be another one.
const REPORTS: Duration = Duration::from_secs(2);

/// A client, and word of when it has reports.
pub(super) struct Desk {
    /// Dropped before the client.
    bell: Bell,
    producer: Arc<ClientProducer>,
    /// Whether somebody waits for long, having seen no reason to look sooner.
    is_resting: AtomicBool,
}

impl Desk {
    pub(super) fn new(producer: Arc<ClientProducer>) -> Self {
        Self { bell: Bell::of(producer.client()), producer, is_resting: AtomicBool::new(false) }
    }

    /// Serves what there is.
    pub(super) fn serve(&self) {
        for _ in 0..AT_ONCE {
            if !self.bell.has_events() {
                return;
            }
            self.producer.poll(Duration::ZERO);
        }
    }

    /// Tells how many records the client has got.
    pub(super) fn set_accepted(&self, accepted: u64) {
        let receipts = self.producer.client().context();
        receipts.set_accepted(accepted);
        // Whoever serves the reports has to have an eye on it from now on.
        if Brake::is_over(accepted, receipts.done()) && self.is_resting.swap(false, Ordering::Relaxed) {
            self.bell.strike();
        }
    }

    /// Waits for something to serve, for `at_most`, and serves it. Says how long it may have taken.
    pub(super) fn wait_and_serve(&self, brake: &mut Brake, at_most: Duration) -> Duration {
        let receipts = self.producer.client().context();
        let (accepted, began) = (receipts.accepted(), receipts.clock().now());
        let most = brake.look(accepted, receipts, at_most);
        self.is_resting.store(!brake.may_spin(accepted, receipts.done()), Ordering::Relaxed);
        self.bell.wait(most);
        self.serve();
        let accepted = receipts.accepted();
        brake.looked(receipts.clock().now().saturating_sub(began), accepted, receipts);
        if brake.shall_ask(receipts.done()) {
            self.ask_for_topic(brake, receipts);
        }
        most
    }

    /// Asks whether the topic is there, and the one it was. librdkafka keeps the records of a partition that was paused
    /// once when the topic is deleted, and would tell when they are too old; to a topic made anew it goes on writing.
    fn ask_for_topic(&self, brake: &mut Brake, receipts: &Receipts) {
        let Some(topic) = receipts.hold().map(Hold::topic) else { return };
        let is_absent = match self.find(topic) {
            Found::Absent => Some(true),
            Found::There(_) => Some(false),
            Found::Unknown => None,
        };
        if brake.asked(is_absent, receipts.done()) {
            receipts.topic_is_gone();
            self.producer.purge(PurgeConfig::default().queue().inflight());
        }
    }

    /// What there is of the topic now. If it is another one than before, nothing more is sent.
    pub(super) fn find(&self, topic: &str) -> Found {
        let receipts = self.producer.client().context();
        // What is acknowledged before the question is of the topic that answers it.
        let acknowledged = receipts.by_partition();
        let found = look_up(self.producer.client().native_client(), &[topic], ANSWER);
        let found = found.first().copied().unwrap_or(Found::Unknown);
        let Found::There(id) = found else { return found };
        if !receipts.topic().is_another(id) {
            receipts.confirm(&acknowledged);
        } else if receipts.topic().made_anew() {
            receipts.topic_is_gone();
            self.producer.purge(PurgeConfig::default().queue());
        }
        found
    }

    /// Counts what went with a topic that is another one now. What is under way is waited for a while, for reports say
    /// which records are in the new log; what is left then is given up.
    pub(super) fn count_lost(&self, topic: &str, is_served: bool) {
        let receipts = self.producer.client().context();
        let wait = |at_most: Duration| {
            let began = receipts.clock().now();
            loop {
                let accepted = receipts.accepted();
                let left = at_most.saturating_sub(receipts.clock().now().saturating_sub(began));
                if receipts.done() >= accepted || left.is_zero() {
                    return;
                }
                if is_served {
                    receipts.wait(accepted, left.min(SHIFT));
                } else {
                    self.bell.wait(left.min(SHIFT));
                    self.serve();
                }
            }
        };
        self.producer.purge(PurgeConfig::default().queue());
        wait(REPORTS);
        self.producer.purge(PurgeConfig::default().queue().inflight());
        wait(ANSWER);
        let mut is_answered = true;
        receipts.topic().set_lost(receipts.lost_with_topic(|partition| {
            // A broker that did not answer once is not asked for each of a thousand partitions.
            let end = if is_answered { self.end(topic, partition) } else { End::Unknown };
            is_answered &= end != End::Unknown;
            end
        }));
    }

    fn end(&self, topic: &str, partition: i32) -> End {
        match self.producer.client().fetch_watermarks(topic, partition, ANSWER) {
            Ok((_, end)) => End::At(end),
            Err(error) => match error.rdkafka_error_code() {
                Some(Code::UnknownPartition | Code::UnknownTopic | Code::UnknownTopicOrPartition) => {
                    End::NoPartition
                }
                _ => End::Unknown,
            },
        }
    }
}

/// A thread that does so, and ends with this value.
pub(super) struct Poller {
    is_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Poller {
    pub(super) fn start(desk: Arc<Desk>, mut brake: Brake) -> Self {
        let is_done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_done);
        let serve = move || {
            while !seen.load(Ordering::Relaxed) {
                desk.wait_and_serve(&mut brake, SHIFT);
            }
        };
        let thread = thread::Builder::new().name("reports".into()).spawn(serve);
        Self { is_done, thread: Some(thread.expect("a process may have a few threads")) }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in there was reported where it happened.
            let _ = thread.join();
        }
    }
}
