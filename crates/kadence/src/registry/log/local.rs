//! A topic of the broker in this process.

use std::sync::Arc;
use std::time::Duration;

use kadence_broker::{Broker, LocalError, LocalTopic, LocalWriter};
use kadence_core::clock::Stop;
use kadence_registry::{AppendError, SchemaLog, Server};

use super::{OnWriter, TopicLog, take};
use crate::fault::Error;

/// How often it is looked for what others wrote.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The log in a topic of this process.
pub(crate) struct LocalLog {
    topic: LocalTopic,
    name: String,
    stop: Arc<Stop>,
}

impl LocalLog {
    /// The topic, which is made if it is not there.
    pub(crate) fn open(broker: &Broker, name: &str, stop: &Arc<Stop>) -> Result<Self, Error> {
        let topic = broker.topic(name, &[("cleanup.policy", "compact")]).map_err(|error| fault(&error))?;
        Ok(Self { topic, name: name.to_owned(), stop: Arc::clone(stop) })
    }
}

fn fault(error: &LocalError) -> Error {
    Error::met("the registry's log", error.to_string(), "")
}

impl TopicLog for LocalLog {
    fn catch_up(&self, server: &Server, on_writer: &mut OnWriter<'_>) -> Result<(), Error> {
        let mut each = |offset, key: Option<&[u8]>, value: Option<&[u8]>| {
            if let Some(key) = key {
                take(server, offset, key, value, on_writer);
            }
        };
        self.topic.read(server.next_offset(), &mut each).map(drop).map_err(|error| fault(&error))
    }

    fn follow(&self, server: &Server, on_writer: &mut OnWriter<'_>) -> Result<(), Error> {
        while !self.stop.wait(LOOK_EVERY) {
            self.catch_up(server, on_writer)?;
        }
        Ok(())
    }

    fn begin(&self) -> Result<Box<dyn SchemaLog>, Error> {
        let writer =
            self.topic.writer(&super::super::writer_id(&self.name)).map_err(|error| fault(&error))?;
        Ok(Box::new(Writer(writer)))
    }
}

struct Writer(LocalWriter);

impl SchemaLog for Writer {
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError> {
        self.0.append(key, value).map_err(|error| match error {
            LocalError::Fenced(_) => AppendError::Fenced,
            // Nothing of it is stored.
            LocalError::Full(_) | LocalError::Refused { .. } => AppendError::Refused(error.to_string()),
            other => AppendError::Failed(other.to_string()),
        })
    }
}
