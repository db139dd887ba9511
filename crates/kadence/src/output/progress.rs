//! The line that shows where a replay is.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use kadence_core::clock::Stop;
use kadence_core::pipeline::Progress;

use super::{Voice, duration, micros, records};

/// How often the line changes.
const PERIOD: Duration = Duration::from_millis(200);

/// A line on a terminal: position in event time, pace, late now, time left. It is gone when dropped.
pub(crate) struct ProgressLine {
    done: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressLine {
    /// Starts the line, if a person watches. `pace` is said as it is; `length` is how long the whole run should last,
    /// where that is known.
    pub(crate) fn start(
        voice: Voice,
        progress: Arc<Progress>,
        pace: String,
        length: Option<Duration>,
    ) -> Self {
        let done = Arc::new(Stop::new());
        if !voice.is_watched() {
            return Self { done, thread: None };
        }
        let until = Arc::clone(&done);
        let thread = thread::Builder::new().name("progress".into()).spawn(move || {
            let bar = ProgressBar::new_spinner().with_style(
                ProgressStyle::with_template("{spinner} {wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            while !until.wait(PERIOD) {
                bar.set_message(message(&progress, &pace, length));
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Self { done, thread: thread.ok() }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.done.raise();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn message(progress: &Progress, pace: &str, length: Option<Duration>) -> String {
    let position = progress.position();
    let mut parts = Vec::new();
    if let Some(time) = position.event_time {
        parts.push(time.to_rfc3339());
    }
    parts.push(records(position.accepted));
    parts.push(pace.to_owned());
    if !position.due.is_zero() {
        parts.push(format!("{} late", micros(position.late.as_secs_f64() * 1e6)));
    }
    if let Some(length) = length {
        parts.push(format!("{} left", duration(length.saturating_sub(position.due))));
    }
    parts.join(" · ")
}
