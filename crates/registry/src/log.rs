//! The log in which everything is that is registered.

use std::sync::{Arc, Mutex, PoisonError};

/// A log that is appended to.
pub trait SchemaLog: Send {
    /// Appends a record and waits until it is durable. Without a value, it is a tombstone.
    /// The answer is its offset, greater than that of every record before.
    ///
    /// # Errors
    /// Where it is not certain that the record is in the log.
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError>;
}

/// Why it is not certain that a record is in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another writer has taken over; the record is not there.
    #[error("another writer has taken over the log; send writes there")]
    Fenced,
    /// What went wrong. The record may be there or not, so that nothing more can be decided until the log has been
    /// read to its end.
    #[error("{0}")]
    Failed(String),
    /// Why the record was not taken. It is not there, and others may be taken.
    #[error("{0}")]
    Refused(String),
}

/// A record as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Vec<u8>,
    /// The value; `None` for a tombstone.
    pub value: Option<Vec<u8>>,
}

/// A log in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl MemoryLog {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// All records; the place of each is its offset.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SchemaLog for MemoryLog {
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry { key: key.to_vec(), value: value.map(<[u8]>::to_vec) });
        Ok(entries.len() as i64 - 1)
    }
}
