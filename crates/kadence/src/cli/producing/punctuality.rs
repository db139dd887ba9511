//! How punctual records have to be.

use std::time::Duration;

use crate::Report;
use crate::cli::values;
use crate::fault::Error;
use crate::sending::DEFAULT_TOLERANCE;

/// How punctual to be.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct PunctualityOptions {
    /// Count a record as missed when it leaves later than this; given explicitly, a p99 beyond it fails the run
    /// [default: 10ms]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) tolerance: Option<Duration>,
    /// Spend the last of each wait polling the clock: more exact, and busy for that long (try 100us)
    #[arg(long, value_name = "DURATION", value_parser = values::duration, default_value = "0s")]
    pub(crate) spin: Duration,
}

impl PunctualityOptions {
    /// Gives the lateness beyond which a record counts as missed.
    pub(crate) fn tolerance(&self) -> Duration {
        self.tolerance.unwrap_or(DEFAULT_TOLERANCE)
    }

    /// Finds the error where more lateness was met than was allowed explicitly.
    pub(super) fn too_late(&self, report: &Report) -> Option<Error> {
        let (tolerance, late) = (self.tolerance?, report.lateness_us?);
        let allowed = tolerance.as_secs_f64() * 1e6;
        if report.interrupted || late.p99 <= allowed {
            return None;
        }
        let what = format!("p99 lateness is {} µs, more than the {allowed} µs asked for", late.p99);
        Some(Error::met("--tolerance", what, "allow more, or slow down"))
    }
}
