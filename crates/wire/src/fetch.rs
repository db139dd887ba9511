//! Fetch responses that carry stored batches without copying them.
//!
//! `kafka-protocol` writes a response into one buffer, which copies every record. A partition's records are
//! followed by nothing but its tagged fields, so the response is encoded without records, in pieces, and the
//! stored batches are put between the pieces.

use crate::frame::{FrameError, encode_error, finish_response, start_response};
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        ApiKey, FetchResponse, fetch_response::FetchableTopicResponse, fetch_response::PartitionData,
    },
    protocol::Encodable,
};

/// Batches below this size are copied: a separate piece costs more than the copy.
const COPY_BELOW_BYTES: usize = 4096;
const FLEXIBLE: i16 = 12;
const BY_ID: i16 = 13;

/// The batches of one partition, in order.
pub type Batches = Vec<Bytes>;

/// A response in pieces, to be written one after the other. `batches` holds, in the order of the response's
/// topics and partitions, what goes in place of each partition's `records`, which stays empty.
///
/// Only what a response of a single node uses is encoded at the top: no node endpoints, no tagged fields.
pub fn encode_response(
    version: i16,
    correlation_id: i32,
    response: &FetchResponse,
    batches: Vec<Batches>,
) -> Result<Vec<Bytes>, FrameError> {
    let mut out = Pieces { open: start_response(ApiKey::Fetch, version, correlation_id)?, done: Vec::new() };
    out.open.put_i32(response.throttle_time_ms);
    if version >= 7 {
        out.open.put_i16(response.error_code);
        out.open.put_i32(response.session_id);
    }
    out.count(response.responses.len(), version);
    let mut batches = batches.into_iter();
    for topic in &response.responses {
        out.topic(topic, version)?;
        for partition in &topic.partitions {
            out.partition(partition, version, batches.next().unwrap_or_default())?;
        }
        out.no_tags(version);
    }
    out.no_tags(version);
    Ok(out.finish())
}

struct Pieces {
    open: BytesMut,
    done: Vec<Bytes>,
}

impl Pieces {
    fn topic(&mut self, topic: &FetchableTopicResponse, version: i16) -> Result<(), FrameError> {
        let name = topic.topic.as_bytes();
        if version >= BY_ID {
            self.open.put_slice(topic.topic_id.as_bytes());
        } else if version >= FLEXIBLE {
            self.varint(name.len() as u32 + 1);
            self.open.put_slice(name);
        } else {
            let len = i16::try_from(name.len())
                .map_err(|_| encode_error(ApiKey::Fetch, version, "the topic's name is too long"))?;
            self.open.put_i16(len);
            self.open.put_slice(name);
        }
        self.count(topic.partitions.len(), version);
        Ok(())
    }

    fn partition(
        &mut self,
        partition: &PartitionData,
        version: i16,
        batches: Batches,
    ) -> Result<(), FrameError> {
        let start = self.open.len();
        partition
            .encode(&mut self.open, version)
            .map_err(|e| encode_error(ApiKey::Fetch, version, &e.to_string()))?;
        // Empty records end the partition: a count of one byte and no tagged fields, or a length of four bytes.
        let tail = if version >= FLEXIBLE { 2 } else { 4 };
        debug_assert!(partition.records.as_ref().is_some_and(Bytes::is_empty), "records stay empty");
        debug_assert!(self.open.len() - start > tail, "a partition is longer than its end");
        self.open.truncate(self.open.len() - tail);
        self.count(batches.iter().map(Bytes::len).sum(), version);
        for batch in batches {
            self.batch(batch);
        }
        self.no_tags(version);
        Ok(())
    }

    fn batch(&mut self, batch: Bytes) {
        if batch.len() < COPY_BELOW_BYTES {
            self.open.put_slice(&batch);
            return;
        }
        self.done.push(self.open.split().freeze());
        self.done.push(batch);
    }

    fn no_tags(&mut self, version: i16) {
        if version >= FLEXIBLE {
            self.open.put_u8(0);
        }
    }

    fn count(&mut self, count: usize, version: i16) {
        if version >= FLEXIBLE {
            self.varint(count as u32 + 1);
        } else {
            self.open.put_i32(count as i32);
        }
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.open.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.open.put_u8(value as u8);
    }

    /// Writes the length of the whole into the first piece.
    fn finish(mut self) -> Vec<Bytes> {
        if self.done.is_empty() {
            finish_response(&mut self.open, 0);
            return vec![self.open.freeze()];
        }
        self.done.push(self.open.freeze());
        let elsewhere = self.done[1..].iter().map(Bytes::len).sum();
        let mut first = BytesMut::from(std::mem::take(&mut self.done[0]));
        finish_response(&mut first, elsewhere);
        self.done[0] = first.freeze();
        self.done
    }
}
