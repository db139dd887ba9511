//! What is wrong with a journal.

use crate::explanation::Explanation;
use std::{io, path::PathBuf};

/// Why a journal cannot be used, or what was found in it.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.explain())]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum JournalError {
    Io { path: PathBuf, what: &'static str, source: io::Error },
    Damaged { path: PathBuf, line: u64 },
    Later { path: PathBuf, line: u64, what: String },
    Closed { path: PathBuf },
    Unsynced { path: PathBuf, line: u64, bytes: u64 },
    Torn { path: PathBuf, line: u64, bytes: u64 },
    Gone { path: PathBuf },
}

impl JournalError {
    /// Where, what, and what to do.
    pub fn explain(&self) -> Explanation {
        let (path, what, help) = match self {
            Self::Io { path, what, .. } => (path, (*what).to_owned(), ""),
            Self::Damaged { path, line } => (
                path,
                format!("line {line} is damaged"),
                "restore the file from a copy, or move the directory away to start anew",
            ),
            Self::Later { path, line, what } => {
                (path, format!("line {line} was written by a later version of this program ({what})"), "")
            }
            Self::Closed { path } => (
                path,
                "it cannot be written any longer, since an earlier write failed half-way".to_owned(),
                "",
            ),
            Self::Unsynced { path, line, bytes } => (
                path,
                format!(
                    "what came behind line {line} had not reached the disk when the power went, and is cut off \
                     ({bytes} bytes)"
                ),
                "",
            ),
            Self::Torn { path, line, bytes } => (
                path,
                format!("what came behind line {line} was not written whole, and is cut off ({bytes} bytes)"),
                "",
            ),
            Self::Gone { path } => (
                path,
                "it was removed or replaced; nothing more is taken until the next start".to_owned(),
                "",
            ),
        };
        Explanation::new(path.display(), what, help)
    }
}
