//! Ctrl-C, SIGTERM and a terminal that closes: the first asks for a clean end, the second ends the process.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kadence_core::clock::Stop;
#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// What a verb watches.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    /// Raised by the first signal: take no more, finish what was begun.
    pub(crate) stop: Arc<Stop>,
    /// Raised by the second signal: wait for nothing.
    pub(crate) abandon: Arc<Stop>,
}

/// How long the second signal leaves for the true count to be said.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Signals {
    /// Starts to listen for signals.
    pub(crate) fn listen() -> Self {
        let signals = Self { stop: Arc::new(Stop::new()), abandon: Arc::new(Stop::new()) };
        let heard = signals.clone();
        // Without the listener Ctrl-C still ends the process, as it does by default.
        #[cfg(unix)]
        if let Ok(mut incoming) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]) {
            let _ = thread::Builder::new().name("signals".into()).spawn(move || {
                let mut incoming = incoming.forever();
                if incoming.next().is_some() {
                    heard.stop.raise();
                }
                if incoming.next().is_some() {
                    heard.abandon.raise();
                    Stop::new().wait(LAST_WORDS);
                    std::process::exit(crate::output::Exit::Interrupted as i32);
                }
            });
        }
        signals
    }
}
