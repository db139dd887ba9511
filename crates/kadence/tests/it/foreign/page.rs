//! `docs/reference/compatibility.md` says what the clients did.
//!
//! The page is its own template: what stands between two comments is written by a run of all suites, the rest by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::thread;

use kadence_broker::served;

use super::suites::{Outcome, Suite};
use crate::support::root;

const HINT: &str = "`./test compatibility` writes it anew";

fn path() -> PathBuf {
    root().join("docs/reference/compatibility.md")
}

fn page() -> String {
    std::fs::read_to_string(path()).unwrap()
}

/// The page with another text between the comments of this name.
fn replaced(page: &str, name: &str, text: &str) -> String {
    let (begin, end) =
        (format!("<!-- {name}: written by a test run -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{before}{begin}\n{text}\n{end}{after}")
}

/// Numbers as ranges: `1–3, 7`.
fn ranges(numbers: &BTreeSet<i16>) -> String {
    let mut ranges: Vec<(i16, i16)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let range = |(first, last): (i16, i16)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    ranges.into_iter().map(range).collect::<Vec<_>>().join(", ")
}

/// A row for each suite; clients that made the same checks share one.
fn clients(outcomes: &[&Outcome]) -> String {
    let mut table = String::from("| Client | What it does there |\n|---|---|\n");
    for suite in outcomes.chunk_by(|one, other| one.checks == other.checks) {
        let names: Vec<&str> = suite.iter().map(|outcome| outcome.client.as_str()).collect();
        let _ = writeln!(table, "| {} | {} |", names.join(", "), suite[0].checks.join("; "));
    }
    table
}

/// A column's heading: the client's name without what it is made of.
fn short(client: &str) -> &str {
    client.split(" (").next().unwrap_or(client)
}

fn versions(outcomes: &[&Outcome]) -> String {
    let columns: Vec<&Outcome> = outcomes.iter().copied().filter(|o| !o.client.contains(" and ")).collect();
    let mut table = String::from("| API | Key | Versions |");
    for outcome in &columns {
        let _ = write!(table, " {} |", short(&outcome.client));
    }
    table.push_str(" by none of them |\n|---|---|---|");
    table.push_str(&"---|".repeat(columns.len() + 1));
    let rows: BTreeMap<i16, _> = served().map(|(api, versions)| (api as i16, (api, versions))).collect();
    for (key, (api, versions)) in rows {
        let asked = |outcome: &Outcome| -> BTreeSet<i16> {
            outcome.asked.iter().filter(|(api, _)| *api == key).map(|(_, version)| *version).collect()
        };
        let all: BTreeSet<i16> = versions.collect();
        let by_any: BTreeSet<i16> = outcomes.iter().flat_map(|outcome| asked(outcome)).collect();
        let _ = write!(table, "\n| {api:?} | {key} | {} |", ranges(&all));
        for outcome in &columns {
            let _ = write!(table, " {} |", ranges(&asked(outcome)));
        }
        let _ = write!(table, " {} |", ranges(&all.difference(&by_any).copied().collect()));
    }
    table.push('\n');
    table
}

/// The page after a run of all suites.
fn written() -> String {
    let outcomes = thread::scope(|scope| {
        Suite::ALL.map(|suite| scope.spawn(move || suite.on_embedded())).map(|run| run.join().unwrap())
    });
    let failed: Vec<&str> = outcomes.iter().flat_map(|o| &o.failed).map(String::as_str).collect();
    assert!(failed.is_empty(), "what fails is not written down: {}", failed.join("\n"));
    let page = replaced(&page(), "clients", &clients(&outcomes));
    replaced(&page, "versions", &versions(&outcomes))
}

/// What can be checked without the clients.
#[test]
fn the_compatibility_page_lists_what_is_served() {
    let page = page();
    for (api, versions) in served() {
        let row = format!("| {api:?} | {} | {} |", api as i16, ranges(&versions.collect()));
        assert!(page.contains(&row), "{} lacks {row}: {HINT}", path().display());
    }
}

/// The numbers in `1–3, 7`.
fn numbers(ranges: &str) -> Option<BTreeSet<i16>> {
    let mut numbers = BTreeSet::new();
    for range in ranges.split(", ").filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('–').unwrap_or((range, range));
        numbers.extend(first.parse::<i16>().ok()?..=last.parse().ok()?);
    }
    Some(numbers)
}

/// Whether a line says what these clients did, and what they may do in other runs: which of its versions a client gets
/// to use, and whether it lives long enough for a heartbeat, is a matter of time.
fn says(found: &str, did: &str) -> bool {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let (found, did) = (cells(found), cells(did));
    let [_, api, _, _, found_versions @ .., found_unused, _] = &found[..] else { return found == did };
    let [_, did_api, _, _, versions @ .., unused, _] = &did[..] else { return false };
    let within = |(cell, other): (&String, &String)| match (numbers(cell), numbers(other)) {
        (Some(cell), Some(other)) => cell.is_superset(&other) && (cell.is_empty() || !other.is_empty()),
        _ => cell == other,
    };
    let of_time = api == "Heartbeat";
    api == did_api
        && found_versions.len() == versions.len()
        && (of_time || found_versions.iter().zip(versions).all(within))
        && (of_time || within((unused, found_unused)) || found_unused.is_empty())
}

#[test]
#[ignore = "needs the clients that ./test foreign installs"]
fn the_compatibility_page_is_what_the_clients_did() {
    let (found, expected) = (page(), written());
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert!(
            says(found, expected),
            "docs/reference/compatibility.md has\n{found}\nand the clients did\n{expected}\n{HINT}"
        );
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{HINT}");
}

#[test]
fn what_is_not_done_in_every_run_may_be_on_the_page() {
    let line = "| Fetch | 1 | 4–17 | 4, 16 | 4, 16–17 |  | 5–15 |";
    assert!(says(line, line));
    assert!(says(line, "| Fetch | 1 | 4–17 | 4, 16 | 4, 17 |  | 5–16 |"));
    assert!(
        !says(line, "| Fetch | 1 | 4–17 | 4, 16 | 4, 15–17 |  | 5–14 |"),
        "it is more than the page says"
    );
    assert!(!says(line, "| Fetch | 1 | 4–17 | 4, 16 |  |  | 5–15 |"), "the client reads no more");
    assert!(!says(line, "| Fetch | 1 | 4–17 | 4, 16 | 4, 16–17 |  |  |"), "all is used");
    assert!(!says("some text", "another text"));
    assert!(says("some text", "some text"));
}

#[test]
#[ignore = "writes docs/reference/compatibility.md"]
fn write_the_compatibility_page() {
    std::fs::write(path(), written()).unwrap();
}

#[test]
fn neighbours_are_told_as_a_range() {
    assert_eq!(ranges(&BTreeSet::from([0, 1, 2, 4, 6, 7])), "0–2, 4, 6–7");
    assert_eq!(ranges(&BTreeSet::new()), "");
}
