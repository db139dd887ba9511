//! The search for a batch by its timestamp, without holding up the partition.

use super::{
    Stored,
    place::Place,
    segment::Head,
    segment_reader::{BAD_CHECKSUM, Opened, Span, is_sound},
};
use crate::storage_error::StorageError;
use bytes::Bytes;
use std::sync::Arc;

/// A search that is prepared: these segments, in this order.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) place: Arc<Place>,
    pub(super) spans: Vec<Span>,
    /// The log's first offset; batches before it may still be there.
    pub(super) start: i64,
    /// The first batch with a record at or after this time; nothing for the latest of all.
    pub(super) timestamp: Option<i64>,
}

impl Search {
    pub(super) fn load(self) -> Result<Option<Stored>, StorageError> {
        let mut best: Option<(&Span, u64, Head)> = None;
        for span in &self.spans {
            let Some(opened) = span.open(&self.place)? else { continue };
            // Of equals the first counts.
            let beyond = best.map_or(i64::MIN, |(.., head)| head.max_timestamp.saturating_add(1));
            let timestamp = self.timestamp.unwrap_or(beyond);
            if let Some((position, head)) = self.within(&opened, timestamp)? {
                best = Some((span, position, head));
                if self.timestamp.is_some() {
                    break;
                }
            }
        }
        let Some((span, position, head)) = best else { return Ok(None) };
        let Some(opened) = span.open(&self.place)? else { return Ok(None) };
        let bytes = opened.bytes(position, head.len)?;
        if !is_sound(&bytes) {
            return Err(opened.damaged(position, BAD_CHECKSUM));
        }
        Ok(Some(Stored {
            base_offset: head.base_offset,
            last_offset: head.last_offset,
            max_timestamp: head.max_timestamp,
            bytes: Bytes::from(bytes),
        }))
    }

    /// The first batch at or after `timestamp`, or of those the first with the latest.
    fn within(&self, opened: &Opened<'_>, timestamp: i64) -> Result<Option<(u64, Head)>, StorageError> {
        let summary = &opened.span.summary;
        if summary.max_timestamp < timestamp {
            return Ok(None);
        }
        // What is before the start is not looked at, so its timestamps say nothing.
        let whole = self.start <= summary.base;
        let timestamp = if self.timestamp.is_none() && whole { summary.max_timestamp } else { timestamp };
        let start = self.start;
        let from = opened.span.from.unwrap_or_else(|| {
            let base = summary.base;
            opened.indexed(|e| e.max_before < timestamp || (!whole && base + i64::from(e.offset) <= start))
        });
        let mut best: Option<(u64, Head)> = None;
        let mut heads = opened.heads(from);
        while let Some((position, head)) = heads.next()? {
            let later = best.is_none_or(|(_, best)| head.max_timestamp > best.max_timestamp);
            if head.last_offset >= start && head.max_timestamp >= timestamp && later {
                best = Some((position, head));
                if self.timestamp.is_some() || whole {
                    break;
                }
            }
        }
        Ok(best)
    }
}
