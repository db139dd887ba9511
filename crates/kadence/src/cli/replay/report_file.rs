//! `--report FILE`: what happened, for whoever looks at it later.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kadence_core::report::ReportedError;

use crate::Report;
use crate::fault::Error;
use crate::output::say;

/// The file that a report goes to.
pub(super) struct ReportFile {
    path: PathBuf,
    file: File,
}

impl ReportFile {
    /// Makes the file, so that a run is not made in vain. What it held stays until there is a report.
    pub(super) fn create(path: &Path, recording: &Path) -> Result<Self, Error> {
        let same = |one: &Path, other: &Path| {
            one == other
                || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
        };
        if same(path, recording) {
            let what = format!("`{}` is the recording itself", path.display());
            return Err(Error::misuse("--report", what, "name another file"));
        }
        let opened = File::options().write(true).create(true).truncate(false).open(path);
        match opened {
            Ok(file) => Ok(Self { path: path.into(), file }),
            Err(error) => Err(unwritable(path, &error, "")),
        }
    }

    /// Writes the report. One that cannot be written goes to standard error instead: it is all that is left of the
    /// run.
    pub(super) fn write(&mut self, report: &Report) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(report).unwrap_or_default() + "\n";
        self.replace(&text).map_err(|error| {
            say(text.trim_end());
            unwritable(&self.path, &error, "it is on standard error")
        })
    }

    fn replace(&mut self, text: &str) -> io::Result<()> {
        // A pipe or device has no length to cut.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }
}

fn unwritable(path: &Path, error: &io::Error, help: &str) -> Error {
    Error::met(&path.display().to_string(), format!("the report cannot be written ({error})"), help)
}

/// What a report says of `error`: the first of its faults.
pub(super) fn reported(error: &Error) -> Option<ReportedError> {
    let fault = error.faults.first()?;
    Some(ReportedError { place: fault.place.clone(), what: fault.what.clone(), help: fault.help.clone() })
}
