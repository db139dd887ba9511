//! The journal: what a broker in a directory has to remember beside its logs.
//!
//! | Module | Holds |
//! |---|---|
//! | `error` | what can be wrong with it |
//! | `event` | the changes that are written down |
//! | `state` | what they come to |
//! | `line` | a line of the file |
//! | `file` | the file: read at the start, appended to, written anew when it has grown |
//!
//! One file for topics, offsets and transactions gives them one order: a decided transaction and the offsets it
//! commits are the same line.

mod error;
mod event;
mod file;
mod line;
mod state;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub(crate) use event::{Event, FORMAT, Offset, Producer, Quota};
#[cfg(fuzzing)]
pub(crate) use line::read_all;
pub(crate) use state::{Offsets, State, Topic, Transaction, Transactional};

use crate::{blocking::in_place, options::FaultHook, sync::Lock};
use file::{File, Opened};
use std::path::Path;

/// Where events are written to.
#[derive(Debug)]
pub(crate) struct Journal {
    /// None for a broker in memory.
    file: Option<Lock<File>>,
    on_fault: Option<FaultHook>,
    /// Whether a write waits for the disk.
    waits: bool,
}

/// An event could not be written, so what it says must not be answered as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotWritten;

impl Journal {
    /// A journal that keeps nothing, of a broker in memory.
    pub(crate) fn none() -> Self {
        Self { file: None, on_fault: None, waits: false }
    }

    /// Opens the journal at `path`, or begins one, and says what it comes to. With `sync`, each write reaches the
    /// disk before it returns.
    pub(crate) fn open(
        path: &Path,
        sync: bool,
        on_fault: Option<FaultHook>,
    ) -> Result<(Self, State), JournalError> {
        let Opened { file, state, lost } = File::open(path, sync)?;
        if let (Some(hook), Some(lost)) = (&on_fault, lost) {
            hook.call(lost);
        }
        Ok((Self { file: Some(Lock::new(file)), on_fault, waits: sync }, state))
    }

    /// Whether anything is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// Writes `events` in one piece: after a crash all of them are there, or none. The caller holds the lock of what
    /// changes, so that the order of the journal is the order of the changes, and answers only afterwards.
    pub(crate) fn write(&self, events: &[Event]) -> Result<(), NotWritten> {
        let Some(file) = &self.file else { return Ok(()) };
        let written =
            if self.waits { in_place(|| file.lock().write(events)) } else { file.lock().write(events) };
        self.told(written)
    }

    /// Has the disk keep all that was written: what relies on it may reach the disk from now on.
    pub(crate) fn settle(&self) -> Result<(), NotWritten> {
        let Some(file) = &self.file else { return Ok(()) };
        self.told(in_place(|| file.lock().sync()))
    }

    /// Whether the file is where it was.
    pub(crate) fn check(&self) -> bool {
        self.file.as_ref().is_none_or(|file| file.lock().is_here())
    }

    /// Takes nothing more: the directory is somebody else's.
    pub(crate) fn close(&self) {
        if let Some(file) = &self.file {
            file.lock().gone();
        }
    }

    fn told(&self, result: Result<(), JournalError>) -> Result<(), NotWritten> {
        result.map_err(|error| {
            if let Some(hook) = &self.on_fault {
                hook.call(error);
            }
            NotWritten
        })
    }
}
