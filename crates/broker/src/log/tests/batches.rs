//! Batches whose records nobody looks into.

use kadence_wire::batch::{self, BatchHeader};

#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) records: u16,
    pub(super) payload: usize,
    pub(super) timestamp: i64,
}

impl Batch {
    pub(super) fn of(records: u16, payload: usize, timestamp: i64) -> Self {
        Self { records, payload, timestamp }
    }

    /// As a producer sends it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0; 61];
        // No two batches of the tests are the same, so a repeated one is noticed.
        out.extend((0..self.payload).map(|i| (i * 31 + usize::from(self.records)) as u8));
        let len = out.len() as i32 - 12;
        let delta = i32::from(self.records) - 1;
        out[8..12].copy_from_slice(&len.to_be_bytes());
        out[12..16].copy_from_slice(&(-1_i32).to_be_bytes());
        out[16] = 2;
        out[23..27].copy_from_slice(&delta.to_be_bytes());
        out[27..35].copy_from_slice(&self.timestamp.to_be_bytes());
        out[35..43].copy_from_slice(&self.timestamp.to_be_bytes());
        out[43..57].fill(0xff);
        out[57..61].copy_from_slice(&(delta + 1).to_be_bytes());
        batch::renew_crc(&mut out);
        out
    }

    pub(super) fn header(&self) -> BatchHeader {
        BatchHeader::parse_produced(&self.bytes()).unwrap()
    }

    /// As it is stored at `offset`.
    pub(super) fn stored(&self, offset: i64) -> Vec<u8> {
        let mut bytes = self.bytes();
        batch::place(&mut bytes, offset, 0);
        bytes
    }
}
