//! Control batches: the markers with which a transaction ends in a partition.
//!
//! ```text
//! record: length, attributes, timestamp delta, offset delta (variable length), key, value, headers
//! key:    version i16 = 0, type i16 (0 abort, 1 commit)
//! value:  version i16 = 0, coordinator epoch i32
//! ```

use crate::batch::{BatchHeader, HEADER_LEN, renew_crc};

const ABORT: i16 = 0;
const COMMIT: i16 = 1;
/// Transactional and control.
const ATTRIBUTES: i16 = 0x30;
/// Attributes, deltas of time and offset, key, value, no headers: all lengths and deltas fit into one byte.
const RECORD_LEN: usize = 16;
/// Where the key of the first record stands, behind the record's length, attributes, deltas and the key's length.
const KEY_AT: usize = HEADER_LEN + 5;

/// The bytes of a marker, all of them alike in length.
pub const MARKER_LEN: usize = HEADER_LEN + 1 + RECORD_LEN;

/// The end of a producer's transaction in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kafka's own names")]
pub struct Marker {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub coordinator_epoch: i32,
    pub commit: bool,
}

impl Marker {
    /// A batch of one control record, stamped with `timestamp_ms`. Its place in the log is given to it there.
    pub fn encode(&self, timestamp_ms: i64) -> Vec<u8> {
        let mut out = Vec::with_capacity(MARKER_LEN);
        out.extend_from_slice(&0_i64.to_be_bytes());
        out.extend_from_slice(&((MARKER_LEN - 12) as i32).to_be_bytes());
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        out.push(2);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&ATTRIBUTES.to_be_bytes());
        out.extend_from_slice(&0_i32.to_be_bytes());
        out.extend_from_slice(&timestamp_ms.to_be_bytes());
        out.extend_from_slice(&timestamp_ms.to_be_bytes());
        out.extend_from_slice(&self.producer_id.to_be_bytes());
        out.extend_from_slice(&self.producer_epoch.to_be_bytes());
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        out.extend_from_slice(&1_i32.to_be_bytes());
        out.extend_from_slice(&[zigzag(RECORD_LEN), 0, 0, 0, zigzag(4)]);
        out.extend_from_slice(&0_i16.to_be_bytes());
        out.extend_from_slice(&(if self.commit { COMMIT } else { ABORT }).to_be_bytes());
        out.push(zigzag(6));
        out.extend_from_slice(&0_i16.to_be_bytes());
        out.extend_from_slice(&self.coordinator_epoch.to_be_bytes());
        out.push(0);
        renew_crc(&mut out);
        out
    }

    /// What the batch with this header says, if it is a marker as [`encode`](Self::encode) writes it. Others stand in
    /// no log of ours: control batches of clients are refused.
    pub fn parse(header: &BatchHeader, batch: &[u8]) -> Option<Self> {
        if !header.is_control() || !header.is_transactional() || batch.len() != MARKER_LEN {
            return None;
        }
        let key: &[u8; 4] = batch.get(KEY_AT..)?.first_chunk()?;
        let value: &[u8; 6] = batch.get(KEY_AT + 5..)?.first_chunk()?;
        let commit = match i16::from_be_bytes([key[2], key[3]]) {
            ABORT => false,
            COMMIT => true,
            _ => return None,
        };
        Some(Self {
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            coordinator_epoch: i32::from_be_bytes([value[2], value[3], value[4], value[5]]),
            commit,
        })
    }
}

/// A small number in the one byte its zigzag form takes.
const fn zigzag(small: usize) -> u8 {
    (small << 1) as u8
}
