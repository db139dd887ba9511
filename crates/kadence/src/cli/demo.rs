//! The whole story in one process.

use super::Exit;
use crate::demo::{self, Staging};
use crate::fault::Error;
use crate::output::{Voice, print_json};
use crate::signals::Signals;

/// Show what kadence does: two recordings replayed, landed by a worker that is killed, and proof that nothing is lost
///
/// Needs nothing. Starts an embedded broker, replays two minutes of an accelerometer at 20 times and a week of earthquakes
/// at 100,000 times their pace, sealed, lands them in SQLite with a worker that is killed three times on the way, and
/// verifies topics and tables. It takes about 15 seconds, and leaves a folder with database, manifests and certificates
/// among the system's temporary files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  kadence demo\n  kadence demo --json")]
pub(crate) struct DemoOptions {}

impl DemoOptions {
    #[expect(clippy::unused_self, reason = "every verb runs alike")]
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let program = std::env::current_exe()
            .map_err(|error| Error::met("kadence", format!("this program is not found ({error})"), ""))?;
        let within = std::env::temp_dir();
        let staging = Staging { program, within, around: &|sink| sink, meanwhile: &|_| {} };
        let outcome = demo::run(voice, &signals, &staging)?;
        if voice.json {
            print_json(&outcome, false)?;
        }
        Ok(if signals.stop.is_raised() { Exit::Interrupted } else { Exit::Done })
    }
}
