//! A log in a directory: segments, each a file named by its first offset.
//!
//! ```text
//! 00000000000000000000.log        batches, one after the other, as they go to consumers
//! 00000000000000000000.index      beside a finished segment; see `index`
//! 00000000000000004711.snapshot   the partition's state at an offset; see `snapshot`
//! 00000000000000004711.log        the segment that is written to, without an index file
//! ```
//!
//! A batch is one write and is not synced; a segment is when it is finished. Nothing is made before the first batch,
//! and only the segment that is written to has an open file and an index in memory. After a write or a sync that
//! did not succeed nobody knows what is on the disk, so the log is closed for writing until the broker starts anew. A file
//! that cannot be opened because too many are open is another matter: that is tried again.

use super::{
    AppendFailure, LEADER_EPOCH, LogSettings,
    disk::{self, Disk, Kind},
    index::IndexFile,
    open_files::{OpenFile, OpenFiles},
    place::Place,
    scan,
    segment::{Entry, Growing, Head, Summary},
    segment_finish::Left,
};
use crate::{
    memory::{Memory, Share},
    storage_error::StorageError,
    sync::Lock,
};
use kadence_wire::batch::{self, BatchHeader};
use std::{collections::VecDeque, fs::File, io, path::PathBuf, sync::Arc, thread::JoinHandle};

/// The fields of a batch that the log sets are in its first bytes.
const PLACED: usize = 16;
/// Kafka's default, until the topic's is known.
pub(super) const INDEX_INTERVAL: u64 = 4096;
/// The index in memory grows by this many entries at least.
const FEW_ENTRIES: usize = 16;

#[derive(Debug)]
pub(crate) struct DirectoryLog {
    pub(super) place: Arc<Place>,
    pub(super) finished: VecDeque<Summary>,
    pub(super) tail: Tail,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) interval: u64,
    /// What is before this was compacted.
    pub(super) cleaned: i64,
    /// Whether anything ever was: then snapshots have to outlive a loss of power.
    pub(super) is_compacted: bool,
    /// Offsets of the snapshots there are, in order.
    pub(super) snapshots: Vec<i64>,
    pub(super) unflushed: u64,
    /// Finishes a segment.
    pub(super) finishing: Option<JoinHandle<()>>,
    /// What that left to be done again.
    pub(super) left: Arc<Lock<Option<Left>>>,
    /// What the files had and have not any longer.
    pub(super) lost: Option<StorageError>,
    /// Whether names were made that are not synced.
    pub(super) new_names: bool,
    /// Where the log ended when it was last looked after.
    pub(super) idle_end: i64,
    pub(super) share: Share,
    pub(super) disk: Disk,
}

/// The last segment.
#[derive(Debug)]
pub(super) enum Tail {
    /// The next batch makes it.
    None,
    /// It is complete, with an index file, and the next batch opens it again.
    Closed(Summary),
    Open(Active),
}

/// The segment that is written to.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) segment: Growing,
    /// Opened when it is needed.
    pub(super) file: Option<Arc<File>>,
    /// Counts it, where files are counted.
    pub(super) counted: Option<OpenFile>,
}

impl Active {
    pub(super) fn closed(segment: Growing) -> Self {
        Self { segment, file: None, counted: None }
    }

    fn opened(segment: Growing, file: File, place: &Place) -> Self {
        Self { segment, file: Some(Arc::new(file)), counted: place.files.get().map(OpenFiles::take) }
    }

    pub(super) fn close_file(&mut self) {
        (self.file, self.counted) = (None, None);
    }
}

impl DirectoryLog {
    pub(super) fn new(dir: PathBuf, memory: &Arc<Memory>) -> Self {
        Self {
            place: Place::new(dir),
            finished: VecDeque::new(),
            tail: Tail::None,
            start: 0,
            end: 0,
            interval: INDEX_INTERVAL,
            cleaned: 0,
            is_compacted: false,
            finishing: None,
            left: Arc::default(),
            lost: None,
            snapshots: Vec::new(),
            unflushed: 0,
            new_names: false,
            idle_end: 0,
            share: Share::new(memory),
            disk: Disk::SYSTEM,
        }
    }

    pub(super) fn memory(&self) -> &Memory {
        self.share.memory()
    }

