//! The topic as the registry's log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kadence_core::clock::{Clock, Stop, SystemClock};
use kadence_kafka::{
    Admin, Connection, FencedWriter, Next, ReaderOptions, StartAt, StopAt, TopicReader, WriteError,
};
use kadence_registry::{AppendError, SchemaLog, Server};

use crate::fault::{Error, line};

/// How long one wait for records lasts before a stop request is looked for.
const PATIENCE: Duration = Duration::from_millis(100);
/// The key of the record that says where the registry is that writes. Others pass over it.
const WRITER_KEY: &[u8] = br#"{"keytype":"KADENCE_WRITER","magic":0}"#;

/// A topic that is a registry's log.
#[derive(Clone)]
pub(super) struct TopicLog {
    pub(super) connection: Connection,
    pub(super) topic: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: Arc<Stop>,
}

impl TopicLog {
    pub(super) fn new(connection: &Connection, topic: &str) -> Self {
        Self {
            connection: connection.clone(),
            topic: topic.to_owned(),
            clock: Arc::new(SystemClock),
            stop: Arc::default(),
        }
    }

    /// Makes the topic if it is not there.
    pub(super) fn make(&self) -> Result<(), Error> {
        let admin = Admin::connect(&self.connection)?;
        if admin.list()?.iter().any(|topic| topic.name == self.topic) {
            return Ok(());
        }
        let compacted = [("cleanup.policy".to_owned(), "compact".to_owned())];
        match admin.create(&self.topic, Some(1), None, &compacted) {
            // Another one may have been quicker.
            Err(error) if !admin.list()?.iter().any(|topic| topic.name == self.topic) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Has the server know all that is in the log by now. Gives the URL of the registry that said last that it writes,
    /// if one has since the last time.
    pub(super) fn catch_up(&self, server: &Server) -> Result<Option<String>, Error> {
        let mut writer = None;
        self.read(server, StopAt::End, |url| writer = url)?;
        Ok(writer)
    }

    /// Has the server know what comes to the log, for ever; `on_writer` is told where the registry is that writes from
    /// then on.
    pub(super) fn follow(&self, server: &Server, on_writer: impl FnMut(Option<String>)) -> Result<(), Error> {
        self.read(server, StopAt::Never, on_writer)
    }

    fn read(
        &self,
        server: &Server,
        until: StopAt,
        mut on_writer: impl FnMut(Option<String>),
    ) -> Result<(), Error> {
        let next = server.next_offset();
        let options = ReaderOptions {
            connection: self.connection.clone(),
            topics: vec![self.topic.clone()],
            partitions: vec![0],
            from: if next == 0 { StartAt::Beginning } else { StartAt::Offset(next) },
            until,
            skips_headers: true,
            is_exactly_once: true,
            fetch_ahead: Some(1 << 20),
            ..ReaderOptions::default()
        };
        let (clock, stop) = (Arc::clone(&self.clock), Arc::clone(&self.stop));
        let Some(mut reader) = TopicReader::open(&options, clock, stop, |_| {})? else { return Ok(()) };
        while !self.stop.is_raised() {
            match reader.next(PATIENCE)? {
                Next::Record(record) => {
                    let Some(key) = record.key() else { continue };
                    if key == WRITER_KEY {
                        on_writer(record.body().and_then(url_of));
                    }
                    if let Err(error) = server.apply(record.offset(), key, record.body()) {
                        tracing::warn!(%error, offset = record.offset(), "a record of the registry's log is passed over");
                    }
                }
                Next::Finished => break,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the log over: nobody who wrote before does so any longer.
    pub(super) fn take_over(&self, url: &str) -> Result<Appending, Error> {
        let id = format!("kadence-registry-{}", self.topic);
        let writer = FencedWriter::open(&self.connection, &self.topic, &id, &*self.clock, &self.stop)?;
        let announcement = serde_json::json!({ "url": url }).to_string();
        writer.write(WRITER_KEY, Some(announcement.as_bytes())).map_err(|error| match error {
            WriteError::Fenced => {
                Error::met(self.topic.clone(), "another registry began to write at the same time", "")
            }
            WriteError::Failed(fault) => fault.into(),
        })?;
        Ok(Appending { writer, is_lost: Arc::default() })
    }
}

fn url_of(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("url")?.as_str().map(ToOwned::to_owned)
}

/// The log, appended to.
pub(super) struct Appending {
    writer: FencedWriter,
    /// Whether somebody has to look what is in the log before anything more is appended.
    pub(super) is_lost: Arc<AtomicBool>,
}

impl SchemaLog for Appending {
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError> {
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(AppendError::Failed("the log is being read again; try once more".to_owned()));
        }
        self.writer.write(key, value).map_err(|error| match error {
            WriteError::Fenced => AppendError::Fenced,
            WriteError::Failed(fault) => {
                self.is_lost.store(true, Ordering::Relaxed);
                AppendError::Failed(line(&fault))
            }
        })
    }
}
