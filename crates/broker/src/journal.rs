//! The journal: what a broker in a directory has to remember beside its logs.
//!
//! | Module | Holds |
//! |---|---|
//! | `event` | the changes that are written down |
//! | `state` | what they come to |

mod event;
mod state;

pub(crate) use event::{Event, Offset, Producer};
pub(crate) use state::{State, Transaction, Transactional};

/// Where events are written to.
#[derive(Debug, Default)]
pub(crate) struct Journal {}

/// The event could not be written, so what it says must not be answered as done.
#[derive(Debug)]
pub(crate) struct NotWritten;

impl Journal {
    /// A journal that keeps nothing, of a broker in memory.
    pub(crate) fn none() -> Self {
        Self {}
    }

    /// Writes `events` in one piece: after a crash all of them are there, or none. The caller holds the lock of what
    /// changes, so that the order of the journal is the order of the changes, and answers only afterwards.
    pub(crate) fn write(&self, _events: &[Event]) -> Result<(), NotWritten> {
        Ok(())
    }
}
