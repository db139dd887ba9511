//! Which process has claimed a partition. SQLite has no locks by name, so the ledger has the process.

use std::fs;

/// This session's name in the ledger: the process, the machine, and a number of its own.
pub(crate) fn token() -> String {
    let host = host();
    let mut number = uuid::Uuid::new_v4().simple().to_string();
    number.truncate(8);
    format!("process {} on {host} ({number})", std::process::id())
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether a token names a process of this machine that is stopped.
pub(crate) fn is_stopped(token: &str) -> bool {
    let parts = token.strip_prefix("process ").and_then(|rest| rest.split_once(" on "));
    let Some((process, rest)) = parts else { return false };
    let is_here = rest.rsplit_once(" (").is_some_and(|(other, _)| other == host());
    let process: Option<u32> = process.parse().ok();
    let status = process.and_then(|process| fs::read_to_string(format!("/proc/{process}/stat")).ok());
    // The state stands behind the name in brackets.
    let state = status.as_ref().and_then(|status| status.rsplit_once(") ")).map(|(_, rest)| rest);
    is_here && state.is_some_and(|state| state.starts_with('T'))
}
