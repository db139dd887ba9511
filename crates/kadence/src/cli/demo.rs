//! The whole story in one process.

use super::Exit;
use crate::demo;
use crate::fault::Error;
use crate::output::{Voice, print_json};
use crate::signals::Signals;

/// Show what kadence does: an embedded broker, two recordings replayed, every record read back and compared
///
/// Needs nothing and leaves nothing behind. Replays two minutes of an accelerometer at 20 times, and a week of
/// earthquakes at 100,000 times their pace; takes about 13 seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  kadence demo\n  kadence demo --json")]
pub(crate) struct DemoOptions {}

impl DemoOptions {
    #[expect(clippy::unused_self, reason = "every verb runs alike")]
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let outcome = demo::run(voice, &signals, Ok)?;
        if voice.json {
            print_json(&outcome, false)?;
        }
        Ok(if signals.stop.is_raised() { Exit::Interrupted } else { Exit::Done })
    }
}
