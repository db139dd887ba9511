//! What people read when something is wrong: one line each, and an exit code that scripts can trust.

use std::net::TcpListener;

use kadence_broker::Options;

use crate::support::{Bench, SERIES, json, on_both_brokers};

/// Runs kadence and expects `code` and exactly `text` on standard error, with nothing on standard output.
#[track_caller]
fn refused(bench: &Bench, arguments: &str, code: i32, text: &str) {
    let arguments: Vec<&str> = arguments.split(' ').map(|word| word.trim_matches('"')).collect();
    let finished = bench.kadence(&[&arguments[..], &["-q"]].concat());
    let said = finished.stderr.replace(&bench.address, "BROKER");
    assert_eq!((finished.code, said.trim_end(), &*finished.stdout), (Some(code), text, ""), "{arguments:?}");
}

/// The flaws of the time-series demo's program: what made it crash, or exit with 0, is named with its place.
#[test]
fn faults_in_a_recording_are_named_with_file_line_and_cell() {
    let bench = Bench::new();
    let rows = |rows: &str| format!("timestamp,value\n{rows}");
    bench
        .file("header.csv", "timestamp,value\n")
        .file("empty.csv", "")
        .file("blank.csv", rows("2021-01-01 00:00:00,51\n\n2021-01-01 00:00:04,60\n"))
        .file("number.csv", rows("2021-01-01 00:00:00,51\n2021-01-01 00:00:01,many\n"))
        .file("back.csv", rows("2021-01-01 00:00:04,51\n2021-01-01 00:00:00,60\n"))
        .file("short.csv", rows("2021-01-01 00:00:00,51\n2021-01-01 00:00:01\n"))
        .file("long.csv", rows("2021-01-01 00:00:00,51\n2021-01-01 00:00:01,5,6\n"))
        .file("time.csv", rows("2021-01-01 00:00:00,51\nyesterday,5\n"))
        .file("bytes.csv", b"timestamp,value\n2021-01-01 00:00:00,51\n2021-01-01 00:00:01,\xff\n");
    for (file, more, text) in [
        (
            "header.csv",
            "",
            "header.csv:1: no records (nothing follows the header line); with --columns the first line counts as a \
             record",
        ),
        ("empty.csv", "", "empty.csv:1: no records (the file is empty)"),
        ("blank.csv", "", "blank.csv:3: blank line; remove it"),
        ("number.csv", " --types value:float", "number.csv:3: column 2 `value`: `many` is no float"),
        (
            "back.csv",
            "",
            "back.csv:3: column 1 `timestamp`: `2021-01-01 00:00:00` is 4s earlier than the record before it; if \
             `timestamp` is not the event time, name the right column with --time; otherwise sort the file, or pass --out-of-order=clamp to replay it as it stands",
        ),
        ("short.csv", "", "short.csv:3: 1 cell where 2 are expected (timestamp, value)"),
        ("long.csv", "", "long.csv:3: 3 cells where 2 are expected (timestamp, value)"),
        (
            "time.csv",
            "",
            "time.csv:3: column 1 `timestamp`: `yesterday` is no time in the format iso (ISO 8601); state another \
             with --time-format",
        ),
        ("bytes.csv", "", "bytes.csv:3: column 2 `value` is not UTF-8; convert the file"),
        ("absent.csv", "", "absent.csv: cannot be read (No such file or directory (os error 2))"),
    ] {
        let text = format!("kadence: {text}");
        refused(&bench, &format!("replay {file} --to null --speed 1000{more}"), 1, &text);
    }
}

#[test]
fn speed_zero_is_misuse() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    for speed in ["0", "-1", "NaN", "fast"] {
        let finished = bench.kadence(&["replay", "data.csv", "--to", "null", &format!("--speed={speed}")]);
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains("must be a decimal number greater than 0"), "{finished:?}");
    }
}

