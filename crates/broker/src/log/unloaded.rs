//! What was found under a partition's lock, and is loaded when the partition is not locked any longer.

use super::{Stored, lookup::Search, reading::Reading};
use crate::storage_error::StorageError;
use bytes::Bytes;

/// Batches that were found, to be loaded when the partition is not locked any longer.
#[derive(Debug)]
#[must_use]
pub(crate) struct Found(pub(super) Finding);

#[derive(Debug)]
pub(super) enum Finding {
    Shared(Vec<Bytes>),
    Stored(Reading),
}

impl Found {
    /// At most so many bytes are allocated by [`Found::load`]. What lies in memory is shared and needs none.
    pub(crate) fn len_hint(&self) -> usize {
        match &self.0 {
            Finding::Shared(_) => 0,
            Finding::Stored(reading) => reading.len_hint(),
        }
    }

    /// The batches, in pieces of one or more. It may read from the disk, and takes no lock of the partition.
    pub(crate) fn load(self) -> Result<Vec<Bytes>, StorageError> {
        match self.0 {
            Finding::Shared(batches) => Ok(batches),
            Finding::Stored(reading) => reading.load(),
        }
    }
}

/// A search by timestamp, to be done when the partition is not locked any longer.
#[derive(Debug)]
#[must_use]
pub(crate) struct Lookup(pub(super) Looking);

#[derive(Debug)]
pub(super) enum Looking {
    Done(Option<Stored>),
    Ahead(Search),
}

impl Lookup {
    /// The batch, if there is one. It may read from the disk, and takes no lock of the partition.
    pub(crate) fn load(self) -> Result<Option<Stored>, StorageError> {
        match self.0 {
            Looking::Done(stored) => Ok(stored),
            Looking::Ahead(search) => search.load(),
        }
    }
}
