//! One suite: its commands, and what their output says.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use super::place::{InRoom, LOOK_AGAIN, said};
use super::table::{Counts, Suite, Turn};

/// Cargo says so once it has compiled, and lets others into the folder.
const COMPILED: &[u8] = b"    Finished `";

/// How many lines are shown of what failed, of the end behind that, and of the end alone.
const MOST_OF_FAILURES: usize = 300;
const LEAST_LINES: usize = 5;
const MOST_LINES: usize = 120;

/// A row of the table at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) suite: &'static str,
    pub(super) result: Verdict,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    pub(super) seconds: u64,
    pub(super) counts: Counts,
    /// Whether it was run at all.
    pub(super) ran: bool,
    /// What is said below the table.
    pub(super) note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// Something that it needs is not there, and nobody asked for it by name.
    Ignored,
}

impl Row {
    /// A suite that did not run.
    pub(super) fn without_run(suite: &Suite, result: Verdict, note: String) -> Self {
        let failed = u64::from(result == Verdict::Failed);
        let (suite, counts) = (suite.name, suite.counts);
        Self {
            suite,
            result,
            passed: 0,
            failed,
            ignored: 0,
            seconds: 0,
            counts,
            ran: false,
            note: Some(note),
        }
    }
}

/// Runs a suite, in the room where it compiles until it has.
pub(super) fn run(
    suite: &Suite,
    turn: &Turn<'_>,
    env: &[(&'static str, String)],
    room: Option<InRoom<'_>>,
) -> Row {
    let (log, watch) = (turn.place.log(suite.name), Watch::start());
    let succeeded = commands(suite, turn, env, room, &log);
    let output = said(&log);
    let (succeeded, fault) = match succeeded {
        Ok(succeeded) => (succeeded, None),
        Err(error) => (false, Some(format!("{}: {error}", suite.name))),
    };
    let row = judge(suite, succeeded, &output, watch.seconds());
    Row { note: fault.or(row.note.clone()), ..row }
}

/// What the commands' success and their output amount to.
fn judge(suite: &Suite, succeeded: bool, output: &str, seconds: u64) -> Row {
    let [passed, failed, ignored] = ["passed", "failed", "ignored"].map(|kind| count(output, kind));
    let mut row = Row {
        suite: suite.name,
        result: if succeeded { Verdict::Passed } else { Verdict::Failed },
        passed,
        failed,
        ignored,
        seconds,
        counts: suite.counts,
        ran: true,
        note: None,
    };
    if suite.counts == Counts::Suite {
        (row.passed, row.failed) = (u64::from(succeeded), u64::from(!succeeded));
    } else if succeeded && passed == 0 {
        // Green by absence is no green.
        row.result = Verdict::Failed;
        row.note = Some(format!("{}: no test ran", suite.name));
    }
    // Neither is a test that did not compile.
    if row.result == Verdict::Failed {
        row.failed = row.failed.max(1);
    }
    row
}

/// Adds up one kind of count over cargo's "test result:" lines.
fn count(output: &str, kind: &str) -> u64 {
    let results = output.lines().filter_map(|line| line.strip_prefix("test result: "));
    let counts = results.flat_map(|line| line.split([';', '.'])).map(str::trim);
    counts.filter_map(|part| part.strip_suffix(kind)?.trim_end().parse::<u64>().ok()).sum()
}

fn commands(
    suite: &Suite,
    turn: &Turn<'_>,
    env: &[(&'static str, String)],
    mut room: Option<InRoom<'_>>,
    log: &Path,
) -> io::Result<bool> {
    File::create(log)?;
    for mut command in (suite.commands)(turn) {
        command.envs(env.iter().map(|(name, value)| (name, value)));
        if !follow(command, log, &mut room)?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs a command to its end, with its output at the end of the log, and leaves the room once it has compiled.
fn follow(mut command: Command, log: &Path, room: &mut Option<InRoom<'_>>) -> io::Result<ExitStatus> {
    let open = || File::options().append(true).open(log);
    command.stdin(Stdio::null()).stdout(open()?).stderr(open()?);
    let mut seen = File::open(log)?;
    seen.seek(SeekFrom::End(0))?;
    let mut child: Child = command.spawn()?;
    let mut output = Vec::new();
    while room.is_some() {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        seen.read_to_end(&mut output)?;
        if output.windows(COMPILED.len()).any(|piece| piece == COMPILED) {
            *room = None;
        }
        std::thread::park_timeout(LOOK_AGAIN);
    }
    child.wait()
}

/// Seconds since its start.
pub(super) struct Watch(Instant);

impl Watch {
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing follows from how long a suite takes; people are told"
    )]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn seconds(&self) -> u64 {
        self.0.elapsed().as_secs()
    }
}

/// What a suite's output says of its failure: what failed in each run of tests, and the last lines.
pub(super) fn last_words(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let mut shown: Vec<&str> = Vec::new();
    let mut rest = &lines[..];
    while let Some(begin) = rest.iter().position(|line| *line == "failures:") {
        let end = rest[begin..].iter().position(|line| line.starts_with("test result: "));
        let end = begin + end.map_or(rest.len() - begin, |length| length + 1);
        shown.extend(&rest[begin..end]);
        rest = &rest[end..];
    }
    shown.truncate(MOST_OF_FAILURES);
    let least = if shown.is_empty() { MOST_LINES } else { LEAST_LINES };
    shown.extend(&rest[rest.len().saturating_sub(least)..]);
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suites::table::SUITES;

    const OUTPUT: &str = "running 2 tests\n\
        test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.10s\n\
        a test said: test result: ok. 9 passed; 9 failed\n\
        test result: FAILED. 40 passed; 3 failed; 12 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";

    fn suite(name: &str) -> &'static Suite {
        SUITES.iter().find(|suite| suite.name == name).unwrap()
    }

    fn judged(name: &str, succeeded: bool, output: &str) -> (Verdict, u64, u64, u64) {
        let row = judge(suite(name), succeeded, output, 0);
        (row.result, row.passed, row.failed, row.ignored)
    }

    #[test]
    fn tests_are_counted_as_cargo_counts_them() {
        assert_eq!(judged("tests", false, OUTPUT), (Verdict::Failed, 42, 3, 13));
        let good = OUTPUT.lines().next_back().unwrap().replace(" 3 failed", " 0 failed");
        assert_eq!(judged("tests", true, &good), (Verdict::Passed, 40, 0, 12));
    }

    #[test]
    fn of_a_failure_what_failed_is_shown() {
        let failed =
            "failures:\n\n---- a stdout ----\nwhy\n\nfailures:\n    a\n\ntest result: FAILED. 1 passed";
        let output = format!("test b ... ok\n{failed}\n{}\n{failed}\nerror: 2 targets", "line\n".repeat(200));
        assert_eq!(last_words(&output), format!("{failed}\n{failed}\nerror: 2 targets"));
        assert_eq!(last_words(&"line\n".repeat(200)), vec!["line"; MOST_LINES].join("\n"));
    }

    #[test]
    fn green_by_absence_is_no_green() {
        let none = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n";
        assert_eq!(judged("foreign", true, none), (Verdict::Failed, 0, 1, 0));
        assert_eq!(judge(suite("foreign"), true, none, 0).note.unwrap(), "foreign: no test ran");
        assert_eq!(judged("tests", false, "error: could not compile"), (Verdict::Failed, 0, 1, 0));
    }

    #[test]
    fn a_suite_of_one_command_counts_itself() {
        assert_eq!(judged("compatibility", true, OUTPUT), (Verdict::Passed, 1, 0, 13));
        assert_eq!(judged("fmt", false, ""), (Verdict::Failed, 0, 1, 0));
    }
}
