//! Batches that were found for a fetch, and are loaded without holding up the partition.

use super::{
    place::Place,
    segment_reader::{Span, Wanted},
};
use crate::storage_error::StorageError;
use bytes::Bytes;
use kadence_wire::batch::HEADER_LEN;
use std::sync::Arc;

/// The batches for a fetch, which are not loaded yet.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) place: Arc<Place>,
    /// One, or so many as may be needed.
    pub(super) spans: Vec<Span>,
    pub(super) offset: i64,
    pub(super) max_bytes: usize,
    pub(super) at_least_one: bool,
    pub(super) before: i64,
    /// Why nothing is found.
    pub(super) fault: Option<StorageError>,
}

impl Reading {
    /// At most so many bytes are allocated.
    pub(super) fn len_hint(&self) -> usize {
        let Some(first) = self.spans.first().map(|s| &s.summary) else { return 0 };
        let there: u64 = self.spans.iter().map(|s| s.summary.len - s.from.map_or(0, |m| m.position)).sum();
        let wanted = (self.max_bytes as u64).saturating_add(first.largest_gap).max(HEADER_LEN as u64);
        let one = if self.at_least_one { first.largest_batch } else { 0 };
        usize::try_from(wanted.max(one).min(there)).unwrap_or(usize::MAX)
    }

    pub(super) fn load(self) -> Result<Vec<Bytes>, StorageError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut out = Vec::with_capacity(self.spans.len());
        let mut left = self.max_bytes;
        for span in &self.spans {
            let Some(opened) = span.open(&self.place)? else { break };
            let wanted = Wanted {
                offset: self.offset,
                max: left as u64,
                at_least_one: self.at_least_one && out.is_empty(),
                before: self.before,
            };
            let (bytes, to_the_end) = match opened.read(&wanted) {
                Ok(read) => read,
                // What is before the damage is as good as ever.
                Err(_) if !out.is_empty() => break,
                Err(error) => {
                    if matches!(error, StorageError::Damaged { .. }) {
                        // Nothing more is written behind it.
                        let _ = self.place.fault.set(error.clone());
                    }
                    return Err(error);
                }
            };
            left = left.saturating_sub(bytes.len());
            if !bytes.is_empty() {
                out.push(bytes);
            }
            if !to_the_end || left < HEADER_LEN {
                break;
            }
        }
        Ok(out)
    }
}
