//! A sink for tests: keeps every record.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Sink;
use crate::clock::{Clock, Stop};
use crate::fault::Fault;
use crate::record::{Facts, Timestamp};
use crate::report::Deliveries;
use crate::run::Slice;
use crate::seal::{self, Seal};

/// A record as a sink got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The key, if it has one.
    pub key: Option<Vec<u8>>,
    /// The body; a tombstone has none.
    pub body: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The timestamp it carries.
    pub timestamp: Timestamp,
    /// When it was handed over, counted from the start of the run.
    pub left: Duration,
    /// When it was due, counted from the start of the run.
    pub due: Duration,
    /// Where it comes from.
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

    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, Fault> {
        let left = self.clock.now().saturating_sub(self.anchor);
        let mut stored = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, record) in records.iter().enumerate() {
            self.deliveries.acknowledged += 1;
            self.deliveries.bytes += record.size() as u64;
            let mut headers: Vec<_> = record
                .headers
                .clone()
                .map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec)))
                .collect();
            if let Some(run) = records.sealing() {
                let seal = Seal::of(run, &record);
                self.deliveries.sealed.entry(seal.lane).or_default().add(seal, record.body.is_none());
                headers.push((seal::HEADER.into(), Some(seal.to_bytes().to_vec())));
            }
            stored.push(StoredRecord {
                key: record.key.map(<[u8]>::to_vec),
                body: record.body.map(<[u8]>::to_vec),
                headers,
                timestamp: records.handed_over(),
                left,
                due: records.due(place),
                facts: record.facts,
            });
        }
        Ok(records.len())
    }

    fn wait_for_room(&mut self, _at_most: Duration) -> Result<(), Fault> {
        Ok(())
    }

    fn flush(&mut self, _stop: &Stop) -> Result<(), Fault> {
        Ok(())
    }

    fn deliveries(&self) -> Deliveries {
        self.deliveries.clone()
    }
}
