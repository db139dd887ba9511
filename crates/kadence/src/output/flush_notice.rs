//! A word while the end of a run is waited for that somebody has asked to end.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::pipeline::Progress;

use super::{Voice, count};

/// Brokers that are well acknowledge within this time.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often is looked.
const PERIOD: Duration = Duration::from_millis(100);

/// Says once, after Ctrl-C, that acknowledgements are waited for; until it is dropped.
pub(crate) struct FlushNotice(Arc<Stop>);

impl FlushNotice {
    pub(crate) fn start(voice: Voice, stop: &Arc<Stop>, progress: &Arc<Progress>) -> Self {
        let done = Arc::new(Stop::new());
        let (until, stop, progress) = (Arc::clone(&done), Arc::clone(stop), Arc::clone(progress));
        // Without it the wait is silent.
        let _ = thread::Builder::new().name("flush-notice".into()).spawn(move || {
            while !stop.is_raised() || progress.position().awaited == 0 {
                if until.wait(PERIOD) {
                    return;
                }
            }
            if until.wait(PATIENCE) {
                return;
            }
            let awaited = progress.position().awaited;
            let acknowledgements = if awaited == 1 { "acknowledgement" } else { "acknowledgements" };
            voice.note(format!("waiting for {} {acknowledgements}; Ctrl-C again gives up", count(awaited)));
        });
        Self(done)
    }
}

impl Drop for FlushNotice {
    fn drop(&mut self) {
        self.0.raise();
    }
}