/// Rows before a bad one still leave; the run says how many, and fails.
fn records_before_a_bad_row_are_sent_and_counted(bench: &Bench) {
    bench.file("data.csv", SERIES.replace("00:00:21,63", "00:00:21"));
    let finished = bench.kadence(&["replay", "data.csv", "-t", "cut", "--speed", "100", "--json"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(finished.json()["acknowledged"], 6);
    let error = json(finished.stderr.lines().next().unwrap());
    assert_eq!(error["error"]["where"], "data.csv:8");
    let bodies = bench.bodies("cut");
    assert_eq!(bodies.len(), 6, "{bodies:?}");
}

#[test]
fn a_selection_is_marked_where_it_is_wrong() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    let selected = |select: &str| bench.kadence(&["replay", "data.csv", "--to", "null", "--select", select]);
    let finished = selected("value, uuidd() AS id");
    assert_eq!(finished.code, Some(2));
    insta::assert_snapshot!(finished.stderr, @r"
    kadence: --select, character 8: unknown function `uuidd`; there are uuid(), now(), event_time(), line(), file(), text('…')
    value, uuidd() AS id
           ^^^^^
    ");
    insta::assert_snapshot!(selected("valu AS v, tim").stderr, @r"
    kadence: --select, character 1: no column `valu` (found: timestamp, value)
    valu AS v, tim
    ^^^^
    kadence: --select, character 12: no column `tim` (found: timestamp, value)
    valu AS v, tim
               ^^^
    ");
}

/// Machines get JSON even where the command line itself is wrong.
#[test]
fn errors_are_json_for_machines() {
    let bench = Bench::new();
    for arguments in
        ["replay absent.csv --to null --json", "replay --json", "replay x --to null --speed 0 --json"]
    {
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        assert!(matches!(finished.code, Some(1 | 2)), "{finished:?}");
        for line in finished.stderr.lines() {
            let error = &json(line)["error"];
            for name in ["where", "what", "help"] {
                assert!(error[name].is_string(), "{line}");
            }
        }
        assert!(!finished.stderr.is_empty() && finished.stdout.is_empty(), "{finished:?}");
    }
    let missing = bench.kadence(&["replay", "--json"]).stderr;
    assert!(missing.contains("<FILE>"), "what is missing is said: {missing}");
}

/// What cannot be written is known before the first record leaves, or fails the run.
#[test]
fn unwritable_output_is_no_secret() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    refused(
        &bench,
        "replay data.csv -t unsent --unpaced --report absent/report.json",
        1,
        "kadence: absent/report.json: the report cannot be written (No such file or directory (os error 2))",
    );
    refused(
        &bench,
        "replay data.csv --to null --unpaced --report ./data.csv",
        2,
        "kadence: --report: `./data.csv` is the recording itself; name another file",
    );
    assert_eq!(bench.kadence(&["topics", "list"]).ok(), "", "something was sent");
    // A run that does not come about has a report too, and each replaces all of the one before.
    let report = || std::fs::read_to_string(bench.folder.path().join("report.json")).unwrap();
    bench.file("report.json", "x".repeat(5_000));
    bench.kadence(&["replay", "absent.csv", "--to", "null", "--report", "report.json"]);
    assert_eq!(json(&report())["error"]["where"], "absent.csv");
    bench.kadence(&["replay", "data.csv", "--to", "null", "--unpaced", "--report", "report.json"]).ok();
    assert_eq!(json(&report())["accepted"], 9);
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let mut command = bench.command(&["replay", "data.csv", "--to", "null", "--unpaced", "--echo", "-q"]);
        command.stdout(full).stderr(std::process::Stdio::piped());
        let finished = command.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&finished.stderr);
        assert_eq!(finished.status.code(), Some(1), "{said}");
        assert!(said.starts_with("kadence: standard output: cannot be written"), "{said}");
    }
}

#[test]
fn what_consume_cannot_read_is_refused_before_it_connects() {
    let bench = Bench::new();
    for (arguments, said) in [
        (&["r1.*"][..], "topic r1.*: not a topic name; a pattern begins with ^, such as ^r1.*"),
        (&["a b"], "topic a b: not a topic name; use letters, digits,"),
        (&["^a("], "topic ^a(: is no regular expression"),
        (&["t", "-c", "0"], "--limit: nothing would be read (found: 0)"),
    ] {
        let finished = bench.kadence(&[&["consume", "-b", "localhost:1"], arguments].concat());
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.starts_with(&format!("kadence: {said}")), "{finished:?}");
    }
    for arguments in [&["consume", "t", "--until", "@-5"][..], &["groups", "reset", "g", "--to", "@-5"]] {
        let finished = bench.kadence(arguments);
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains("`@-5` is before 1970; no record has a time"), "{finished:?}");
    }
}

/// Whether nothing can be written or a record cannot be printed: one object ends the run, with what was printed.
#[test]
fn one_object_ends_a_run_of_consume_that_fails() {
    let bench = Bench::new();
    let rows: String = (0..2_000).map(|row| format!("{row}\n")).collect();
    bench.file("rows.txt", rows);
    bench.kadence(&["replay", "rows.txt", "-t", "t", "--unpaced"]).ok();
    let summary = |stderr: &str| {
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        json(stderr)
    };
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let mut command = bench.command(&["consume", "t", "--until-end", "--json"]);
        command.stdout(full).stderr(std::process::Stdio::piped());
        let finished = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(finished.status.code(), Some(1));
        let summary = summary(&String::from_utf8_lossy(&finished.stderr));
        assert_eq!((&summary["records"], &summary["bytes"]), (&0.into(), &0.into()), "{summary}");
        assert_eq!(summary["next_offsets"]["0"], 0, "{summary}");
        assert_eq!(summary["error"]["where"], "standard output", "{summary}");
    }
    for (name, body) in [("no-json", &b"5\n7\nno\n8\n"[..]), ("no-text", b"5\n7\n{\"a\":\"\xe9\"}\n8\n")] {
        bench.file("bodies.txt", body);
        bench.kadence(&["replay", "bodies.txt", "-t", name, "--unpaced"]).ok();
        let finished = bench.kadence(&["consume", name, "--until-end", "--json", "--format", "json"]);
        assert_eq!((finished.code, &*finished.stdout), (Some(1), "5\n7\n"), "{finished:?}");
        let summary = summary(&finished.stderr);
        assert_eq!((&summary["records"], &summary["next_offsets"]["0"]), (&2.into(), &2.into()), "{summary}");
        assert_eq!(summary["error"]["where"], format!("{name} [0] @2"), "{summary}");
    }
}

