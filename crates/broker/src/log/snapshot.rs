//! Snapshot files: what the partition knows of its producers and transactions at an offset.
//!
//! ```text
//! "kds1"   offset i64   the partition's bytes   crc u32 over all before it
//! ```
//!
//! The log does not look into a snapshot. The newest two are kept, so that a damaged one has another before it.

use super::disk::{self, Disk, Kind};
use crate::storage_error::StorageError;
use std::{fs, path::Path};

const MAGIC: &[u8; 4] = b"kds1";
const HEAD: usize = 12;
const KEPT: usize = 2;

/// Writes a snapshot; one that nothing else can tell is `synced`.
pub(super) fn write(
    disk: Disk,
    dir: &Path,
    offset: i64,
    state: &[u8],
    synced: bool,
) -> Result<(), StorageError> {
    let mut bytes = Vec::with_capacity(HEAD + state.len() + 4);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&offset.to_be_bytes());
    bytes.extend_from_slice(state);
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    let path = disk::path(dir, offset, Kind::Snapshot);
    if synced { disk.put_synced(&path, &bytes) } else { disk.put(&path, &bytes) }
}

/// Adds an offset to those that have a snapshot, in order, and takes out those that need none any longer.
pub(super) fn note(known: &mut Vec<i64>, offset: i64) -> Vec<i64> {
    if known.last() != Some(&offset) {
        known.push(offset);
    }
    known.drain(..known.len().saturating_sub(KEPT)).collect()
}

pub(super) fn remove(dir: &Path, offsets: &[i64]) -> Result<(), StorageError> {
    offsets.iter().try_for_each(|offset| disk::remove(&disk::path(dir, *offset, Kind::Snapshot)))
}

/// The partition's bytes; none if the file is damaged.
pub(super) fn read(dir: &Path, offset: i64) -> Option<Vec<u8>> {
    let mut bytes = fs::read(disk::path(dir, offset, Kind::Snapshot)).ok()?;
    let (said, crc) = bytes.split_last_chunk::<4>()?;
    let right = u32::from_be_bytes(*crc) == crc32c::crc32c(said)
        && said.starts_with(MAGIC)
        && said.get(MAGIC.len()..HEAD)? == offset.to_be_bytes();
    if !right {
        return None;
    }
    bytes.truncate(bytes.len() - 4);
    bytes.drain(..HEAD);
    Some(bytes)
}
