//! Ctrl-C, SIGTERM and a terminal that closes: the first asks for a clean end, the second ends the process.
//!
//! A signal that was ignored when the process started stays ignored: that is how `nohup`, and a shell without job
//! control for what it starts behind `&`, ask for it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kadence_core::clock::Stop;
#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// What a verb watches.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    /// The request of the first signal: take no more, finish what was begun.
    pub(crate) stop: Arc<Stop>,
    /// The request of the second signal: wait for nothing.
    pub(crate) abandon: Arc<Stop>,
}

/// How long the second signal leaves for the true count to be said.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Signals {
    /// Starts to listen for signals.
    pub(crate) fn listen() -> Self {
        let signals = Self { stop: Arc::new(Stop::new()), abandon: Arc::new(Stop::new()) };
        let heard = signals.clone();
        refuse_large_writes();
        // Without the listener Ctrl-C still ends the process, as it does by default.
        #[cfg(unix)]
        if let Ok(mut incoming) = signal_hook::iterator::Signals::new(listened_for()) {
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

/// Makes a write beyond the largest size of a file (`ulimit -f`) fail, as one on a full disk does, where the system
/// would end the process.
fn refuse_large_writes() {
    #[cfg(unix)]
    {
        let heard = Arc::new(std::sync::atomic::AtomicBool::new(false));
        // Where that cannot be had, the process ends as it would have.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, heard);
    }
}

/// Lists the signals that the process did not start with ignored.
#[cfg(unix)]
fn listened_for() -> Vec<i32> {
    // Whoever asks the system by its functions needs unsafe code; Linux tells in a file as well.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0).collect()
}

/// Reads the set of ignored signals off a process's status: signal n is bit n − 1.
#[cfg(unix)]
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        let status = "Name:\tkadence\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored(status), 1 << (SIGHUP - 1) | 1 << 12);
        assert_eq!(ignored("Name: x\n"), 0);
        assert_eq!(ignored("SigIgn:\tzz\n"), 0);
    }
}
