//! Single records, each durable before the next, under a transactional id: whoever comes later under the same id fences
//! who came before, and the log itself refuses what a stale one still sends.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::{Explain as _, Fault};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

use crate::contact::{Client, Contact, uncreated};
use crate::context::Watch;
use crate::error::KafkaError;
use crate::options::{Connection, Resolved};
use crate::properties::Origin;
use crate::words::described;

/// How long one request of a transaction may take, and all of them together.
const ATTEMPT: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 6;

/// Writes records to partition 0 of a topic, one at a time.
pub struct FencedWriter {
    producer: BaseProducer<Sent>,
    topic: String,
    resolved: Resolved,
}

/// Why a record is not written.
#[derive(Debug)]
pub enum WriteError {
    /// Another writer has begun under this id: nothing is written here any longer.
    Fenced,
    /// Whether it is written nobody knows until the log is read by a writer that begins anew.
    Failed(Fault),
}

/// What the client says, and where the record is.
#[derive(Debug, Default)]
struct Sent {
    watch: Watch,
    delivered: Mutex<Option<Result<i64, ClientError>>>,
}

impl ClientContext for Sent {
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

impl ProducerContext for Sent {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let result = match result {
            Ok(message) => Ok(message.offset()),
            Err((error, _)) => Err(error.clone()),
        };
        *self.delivered.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }
}

impl Client for BaseProducer<Sent> {
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

impl FencedWriter {
    /// Connects, and fences everybody who wrote under this transactional id before. The topic has to be there.
    pub fn open(
        connection: &Connection,
        topic: &str,
        transactional_id: &str,
        clock: &dyn Clock,
        stop: &Stop,
    ) -> Result<Self, KafkaError> {
        let mut resolved = connection.resolve().map_err(KafkaError::first)?;
        for (name, value) in
            [("transactional.id", transactional_id), ("linger.ms", "0"), ("socket.nagle.disable", "true")]
        {
            resolved.properties.set(name, value, Origin::Default);
        }
        let producer: BaseProducer<Sent> = resolved
            .properties
            .to_config()
            .create_with_context(Sent::default())
            .map_err(|error| uncreated(&resolved, &error))?;
        let contact = Contact { client: &producer, resolved: &resolved, clock, stop };
        contact.metadata(None)?;
        contact.writable_topic(topic)?;
        let writer = Self { producer, topic: topic.to_owned(), resolved };
        writer.patiently(|| writer.producer.init_transactions(ATTEMPT)).map_err(|error| {
            let what = match &error {
                WriteError::Fenced => "another writer began at the same time".to_owned(),
                WriteError::Failed(fault) => fault.what.to_string(),
            };
            KafkaError::Request { place: writer.resolved.brokers().to_owned(), what }
        })?;
        Ok(writer)
    }

    /// Writes a record, and returns its offset once it is committed.
    pub fn write(&self, key: &[u8], body: Option<&[u8]>) -> Result<i64, WriteError> {
        *self.delivered() = None;
        self.producer.begin_transaction().map_err(|error| self.failed(&error))?;
        let record = BaseRecord::<[u8], [u8]>::to(&self.topic).partition(0).key(key);
        let record = match body {
            Some(body) => record.payload(body),
            None => record,
        };
        let sent = self.producer.send(record).map_err(|(error, _)| error);
        let written = sent.map_err(|error| self.failed(&error)).and_then(|()| match self.delivery() {
            Some(Ok(offset)) => Ok(offset),
            Some(Err(error)) => Err(self.failed(&error)),
            None => Err(WriteError::Failed(self.fault("the broker said nothing of the record".into()))),
        });
        match written {
            Ok(offset) => {
                self.patiently(|| self.producer.commit_transaction(ATTEMPT))?;
                Ok(offset)
            }
            Err(WriteError::Fenced) => Err(WriteError::Fenced),
            Err(error) => {
                // Where that does not succeed either, whoever begins next under this id does it. It may be all that tells
                // of another writer.
                match self.patiently(|| self.producer.abort_transaction(ATTEMPT)) {
                    Err(WriteError::Fenced) => Err(WriteError::Fenced),
                    _ => Err(error),
                }
            }
        }
    }

    /// Waits until the client knows what became of the record.
    fn delivery(&self) -> Option<Result<i64, ClientError>> {
        // The client's own flush looks only ten times a second.
        for _ in 0..ATTEMPT.as_millis() * ATTEMPTS as u128 {
            self.producer.poll(Duration::from_millis(1));
            let delivered = self.delivered().take();
            if delivered.is_some() {
                return delivered;
            }
        }
        None
    }

    /// Repeats what may be repeated.
    fn patiently(&self, request: impl Fn() -> Result<(), ClientError>) -> Result<(), WriteError> {
        for _ in 1..ATTEMPTS {
            match request() {
                Ok(()) => return Ok(()),
                Err(error) if is_passing(&error) => self.producer.listen(Duration::from_millis(20)),
                Err(error) => return Err(self.failed(&error)),
            }
        }
        request().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &ClientError) -> WriteError {
        let is_fenced = match error {
            ClientError::Transaction(error) => error.is_fatal() || is_of_fencing(error.code()),
            other => other.rdkafka_error_code().is_some_and(is_of_fencing),
        };
        if is_fenced || self.producer.client().fatal_error().is_some() {
            return WriteError::Fenced;
        }
        let what = error.rdkafka_error_code().map_or_else(|| error.to_string(), described);
        WriteError::Failed(self.fault(what))
    }

    fn fault(&self, what: String) -> Fault {
        let place = format!("topic {} at {}", self.topic, self.resolved.brokers());
        KafkaError::Request { place, what }.explain()
    }

    fn delivered(&self) -> std::sync::MutexGuard<'_, Option<Result<i64, ClientError>>> {
        self.producer.client().context().delivered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of_fencing(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch | Code::Fatal)
}

fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Transaction(error) => error.is_retriable(),
        ClientError::Flush(code) => *code == Code::OperationTimedOut,
        _ => false,
    }
}
