//! Writing to a topic.

mod brake;
mod failure;
mod hold;
mod options;
mod outgoing;
mod poller;
mod receipts;
mod window;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::Fault;
use kadence_core::record::{Record, Timestamp};
use kadence_core::report::Deliveries;
use kadence_core::run::Slice;
use kadence_core::seal::{RunId, Seal, Sealed, SealedTopic, StartOffset};
use kadence_core::sink::Sink;
use rdkafka::TopicPartitionList;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::message::OwnedHeaders;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};

use self::brake::Brake;
use self::failure::{SizeLimit, explain};
use self::hold::Hold;
pub use self::options::{Acks, Compression, Partitioner, ProducerOptions, SendMode};
use self::outgoing::{millis, owned_headers, with_headers, with_seal};
use self::poller::{Desk, Poller};
use self::receipts::{Failure, Receipts};
use self::window::InFlight;
use self::written::Lost;
use crate::admin;
use crate::contact::{Client, Contact, uncreated};
use crate::context::Watch;
use crate::error::KafkaError;
use crate::ffi;
use crate::options::Resolved;
use crate::topic_id::{self, Found};
use crate::words::described;

type ClientProducer = BaseProducer<Receipts>;

/// Writes records to a topic.
///
/// Accepted records wait in the client, bounded in count and bytes: 65,536 records and 32 MiB unless
/// `queue.buffering.max.*` say otherwise. When either bound is met, fewer records are accepted than offered.
pub struct TopicSink {
    producer: Arc<ClientProducer>,
    desk: Arc<Desk>,
    /// Serves delivery reports; without it the caller's thread does between records.
    poller: Option<Poller>,
    /// Of the caller's thread, while there is no poller.
    brake: Brake,
    partitions: usize,
    topic: String,
    headers: Option<OwnedHeaders>,
    /// Headers of a record that the client had no room for.
    spare_headers: Option<OwnedHeaders>,
    is_sync: bool,
    /// Records accepted; the next one's sequence.
    accepted: u64,
    /// What was sealed of them, by lane.
    sealed: BTreeMap<u32, Sealed>,
    /// How often it was looked after since the last record.
    checks: u32,
    /// How many were in flight when the client was found full.
    full_at: u64,
    resolved: Resolved,
    stop: Arc<Stop>,
    /// Why nothing more is taken.
    refusal: Option<KafkaError>,
    topic_limit: Option<u64>,
}

/// How a record goes out.
#[derive(Clone, Copy)]
struct At {
    due: Duration,
    handed_over: Timestamp,
    sealing: Option<RunId>,
}

/// Without a poll thread the caller's thread looks for delivery reports this often, in records.
const POLL_EVERY: u64 = 1_024;
/// A run is looked after every 20 ms while it waits for input: this often is about a second.
const CHECKS_OF_A_SLOW_RUN: u32 = 50;
/// How long leaders may take to answer.
const LEADERS: Duration = Duration::from_secs(2);
/// How long a partition's end may take to be told.
const OFFSETS: Duration = Duration::from_secs(10);
/// While waiting, at most this long goes by before a stop is seen.
const LOOK_UP: Duration = Duration::from_millis(10);
/// The same while flushing, each look of which wakes the threads that send.
const FLUSH_LOOK_UP: Duration = Duration::from_millis(50);

