//! The house rules.
//!
//! | Module | Holds |
//! |---|---|
//! | here | sizes of files, words that have no place in the code, links |
//! | `functions` | how long a function may be |
//! | `names` | who may name what |
//! | `arrows` | who inside `core` may know whom |
//! | `circles` | no files that know each other in a circle |
//! | `modules` | a crate's files, and what each takes from the others |
//!
//! Some rules have exceptions from before they were tests. None is added, and one that is none any more is taken off
//! its list: each list is as it is here, or the test fails.

mod arrows;
mod circles;
mod functions;
mod modules;
mod names;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::root;

/// A file longer than this has two subjects.
const MOST_LINES: usize = 600;

/// Files of the project with one of these extensions, as paths from its root.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(&*name, "target" | ".git" | ".cache") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files of the project, written in Rust, each with its path from the root, by which the lists name it.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let name = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
    files(&["rs"]).iter().map(|path| (name(path), read(path))).collect()
}

/// What was found is what is listed, and no more: a list only gets shorter.
#[track_caller]
fn assert_listed<T: Ord + std::fmt::Debug>(rule: &str, found: &BTreeSet<T>, listed: &BTreeSet<T>) {
    let new: Vec<_> = found.difference(listed).collect();
    assert!(new.is_empty(), "{rule}: these break it, and no exceptions are added: {new:#?}");
    let gone: Vec<_> = listed.difference(found).collect();
    assert!(gone.is_empty(), "{rule}: these are exceptions no more; take them off the list: {gone:#?}");
}

#[test]
fn files_have_one_subject() {
    for path in files(&["rs", "py"]) {
        let lines = read(&path).lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

/// Work that is not done is said in the README or in an error, not in a comment.
#[test]
fn nothing_is_left_to_do_in_the_code() {
    let banned = ["todo!", "unimplemented!", "FIXME", "TODO", "dbg!"].map(ToOwned::to_owned);
    for path in files(&["rs"]).iter().filter(|path| !path.ends_with("it/tidy.rs")) {
        let text = read(path);
        for word in &banned {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

/// An ignored test says what it needs.
#[test]
fn ignored_tests_have_a_reason() {
    let bare = format!("#[{}]", "ignore");
    for path in files(&["rs"]) {
        assert!(!read(&path).contains(&bare), "{}", path.display());
    }
}

/// Every relative link in the documentation leads somewhere.
#[test]
fn links_lead_somewhere() {
    for path in files(&["md"]) {
        let text = read(&path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{}: {link}", path.display());
        }
    }
}

/// What a decision record names as the test that holds a promise is there.
#[test]
fn tests_that_hold_promises_are_there() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    let mut named = 0;
    for path in
        files(&["md"]).iter().filter(|path| path.parent().is_some_and(|dir| dir.ends_with("decisions")))
    {
        let text = read(path);
        let Some((_, table)) = text.split_once("| Promise | Held by |\n") else { continue };
        for row in table.lines().take_while(|line| line.starts_with('|')) {
            let held = row.rsplit('|').nth(1).unwrap_or_default();
            for test in held.split('`').skip(1).step_by(2).filter(|name| !name.contains("::")) {
                named += 1;
                assert!(all.contains(&format!("fn {test}(")), "{}: no test {test}", path.display());
            }
        }
    }
    assert!(named > 20, "{named}");
}
