//! Every command in the README and the guides runs.
//!
//! In `sh` and `console` fences each line that starts with `kadence ` or `$ kadence ` is run, in order, in a folder
//! with the recordings that the guides speak of, and the files that fences with a name hold. Commands without a natural end run beside the others, and have to
//! end well on Ctrl-C.

use std::path::Path;

use kadence_core::source::Lookalike;

use crate::support::{Bench, Running, SERIES, root};

fn commands(page: &str) -> Vec<(String, i32)> {
    let mut commands = Vec::new();
    let mut is_run = false;
    for line in page.lines() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            is_run = matches!(fence, "sh" | "console");
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        if let Some(code) = line.strip_prefix("# exits ")
            && let Some((_, expected)) = commands.last_mut()
            && is_run
        {
            *expected = code.trim().parse().unwrap();
        } else if is_run && line.starts_with("kadence ") {
            commands.push((line.trim_end_matches('&').trim().to_owned(), 0));
        }
    }
    commands
}

/// The files that a page shows: fences with a language and a name.
fn files(page: &str) -> Vec<(&str, &str)> {
    let fences = page.split("\n```").skip(1).step_by(2);
    let named = fences.filter_map(|fence| {
        let (head, text) = fence.split_once('\n')?;
        Some((head.split_once(' ')?.1, text))
    });
    named.collect()
}

/// Splits a command as a shell does, as far as the guides need it.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_word) = (Vec::new(), String::new(), None, false);
    for character in command.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if character == '\'' || character == '"' => (quote, is_word) = (Some(character), true),
            None if character.is_whitespace() => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(character);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

fn has_no_end(words: &[String]) -> bool {
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
    match words[1].as_str() {
        "up" => true,
        "consume" => !has(&["-c", "--limit", "--until", "--until-end"]),
        "land" => !has(&["-c", "--limit", "--until-end", "--preview", "--ddl", "--ledger"]),
        _ => false,
    }
}

fn run_page(path: &Path) {
    let page = std::fs::read_to_string(path).unwrap();
    let bench = Bench::new();
    let mut rows = Vec::new();
    std::io::copy(&mut Lookalike::new(1001, 200), &mut rows).unwrap();
    bench
        .file("data/data.csv", SERIES)
        .file("HASC1001.csv", rows)
        .file("data/earthquakes.csv", std::fs::read(root().join("data/earthquakes.csv")).unwrap());
    for (name, text) in files(&page) {
        bench.file(name, text);
    }
    let mut beside: Vec<(String, Running)> = Vec::new();
    let commands = commands(&page);
    assert!(!commands.is_empty(), "{} has no commands", path.display());
    for (command, expected) in commands {
        let mut words = words(&command);
        if has_no_end(&words) {
            if words[1] == "up" {
                // Tests take free ports.
                words.extend(["--listen".into(), "127.0.0.1:0".into()]);
            }
            beside.push((command, bench.start(&words[1..])));
            continue;
        }
        if words[1..].starts_with(&["topics".into(), "delete".into()]) {
            // Whoever still read the topic would say that it is gone.
            let readers = beside.extract_if(.., |(command, _)| command.contains(" consume "));
            readers.for_each(|(command, running)| end(path, &command, running));
        }
        let finished = bench.kadence(&words[1..]);
        assert_eq!(finished.code, Some(expected), "{}: {command}: {finished:#?}", path.display());
    }
    for (command, running) in beside {
        end(path, &command, running);
    }
}

/// Ends a command as somebody would at a terminal.
fn end(path: &Path, command: &str, mut running: Running) {
    // A command that has not come to listening for signals yet would just die of one.
    if command.contains(" up") {
        running.line();
    }
    running.interrupt();
    let status = running.wait();
    assert_eq!(status.code(), Some(0), "{}: {command}: {}", path.display(), running.stderr());
}

#[test]
fn every_command_in_the_readme_runs() {
    run_page(&root().join("README.md"));
}

#[test]
fn every_command_in_the_guides_runs() {
    for page in std::fs::read_dir(root().join("docs/guide")).unwrap() {
        run_page(&page.unwrap().path());
    }
    run_page(&root().join("docs/reference/consume.md"));
}

#[test]
fn the_example_of_a_file_with_options_runs() {
    run_page(&root().join("docs/reference/config.md"));
}
