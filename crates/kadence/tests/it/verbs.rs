//! Each verb's own promises.

use kadence_core::source::Lookalike;

use crate::support::{Bench, SERIES, eventually, json, on_both_brokers};

fn standard_input_is_a_recording_like_any_other(bench: &Bench) {
    let json_lines = "{\"t\": 1, \"v\": 51}\n{\"t\": 2, \"v\": \"é\"}\n";
    bench
        .kadence_reading(json_lines, &["replay", "-", "-t", "in", "--input", "jsonl", "--speed", "1000"])
        .ok();
    assert_eq!(bench.bodies("in"), ["{\"t\": 1, \"v\": 51}", "{\"t\": 2, \"v\": \"é\"}"]);
    bench
        .kadence_reading("one\n\ntwo", &["replay", "-", "-t", "raw", "--input", "raw", "--rate", "1000"])
        .ok();
    assert_eq!(bench.bodies("raw"), ["one", "", "two"]);
    let refused = bench.kadence_reading("", &["replay", "-", "-t", "in"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[test]
fn a_preview_needs_no_broker_and_sends_nothing() {
    let mut bench = Bench::new();
    bench.file("data.csv", SERIES);
    bench.broker.take().unwrap().shutdown();
    let shown = bench.kadence(&[
        "replay",
        "data.csv",
        "-t",
        "x",
        "--speed",
        "2",
        "--key",
        "const:k",
        "--preview",
        "2",
    ]);
    assert!(shown.stderr.ends_with("2 records shown, none sent\n"), "{shown:?}");
    insta::assert_snapshot!(shown.ok(), @r#"
    +0.000000 s  k  {"timestamp":"2021-01-01 00:00:00","value":51}
    +2.000000 s  k  {"timestamp":"2021-01-01 00:00:04","value":60}
    "#);
}

/// What was left to kadence is said.
#[test]
fn decisions_are_said() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    let said = bench.kadence(&["replay", "data.csv", "--to", "null", "--speed", "1000"]).stderr;
    let first = said.lines().next().unwrap();
    assert_eq!(first, "data.csv: event time: column `timestamp`, ISO 8601 without offset, read as UTC");
}

/// The same recording has the same checksum at any pace, and another selection another.
#[test]
fn the_null_target_checksums_every_body() {
    let bench = Bench::new();
    bench.file("data.csv", SERIES);
    let crc = |more: &[&str]| {
        let arguments = [&["replay", "data.csv", "--to", "null", "--json"], more].concat();
        let report = bench.kadence(&arguments).json();
        assert_eq!(report["acknowledged"], 9, "{report}");
        report["crc32c"].as_str().unwrap().to_owned()
    };
    let bodies: String = bench
        .kadence(&["replay", "data.csv", "--to", "null", "--preview", "9", "--json"])
        .ok()
        .lines()
        .map(|line| json(line)["body"].as_str().unwrap().to_owned())
        .collect();
    let expected = format!("{:08x}", crc32c::crc32c(bodies.as_bytes()));
    assert_eq!(crc(&["--unpaced"]), expected);
    assert_eq!(crc(&["--speed", "1000"]), expected);
    assert_ne!(crc(&["--unpaced", "--select", "value"]), expected);
}

fn every_report_has_every_name(bench: &Bench) {
    bench.file("data.csv", SERIES);
    let report = bench.kadence(&["replay", "data.csv", "-t", "t", "--speed", "1000", "--json"]).json();
    let names: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    for name in [
        "verb",
        "accepted",
        "acknowledged",
        "bytes",
        "failed",
        "interrupted",
        "elapsed_s",
        "ideal_s",
        "skew_percent",
        "lateness_us",
        "arrival_lateness_us",
        "missed",
        "retries",
        "topics",
    ] {
        assert!(names.contains(&name), "{name} is missing: {report}");
    }
    assert_eq!(report["ideal_s"], 0.024);
    assert_eq!(report["skew_percent"], serde_json::Value::Null, "nine records are too few to tell");
    assert_eq!(report["topics"]["t"]["0"], 9);
}

fn every_send_mode_compression_and_format_delivers(bench: &Bench) {
    bench.file("data.csv", SERIES);
    for (topic, more) in [
        ("sync", "--send sync"),
        ("forget", "--send forget"),
        ("leader", "--acks 1"),
        ("once", "--retries 0"),
        ("gzip", "--compression gzip --batch-size 16KiB --linger 5ms"),
        ("snappy", "--compression snappy"),
        ("lz4", "--compression lz4"),
        ("zstd", "--compression zstd"),
        ("raw", "--format raw"),
        ("csv", "--format csv --select value,timestamp"),
        ("array", "--shape array"),
    ] {
        let arguments = format!("replay data.csv -t {topic} --speed 1000 {more}");
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(finished.code, Some(0), "{topic}: {finished:?}");
        let off = finished.stderr.contains("idempotence is off because of");
        assert_eq!(off, ["forget", "leader", "once"].contains(&topic), "{topic}: {finished:?}");
        assert_eq!(bench.bodies(topic).len(), 9, "{topic}");
    }
    let forget =
        bench.kadence(&["replay", "data.csv", "-t", "f", "--unpaced", "--send", "forget", "--json"]).json();
    assert_eq!((&forget["accepted"], &forget["acknowledged"]), (&9.into(), &serde_json::Value::Null));
    assert_eq!(bench.bodies("raw")[0], "2021-01-01 00:00:00,51");
    assert_eq!(bench.bodies("csv")[0], "51,2021-01-01 00:00:00");
    assert_eq!(bench.bodies("array")[0], "[\"2021-01-01 00:00:00\",51]");
}

fn headers_keys_and_templates_are_printed_as_in_kcat(bench: &Bench) {
    bench.file("data.csv", SERIES);
    let replay = "replay data.csv -t t --unpaced -c 1 --key column:value -H a=1 -H a=2";
    bench.kadence(&replay.split(' ').collect::<Vec<_>>()).ok();
    let template = r"%t [%p] at %o: %k (%K) %h %S%% \x21\n";
    let read = bench.kadence(&["consume", "-t", "t", "--until-end", "-f", template]).ok();
    assert_eq!(read, "t [0] at 0: 51 (2) a=1,a=2 46% !\n");
}

fn reading_starts_and_stops_where_it_is_told(bench: &Bench) {
    bench.file("data.csv", SERIES);
    bench
        .kadence(&[
            "replay",
            "data.csv",
            "-t",
            "t",
            "--interval",
            "20ms",
            "--select",
            "value",
            "--format",
            "raw",
        ])
        .ok();
    let read = |arguments: &str| {
        let arguments = format!("consume t {arguments}");
        bench.kadence(&arguments.split(' ').collect::<Vec<_>>()).ok().replace('\n', " ")
    };
    assert_eq!(read("--until-end"), "51 60 82 86 99 23 63 20 32 ");
    assert_eq!(read("--from 7 --until-end"), "20 32 ");
    assert_eq!(read("--from -2 --until-end"), "20 32 ");
    assert_eq!(read("--from end --until-end"), "");
    assert_eq!(read("--until 3"), "51 60 82 ");
    assert_eq!(read("--from 2 -c 2"), "82 86 ");
    let stamps = bench.kadence(&["consume", "t", "--until-end", "-f", r"%T\n"]).ok();
    let fifth = stamps.lines().nth(4).unwrap();
    assert_eq!(read(&format!("--from @{fifth} --until-end")), "99 23 63 20 32 ");
    assert_eq!(read(&format!("--until @{fifth}")), "51 60 82 86 ");
    let beyond = bench.kadence(&["consume", "t", "--from", "99", "--until-end"]);
    assert_eq!(beyond.code, Some(1), "{beyond:?}");
}

fn several_topics_are_read_together(bench: &Bench) {
    bench.kadence(&["topics", "create", "pair-b", "--partitions", "2"]).ok();
    bench.file("data.csv", SERIES);
    for topic in ["pair-a", "pair-b", "other"] {
        let replay =
            format!("replay data.csv -t {topic} --unpaced --select value --format raw --key column:value");
        bench.kadence(&replay.split(' ').collect::<Vec<_>>()).ok();
    }
    let read = |arguments: &str| {
        let arguments = format!("consume {arguments} --until-end --json -f %t:%s\\n");
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        let mut lines: Vec<String> = finished.stdout.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        (lines, json(finished.stderr.lines().last().unwrap()))
    };
    let both = read("pair-a pair-b");
    assert_eq!((both.0.len(), &*both.0[0], &*both.0[17]), (18, "pair-a:20", "pair-b:99"));
    let of_b = &both.1["next_offsets"]["pair-b"];
    assert_eq!(both.1["next_offsets"]["pair-a"], serde_json::json!({ "0": 9 }));
    assert_eq!(of_b["0"].as_i64().unwrap() + of_b["1"].as_i64().unwrap(), 9);
    for other in ["-t pair-b -t pair-a", "^pair-", "^pair- -g by-pattern", "pair-a pair-b -g by-name"] {
        let found = read(other);
        assert_eq!((&found.0, &found.1["next_offsets"]), (&both.0, &both.1["next_offsets"]), "{other}");
    }
    assert_eq!(read("pair-a").1["next_offsets"], serde_json::json!({ "0": 9 }));
    let one = read("pair-b --partition 1");
    assert_eq!(one.0.len() as i64, of_b["1"].as_i64().unwrap());
    assert_eq!(one.1["next_offsets"], serde_json::json!({ "1": of_b["1"] }));
    for (arguments, code, what) in [
        ("consume pair-b --partition 7", 1, "topic pair-b: no partition 7 (there are 2)"),
        ("consume ^none --until-end", 1, "topic ^none: no topic matches it"),
        ("consume ^( --until-end", 2, "topic ^(: is no regular expression"),
        ("consume pair-b --partition 0 -g g", 2, ""),
    ] {
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(finished.code, Some(code), "{arguments}: {finished:?}");
        assert!(finished.stderr.contains(what), "{arguments}: {finished:?}");
    }
}

fn json_bodies_are_checked_and_compacted_on_request(bench: &Bench) {
    let lines = "{\"a\":  1.0}\nno json\n";
    bench.kadence_reading(lines, &["replay", "-", "-t", "t", "--input", "raw", "--unpaced"]).ok();
    let finished = bench.kadence(&["consume", "t", "--until-end", "--format", "json"]);
    assert_eq!((finished.code, &*finished.stdout), (Some(1), "{\"a\":1.0}\n"), "{finished:?}");
    assert!(finished.stderr.starts_with("kadence: t [0] @1: the body is no JSON"), "{finished:?}");
}

fn topics_come_and_go(bench: &Bench) {
    bench.kadence(&["topics", "create", "a", "b", "--partitions", "3", "--config", "retention.ms=1000"]).ok();
    assert_eq!(
        bench.kadence(&["topics", "list"]).ok(),
        "a  3 partitions, 1 replica\nb  3 partitions, 1 replica\n"
    );
    let again = bench.kadence(&["topics", "create", "a", "c"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("created c") && again.stderr.contains("topic a: "), "{again:?}");
    let described = bench.kadence(&["topics", "describe", "a", "--json"]).json();
    assert_eq!(described["topics"][0]["partitions"].as_array().unwrap().len(), 3);
    assert_eq!(described["topics"][0]["configs"]["retention.ms"], "1000");
    bench.kadence(&["topics", "delete", "a", "b", "c"]).ok();
    // Kafka still lists for a moment what is deleted.
    eventually("the topics to be gone", || bench.kadence(&["topics", "list"]).ok().is_empty().then_some(()));
}

#[test]
fn a_taken_port_is_one_line() {
    let bench = Bench::new();
    let finished = bench.kadence(&["up", "--listen", &bench.address]);
    assert_eq!(finished.code, Some(1));
    let text = format!(
        "kadence: {}: the port is taken by another program; stop it, or choose another with --listen 127.0.0.1:0\n",
        bench.address
    );
    assert_eq!(finished.stderr, text);
}

/// At its memory limit the broker says so once, the producer fails with the broker's reason, and readers go on.
#[test]
fn a_full_broker_says_so_and_the_replay_fails() {
    let bench = Bench::new();
    let mut lines = Vec::new();
    std::io::copy(&mut Lookalike::new(1, 40_000), &mut lines).unwrap();
    bench.file("lines.txt", lines);
    let words =
        ["up", "--listen", "127.0.0.1:0", "--registry-listen", "off", "--memory-limit", "1MiB", "--json"];
    let mut up = bench.start(&words);
    let address = json(&up.line())["brokers"][0].as_str().unwrap().to_owned();
    let finished = bench.kadence(&["replay", "lines.txt", "-t", "t", "--unpaced", "-b", &address, "--json"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("--memory-limit"), "{finished:?}");
    let acknowledged = finished.json()["acknowledged"].as_u64().unwrap();
    let read = bench.kadence(&["consume", "t", "--until-end", "-b", &address]).ok();
    assert_eq!(read.lines().count() as u64, acknowledged);
    up.interrupt();
    assert!(up.wait().success());
    let said = up.stderr();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("the memory limit of 1 MiB is reached"), "{said}");
}

#[test]
fn completions_are_there_for_each_shell() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(bench.kadence(&["completions", shell]).ok().contains("replay"), "{shell}");
    }
}

on_both_brokers! {
    standard_input_is_a_recording_like_any_other,
    every_report_has_every_name,
    every_send_mode_compression_and_format_delivers,
    headers_keys_and_templates_are_printed_as_in_kcat,
    reading_starts_and_stops_where_it_is_told,
    several_topics_are_read_together,
    json_bodies_are_checked_and_compacted_on_request,
    topics_come_and_go,
}
