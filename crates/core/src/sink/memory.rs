//! A sink for tests: keeps every record.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Sink, SinkError};
use crate::clock::{Clock, Stop};
use crate::record::Timestamp;
use crate::report::Deliveries;
use crate::run::{Facts, Slice};

/// A record as a sink got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The key, if it has one.
    pub key: Option<Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
    /// The timestamp it carries.
    pub timestamp: Timestamp,
    /// When it was handed over, counted from the start of the run.
    pub left: Duration,
    /// Where it comes from and when it was due.
    pub facts: Facts,
}

/// Keeps every record, with the instant at which it was handed over, and acknowledges it at once.
pub struct MemorySink {
    clock: Arc<dyn Clock>,
    anchor: Duration,
    records: Arc<Mutex<Vec<StoredRecord>>>,
    deliveries: Deliveries,
}

impl MemorySink {
    /// A sink that reads `clock`, and the list it fills.
    pub fn new(clock: Arc<dyn Clock>) -> (Self, Arc<Mutex<Vec<StoredRecord>>>) {
        let records = Arc::default();
        let sink = Self {
            clock,
            anchor: Duration::ZERO,
            records: Arc::clone(&records),
            deliveries: Deliveries::default(),
        };
        (sink, records)
    }
}

impl Sink for MemorySink {
    fn begin(&mut self, anchor: Duration) {
        self.anchor = anchor;
    }

    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, SinkError> {
        let left = self.clock.now().saturating_sub(self.anchor);
        let mut stored = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records.iter() {
            self.deliveries.acknowledged += 1;
            self.deliveries.bytes += (record.key.map_or(0, <[u8]>::len) + record.body.len()) as u64;
            stored.push(StoredRecord {
                key: record.key.map(<[u8]>::to_vec),
                body: record.body.to_vec(),
                timestamp: record.timestamp,
                left,
                facts: record.facts,
            });
        }
        Ok(records.len())
    }

    fn wait_for_room(&mut self, _at_most: Duration) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self, _stop: &Stop) -> Result<(), SinkError> {
        Ok(())
    }

    fn deliveries(&self) -> Deliveries {
        self.deliveries.clone()
    }
}
