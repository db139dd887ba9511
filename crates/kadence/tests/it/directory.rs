//! `kadence up --data-dir`, by what its users do to it: limits of the system, files that are missing.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use crate::support::{Bench, Finished, Running, eventually, hearing};

/// A broker in `data`, under a limit of the shell's.
struct Up {
    running: Running,
    address: String,
}

impl Up {
    fn start(bench: &Bench, limit: &str, more: &[&str]) -> Self {
        let mut command = hearing("sh");
        let up = "exec \"$0\" up --listen 127.0.0.1:0 --registry-listen off --data-dir data \"$@\"";
        command.current_dir(bench.folder.path()).args(["-c", &format!("{limit}; {up}")]);
        command.arg(env!("CARGO_BIN_EXE_kadence")).args(more);
        let running = Running::start(command);
        let ready = running.line();
        let address = ready.split(' ').nth(3).unwrap_or_else(|| panic!("{ready}")).to_owned();
        Self { running, address }
    }

    fn kadence(&self, bench: &Bench, arguments: &[&str]) -> Finished {
        let mut all = arguments.to_vec();
        all.extend(["-b", &self.address]);
        bench.kadence(&all)
    }

    fn stop(mut self) -> String {
        self.running.interrupt();
        assert_eq!(self.running.wait().code(), Some(0));
        self.running.stderr()
    }
}

fn lines(count: usize, width: usize) -> String {
    (0..count).map(|number| format!("{number:0width$}\n")).collect()
}

fn segments(bench: &Bench) -> Vec<PathBuf> {
    let topics = bench.folder.path().join("data/topics");
    let mut found = Vec::new();
    find(&topics, &mut found);
    found.sort();
    found
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            find(&entry.path(), found);
        } else if entry.path().extension().is_some_and(|extension| extension == "log") {
            found.push(entry.path());
        }
    }
}

/// A write beyond the largest size of a file is a refused batch, not the broker's end.
#[test]
fn a_file_that_reaches_its_limit_is_a_full_disk() {
    let bench = Bench::new();
    bench.file("many.txt", lines(5_000, 200));
    // 400 blocks of 512 bytes, or of 1024 in some shells.
    let up = Up::start(&bench, "ulimit -f 400", &[]);
    let mut replay = vec!["replay", "many.txt", "-t", "t", "--unpaced", "--compression", "none"];
    replay.extend(["-X", "batch.num.messages=50"]);
    let refused = up.kadence(&bench, &replay);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    let kept = up.kadence(&bench, &["consume", "t", "--until-end"]).ok().lines().count();
    assert!((1..5_000).contains(&kept), "{kept}: {}{}", refused.stderr, up.running.said());
    up.kadence(&bench, &["topics", "create", "other"]).ok();
    let said = up.stop();
    assert!(said.contains(".log: cannot write"), "{said}");
}

/// Partitions do not use up what connections need.
#[test]
fn more_partitions_than_files_are_written_and_read() {
    let bench = Bench::new();
    bench.file("many.txt", lines(2_000, 10));
    let up = Up::start(&bench, "ulimit -n 96", &[]);
    up.kadence(&bench, &["topics", "create", "wide", "--partitions", "200"]).ok();
    let sticky = ["-X", "sticky.partitioning.linger.ms=0", "-X", "batch.num.messages=1"];
    let mut replay = vec!["replay", "many.txt", "-t", "wide", "--unpaced"];
    replay.extend(sticky);
    up.kadence(&bench, &replay).ok();
    assert!(segments(&bench).len() > 100, "{}", segments(&bench).len());
    assert_eq!(up.kadence(&bench, &["consume", "wide", "--until-end"]).ok().lines().count(), 2_000);
    let said = eventually("the line about files", || {
        let said = up.running.said();
        said.contains("files open").then_some(said)
    });
    assert!(said.contains("ulimit -n"), "{said}");
    up.stop();
}

/// Whatever segment is missing, nobody takes what is left for all there is.
#[test]
fn a_missing_segment_is_said_and_is_no_end() {
    for which in ["only", "first", "middle", "last"] {
        let bench = Bench::new();
        let count = if which == "only" { 10 } else { 3_000 };
        bench.file("many.txt", lines(count, 1_000));
        let small = ["--config", "log.segment.bytes=1048576"];
        let up = Up::start(&bench, "true", &small);
        let replay = [
            "replay",
            "many.txt",
            "-t",
            "t",
            "--unpaced",
            "--compression",
            "none",
            "-X",
            "batch.num.messages=100",
        ];
        up.kadence(&bench, &replay).ok();
        up.stop();
        let segments = segments(&bench);
        // On a slow disk a segment gets larger than it should, and two may be all.
        let index = match which {
            "middle" => segments.len() / 2,
            "last" => segments.len() - 1,
            _ => 0,
        };
        std::fs::remove_file(&segments[index]).unwrap();
        let up = Up::start(&bench, "true", &small);
        let read = up.kadence(&bench, &["consume", "t", "--until-end"]);
        assert_eq!(read.code, Some(1), "{which}: {} lines, {}", read.stdout.lines().count(), read.stderr);
        assert!(read.stdout.lines().count() < count);
        let refused = up.kadence(&bench, &["replay", "many.txt", "-t", "t", "--unpaced", "-c", "1"]);
        assert_eq!(refused.code, Some(1), "{which}: no offset is given out twice");
        let said = up.stop();
        assert!(said.contains("missing"), "{which}: {said}");
    }
}

/// A directory that has lost its journal says how to go on, and goes on so.
#[test]
fn a_directory_without_its_journal_is_taken_up_again() {
    let bench = Bench::new();
    bench.file("many.txt", lines(100, 10));
    let up = Up::start(&bench, "true", &[]);
    up.kadence(&bench, &["replay", "many.txt", "-t", "some-topic", "--unpaced"]).ok();
    up.stop();
    std::fs::remove_file(bench.folder.path().join("data/journal")).unwrap();
    let refused = bench.kadence(&["up", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--recover"), "{}", refused.stderr);
    let up = Up::start(&bench, "true", &["--recover"]);
    assert_eq!(up.kadence(&bench, &["consume", "some-topic", "--until-end"]).ok().lines().count(), 100);
    up.kadence(&bench, &["replay", "many.txt", "-t", "some-topic", "--unpaced"]).ok();
    let said = up.stop();
    assert!(said.contains("topic some-topic is taken up with 1 partition"), "{said}");
    assert!(!said.contains("older"), "{said}");
    let up = Up::start(&bench, "true", &[]);
    assert_eq!(up.kadence(&bench, &["consume", "some-topic", "--until-end"]).ok().lines().count(), 200);
    let said = up.stop();
    assert!(!said.contains("older") && !said.contains("missing"), "{said}");
}

/// An address that is asked for twice is nobody else's.
#[test]
fn an_address_that_is_given_twice_is_its_own() {
    let bench = Bench::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let refused = bench.kadence(&["up", "--listen", &free, "--listen", &free, "--registry-listen", "off"]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("listens on as well"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("another program"), "{}", refused.stderr);
}
