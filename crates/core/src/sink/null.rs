//! A sink that keeps nothing but a checksum.

use std::time::Duration;

use super::{Sink, SinkError};
use crate::clock::Stop;
use crate::report::Deliveries;
use crate::run::Slice;

/// Acknowledges each record at once and checksums every body, so that two runs over the same recording can be
/// compared and the cost of everything before the sink be measured.
#[derive(Debug, Default)]
pub struct NullSink {
    deliveries: Deliveries,
    crc32c: u32,
}

impl Sink for NullSink {
    fn begin(&mut self, _anchor: Duration) {}

    fn accept(&mut self, records: &Slice<'_>) -> Result<usize, SinkError> {
        for record in records.iter() {
            self.crc32c = crc32c::crc32c_append(self.crc32c, record.body);
            self.deliveries.bytes += (record.key.map_or(0, <[u8]>::len) + record.body.len()) as u64;
        }
        self.deliveries.acknowledged += records.len() as u64;
        Ok(records.len())
    }

    fn wait_for_room(&mut self, _at_most: Duration) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self, _stop: &Stop) -> Result<(), SinkError> {
        Ok(())
    }

    fn deliveries(&self) -> Deliveries {
        Deliveries { crc32c: Some(self.crc32c), ..self.deliveries.clone() }
    }
}