    /// All segments in order.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Summary> {
        self.finished.iter().chain(self.tail.summary())
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.segments().map(|s| s.len).sum()
    }

    pub(super) fn append(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        stamp: Option<i64>,
    ) -> Result<i64, AppendFailure> {
        self.check_writable()?;
        let base_offset = self.end;
        let head = Head {
            base_offset,
            last_offset: base_offset + i64::from(header.last_offset_delta),
            max_timestamp: stamp.unwrap_or(header.max_timestamp),
            len: batch.len() as u64,
        };
        let stamped;
        let batch = if let Some(now) = stamp {
            let mut copy = batch.to_vec();
            batch::set_log_append_time(&mut copy, now);
            stamped = copy;
            &stamped
        } else {
            batch
        };
        self.open_tail()?;
        let written = self.write(&head, batch);
        self.spare_files();
        written?;
        self.end = head.last_offset + 1;
        self.unflushed += (self.end - base_offset) as u64;
        Ok(base_offset)
    }

    /// Gives its file back where logs have too many.
    fn spare_files(&mut self) {
        if let Tail::Open(active) = &mut self.tail
            && self.place.files.get().is_some_and(|files| files.are_too_many())
        {
            active.close_file();
        }
    }

    /// Writes a batch with its place in the log. What is written in part is taken back.
    fn write(&mut self, head: &Head, batch: &[u8]) -> Result<(), StorageError> {
        let Some((placed, rest)) = batch.split_first_chunk::<PLACED>() else {
            let too_short = io::ErrorKind::InvalidInput.into();
            return Err(StorageError::io(&self.place.dir, "write a batch without a header")(too_short));
        };
        let mut placed = *placed;
        batch::place(&mut placed, head.base_offset, LEADER_EPOCH);
        let (file, active) = writer(&self.place, &mut self.tail)?;
        if let Err(e) = self.disk.append(file, &placed, rest) {
            let path = self.place.path(active.summary.base, Kind::Log);
            // If this does not succeed either, the next start cuts the part off.
            let _ = disk::cut(&path, active.summary.len);
            return Err(self.close_for_writing(StorageError::io(path, "write")(e)));
        }
        if !crate::disk::has_name(file) {
            return Err(self.close_for_writing(StorageError::Gone { path: self.place.dir.clone() }));
        }
        let index = &mut active.index;
        let mut may_index = true;
        if index.len() == index.capacity() {
            let more = index.capacity().max(FEW_ENTRIES);
            may_index = self.share.grow(more * size_of::<Entry>());
            if may_index {
                index.reserve_exact(more);
            }
        }
        active.push(head, self.interval, may_index);
        Ok(())
    }

    /// Sees to it that there is a segment to write to. What does not succeed here may the next time.
    fn open_tail(&mut self) -> Result<(), StorageError> {
        match self.tail {
            Tail::None => self.start_segment(),
            Tail::Closed(summary) => self.reopen(summary),
            Tail::Open(_) => Ok(()),
        }
    }

    /// Makes the segment that begins at the end of the log.
    pub(super) fn start_segment(&mut self) -> Result<(), StorageError> {
        let dir = &self.place.dir;
        // One at a time: if what is above them was removed, it must not come back.
        let made =
            dir.parent().map_or(Ok(()), crate::disk::make_dir).and_then(|()| crate::disk::make_dir(dir));
        made.map_err(StorageError::io(dir, "create"))?;
        let file = disk::open(&self.place.path(self.end, Kind::Log), true)?;
        self.new_names = true;
        self.tail = Tail::Open(Active::opened(Growing::new(self.end), file, &self.place));
        Ok(())
    }

    /// Goes on with a complete segment, whose index comes back into memory.
    fn reopen(&mut self, summary: Summary) -> Result<(), StorageError> {
        let entries = IndexFile::open(&self.place.dir, summary.base).and_then(IndexFile::entries);
        let segment = if let Some(index) = entries {
            Growing { summary, index }
        } else {
            let path = self.place.path(summary.base, Kind::Log);
            let scan = scan::scan(&path, summary.base, self.interval, &mut |_, _| {})?;
            if scan.segment.summary.len != summary.len {
                let (position, what) = (scan.segment.summary.len, scan.bad.unwrap_or("other than before"));
                return Err(self.close_for_writing(StorageError::Damaged { path, position, what }));
            }
            scan.segment
        };
        // An index that does not fit into memory is not worth refusing a record.
        self.share.grow(segment.index.capacity() * size_of::<Entry>());
        self.tail = Tail::Open(Active::closed(segment));
        Ok(())
    }

    /// The fault, if the log has one.
    pub(super) fn check_writable(&self) -> Result<(), StorageError> {
        self.place.fault.get().cloned().map_or(Ok(()), Err)
    }

    pub(super) fn close_for_writing(&self, error: StorageError) -> StorageError {
        self.place.fault.get_or_init(|| error).clone()
    }

    pub(super) fn needs_roll(
        &mut self,
        batch_len: usize,
        timestamp: i64,
        settings: &LogSettings,
        now_ms: i64,
    ) -> bool {
        self.interval = settings.index_interval_bytes;
        let Some(summary) = self.tail.summary().filter(|s| s.len > 0) else { return false };
        let now = if timestamp < 0 { now_ms } else { timestamp };
        let first = summary.first_timestamp;
        // A segment that is still being finished is not waited for, up to twice the size.
        let busy = self.finishing.as_ref().is_some_and(|finishing| !finishing.is_finished())
            || self.left.lock().is_some();
        let most = settings.segment_bytes.saturating_mul(if busy { 2 } else { 1 });
        summary.len.saturating_add(batch_len as u64) > most
            || (first >= 0 && settings.segment_ms >= 0 && now.saturating_sub(first) > settings.segment_ms)
            || self.end - summary.base > i64::from(i32::MAX)
    }
}

impl Tail {
    pub(super) fn summary(&self) -> Option<&Summary> {
        match self {
            Self::None => None,
            Self::Closed(summary) => Some(summary),
            Self::Open(active) => Some(&active.segment.summary),
        }
    }
}

/// The file to write to, which is opened if it was not, and what is known of it.
pub(super) fn writer<'a>(
    place: &Place,
    tail: &'a mut Tail,
) -> Result<(&'a File, &'a mut Growing), StorageError> {
    let Tail::Open(Active { segment, file, counted }) = tail else {
        return Err(StorageError::Deleted { path: place.dir.clone() });
    };
    if file.is_none() {
        let path = place.path(segment.summary.base, Kind::Log);
        *file = Some(Arc::new(disk::open(&path, false)?));
        *counted = place.files.get().map(OpenFiles::take);
    }
    let deleted = || StorageError::Deleted { path: place.dir.clone() };
    Ok((file.as_deref().ok_or_else(deleted)?, segment))
}
