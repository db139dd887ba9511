//! What a reader is to look at: fixed in memory, under the partition's lock, and without a look at the disk.

use super::{
    directory::{Active, DirectoryLog, Tail},
    lookup::Search,
    reading::Reading,
    segment::{Entry, Summary},
    segment_reader::Span,
};
use std::sync::{Arc, atomic::Ordering::SeqCst};

impl DirectoryLog {
    /// The segments with records that are not deleted.
    fn kept(&self) -> impl Iterator<Item = &Summary> {
        self.segments().filter(|s| s.end > self.start)
    }

    pub(super) fn read(&self, offset: i64, max_bytes: usize, at_least_one: bool, before: i64) -> Reading {
        let before = before.min(self.end);
        let mut spans = Vec::new();
        let mut there = 0;
        let missing = self.segments().next().is_none_or(|first| offset < first.base);
        if offset < before && !missing {
            let first = self.finished.partition_point(|s| s.end <= offset);
            let tail = self.tail.summary().filter(|s| s.end > offset);
            let segments = self.finished.range(first..).chain(tail);
            for summary in segments.take_while(|s| s.base < before) {
                if !spans.is_empty() && there >= max_bytes as u64 {
                    break;
                }
                let mut span = self.span(summary, |e| summary.base + i64::from(e.offset) <= offset);
                if offset <= summary.base {
                    span.from = Some(summary.start());
                }
                // How much of a segment with its index on the disk lies behind the offset is not known.
                there += span.from.map_or(0, |from| summary.len - from.position);
                spans.push(span);
            }
        }
        // What is there by its offset and not served is not passed over.
        let lacking = spans.is_empty() && offset < before;
        let fault = self.place.fault.get().filter(|_| lacking).cloned();
        Reading { place: Arc::clone(&self.place), spans, offset, max_bytes, at_least_one, before, fault }
    }

    /// A segment for a reader, who starts behind the last entry that fits.
    fn span(&self, summary: &Summary, fits: impl Fn(&Entry) -> bool) -> Span {
        let generation = self.place.generation.load(SeqCst);
        match &self.tail {
            Tail::Open(Active { segment, file, .. }) if segment.summary.base == summary.base => {
                let from = Some(segment.mark(fits));
                Span { summary: *summary, file: file.clone(), from, generation }
            }
            _ => Span { summary: *summary, file: None, from: None, generation },
        }
    }

    pub(super) fn first_at(&self, timestamp: i64) -> Search {
        // Only in the first segment may the records in question be deleted.
        let hits = self.kept().filter(|s| s.max_timestamp >= timestamp).take(2);
        self.search(hits, Some(timestamp))
    }

    pub(super) fn latest(&self) -> Search {
        let cut = self.kept().take_while(|s| s.base < self.start);
        let whole = || self.kept().skip_while(|s| s.base < self.start);
        let max = whole().map(|s| s.max_timestamp).max();
        let first = whole().filter(|s| Some(s.max_timestamp) == max).take(1);
        self.search(cut.chain(first), None)
    }

    fn search<'a>(&self, segments: impl Iterator<Item = &'a Summary>, timestamp: Option<i64>) -> Search {
        let spans = segments.map(|summary| {
            let Summary { base, max_timestamp, .. } = *summary;
            let before = match timestamp {
                Some(timestamp) => timestamp,
                None if base >= self.start => max_timestamp,
                None => i64::MIN,
            };
            self.span(summary, |e| e.max_before < before || base + i64::from(e.offset) <= self.start)
        });
        let spans = spans.collect();
        Search { place: Arc::clone(&self.place), spans, start: self.start, timestamp }
    }
}
