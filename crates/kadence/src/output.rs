//! stdout is data, stderr is people.

mod flush_notice;
mod numbers;
mod progress;
mod reader_watch;
mod summary;
mod watching;

pub(crate) use flush_notice::FlushNotice;
pub(crate) use numbers::{bytes, count, duration, micros, records};
pub(crate) use progress::ProgressLine;
pub(crate) use reader_watch::ReaderWatch;
pub(crate) use summary::print_report;
pub(crate) use watching::{Rate, Watching};

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde::Serialize;

use crate::fault::{Error, line, reported};
use crate::plain::Plain;

/// The exit code, on which scripts can rely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Something could not be done.
    Failed = 1,
    /// kadence was called in a way that cannot work.
    Misused = 2,
    /// A bounded run was cut by Ctrl-C or SIGTERM.
    Interrupted = 130,
}

impl Exit {
    /// The code for an error.
    pub(crate) fn of(error: &Error) -> Self {
        if error.is_misuse() { Self::Misused } else { Self::Failed }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a verb speaks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Voice {
    /// Whether one JSON object ends the run.
    pub(crate) json: bool,
    /// Whether only errors are said.
    pub(crate) quiet: bool,
}

impl Voice {
    /// Tells a person something that is neither data nor an error.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            say(text.as_ref());
        }
    }

    /// Whether a person watches a terminal.
    pub(crate) fn is_watched(self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// Says what went wrong, and gives the exit code for it.
    pub(crate) fn error(self, error: &Error) -> Exit {
        if self.json {
            for fault in &error.faults {
                say(&serde_json::json!({ "error": reported(fault) }).to_string());
            }
        } else {
            for fault in &error.faults {
                say(&format!("kadence: {}", line(fault)));
                if let Some(excerpt) = &fault.excerpt {
                    say(&excerpt.marked());
                }
            }
        }
        Exit::of(error)
    }
}

/// Writes a line to stderr. A stderr that is gone takes nobody's words.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes `value` as one line of JSON where machines look for it: stdout, or stderr where stdout is data.
pub(crate) fn print_json(value: &impl Serialize, stdout_is_data: bool) -> Result<(), Error> {
    let line = serde_json::to_string(value).map_err(|error| Error::met("report", error.to_string(), ""))?;
    if stdout_is_data {
        say(&line);
        return Ok(());
    }
    print_line(&line)
}

/// Writes a line about what others have named.
pub(crate) fn print_plain_line(line: &str) -> Result<(), Error> {
    print_line(&Plain(line).to_string())
}

/// Writes a line of data. That nobody reads any more is no error; [`is_reader_gone`] tells.
pub(crate) fn print_line(line: &str) -> Result<(), Error> {
    ok_if_closed(writeln!(io::stdout(), "{line}"))
}

/// Whether standard output is a pipe that nobody reads any more: `kadence consume … | head` has enough.
pub(crate) fn is_reader_gone() -> bool {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdout = rustix::stdio::stdout();
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        poll(&mut watched, Some(&Timespec::default())).is_ok_and(|events| events > 0)
            && watched[0].revents().contains(PollFlags::ERR)
    }
    #[cfg(not(unix))]
    false
}

/// Takes a closed pipe for no error: it is how a reader says that it has enough.
pub(crate) fn ok_if_closed(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::met("standard output", format!("cannot be written ({error})"), ""))
        }
        _ => Ok(()),
    }
}
