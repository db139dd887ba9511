//! Ctrl-C, SIGTERM and closed pipes.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Bench, SERIES, eventually, json, on_both_brokers, signal};

/// A bounded run that is cut says how many records really went, and exits with 130.
fn a_cut_replay_flushes_and_reports_the_true_count(bench: &Bench) {
    bench.file("data.csv", SERIES);
    for (topic, cut_by) in [("cut", Signal::INT), ("ended", Signal::TERM)] {
        let mut replay = bench.start(&[
            "replay",
            "data.csv",
            "-t",
            topic,
            "--interval",
            "50ms",
            "--echo",
            "--report",
            "report.json",
        ]);
        for _ in 0..3 {
            replay.line();
        }
        signal(replay.pid(), cut_by);
        assert_eq!(replay.wait().code(), Some(130), "{}", replay.stderr());
        let report = json(&std::fs::read_to_string(bench.folder.path().join("report.json")).unwrap());
        let found = bench.bodies(topic);
        assert!((3..9).contains(&found.len()), "{found:?}");
        assert_eq!(report["acknowledged"], found.len());
        assert_eq!(report["accepted"], found.len());
        assert_eq!(report["interrupted"], true);
        assert!(replay.stderr().contains("interrupted"));
    }
}

/// A long gap is no reason to be late at stopping.
fn a_replay_stops_while_it_waits(bench: &Bench) {
    bench.file("data.csv", SERIES);
    let mut replay =
        bench.start(&["replay", "data.csv", "-t", "cut", "--interval", "1h", "--echo", "--json"]);
    replay.line();
    replay.interrupt();
    assert_eq!(replay.wait().code(), Some(130));
    assert_eq!(json(replay.stderr().lines().last().unwrap())["acknowledged"], 1);
}

/// With the broker gone the flush waits for it; the second signal does not. Whether the recording was at its end
/// makes no difference: what is not acknowledged was not sent.
#[test]
fn a_second_signal_aborts() {
    for limit in ["9", "2"] {
        let mut bench = Bench::new();
        bench.file("data.csv", SERIES);
        let replay = ["replay", "data.csv", "-t", "cut", "--interval", "1s", "--echo", "--json", "-c", limit];
        let mut replay = bench.start(&replay);
        replay.line();
        // Whoever can read it knows that it was acknowledged, or is about to be.
        bench.kadence(&["consume", "cut", "-c", "1"]).ok();
        bench.broker.take().unwrap().shutdown();
        replay.line();
        replay.interrupt();
        assert_eq!(replay.wait_for(Duration::from_millis(500)), None, "the flush gave up at once");
        replay.interrupt();
        assert_eq!(replay.wait().code(), Some(130), "limit {limit}: {}", replay.stderr());
        let report = json(replay.stderr().lines().last().unwrap());
        assert_eq!(report["accepted"], 2, "{report}");
        assert!(report["acknowledged"].as_u64().unwrap() < 2, "{report}");
        assert_eq!(report["interrupted"], true, "{report}");
    }
}

/// Whoever asks for the end and sees nothing happen is told why, and what to do.
#[test]
fn a_flush_that_lasts_is_said() {
    let mut bench = Bench::new();
    bench.file("data.csv", SERIES);
    let mut replay = bench.start(&["replay", "data.csv", "-t", "cut", "--interval", "1s", "--echo"]);
    replay.line();
    bench.kadence(&["consume", "cut", "-c", "1"]).ok();
    bench.broker.take().unwrap().shutdown();
    replay.line();
    replay.interrupt();
    eventually("word of the flush", || replay.said().contains("again gives up").then_some(()));
    let said = replay.said();
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("waiting for ")).collect();
    let [line] = lines[..] else { panic!("{said}") };
    assert!(line.ends_with("; Ctrl-C again gives up"), "{line}");
    replay.interrupt();
    assert_eq!(replay.wait().code(), Some(130), "{}", replay.stderr());
}