impl TopicSink {
    /// Connects, and returns once the topic's metadata are in hand and the producer id is asked for.
    ///
    /// A topic that is not there is created by the broker if it does so; otherwise, and if no broker answers within
    /// `socket.connection.setup.timeout.ms` (5 s unless set; a refused connection is given 1 s), that is the error.
    pub fn open(
        options: &ProducerOptions,
        clock: Arc<dyn Clock>,
        stop: Arc<Stop>,
    ) -> Result<Self, KafkaError> {
        let resolved = options.resolve().map_err(KafkaError::first)?;
        let in_flight = resolved.properties.number("queue.buffering.max.messages").unwrap_or(0);
        let in_flight = if in_flight == 0 { 1 << 20 } else { in_flight.min(1 << 24) as usize };
        let receipts = Receipts::new(clock, options.paced, in_flight);
        let config = resolved.properties.to_config();
        let producer: ClientProducer =
            config.create_with_context(receipts).map_err(|error| uncreated(&resolved, &error))?;
        let producer = Arc::new(producer);
        let contact = Contact {
            client: &*producer,
            resolved: &resolved,
            clock: producer.client().context().clock(),
            stop: &stop,
        };
        // The first answer is what lets librdkafka ask for its producer id, which else takes its timer's 500 ms.
        contact.metadata(None)?;
        let partitions = contact.writable_topic(&options.topic)?;
        await_leaders(&contact, &options.topic, partitions);
        producer.client().context().hold_with(hold(&producer, &options.topic, partitions));
        let desk = Arc::new(Desk::new(Arc::clone(&producer)));
        // The topic that is written to is this one, by its id.
        desk.find(&options.topic);
        let is_sync = options.send == SendMode::Sync;
        // Arrivals are timed where they are seen, so there someone has to look all the time.
        let poller = (options.paced || is_sync)
            .then(|| Poller::start(Arc::clone(&desk), Brake::new(&resolved.properties, partitions)));
        Ok(Self {
            producer,
            desk,
            poller,
            brake: Brake::new(&resolved.properties, partitions),
            partitions,
            topic: options.topic.clone(),
            headers: owned_headers(&options.headers),
            spare_headers: None,
            is_sync,
            accepted: 0,
            sealed: BTreeMap::new(),
            checks: 0,
            full_at: 0,
            resolved,
            stop,
            refusal: None,
            topic_limit: None,
        })
    }

    /// The topic as it is before the first record: its id, and where its partitions end.
    pub fn start(&self) -> Result<SealedTopic, KafkaError> {
        let id = match self.desk.find(&self.topic) {
            Found::There(id) => id.map(|id| topic_id::text(&id)),
            Found::Absent | Found::Unknown => None,
        };
        let partitions = 0..i32::try_from(self.partitions).unwrap_or(i32::MAX);
        let start = partitions.map(|partition| {
            let found = self.producer.client().fetch_watermarks(&self.topic, partition, OFFSETS);
            let (_, offset) = found.map_err(|error| {
                let what = error.rdkafka_error_code().map_or_else(|| error.to_string(), described);
                let what = format!("the end of partition {partition} cannot be asked for ({what})");
                KafkaError::topic(&self.topic, what, "check that the partition's leader is up")
            })?;
            Ok(StartOffset { partition, offset })
        });
        Ok(SealedTopic { name: self.topic.clone(), id, start: start.collect::<Result<_, KafkaError>>()? })
    }

    fn receipts(&self) -> &Receipts {
        self.producer.client().context()
    }

    /// Has a thread of its own serve reports from now on.
    fn start_poller(&mut self) {
        if self.poller.is_none() {
            let brake = Brake::new(&self.resolved.properties, self.partitions);
            self.poller = Some(Poller::start(Arc::clone(&self.desk), brake));
        }
    }

    fn in_flight(&self) -> u64 {
        self.accepted.saturating_sub(self.receipts().done())
    }

    /// Hands one record to the client; `false` if there is no room.
    fn send(&mut self, record: &Record<'_>, at: At) -> Result<bool, KafkaError> {
        let sequence = self.accepted as usize;
        let place = InFlight { due: at.due, line: record.facts.line };
        if !self.receipts().window.put(sequence, place) {
            return Ok(self.found_full());
        }
        let spare = self.spare_headers.take().or_else(|| self.headers.clone());
        let headers = with_headers(spare, record.headers.clone());
        let seal = at.sealing.map(|run| Seal::of(run, record));
        let headers = match seal {
            Some(seal) => Some(with_seal(headers, seal)),
            None => headers,
        };
        let outgoing = BaseRecord::<[u8], [u8], usize> {
            topic: &self.topic,
            partition: record.facts.partition,
            payload: record.body,
            key: record.key,
            timestamp: Some(millis(at.handed_over)),
            headers,
            delivery_opaque: sequence,
        };
        let Err((error, outgoing)) = self.producer.send(outgoing) else {
            self.accepted += 1;
            if let Some(seal) = seal {
                self.sealed.entry(seal.lane).or_default().add(seal, record.body.is_none());
            }
            return Ok(true);
        };
        if record.headers.is_empty() && seal.is_none() {
            self.spare_headers = outgoing.headers;
        }
        self.receipts().window.take(sequence);
        let bytes = record.size() as u64;
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        let properties = &self.resolved.properties;
        let queue = properties.number("queue.buffering.max.kbytes").unwrap_or(u64::MAX).saturating_mul(1_024);
        if code == Code::QueueFull && bytes < queue {
            return Ok(self.found_full());
        }
        let limit = properties.number("message.max.bytes").unwrap_or(0).min(queue);
        let code = if code == Code::QueueFull { Code::MessageSizeTooLarge } else { code };
        let failure = Failure { sequence: self.accepted, line: record.facts.line, bytes, code };
        Err(explain(&self.topic, failure, SizeLimit::Client(limit), &self.receipts().watch, properties))
    }

