//! What goes wrong with files, said to whoever wants to know.

use crate::{directory::DirectoryError, options::FaultHook, storage_error::StorageError};

/// The way to whoever wants to know what goes wrong with files; perhaps nobody does.
#[derive(Debug, Clone)]
pub(crate) struct Faults(Option<FaultHook>);

impl Faults {
    /// Faults are said to `hook`, if there is one.
    pub(crate) fn new(hook: Option<FaultHook>) -> Self {
        Self(hook)
    }

    /// Says what was found in the directory.
    pub(crate) fn notice(&self, fault: DirectoryError) {
        if let Some(hook) = &self.0 {
            hook.call(fault);
        }
    }

    /// Says what went wrong with a file.
    pub(crate) fn report(&self, error: &StorageError) {
        if let Some(hook) = &self.0 {
            hook.call(error.clone());
        }
    }

    /// A result whose error was reported.
    pub(crate) fn told<T>(&self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        result.inspect_err(|error| self.report(error))
    }
}
