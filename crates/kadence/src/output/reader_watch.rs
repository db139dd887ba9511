//! Whether anybody still reads standard output, while nothing is written to it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kadence_core::clock::Stop;

use super::is_reader_gone;

/// How often is looked.
const PERIOD: Duration = Duration::from_millis(100);

/// Asks for a stop once nobody reads standard output any more, until it is dropped.
pub(crate) struct ReaderWatch(Arc<Stop>);

impl ReaderWatch {
    pub(crate) fn start(stop: &Arc<Stop>) -> Self {
        let (done, stop) = (Arc::new(Stop::new()), Arc::clone(stop));
        let until = Arc::clone(&done);
        // Without it the wait goes on until there is something to write.
        let _ = thread::Builder::new().name("reader".into()).spawn(move || {
            while !until.wait(PERIOD) {
                if is_reader_gone() {
                    stop.raise();
                    return;
                }
            }
        });
        Self(done)
    }
}

impl Drop for ReaderWatch {
    fn drop(&mut self) {
        self.0.raise();
    }
}