    fn found_full(&mut self) -> bool {
        self.full_at = self.in_flight();
        false
    }

    /// Serves what the client has to report, unless another thread does.
    fn serve(&self) {
        if self.poller.is_none() {
            self.desk.serve();
        }
    }

    /// The first failure among the accepted records, explained.
    fn failure(&self) -> Option<KafkaError> {
        if self.receipts().topic().is_anew() {
            return Some(self.topic_anew());
        }
        let failure = self.receipts().first_failure()?;
        let limit = SizeLimit::Topic(self.topic_limit);
        Some(explain(&self.topic, failure, limit, &self.receipts().watch, &self.resolved.properties))
    }

    /// Whether the broker acknowledges nothing.
    fn is_unconfirmed(&self) -> bool {
        self.resolved.properties.get("acks") == Some("0")
    }

    /// Says that the topic is another one, and what went with it.
    fn topic_anew(&self) -> KafkaError {
        let receipts = self.receipts();
        let all = receipts.written();
        let lost = receipts.topic().lost().unwrap_or(Lost { at_least: 0, at_most: all });
        failure::topic_anew(&self.topic, (!self.is_unconfirmed()).then_some((lost, all)))
    }

    /// Asks for the topic's size limit once a record was found larger; only an explanation depends on it.
    fn look_up_limit(&mut self) {
        let is_size =
            |failure: Failure| matches!(failure.code, Code::MessageSizeTooLarge | Code::MessageBatchTooLarge);
        if self.topic_limit.is_none() && self.receipts().first_failure().is_some_and(is_size) {
            self.topic_limit = admin::topic_size_limit(&self.resolved, &self.topic);
        }
    }

    fn refuse_after_failure(&mut self) -> Result<(), Fault> {
        if self.receipts().topic().is_anew() {
            if self.receipts().topic().lost().is_none() {
                self.desk.count_lost(&self.topic, self.poller.is_some());
            }
            self.refusal = Some(self.topic_anew());
        }
        if self.refusal.is_none() && self.receipts().is_gone() && self.receipts().first_failure().is_none() {
            let (what, help) = failure::topic_gone(&self.topic);
            self.refusal = Some(KafkaError::topic(&self.topic, what, help));
        }
        if self.refusal.is_none() && self.receipts().first_failure().is_some() {
            // What still waits behind a lost record is not sent: the topic ends where the trouble began.
            self.producer.purge(PurgeConfig::default().queue());
            self.look_up_limit();
            self.refusal = self.failure();
        }
        match &self.refusal {
            Some(refusal) => Err(refusal.clone().into()),
            None => Ok(()),
        }
    }

    /// Waits for the acknowledgement of all that was accepted.
    fn await_acknowledgement(&self) {
        while self.in_flight() > 0 && !self.stop.is_raised() && !self.receipts().topic().is_anew() {
            self.receipts().wait(self.accepted, LOOK_UP);
        }
    }
}

/// Waits until the leaders know their partitions, which is later than they are told as leaders.
///
/// A leader that does not refuses a batch, and perhaps takes the next one: of a producer that it has no record from it
/// takes any. The first batch, sent again, is then told to be there already, and is lost although it is acknowledged.
fn await_leaders(contact: &Contact<'_, ClientProducer>, topic: &str, partitions: usize) {
    let client = contact.client.client();
    let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
    let (patience, _) = contact.resolved.patience();
    let begun = contact.clock.now();
    while !ffi::leaders_answer(client, topic, partitions, LEADERS) {
        let waited = contact.clock.now().saturating_sub(begun);
        if waited >= patience || contact.stop.wait(Duration::from_millis(20)) {
            return;
        }
    }
}

