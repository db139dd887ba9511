//! How long a function may be.
//!
//! Counted in lines as `cargo fmt` leaves them, from the one with `fn` to the one with its closing brace, which stands
//! as far to the right as the first does. Tests are functions like all others.

use std::collections::BTreeSet;

use super::{assert_listed, sources};

/// A function longer than this does two things.
const MOST_LINES: usize = 70;

/// Longer ones, each as a file and a name: a line each, and none today.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn functions_end_at_seventy_lines() {
    let mut long = BTreeSet::new();
    let mut seen = 0;
    for (file, text) in sources() {
        for (name, lines) in functions(&text) {
            seen += 1;
            if lines > MOST_LINES {
                long.insert((file.clone(), name));
            }
        }
    }
    assert!(seen > 1_000, "{seen} functions were seen");
    let listed = EXCEPTIONS.iter().map(|&(file, name)| (file.to_owned(), name.to_owned())).collect();
    assert_listed("a function ends at 70 lines", &long, &listed);
}

/// The functions of a file that have bodies of more than a line, and how many lines each has.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = name_of_function(line) else { continue };
        if line.ends_with(['}', ';']) {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let ends = |line: &&str| line.strip_prefix(indent) == Some("}");
        // One without a body ends before the next begins.
        let is_next = |line: &&str| {
            let beside = line.strip_prefix(indent).is_some_and(|rest| !rest.starts_with(' '));
            beside && name_of_function(line).is_some()
        };
        let rest = &lines[at + 1..];
        let Some(length) = rest.iter().position(ends) else { continue };
        if !rest[..length].iter().any(is_next) {
            found.push((name.to_owned(), length + 2));
        }
    }
    found
}

fn name_of_function(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let is_word = |word: &str| {
        matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub(")
    };
    // `pub(in crate::a)` has a blank in it.
    let before = before.replace("pub(in ", "pub(");
    let name = rest.split(['(', '<']).next()?;
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (plain && !name.is_empty() && before.split_whitespace().all(is_word)).then_some(name)
}

#[test]
fn lines_of_functions_are_counted() {
    let text = "\
/// fn in_a_comment() {
pub(crate) fn one() -> u8 { 1 }

impl A {
    fn three(&self) {
        body();
    }

    const fn none(&self);

    pub async fn five<T>(
        &self,
    ) {
        fn inner() {}
    }
}

fn last() {
}
";
    let found = functions(text);
    let expected = [("three", 3), ("five", 5), ("last", 2)].map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(found, expected);
}
