//! Which file is open, whatever its name stands for by now.

use std::io;
use std::path::{Path, PathBuf};

/// A file, by its name and by what it was when it was opened.
#[derive(Debug)]
pub(crate) struct Identity {
    path: PathBuf,
    number: (u64, u64),
}

impl Identity {
    /// Of the file that is at `path` now; `None` where that cannot be told.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        Some(Self { path: path.into(), number: number(path).ok()? })
    }

    /// Whether the name is nobody's by now, or another file's.
    pub(crate) fn is_gone(&self) -> bool {
        match number(&self.path) {
            Ok(number) => number != self.number,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}

#[cfg(unix)]
fn number(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn number(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|_| (0, 0))
}