/// What pauses the partitions of `topic`, and has them go on.
fn hold(producer: &Arc<ClientProducer>, topic: &str, partitions: usize) -> Hold {
    let producer = Arc::downgrade(producer);
    let name = topic.to_owned();
    Hold::new(topic, move |pause| {
        // Whoever polls has the producer; without it there is nothing left to send.
        let Some(producer) = producer.upgrade() else { return };
        // Once used, a list has references to the client's own partitions, which hold up its end: it must not stay.
        let mut list = TopicPartitionList::with_capacity(partitions);
        list.add_partition_range(&name, 0, i32::try_from(partitions).unwrap_or(i32::MAX) - 1);
        if pause {
            ffi::pause(producer.client(), &list);
        } else {
            ffi::resume(producer.client(), &list);
        }
    })
}

impl Sink for TopicSink {
    fn begin(&mut self, anchor: Duration) {
        self.receipts().begin(anchor);
    }

    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
        self.refuse_after_failure()?;
        self.checks = 0;
        let offered = if self.is_sync { records.len().min(1) } else { records.len() };
        let mut taken = 0;
        for (place, record) in records.iter().enumerate().take(offered) {
            let at = At {
                due: records.due(place),
                handed_over: records.handed_over(),
                sealing: records.sealing(),
            };
            match self.send(&record, at) {
                Ok(true) => taken += 1,
                Ok(false) => break,
                Err(refusal) => {
                    self.refusal = Some(refusal);
                    // Those before it were taken and must be counted; the next call has the error.
                    if taken == 0 {
                        self.refuse_after_failure()?;
                    }
                    break;
                }
            }
            if self.accepted.is_multiple_of(POLL_EVERY) {
                self.serve();
            }
        }
        self.desk.set_accepted(self.accepted);
        if self.is_sync && taken > 0 {
            self.await_acknowledgement();
        }
        self.serve();
        Ok(taken)
    }

    fn wait_for_room(&mut self, at_most: Duration) -> Result<(), Fault> {
        // A quarter has to be free, so that records are not accepted one by one.
        let level = self.full_at * 3 / 4;
        let target = self.accepted - level;
        if self.poller.is_some() {
            self.receipts().wait(target, at_most);
        } else {
            let mut left = at_most;
            while self.receipts().done() < target && !left.is_zero() && !self.stop.is_raised() {
                let waited = self.desk.wait_and_serve(&mut self.brake, left.min(LOOK_UP));
                left = left.saturating_sub(waited);
            }
        }
        self.refuse_after_failure()
    }

    fn check(&mut self) -> Result<(), Fault> {
        self.serve();
        self.checks += 1;
        // Who waits for input for long is no fast run any more, and hears of the topic meanwhile.
        if self.checks >= CHECKS_OF_A_SLOW_RUN {
            self.start_poller();
        }
        self.refuse_after_failure()
    }

    fn flush(&mut self, stop: &Stop) -> Result<(), Fault> {
        if self.in_flight() > 0 {
            self.start_poller();
        }
        while self.in_flight() > 0 && !stop.is_raised() && !self.receipts().topic().is_anew() {
            // Has the client send what lingers, while the other thread serves reports.
            ffi::flush(self.producer.client(), FLUSH_LOOK_UP);
        }
        self.look_up_limit();
        // What was acknowledged may have gone with the topic since that was asked for.
        if self.receipts().done() > 0 && !stop.is_raised() && self.desk.find(&self.topic) == Found::Unknown {
            tracing::debug!(topic = self.topic, "whether it still is the topic it was is not known");
        }
        if self.receipts().topic().is_anew() { self.refuse_after_failure() } else { Ok(()) }
    }

    fn deliveries(&self) -> Deliveries {
        Deliveries {
            unconfirmed: self.is_unconfirmed(),
            first_failure: self.failure().map(Fault::from),
            sealed: self.sealed.clone(),
            ..self.receipts().deliveries(&self.topic)
        }
    }
}

impl Client for ClientProducer {
    fn metadata(&self, topic: Option<&str>, at_most: Duration) -> Result<Metadata, ClientError> {
        self.client().fetch_metadata(topic, at_most)
    }

    fn listen(&self, at_most: Duration) {
        self.poll(at_most);
    }

    fn watch(&self) -> &Watch {
        &self.client().context().watch
    }
}
