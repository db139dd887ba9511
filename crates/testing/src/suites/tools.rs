//! What has to be there before: nothing can be compiled without it.

use std::process::Command;

use super::place::{find_program, succeeds};

/// What librdkafka and its companions are compiled with.
const COMPILERS: [&str; 4] = ["cc", "c++", "make", "perl"];

/// What is missing and how to get it, a line each. That there is a cargo, and a new one, the door has seen.
pub(super) fn missing() -> Vec<String> {
    let mut complaints = Vec::new();
    let missing: Vec<&str> = COMPILERS.into_iter().filter(|tool| find_program(tool).is_none()).collect();
    if !missing.is_empty() {
        complaints
            .push(format!("missing: {}; on Debian: apt-get install build-essential", missing.join(" ")));
    }
    for part in ["fmt", "clippy"] {
        if !succeeds(Command::new("cargo").args([part, "--version"])) {
            complaints.push(format!("missing: cargo {part}; rustup component add rustfmt clippy"));
        }
    }
    complaints
}
