//! `docs/reference/cli.md` says what `--help` says.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::support::{Bench, root};

/// Each verb with its sub-verbs, in the order of the help that names them.
fn verbs(bench: &Bench, above: &str) -> Vec<String> {
    let arguments: Vec<&str> = above.split_whitespace().chain(["--help"]).collect();
    let help = bench.kadence(&arguments).ok();
    let mut all = vec![above.to_owned()];
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in commands.take_while(|line| !line.is_empty()) {
        // The lines that a description goes on in are indented further.
        let name = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        if let Some(name) = name.and_then(|rest| rest.split(' ').next()).filter(|name| *name != "help") {
            all.extend(verbs(bench, format!("{above} {name}").trim_start()));
        }
    }
    all
}

fn path() -> PathBuf {
    root().join("docs/reference/cli.md")
}

fn reference() -> String {
    let bench = Bench::new();
    let mut text = String::from(
        "# The command line\n\nWhat `kadence --help` and each verb's `--help` print. This page is generated: \
         `cargo test -p kadence --test it -- --ignored write_the_reference` writes it anew.\n",
    );
    for verb in verbs(&bench, "") {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let help = bench.kadence(&arguments).ok();
        let name = format!("kadence {verb}");
        let help: String = help.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
        let _ = write!(text, "\n## {}\n\n```text\n{}\n```\n", name.trim_end(), help.trim_end());
    }
    text
}

#[test]
fn the_reference_is_what_help_says() {
    let written = std::fs::read_to_string(path()).unwrap_or_default();
    let hint = "run `cargo test -p kadence --test it -- --ignored write_the_reference`";
    assert!(written == reference(), "docs/reference/cli.md is out of date: {hint}");
}

#[test]
#[ignore = "writes docs/reference/cli.md"]
fn write_the_reference() {
    std::fs::write(path(), reference()).unwrap();
}

/// Whoever asks a verb for help sees how it is used.
#[test]
fn every_help_has_an_example() {
    let text = reference();
    for section in text.split("\n## ").skip(1) {
        let verb = section.lines().next().unwrap();
        let has_example = section.contains("Examples:") || section.contains("\nCommands:\n");
        assert!(has_example, "{verb} has no example");
    }
}
