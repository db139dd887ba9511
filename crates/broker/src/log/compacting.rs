//! What compaction asks of a log: what is to be compacted, in which parts, and to put others in their place.

mod directory;
mod memory;

pub(super) use directory::Rewriter;

use super::{Log, segment::Summary};
use crate::{
    compaction::{CompactionSettings, Dirt, Rewritten},
    storage_error::StorageError,
};
use kadence_wire::batch::BatchHeader;
use std::io;

/// A part of a log that is written anew at a time.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// In a directory: the segments it is made of.
    segments: Vec<Summary>,
}

/// What is put in the place of a part.
#[derive(Debug)]
pub(crate) enum Replacement {
    Memory(Vec<(BatchHeader, Vec<u8>)>),
    Directory(Rewriter),
}

impl Rewritten for Replacement {
    fn batch(&mut self, header: &BatchHeader, bytes: Vec<u8>) -> io::Result<()> {
        match self {
            Self::Memory(batches) => batches.push((*header, bytes)),
            Self::Directory(rewriter) => rewriter.push(&bytes)?,
        }
        Ok(())
    }
}

impl Replacement {
    /// Has it reach the disk whole. Nothing is put in place yet.
    pub(crate) fn seal(&mut self) -> Result<(), StorageError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Directory(rewriter) => rewriter.seal(),
        }
    }
}

impl Log {
    /// What can be compacted of what is before `before`.
    pub(crate) fn dirt(&self, settings: &CompactionSettings, now_ms: i64, before: i64) -> Dirt {
        match self {
            Self::Memory(log) => log.dirt(settings, now_ms, before),
            Self::Directory(log) => log.dirt(settings, now_ms, before),
        }
    }

    /// Whether the segment that is written to holds what should be compacted by now.
    pub(crate) fn needs_roll_to_compact(&self, settings: &CompactionSettings, now_ms: i64) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::Directory(log) => log.needs_roll_to_compact(settings, now_ms),
        }
    }

    /// What is before this was compacted.
    pub(crate) fn cleaned(&self) -> i64 {
        match self {
            Self::Memory(log) => log.cleaned,
            Self::Directory(log) => log.cleaned,
        }
    }

    /// Notes up to where it is compacted.
    pub(crate) fn set_cleaned(&mut self, offset: i64) -> Result<(), StorageError> {
        match self {
            Self::Memory(log) => log.cleaned = offset,
            Self::Directory(log) => log.set_cleaned(offset)?,
        }
        Ok(())
    }

    /// The parts in which what begins before `upto` is written anew.
    pub(crate) fn parts(&self, upto: i64, settings: &CompactionSettings) -> Vec<Part> {
        match self {
            Self::Memory(log) => log.parts(upto),
            Self::Directory(log) => log.parts(upto, settings.segment_bytes),
        }
    }

    /// What is to be put in the place of a part.
    pub(crate) fn replacement(&self, part: &Part) -> Result<Replacement, StorageError> {
        Ok(match self {
            Self::Memory(_) => Replacement::Memory(Vec::new()),
            Self::Directory(log) => Replacement::Directory(log.rewriter(part)?),
        })
    }

    /// Puts it there, unless the part is not there any longer as it was.
    pub(crate) fn replace(&mut self, part: &Part, by: Replacement) -> Result<bool, StorageError> {
        match (self, by) {
            (Self::Memory(log), Replacement::Memory(batches)) => Ok(log.replace(part, batches)),
            (Self::Directory(log), Replacement::Directory(rewriter)) => log.replace(part, rewriter),
            _ => Ok(false),
        }
    }

    /// How often parts were replaced: a search that began before has looked into files that are others now.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Directory(log) => log.generation(),
        }
    }
}
