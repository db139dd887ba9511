//! A topic of a cluster.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_kafka::{
    Admin, Connection, FencedWriter, Next, ReaderOptions, StartAt, StopAt, TopicReader, WriteError,
};
use kadence_registry::{AppendError, SchemaLog, Server};

use super::{OnWriter, TopicLog, take};
use crate::fault::{Error, line};

/// How long one wait for records lasts before a stop request is looked for.
const PATIENCE: Duration = Duration::from_millis(100);
/// What may be fetched ahead: a log of schemas is small.
const FETCH_AHEAD: usize = 1 << 20;

/// The log in a topic of a cluster.
pub(crate) struct RemoteLog {
    connection: Connection,
    topic: String,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
}

impl RemoteLog {
    /// The topic, which is made if it is not there.
    pub(crate) fn open(
        connection: &Connection,
        topic: &str,
        clock: Arc<dyn Clock>,
        stop: &Arc<Stop>,
    ) -> Result<Self, Error> {
        let admin = Admin::connect(connection)?;
        let is_there = || Ok::<_, Error>(admin.list()?.iter().any(|known| known.name == topic));
        if !is_there()? {
            let compacted = [("cleanup.policy".to_owned(), "compact".to_owned())];
            match admin.create(topic, Some(1), None, &compacted) {
                // Another one may have been quicker.
                Err(error) if !is_there()? => return Err(error.into()),
                _ => {}
            }
        }
        Ok(Self { connection: connection.clone(), topic: topic.to_owned(), clock, stop: Arc::clone(stop) })
    }

    fn read(&self, server: &Server, until: StopAt, on_writer: &mut OnWriter<'_>) -> Result<(), Error> {
        let next = server.next_offset();
        let options = ReaderOptions {
            connection: self.connection.clone(),
            topics: vec![self.topic.clone()],
            partitions: vec![0],
            from: if next == 0 { StartAt::Beginning } else { StartAt::Offset(next) },
            until,
            skips_headers: true,
            is_exactly_once: true,
            fetch_ahead: Some(FETCH_AHEAD),
            ..ReaderOptions::default()
        };
        let (clock, stop) = (Arc::clone(&self.clock), Arc::clone(&self.stop));
        let Some(mut reader) = TopicReader::open(&options, clock, stop, |_| {})? else { return Ok(()) };
        while !self.stop.is_raised() {
            match reader.next(PATIENCE)? {
                Next::Record(record) => {
                    if let Some(key) = record.key() {
                        take(server, record.offset(), key, record.body(), on_writer);
                    }
                }
                Next::Finished => break,
                _ => {}
            }
        }
        Ok(())
    }
}

impl TopicLog for RemoteLog {
    fn catch_up(&self, server: &Server, on_writer: &mut OnWriter<'_>) -> Result<(), Error> {
        self.read(server, StopAt::End, on_writer)
    }

    fn follow(&self, server: &Server, on_writer: &mut OnWriter<'_>) -> Result<(), Error> {
        self.read(server, StopAt::Never, on_writer)
    }

    fn begin(&self) -> Result<Box<dyn SchemaLog>, Error> {
        let id = super::super::writer_id(&self.topic);
        let writer = FencedWriter::open(&self.connection, &self.topic, &id, &*self.clock, &self.stop)?;
        Ok(Box::new(Writer(writer)))
    }
}

struct Writer(FencedWriter);

impl SchemaLog for Writer {
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError> {
        self.0.write(key, value).map_err(|error| match error {
            WriteError::Fenced => AppendError::Fenced,
            WriteError::Failed(fault) => AppendError::Failed(line(&fault)),
        })
    }
}
