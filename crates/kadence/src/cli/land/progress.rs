//! How a landing goes, for whoever watches: a line on a terminal, a line a minute otherwise.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use kadence_core::clock::{Clock, Stop};
use kadence_land::Gauges;

use crate::output::{Voice, count, records};

/// How often the line on a terminal changes.
const PERIOD: Duration = Duration::from_millis(200);
/// How often a line is written where nobody watches.
const MINUTE: Duration = Duration::from_mins(1);

/// Says how it goes until it is dropped.
pub(super) struct Watching {
    done: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    pub(super) fn start(voice: Voice, gauges: Vec<Arc<Gauges>>, clock: Arc<dyn Clock>) -> Self {
        let done = Arc::new(Stop::new());
        if voice.json || voice.quiet {
            return Self { done, thread: None };
        }
        let until = Arc::clone(&done);
        let thread = thread::Builder::new().name("progress".into()).spawn(move || {
            if voice.is_watched() {
                on_a_terminal(&gauges, clock, &until);
            } else {
                let mut rate = Rate::new(clock);
                while !until.wait(MINUTE) {
                    voice.note(message(&gauges, &mut rate));
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

fn on_a_terminal(gauges: &[Arc<Gauges>], clock: Arc<dyn Clock>, until: &Stop) {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    let bar =
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let mut rate = Rate::new(clock);
    while !until.wait(PERIOD) {
        bar.set_message(message(gauges, &mut rate));
        bar.tick();
    }
    bar.finish_and_clear();
}

/// Records a second since it was asked last.
struct Rate {
    clock: Arc<dyn Clock>,
    at: Duration,
    landed: u64,
}

impl Rate {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self { at: clock.now(), clock, landed: 0 }
    }

    fn since(&mut self, landed: u64) -> f64 {
        let now = self.clock.now();
        let seconds = now.saturating_sub(self.at).as_secs_f64().max(1e-3);
        let rate = landed.saturating_sub(self.landed) as f64 / seconds;
        (self.at, self.landed) = (now, landed);
        rate
    }
}

fn message(gauges: &[Arc<Gauges>], rate: &mut Rate) -> String {
    let sum = |of: fn(&Gauges) -> u64| gauges.iter().map(|gauges| of(gauges)).sum::<u64>();
    let (landed, rejected) = (sum(Gauges::landed), sum(Gauges::rejected));
    let mut parts = vec![format!("{} landed", records(landed)), format!("{:.0}/s", rate.since(landed))];
    let behind: Option<u64> = gauges.iter().map(|gauges| gauges.behind()).sum();
    if let Some(behind) = behind {
        let under_way = sum(Gauges::read).saturating_sub(landed + rejected);
        parts.push(format!("lag {}", count(behind + under_way)));
    }
    if rejected > 0 {
        parts.push(format!("{} rejected", count(rejected)));
    }
    parts.join(" · ")
}