/// Declared types hold for every field of a JSON Lines record, selected by name or by `*`.
#[test]
fn types_hold_for_json_lines() {
    let bench = Bench::new();
    bench.file("lines.jsonl", "{\"a\":51,\"b\":\"x\"}\n");
    let shown = |more: &str| {
        let arguments = format!("replay lines.jsonl --to null --unpaced --preview 1 {more}");
        bench.kadence(&arguments.split(' ').collect::<Vec<_>>())
    };
    assert_eq!(shown("--types a:float").ok(), "+0.000000 s  {\"a\":51.0,\"b\":\"x\"}\n");
    assert_eq!(shown("--text").ok(), "+0.000000 s  {\"a\":\"51\",\"b\":\"x\"}\n");
    let misfit = shown("--types b:int");
    assert_eq!(misfit.code, Some(1), "{misfit:?}");
    assert!(misfit.stderr.contains("lines.jsonl:1: field `b`: `x` is no int"), "{misfit:?}");
    assert_eq!(shown("--format csv").code, Some(2), "fields without names");
    assert_eq!(shown("--format csv --select b,a").ok(), "+0.000000 s  x,51\n");
    assert_eq!(shown("--types a:int,a:text").code, Some(2));
}

#[test]
fn options_at_odds_are_misuse() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES).file("lines", "a\n");
    refused(
        &bench,
        "replay lines --to null",
        2,
        "kadence: lines: the extension says nothing; say what it is with --input csv, jsonl or raw",
    );
    refused(
        &bench,
        "replay lines --to null --input raw",
        2,
        "kadence: lines: raw lines have no event times; pace them with --rate, --interval or --unpaced",
    );
    refused(
        &bench,
        "replay data.csv --to null --shape keyed --select value,timestamp,line()",
        2,
        "kadence: --shape keyed: takes exactly one column besides the time (found: value, line); choose one with \
         --select",
    );
    refused(
        &bench,
        "replay data.csv -t x --send forget --acks all",
        2,
        "kadence: --send forget and --acks all: the one waits for no acknowledgement, the other asks for it; leave \
         one of them out",
    );
    refused(
        &bench,
        "replay data.csv -t x -X enable.idempotence=true --acks 1 -X lingerms=1",
        2,
        "kadence: -X: unknown property `lingerms`; did you mean `linger.ms`?\n\
         kadence: -X enable.idempotence=true and --acks 1: idempotence needs acks=all, retries, and at most 5 requests \
         in flight, in order; leave one of them out",
    );
}

#[test]
fn an_unreachable_broker_is_one_line_with_the_remedy() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for verb in ["replay data.csv -t x", "consume x", "topics list"] {
        let text = format!(
            "kadence: {free}: no broker answers (connection refused); start one with kadence up, or name another with -b"
        );
        refused(&bench, &format!("{verb} -b {free}"), 1, &text);
    }
}

#[test]
fn an_absent_topic_is_one_line_where_the_broker_creates_none() {
    let bench = Bench::with(Options { auto_create_topics: false, ..Options::default() });
    bench.file("data.csv", SERIES);
    refused(
        &bench,
        "replay data.csv -t nowhere",
        1,
        "kadence: topic nowhere: does not exist and the broker does not create topics by itself; create it with \
         kadence topics create nowhere",
    );
    refused(
        &bench,
        "consume nowhere --until-end",
        1,
        "kadence: topic nowhere: does not exist; kadence topics list shows those that do",
    );
}

fn a_record_too_large_fails_the_run_and_names_the_line(bench: &Bench) {
    bench.kadence(&["topics", "create", "big", "--config", "max.message.bytes=2000"]).ok();
    bench.file("lines.txt", format!("short\n{}\nlast\n", "x".repeat(5_000)));
    let finished =
        bench.kadence(&["replay", "lines.txt", "-t", "big", "--interval", "1ms", "--send", "sync", "--json"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let error = json(finished.stderr.lines().next().unwrap());
    assert_eq!(error["error"]["where"], "big", "{finished:?}");
    let what = error["error"]["what"].as_str().unwrap();
    assert!(what.starts_with("record 2 (line 2): message too large (5,0"), "{error}");
    assert_eq!(finished.json()["failed"], 1, "{finished:?}");
}

/// The recording's line numbers survive a tolerance that is not met: the run fails, and says by how much.
#[test]
fn a_tolerance_given_explicitly_is_kept_or_the_run_fails() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    let finished =
        bench.kadence(&["replay", "data.csv", "--to", "null", "--speed", "1000", "--tolerance", "1ns"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("p99 lateness is"), "{finished:?}");
    bench.kadence(&["replay", "data.csv", "--to", "null", "--speed", "1000", "--tolerance", "1h"]).ok();
}

on_both_brokers! {
    records_before_a_bad_row_are_sent_and_counted,
    a_record_too_large_fails_the_run_and_names_the_line,
}
