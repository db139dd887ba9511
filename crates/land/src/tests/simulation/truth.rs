//! What has to be landed, by what was done to the logs.

use std::collections::BTreeMap;

use kadence_core::feed::Partition;

use super::Verdict;
use crate::memory::{MemoryStore, Row};

/// What has to become of an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// There is no record.
    Nothing,
    /// It is landed once.
    Once(u64),
    /// It was there for a while, and may be landed.
    Perhaps(u64),
    /// It is rejected.
    Never,
}

/// The fates of all offsets of all logs there ever were.
#[derive(Debug, Default)]
pub(super) struct Truth {
    logs: BTreeMap<Partition, Vec<Fate>>,
    /// How many rows were looked at.
    rows: usize,
    /// The last row of each partition.
    last: BTreeMap<Partition, i64>,
    /// How many rows there are of what.
    landed: BTreeMap<(Partition, i64), u64>,
}

/// Records that the target does not take.
pub(super) fn is_rejected(number: u64) -> bool {
    number % 13 == 5
}

impl Truth {
    pub(super) fn append(&mut self, partition: &Partition, number: Option<u64>, rejects: bool) {
        let fate = match number {
            None => Fate::Nothing,
            Some(number) if rejects && is_rejected(number) => Fate::Never,
            Some(number) => Fate::Once(number),
        };
        self.logs.entry(partition.clone()).or_default().push(fate);
    }

    /// The records of `offsets` that are not landed need not be any more.
    pub(super) fn gone(&mut self, partition: &Partition, offsets: std::ops::Range<i64>, next: Option<i64>) {
        let from = offsets.start.max(next.unwrap_or(0));
        for fate in self.range(partition, from..offsets.end) {
            if let Fate::Once(number) = *fate {
                *fate = Fate::Perhaps(number);
            }
        }
    }

    /// Another log is in the place of what was from `cut` on. What is landed by then stays so, and what is not is gone.
    pub(super) fn cut(&mut self, partition: &Partition, cut: i64, next: Option<i64>) {
        let keep = cut.max(next.unwrap_or(0));
        if let Some(fates) = self.logs.get_mut(partition) {
            fates.truncate(usize::try_from(keep).unwrap_or_default());
        }
    }

    /// An offset of another log: if there is a landed one in its place already, that one stays.
    pub(super) fn append_at(
        &mut self,
        partition: &Partition,
        offset: i64,
        number: Option<u64>,
        rejects: bool,
    ) {
        let known = self.logs.get(partition).map_or(0, Vec::len) as i64;
        if offset >= known {
            self.append(partition, number, rejects);
        }
    }

    fn range(&mut self, partition: &Partition, range: std::ops::Range<i64>) -> &mut [Fate] {
        let Some(fates) = self.logs.get_mut(partition) else { return &mut [] };
        let end = (range.end.max(0) as usize).min(fates.len());
        let start = (range.start.max(0) as usize).min(end);
        &mut fates[start..end]
    }

    /// Looks at the rows since the last look.
    pub(super) fn look(&mut self, store: &MemoryStore) -> Verdict {
        for row in store.rows_from(self.rows) {
            self.rows += 1;
            self.look_at(&row)?;
        }
        Ok(())
    }

    fn look_at(&mut self, row: &Row) -> Verdict {
        let Row { partition, offset, .. } = row;
        let number: u64 = std::str::from_utf8(row.body.as_deref().unwrap_or_default())
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or("a row has no number")?;
        let fate = self.range(partition, *offset..offset + 1).first().copied();
        match fate {
            Some(Fate::Once(expected) | Fate::Perhaps(expected)) if expected == number => {}
            other => return Err(format!("{partition} at {offset}: {number} is landed, and not {other:?}")),
        }
        let count = self.landed.entry((partition.clone(), *offset)).or_default();
        *count += 1;
        if *count > 1 {
            return Err(format!("{partition} at {offset}: {number} is landed {count} times"));
        }
        if let Some(before) = self.last.insert(partition.clone(), *offset)
            && before >= *offset
        {
            return Err(format!("{partition}: {offset} is landed after {before}"));
        }
        Ok(())
    }

    /// Everything that has to be landed is.
    pub(super) fn is_complete(&self) -> Verdict {
        for (partition, fates) in &self.logs {
            for (offset, fate) in fates.iter().enumerate() {
                let is_landed = self.landed.contains_key(&(partition.clone(), offset as i64));
                if matches!(fate, Fate::Once(_)) && !is_landed {
                    return Err(format!("{partition} at {offset}: {fate:?} is not landed"));
                }
            }
        }
        Ok(())
    }
}
