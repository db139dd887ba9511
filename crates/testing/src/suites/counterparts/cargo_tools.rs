//! Tools of the long suites. They are not installed: that takes longer than most suites.

use std::process::Command;

use super::{Lack, missing};
use crate::suites::place::{Place, find_program, succeeds};

pub(super) fn find_fuzz(place: &Place) -> Result<Vec<String>, Lack> {
    if succeeds(place.command("cargo").args(["+nightly", "fuzz", "--version"])) {
        return Ok(Vec::new());
    }
    Err(missing(
        "cargo-fuzz or nightly Rust missing: rustup toolchain install nightly; cargo install cargo-fuzz",
    ))
}

pub(super) fn find_deny(_: &Place) -> Result<Vec<String>, Lack> {
    if succeeds(Command::new("cargo").args(["deny", "--version"])) {
        return Ok(Vec::new());
    }
    Err(missing("cargo-deny missing: cargo install --locked cargo-deny"))
}

pub(super) fn find_shellcheck(_: &Place) -> Result<Vec<String>, Lack> {
    let found = find_program("shellcheck").map(|_| Vec::new());
    found.ok_or_else(|| missing("shellcheck missing: apt-get install shellcheck"))
}
