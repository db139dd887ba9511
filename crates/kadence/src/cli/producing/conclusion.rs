//! The end of a run: its report for whoever asked, and the exit code.

use std::path::PathBuf;

use super::Production;
use super::report_file::{ReportFile, reported};
use crate::cli::Exit;
use crate::fault::Error;
use crate::output::{Voice, count, print_json, print_report};
use crate::{Outcome, Report};

/// What is said of a run, and where.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Print each record's body as it is sent
    #[arg(long)]
    pub(crate) echo: bool,
    /// Write the JSON report to a file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// Writes the report of a run that did not come about: it must not look like the last one's.
pub(super) fn without_a_run(verb: &'static str, error: &Error, file: Option<&mut ReportFile>, voice: Voice) {
    let report = Report { verb, acknowledged: Some(0), error: reported(error), ..Report::default() };
    let written = file.map_or(Ok(()), |file| file.write(&report));
    if let Err(unwritten) = written {
        voice.error(&unwritten);
    }
}

impl Production<'_> {
    /// Says how it went to whoever asked, and gives the exit code.
    pub(super) fn conclude(&self, outcome: Outcome, file: Option<&mut ReportFile>) -> Exit {
        let voice = self.voice;
        let Outcome { mut report, failure, .. } = outcome;
        let was_cut = failure.is_some();
        let error = failure.map(Error::from).or_else(|| self.punctuality.too_late(&report));
        report.error = error.as_ref().and_then(reported);
        let written = file.map_or(Ok(()), |file| file.write(&report));
        let told = self.tell(&report);
        let unsaid = [written, told].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        for error in &unsaid {
            voice.error(error);
        }
        let Some(error) = error else {
            let exit = if report.interrupted { Exit::Interrupted } else { Exit::Done };
            return if exit == Exit::Done && !unsaid.is_empty() { Exit::Failed } else { exit };
        };
        voice.error(&error);
        if was_cut {
            let sent = count(report.accepted);
            voice.note(match report.acknowledged {
                Some(acknowledged) => {
                    format!("kadence: until then {sent} sent, {} acknowledged", count(acknowledged))
                }
                None => format!("kadence: until then {sent} sent"),
            });
        }
        // A fault in the recording is no misuse once records have left.
        Exit::Failed
    }

    /// Hands the report to whoever listens.
    fn tell(&self, report: &Report) -> Result<(), Error> {
        if self.voice.json {
            print_json(report, self.output.echo)?;
        } else if !self.voice.quiet {
            print_report(report, self.punctuality.tolerance());
        }
        Ok(())
    }
}
