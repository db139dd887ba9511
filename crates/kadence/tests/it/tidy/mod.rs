//! The house rules.

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
    for path in files(&["rs"]).iter().filter(|path| !path.ends_with("tidy.rs")) {
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