/// Standard input may never say anything.
#[test]
fn a_replay_stops_while_it_waits_for_its_first_line() {
    let bench = Bench::new();
    let mut command =
        bench.command(&["replay", "-", "-t", "t", "--input", "raw", "--unpaced", "--json", "-v"]);
    command.args(["--report", "begun.json"]).stdin(Stdio::piped());
    // The two do not go together: with a log on standard error its lines are no JSON.
    assert_eq!(crate::support::finish(command).code, Some(2));
    let mut command = bench.command(&["replay", "-", "-t", "t", "--input", "raw", "--unpaced", "--json"]);
    command.args(["--report", "begun.json"]).stdin(Stdio::piped());
    let mut replay = crate::support::Running::start(command);
    eventually("an ear for signals", || hears_interrupts(replay.pid()).then_some(()));
    replay.interrupt();
    assert_eq!(replay.wait().code(), Some(130), "{}", replay.stderr());
    assert_eq!(json(&replay.rest())["interrupted"], true);
}

/// Whether a process listens for Ctrl-C.
fn hears_interrupts(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 << 1 != 0)
}

/// Before the first record there is a report as well, of none.
#[test]
fn a_replay_stops_while_it_connects() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    // Takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let mut replay = bench.start(&["replay", "data.csv", "-t", "t", "--json", "-b", &address]);
    let _connection = silent.accept().unwrap();
    replay.interrupt();
    assert_eq!(replay.wait().code(), Some(130), "{}", replay.stderr());
    let report = json(&replay.rest());
    assert_eq!((&report["acknowledged"], &report["interrupted"]), (&0.into(), &true.into()), "{report}");
}

fn verbs_without_a_natural_end_finish_cleanly(bench: &Bench) {
    bench.file("data.csv", SERIES);
    bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced"]).ok();
    for stopped_by in [Signal::INT, Signal::TERM] {
        let mut consume = bench.start(&["consume", "t", "--json"]);
        for _ in 0..9 {
            consume.line();
        }
        signal(consume.pid(), stopped_by);
        assert_eq!(consume.wait().code(), Some(0));
        let summary = json(consume.stderr().lines().last().unwrap());
        assert_eq!((&summary["records"], &summary["next_offsets"]["0"]), (&9.into(), &9.into()));

        let mut up = bench.start(&["up", "--listen", "127.0.0.1:0", "--registry-listen", "off", "--json"]);
        let ready = json(&up.line());
        assert_eq!(ready["ready"], true, "{ready}");
        signal(up.pid(), stopped_by);
        assert_eq!(up.wait().code(), Some(0), "{}", up.stderr());
    }
}

fn waiting_for_an_absent_topic_can_be_stopped(bench: &Bench) {
    let mut command = bench.command(&["consume", "never"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut consume = command.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(consume.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "topic never does not exist yet; waiting for it\n");
    signal(consume.id(), Signal::INT);
    assert_eq!(consume.wait().unwrap().code(), Some(0));
}

/// `kadence consume t | head -n 1` ends as soon as `head` does, without a word.
fn a_closed_pipe_ends_silently(bench: &Bench) {
    bench.file("data.csv", SERIES);
    bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced"]).ok();
    let mut command = bench.command(&["consume", "t"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut consume = command.spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(consume.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let finished = consume.wait_with_output().unwrap();
    assert_eq!((finished.status.code(), &*String::from_utf8_lossy(&finished.stderr)), (Some(0), ""));
    assert!(line.contains("51"), "{line}");
}

/// A topic that is waited for may never come, and then nothing is ever written.
fn a_closed_pipe_ends_the_wait_for_a_topic(bench: &Bench) {
    for arguments in [&["consume", "never"][..], &["consume", "^never"], &["consume", "never", "-g", "g"]] {
        let mut command = bench.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut consume = command.spawn().unwrap();
        drop(consume.stdout.take());
        let finished = consume.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&finished.stderr);
        assert_eq!(finished.status.code(), Some(0), "{said}");
        assert!(said.lines().count() <= 1, "{said}");
    }
}

on_both_brokers! {
    a_cut_replay_flushes_and_reports_the_true_count,
    a_replay_stops_while_it_waits,
    verbs_without_a_natural_end_finish_cleanly,
    waiting_for_an_absent_topic_can_be_stopped,
    a_closed_pipe_ends_silently,
    a_closed_pipe_ends_the_wait_for_a_topic,
}
