//! The way from the reader thread to the pacer: runs of fixed number and size that go round.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::clock::Stop;
use crate::fault::Fault;
use crate::run::Run;
use crate::source::{RecordingError, Source};

/// How long one wait for a source or a sink lasts before a stop request is looked for.
pub(crate) const PATIENCE: Duration = Duration::from_millis(20);
/// How many runs are under way at once: one at the pacer, the others ahead of it.
const RUNS: usize = 8;
/// The size at which a run counts as full.
const RUN_BYTES: usize = 256 * 1024;
/// The number of records at which a run counts as full.
const RUN_RECORDS: usize = 8_192;

/// Runs that go round between the reader thread and the pacer.
pub(crate) struct Ring {
    filled: Receiver<Filled>,
    empty: SyncSender<Run>,
}

/// A run, and how the source ended if it did.
type Filled = (Run, Option<Result<(), RecordingError>>);

/// What comes next out of the ring.
pub(crate) enum Next {
    /// A run, and how the source ended if it did.
    Run(Run, Option<Result<(), RecordingError>>),
    /// A stop was asked for while there was none.
    Stopped,
    /// The sink takes no more, as it said while there was none.
    Refused(Fault),
    /// The reader thread is gone.
    Lost,
}

impl Ring {
    /// Starts the reader thread. It ends with the source, or once the ring is gone; a thread that waits for input
    /// that never comes is left behind.
    pub(crate) fn start(mut source: impl Source + 'static) -> Self {
        let (give, filled) = sync_channel::<Filled>(RUNS);
        let (empty, take) = sync_channel::<Run>(RUNS);
        for _ in 0..RUNS {
            // The channel has room for all of them.
            let _ = empty.try_send(Run::new(RUN_BYTES, RUN_RECORDS));
        }
        let reader = move || {
            while let Ok(mut run) = take.recv() {
                run.clear();
                let ended = match source.fill(&mut run) {
                    Ok(true) => None,
                    Ok(false) => Some(Ok(())),
                    Err(error) => Some(Err(error)),
                };
                let is_last = ended.is_some();
                if give.send((run, ended)).is_err() || is_last {
                    return;
                }
            }
        };
        // Without a thread the channel closes at once, which the pacer reports.
        let _ = thread::Builder::new().name("reader".into()).spawn(reader);
        Self { filled, empty }
    }

    /// Waits for a run; looks after the sink meanwhile, with `check`.
    pub(crate) fn next(&self, stop: &Stop, mut check: impl FnMut() -> Result<(), Fault>) -> Next {
        loop {
            match self.filled.recv_timeout(PATIENCE) {
                Ok((run, ended)) => return Next::Run(run, ended),
                Err(RecvTimeoutError::Timeout) if stop.is_raised() => return Next::Stopped,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(refused) = check() {
                        return Next::Refused(refused);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Next::Lost,
            }
        }
    }

    pub(crate) fn give_back(&self, run: Run) {
        // A reader that is gone needs no runs.
        let _ = self.empty.try_send(run);
    }
}
