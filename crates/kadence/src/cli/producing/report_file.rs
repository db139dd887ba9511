//! `--report FILE`: what happened, for whoever looks at it later.

use std::path::Path;

use kadence_core::phrase;
use kadence_core::report::ReportedError;

use crate::Report;
use crate::fault::{self, Error};
use crate::output::say;
use crate::whole_file::WholeFile;

/// The file that a report goes to.
pub(super) struct ReportFile(WholeFile);

impl ReportFile {
    /// Makes the file, so that a run is not made in vain.
    pub(super) fn create(path: &Path, recording: Option<&Path>) -> Result<Self, Error> {
        WholeFile::create(path, recording, &phrase![@"report"], "the report").map(Self)
    }

    /// Writes the report. One that cannot be written goes to standard error instead: it is all that is left of the
    /// run.
    pub(super) fn write(&mut self, report: &Report) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(report).unwrap_or_default() + "\n";
        self.0.replace(&text).map_err(|error| {
            say(text.trim_end());
            error.helped("it is on standard error")
        })
    }
}

/// Gives what a report says of `error`: the first of its faults.
pub(super) fn reported(error: &Error) -> Option<ReportedError> {
    error.faults.first().map(fault::reported)
}
