//! What all verbs share that write records to a topic: options, the run, its report and its end.
//!
//! A verb adds its source: it opens one, and [`Production::run`] does the rest.

mod body;
mod conclusion;
mod delivery;
mod proof;
mod punctuality;
mod report_file;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kadence_core::pipeline::Progress;
use kadence_core::source::Source;

pub(super) use self::body::BodyOptions;
pub(super) use self::conclusion::OutputOptions;
pub(super) use self::delivery::{DeliveryOptions, DestinationOptions};
pub(super) use self::proof::ProofOptions;
pub(super) use self::punctuality::PunctualityOptions;
use self::report_file::ReportFile;
use super::Exit;
use crate::fault::Error;
use crate::output::{FlushNotice, ProgressLine, Voice};
use crate::sending::{Sending, in_real_time};
use crate::signals::Signals;
use crate::{Outcome, Report};

/// A run of a verb that writes records.
pub(super) struct Production<'a> {
    /// The verb, as its report names it.
    pub(super) verb: &'static str,
    /// The file that is read, if there is one: no report goes there.
    pub(super) reads: Option<&'a Path>,
    pub(super) output: &'a OutputOptions,
    pub(super) punctuality: &'a PunctualityOptions,
    pub(super) voice: Voice,
}

/// A source that is ready, and what is known of it.
pub(super) struct Opened<S> {
    pub(super) source: S,
    pub(super) sending: Sending,
    /// How fast it goes, in words.
    pub(super) pace: String,
    /// Tells how long it should last; asked only when somebody watches.
    pub(super) length: Box<dyn FnOnce() -> Option<Duration>>,
    /// Adds to the report what the source has found.
    pub(super) found: Box<dyn FnOnce(&mut Report)>,
}

impl Production<'_> {
    /// Opens a source, sends its records, and says how it went. `open` checks the verb's options, and gives nothing
    /// when a stop was asked for before there was a source.
    pub(super) fn run<S: Source + 'static>(
        &self,
        open: impl FnOnce(&Signals) -> Result<Option<Opened<S>>, Error>,
    ) -> Result<Exit, Error> {
        let create = |path: &PathBuf| ReportFile::create(path, self.reads);
        let mut file = self.output.report.as_ref().map(create).transpose()?;
        match self.attempt(open) {
            Ok(outcome) => Ok(self.conclude(outcome, file.as_mut())),
            Err(error) => {
                conclusion::without_a_run(self.verb, &error, file.as_mut(), self.voice);
                Err(error)
            }
        }
    }

    /// Sends what there is. An error means that nothing was sent.
    fn attempt<S: Source + 'static>(
        &self,
        open: impl FnOnce(&Signals) -> Result<Option<Opened<S>>, Error>,
    ) -> Result<Outcome, Error> {
        let signals = Signals::listen();
        let Some(opened) = open(&signals)? else {
            return Ok(Outcome::interrupted(self.verb));
        };
        let Opened { source, sending, pace, length, found } = opened;
        let control = in_real_time(&signals.stop, &signals.abandon);
        let line = self.progress_line(&control.progress, pace, length);
        let notice = FlushNotice::start(self.voice, &signals.stop, &control.progress);
        let outcome = sending.run(source, &control);
        drop((line, notice));
        let mut outcome = match outcome {
            Ok(outcome) => outcome,
            // Nothing was sent yet.
            Err(_) if signals.stop.is_raised() => Outcome::interrupted(self.verb),
            Err(error) => return Err(error),
        };
        found(&mut outcome.report);
        Ok(outcome)
    }

    fn progress_line(
        &self,
        progress: &Arc<Progress>,
        pace: String,
        length: impl FnOnce() -> Option<Duration>,
    ) -> Option<ProgressLine> {
        // Bodies on the same terminal would tear the line apart.
        let is_torn = self.output.echo && io::stdout().is_terminal();
        if is_torn || !self.voice.is_watched() {
            return None;
        }
        Some(ProgressLine::start(self.voice, Arc::clone(progress), pace, length()))
    }
}
