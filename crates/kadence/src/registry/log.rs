//! The topic as the registry's log, of a broker in this process or of any cluster.
//!
//! | Module | Holds |
//! |---|---|
//! | `local` | a topic of the broker in this process |
//! | `remote` | a topic of a cluster |

mod local;
mod remote;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kadence_registry::{AppendError, SchemaLog, Server};

pub(crate) use self::local::LocalLog;
pub(crate) use self::remote::RemoteLog;
use crate::fault::Error;

/// The key of the record that says where the registry is that writes. Others pass over it.
const WRITER_KEY: &[u8] = br#"{"keytype":"KADENCE_WRITER","magic":0}"#;

/// What is told where the registry is that writes.
type OnWriter<'w> = dyn FnMut(Option<String>) + 'w;

/// A topic that is a registry's log.
pub(crate) trait TopicLog: Send {
    /// Has the server know all that is in the log by now. `on_writer` is told where the registry is that said last that
    /// it writes.
    fn catch_up(&self, server: &Server, on_writer: &mut OnWriter<'_>) -> Result<(), Error>;
    /// Has the server know what comes to the log, until it is to stop.
    fn follow(&self, server: &Server, on_writer: &mut OnWriter<'_>) -> Result<(), Error>;
    /// Begins to append: nobody who did before does so any longer.
    fn begin(&self) -> Result<Box<dyn SchemaLog>, Error>;
}

/// Hands a record of the log to the server.
fn take(server: &Server, offset: i64, key: &[u8], value: Option<&[u8]>, on_writer: &mut OnWriter<'_>) {
    if key == WRITER_KEY {
        on_writer(value.and_then(url_of));
    }
    if let Err(error) = server.apply(offset, key, value) {
        tracing::warn!(%error, offset, "a record of the registry's log is passed over");
    }
}

fn url_of(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("url")?.as_str().map(ToOwned::to_owned)
}

/// The log, appended to until nobody knows what is in it.
pub(super) struct Appending {
    log: Box<dyn SchemaLog>,
    /// Whether somebody has to look what is in the log before anything more is appended.
    pub(super) is_lost: Arc<AtomicBool>,
}

impl Appending {
    /// Takes a log over, and says so in it.
    pub(super) fn begin(topic: &dyn TopicLog, url: &str) -> Result<Self, Error> {
        let mut log = topic.begin()?;
        let announcement = serde_json::json!({ "url": url }).to_string();
        log.append(WRITER_KEY, Some(announcement.as_bytes()))
            .map_err(|error| Error::met("the registry's log", error.to_string(), ""))?;
        Ok(Self { log, is_lost: Arc::default() })
    }
}

impl SchemaLog for Appending {
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError> {
        self.log.append(key, value).inspect_err(|error| {
            let is_lost = matches!(error, AppendError::Failed(_));
            self.is_lost.fetch_or(is_lost, Ordering::Relaxed);
        })
    }
}
