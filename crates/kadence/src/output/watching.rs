//! How long work goes, for whoever watches: a line on a terminal, a line a minute otherwise.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use kadence_core::clock::{Clock, Stop};

use super::Voice;

/// How often the line on a terminal changes.
const PERIOD: Duration = Duration::from_millis(200);
/// How often a line is written where nobody watches.
const MINUTE: Duration = Duration::from_mins(1);

/// Says how it goes until it is dropped.
pub(crate) struct Watching {
    done: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Starts to say what `message` makes up.
    pub(crate) fn start(voice: Voice, mut message: impl FnMut() -> String + Send + 'static) -> Self {
        let done = Arc::new(Stop::new());
        if voice.json || voice.quiet {
            return Self { done, thread: None };
        }
        let until = Arc::clone(&done);
        let thread = thread::Builder::new().name("progress".into()).spawn(move || {
            if voice.is_watched() {
                on_a_terminal(message, &until);
            } else {
                while !until.wait(MINUTE) {
                    voice.note(message());
                }
            }
        });
        Self { done, thread: thread.ok() }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.done.raise();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn on_a_terminal(mut message: impl FnMut() -> String, until: &Stop) {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    let bar =
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    while !until.wait(PERIOD) {
        bar.set_message(message());
        bar.tick();
    }
    bar.finish_and_clear();
}

/// How many a second since it was asked last.
pub(crate) struct Rate {
    clock: Arc<dyn Clock>,
    at: Duration,
    count: u64,
}

impl Rate {
    /// From now on, and from none.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { at: clock.now(), clock, count: 0 }
    }

    /// With `count` of them by now.
    pub(crate) fn since(&mut self, count: u64) -> f64 {
        let now = self.clock.now();
        let seconds = now.saturating_sub(self.at).as_secs_f64().max(1e-3);
        let rate = count.saturating_sub(self.count) as f64 / seconds;
        (self.at, self.count) = (now, count);
        rate
    }
}
