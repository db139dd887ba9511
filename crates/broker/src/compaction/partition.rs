//! One partition compacted.

use super::{
    CompactionSettings,
    keys::LastOffsets,
    survivors::{Rules, Survivors},
};
use crate::{
    log::{Part, Replacement},
    partition::Partition,
    storage_error::StorageError,
};
use kadence_wire::batch::BatchHeader;
use std::{
    collections::HashMap,
    io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// So much is read at a time.
const PIECE: usize = 1 << 20;

/// A partition that is to be compacted, and how.
pub(super) struct Compaction<'p> {
    pub(super) partition: &'p Partition,
    pub(super) settings: CompactionSettings,
    pub(super) now_ms: i64,
    /// What the keys may take.
    pub(super) memory_bytes: u64,
    /// Raised when the broker stops: what is not in place by then is left as it was.
    pub(super) stop: &'p AtomicBool,
}

impl Compaction<'_> {
    /// Does it, where there is enough to be done, and says up to which offset.
    pub(super) fn run(&self) -> Result<Option<i64>, StorageError> {
        let (mut rules, dirt) = {
            let state = self.partition.lock();
            let dirt = state.log.dirt(&self.settings, self.now_ms, state.last_stable());
            if !dirt.is_enough(&self.settings) {
                return Ok(None);
            }
            let aborted = state.producers.aborted(i64::MIN, dirt.to);
            let keys = LastOffsets::within(self.memory_bytes);
            let mut rules = Rules::new(state.log.start(), dirt.from, keys, &aborted);
            (rules.now_ms, rules.delete_retention_ms) = (self.now_ms, self.settings.delete_retention_ms);
            (rules, dirt)
        };
        if !self.learn(&mut rules, dirt.to)? {
            return Ok(None);
        }
        let parts = self.partition.lock().log.parts(rules.known, &self.settings);
        for part in &parts {
            if !self.rewrite(part, &rules)? {
                return Ok(None);
            }
        }
        self.partition.lock().set_cleaned(rules.known)?;
        Ok(Some(rules.known))
    }

    /// Learns the last offset of each key up to `to`, or as far as there is room; `false` if it was stopped, or nothing
    /// is to be done. A transaction that ends behind `to` is not looked at: a loss of power could take its end.
    fn learn(&self, rules: &mut Rules, mut to: i64) -> Result<bool, StorageError> {
        loop {
            let (mut at, mut room) = (rules.cleaned, Vec::new());
            let mut full = None;
            let mut open = HashMap::new();
            while at < to && full.is_none() {
                let there = self.pieces(at, to, &mut |header, batch| {
                    if rules.keys.is_full() {
                        full = Some(header.base_offset);
                        return Ok(false);
                    }
                    at = header.base_offset + i64::from(header.last_offset_delta) + 1;
                    if header.is_control() {
                        open.remove(&header.producer_id);
                    } else if header.is_transactional() {
                        open.entry(header.producer_id).or_insert(header.base_offset);
                    }
                    rules.note(header, batch, &mut room);
                    Ok(true)
                })?;
                if !there {
                    return Ok(false);
                }
            }
            rules.known = full.unwrap_or(to);
            let Some(first) = open.into_values().min() else { break };
            rules.keys.clear();
            to = first;
        }
        Ok(rules.known > rules.cleaned)
    }

    /// Writes a part anew, and puts it in place; `false` if it was stopped, or is not there any longer.
    fn rewrite(&self, part: &Part, rules: &Rules) -> Result<bool, StorageError> {
        let mut replacement = self.partition.lock().log.replacement(part)?;
        let mut survivors = Survivors::from(rules, part.from);
        let mut at = part.from;
        while at < part.to {
            let there = self.pieces(at, part.to, &mut |header, batch| {
                at = header.base_offset + i64::from(header.last_offset_delta) + 1;
                survivors.take(batch, &mut replacement).map(|()| true)
            })?;
            if !there {
                return Ok(false);
            }
        }
        survivors.finish(part.to, &mut replacement).map_err(unwritten)?;
        replacement.seal()?;
        self.put(part, replacement)
    }

    fn put(&self, part: &Part, replacement: Replacement) -> Result<bool, StorageError> {
        let put = self.partition.lock().log.replace(part, replacement)?;
        // Who was about to read the part reads again.
        self.partition.wake();
        Ok(put)
    }

    /// Shows the batches of a piece from `at` on until `each` has enough; `false` if there are none, or it was stopped.
    fn pieces(
        &self,
        at: i64,
        to: i64,
        each: &mut dyn FnMut(&BatchHeader, &[u8]) -> io::Result<bool>,
    ) -> Result<bool, StorageError> {
        if self.stop.load(Relaxed) {
            return Ok(false);
        }
        let found = self.partition.lock().log.read(at, PIECE, true, to);
        let mut is_there = false;
        for piece in found.load()? {
            let mut rest = &*piece;
            while let Ok(header) = BatchHeader::parse(rest) {
                let Some((batch, behind)) = rest.split_at_checked(header.len) else { break };
                rest = behind;
                is_there = true;
                if !each(&header, batch).map_err(unwritten)? {
                    return Ok(true);
                }
            }
        }
        Ok(is_there)
    }
}

fn unwritten(error: io::Error) -> StorageError {
    StorageError::io("a compacted segment", "write")(error)
}
