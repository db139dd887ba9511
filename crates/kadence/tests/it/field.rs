//! What real files and habits did to other tools, and to this one once: each kind with an input as it was met and a
//! further one of the same kind.

use std::process::Stdio;

use rustix::process::Signal;

use crate::support::{Bench, Running, hearing, json, signal};

/// Runs `kadence` with these words, in which `'…'` keeps blanks together.
#[track_caller]
fn run(bench: &Bench, line: &str) -> crate::support::Finished {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    bench.kadence(&words)
}

/// What is echoed of a run into nowhere.
#[track_caller]
fn echoed(bench: &Bench, options: &str) -> Vec<String> {
    run(bench, &format!("replay {options} --to null --echo -q")).ok().lines().map(Into::into).collect()
}

/// The due times of a preview, without `+` and ` s`.
#[track_caller]
fn dues(bench: &Bench, options: &str) -> Vec<String> {
    let shown = run(bench, &format!("replay {options} --to null --preview 9")).ok();
    shown.lines().map(|line| line.split(' ').next().unwrap().trim_start_matches('+').to_owned()).collect()
}

/// The one line of an error.
#[track_caller]
fn refused(bench: &Bench, line: &str) -> String {
    let finished = run(bench, line);
    assert!(matches!(finished.code, Some(1 | 2)), "{finished:?}");
    finished.stderr.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn blanks_in_a_list_of_names_are_the_lists() {
    let bench = Bench::new();
    bench.file("a.csv", "0,1\n");
    assert_eq!(echoed(&bench, "a.csv --columns 'time, v'"), [r#"{"time":0,"v":1}"#]);
    assert_eq!(echoed(&bench, "a.csv --columns ' time ,v ' --types ' v : text'"), [r#"{"time":0,"v":"1"}"#]);
}

#[test]
fn the_remedy_for_two_columns_of_one_name_works() {
    let bench = Bench::new();
    bench.file("a.csv", "time,v,v\n2024-01-01 00:00:00,1,2\n");
    assert_eq!(
        refused(&bench, "replay a.csv --to null"),
        "kadence: a.csv:1: two columns are called `v`; name the columns with --columns, and pass over the header \
         line with --skip-lines 1"
    );
    assert_eq!(
        echoed(&bench, "a.csv --columns time,v,w --skip-lines 1"),
        [r#"{"time":"2024-01-01 00:00:00","v":1,"w":2}"#]
    );
    // Lines of remarks before the header are passed over alike, and lines are counted on.
    bench.file("b.csv", "# made by hand\n# in May\ntime,v\n0,1\n1,x\n");
    assert_eq!(
        refused(&bench, "replay b.csv --skip-lines 2 --types v:int --to null --speed 1000"),
        "b.csv: event time: column `time`, s (epoch seconds)"
    );
    let finished = run(&bench, "replay b.csv --skip-lines 2 --types v:int --to null --unpaced -q");
    assert_eq!(finished.stderr.trim_end(), "kadence: b.csv:5: column 2 `v`: `x` is no int");
    assert_eq!(
        refused(&bench, "replay b.csv --skip-lines 9 --to null -q"),
        "kadence: b.csv:1: no records (nothing follows the lines passed over)"
    );
}

#[test]
fn compressed_and_foreign_files_are_called_so() {
    let bench = Bench::new();
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
    bench.file("a.jsonl.gz", packed).file("b.csv", packed).file("c.csv.zst", "x").file("d.parquet", b"PAR1x");
    for line in ["a.jsonl.gz", "a.jsonl.gz --input jsonl"] {
        assert_eq!(
            refused(&bench, &format!("replay {line} --to null")),
            "kadence: a.jsonl.gz: compressed with gzip; unpack it first: zcat a.jsonl.gz | kadence replay - --input \
             jsonl"
                .replace("gz: c", if line.contains("--input") { "gz:1: c" } else { "gz: c" })
        );
    }
    assert!(
        refused(&bench, "replay b.csv --to null").starts_with("kadence: b.csv:1: compressed with gzip; ")
    );
    assert!(
        refused(&bench, "replay c.csv.zst --to null")
            .contains("zstdcat c.csv.zst | kadence replay - --input csv")
    );
    assert!(refused(&bench, "replay d.parquet --input csv --to null").contains("a Parquet file; convert it"));
    let utf16: Vec<u8> = "time,v\n0,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bench.file("e.csv", utf16);
    assert_eq!(
        refused(&bench, "replay e.csv --to null"),
        "kadence: e.csv:1: looks like UTF-16 without a mark; convert it to UTF-8: iconv -f UTF-16LE -t UTF-8"
    );
    std::fs::create_dir(bench.folder.path().join("f")).unwrap();
    assert_eq!(refused(&bench, "replay f --to null"), "kadence: f: is a directory; name a file in it");
    std::fs::create_dir(bench.folder.path().join("g.csv")).unwrap();
    assert_eq!(refused(&bench, "replay g.csv --to null"), "kadence: g.csv: cannot be read (is a directory)");
}

#[test]
fn names_of_other_clients_options_are_understood() {
    let bench = Bench::new();
    bench.file("a.csv", "time,v\n0,1\n");
    run(&bench, "replay a.csv -t x --header a=b").ok();
    let address = &bench.address;
    assert_eq!(
        run(&bench, &format!("consume x --bootstrap-server {address} --until-end -f %h\\n")).ok(),
        "a=b\n"
    );
    // What only the environment says is not shown as if it had been typed.
    let finished = run(&bench, "consume");
    assert_eq!(finished.code, Some(2));
    assert!(!finished.stderr.contains("--brokers"), "{}", finished.stderr);
}

#[test]
fn identifiers_that_look_like_numbers_stay_text() {
    let bench = Bench::new();
    bench.file("a.csv", "id,v\n7E8,1\n7E2,2\n7E0A,3\n");
    assert_eq!(
        echoed(&bench, "a.csv --unpaced"),
        [r#"{"id":"7E8","v":1}"#, r#"{"id":"7E2","v":2}"#, r#"{"id":"7E0A","v":3}"#]
    );
    bench.file("b.csv", "v\n1.5e3\n1e+3\n2E-7\n");
    assert_eq!(echoed(&bench, "b.csv --unpaced"), [r#"{"v":1.5e3}"#, r#"{"v":1e+3}"#, r#"{"v":2E-7}"#]);
}

#[test]
fn a_column_that_mixes_numbers_and_texts_is_said_once_with_the_remedy() {
    let bench = Bench::new();
    bench.file("a.csv", "id,v\n712,1\n7E8,\n7E9,2\n713,x\n714,y\n");
    let finished = run(&bench, "replay a.csv --to null --unpaced");
    let said: Vec<&str> = finished.stderr.lines().filter(|line| line.contains("came before")).collect();
    assert_eq!(
        said,
        [
            "a.csv:3: column `id`: `7E8` is text and numbers came before it; --types 'id:text' makes all of it text",
            "a.csv:5: column `v`: `x` is text and numbers came before it; --types 'v:text' makes all of it text",
        ]
    );
    let finished = run(&bench, "replay a.csv --to null --unpaced --json");
    assert_eq!(finished.json()["mixed_columns"], serde_json::json!(["id", "v"]));
    let remedied = run(&bench, "replay a.csv --to null --unpaced --types id:text,v:text");
    assert!(!remedied.stderr.contains("came before"), "{remedied:?}");
    bench.file("b.csv", "k,v\nx,1\n5,1\n,1\n");
    let finished = run(&bench, "replay b.csv --to null --unpaced");
    assert!(
        finished.stderr.contains("b.csv:3: column `k`: `5` is a number and texts came before it"),
        "{finished:?}"
    );
}

#[test]
fn fields_of_json_lines_are_looked_up_in_each_record() {
    let bench = Bench::new();
    bench.file("a.jsonl", "{\"time\":0,\"a\":\"1\"}\n{\"time\":0,\"a\":\"2\",\"b\":\"x\"}\n");
    run(&bench, "replay a.jsonl -t keyed --unpaced --key column:b -q").ok();
    assert_eq!(run(&bench, "consume keyed --until-end -f %k|%K\\n").ok(), "|-1\nx|1\n");
    assert_eq!(
        echoed(&bench, "a.jsonl --unpaced --select 'a, b'"),
        [r#"{"a":"1","b":null}"#, r#"{"a":"2","b":"x"}"#]
    );
    assert_eq!(
        echoed(&bench, "a.jsonl --unpaced --types b:text"),
        [r#"{"time":0,"a":"1"}"#, r#"{"time":0,"a":"2","b":"x"}"#]
    );
    // An absent time is a fault of its line.
    assert_eq!(refused(&bench, "replay a.jsonl --to null --time b -q"), "kadence: a.jsonl:1: no field `b`");
    bench.file("b.jsonl", "{\"t\":0}\n{\"t\":1}\n{\"u\":2}\n");
    assert_eq!(
        refused(&bench, "replay b.jsonl --to null --speed 1000 -q"),
        "kadence: b.jsonl:3: no field `t`"
    );
    // That a name may be a slip is said, and a name with dots is told from a path.
    bench.file("c.jsonl", "{\"a.b\":1,\"c\":{\"d\":2}}\n");
    let finished = run(&bench, "replay c.jsonl --to null --unpaced --select 'c.d, e'");
    assert!(finished.stderr.contains("the first record has no field `e`"), "{finished:?}");
    assert_eq!(
        refused(&bench, "replay c.jsonl --to null --unpaced --select a.b -q"),
        "kadence: --select, character 1: no column `a.b` (found: a.b, c); write it as `a.b`, in backticks"
    );
    assert_eq!(echoed(&bench, "c.jsonl --unpaced --select `a.b`"), [r#"{"a.b":1}"#]);
    run(&bench, "replay c.jsonl -t dotted --unpaced --key column:a.b -q").ok();
    run(&bench, "replay c.jsonl -t dotted --unpaced --key column:c.d -q").ok();
    assert_eq!(run(&bench, "consume dotted --until-end -f %k\\n").ok(), "1\n2\n");
}

/// Starts the binary as `nohup` does, and as a shell does behind `&` without job control.
fn start_deaf_to(signals: &str, bench: &Bench, arguments: &str) -> Running {
    let mut command = hearing("sh");
    let binary = env!("CARGO_BIN_EXE_kadence");
    command
        .args(["-c", &format!("trap '' {signals}; exec {binary} {arguments}")])
        .current_dir(bench.folder.path())
        .env("KADENCE_BROKERS", &bench.address)
        .stdin(Stdio::null());
    Running::start(command)
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let bench = Bench::new();
    bench.file("a.csv", "t,v\n0,1\n1,2\n2,3\n");
    let mut up = start_deaf_to("HUP", &bench, "up --listen 127.0.0.1:0");
    assert!(up.line().starts_with("broker ready"));
    signal(up.pid(), Signal::HUP);
    // The next signal is heard, so the first would have been.
    signal(up.pid(), Signal::TERM);
    assert_eq!(up.wait().code(), Some(0));

    let mut replay = start_deaf_to("HUP INT", &bench, "replay a.csv --to null --interval 200ms --echo -q");
    replay.line();
    signal(replay.pid(), Signal::HUP);
    signal(replay.pid(), Signal::INT);
    assert_eq!(replay.wait().code(), Some(0), "it went to its end");
    assert_eq!(replay.rest().lines().count(), 2);

    let mut consume = start_deaf_to("INT", &bench, "consume nothing");
    crate::support::eventually("the topic is waited for", || {
        consume.said().contains("nothing").then_some(())
    });
    signal(consume.pid(), Signal::INT);
    signal(consume.pid(), Signal::HUP);
    assert_eq!(consume.wait().code(), Some(0), "{}", consume.stderr());
}

#[test]
fn fractions_and_offsets_of_stated_formats_count() {
    let bench = Bench::new();
    bench
        .file("a.csv", "time,v\n1609459200.25,1\n1609459200.75,2\n1609459201.25,3\n")
        .file("b.csv", "time,v\n2021-01-01T00:00:00+01:00,1\n2021-01-01T00:00:10Z,2\n")
        .file("c.csv", "time,v\n2021-01-01T00:00:00-0330,1\n2021-01-01T00:00:00-04,2\n");
    assert_eq!(dues(&bench, "a.csv --time time --time-format %s.%f"), ["0.000000", "0.500000", "1.000000"]);
    assert_eq!(dues(&bench, "b.csv --time-format %Y-%m-%dT%H:%M:%S%z"), ["0.000000", "3610.000000"]);
    assert_eq!(dues(&bench, "c.csv --time-format %Y-%m-%dT%H:%M:%S%z"), ["0.000000", "1800.000000"]);
    let error = refused(&bench, "replay a.csv --to null --time-format %H:%M:%S");
    assert!(error.contains("the format holds no date; a time of day does not say when"), "{error}");
}

#[test]
fn named_zones_count() {
    let bench = Bench::new();
    bench
        .file(
            "a.csv",
            "time,v\n2022-07-01T12:00:00[Europe/Paris],1\n2022-07-01T12:00:00[America/New_York],2\n",
        )
        .file("b.csv", "time,v\n2021-01-01T00:00:00 America/New_York,1\n")
        .file("c.csv", "time,v\n2022-07-01T12:00:00+05:00[Europe/Paris],1\n");
    let event_time = "--unpaced --select 'event_time() AS e'";
    assert_eq!(
        echoed(&bench, &format!("a.csv {event_time}")),
        [r#"{"e":"2022-07-01T10:00:00Z"}"#, r#"{"e":"2022-07-01T16:00:00Z"}"#]
    );
    assert_eq!(
        echoed(&bench, &format!("b.csv --time-format '%Y-%m-%dT%H:%M:%S %Q' {event_time}")),
        [r#"{"e":"2021-01-01T05:00:00Z"}"#]
    );
    let error = refused(&bench, "replay c.csv --to null");
    assert!(error.contains("`2022-07-01T12:00:00+05:00[Europe/Paris]` is in no form"), "{error}");
}

#[test]
fn epochs_may_be_in_scientific_notation() {
    let bench = Bench::new();
    let rows = "time,v\n1.609459200500000000e+09,1\n1.609459201500000000e+09,2\n1.609459203500000000e+09,3\n";
    bench.file("a.csv", rows).file("b.csv", "v,ts\n1,1.6094592E12\n2,1.6094592005E12\n");
    for options in ["a.csv", "a.csv --time time --time-format s"] {
        assert_eq!(dues(&bench, options), ["0.000000", "1.000000", "3.000000"], "{options}");
    }
    assert_eq!(dues(&bench, "b.csv"), ["0.000000", "0.500000"]);
}

#[test]
fn the_report_of_a_failed_run_says_so() {
    let bench = Bench::new();
    bench.file("blank.csv", "time,a\n2024-01-01 00:00:00,1\n\n2024-01-01 00:00:01,2\n");
    let report = || json(&std::fs::read_to_string(bench.folder.path().join("r.json")).unwrap());
    let failed = run(&bench, "replay blank.csv --to null --unpaced --report r.json --json");
    assert_eq!(failed.code, Some(1));
    let expected = serde_json::json!({"where": "blank.csv:3", "what": "blank line", "help": "remove it"});
    assert_eq!((&report()["error"], &report()["accepted"]), (&expected, &1.into()));
    assert_eq!(failed.json()["error"], expected);
    // So does one that did not begin, and one that was too late.
    run(&bench, "replay blank.csv -t x -b localhost:1 --report r.json --unpaced");
    assert_eq!(report()["error"]["where"], "localhost:1", "{}", report());
    run(&bench, "replay blank.csv --to null --interval 1ms -c 1 --tolerance 0s --report r.json");
    assert_eq!(report()["error"]["where"], "--tolerance");
    run(&bench, "replay blank.csv --to null --unpaced -c 1 --report r.json").ok();
    assert!(report()["error"].is_null());
}

#[test]
fn a_report_that_cannot_be_written_is_not_lost() {
    let bench = Bench::new();
    bench.file("two.txt", "a\nb\n");
    let finished = run(&bench, "replay two.txt -t rep --unpaced --report /dev/full");
    assert_eq!(finished.code, Some(1));
    let stderr = &finished.stderr;
    assert!(stderr.contains("\"acknowledged\": 2"), "{stderr}");
    assert!(stderr.contains("kadence: /dev/full: the report cannot be written (No space left"), "{stderr}");
    assert!(stderr.contains("confirmed  2 of 2"), "people are told as well: {stderr}");
    let finished = run(&bench, "replay two.txt -t rep --unpaced --report /dev/full --json");
    assert_eq!((finished.code, finished.json()["acknowledged"].as_u64()), (Some(1), Some(2)));
}

/// By whatever name the recording goes, and however many runs share a report.
#[test]
fn a_report_never_stands_in_for_the_recording() {
    let bench = Bench::new();
    bench.file("a.csv", "t,v\n0,1\n");
    std::fs::hard_link(bench.folder.path().join("a.csv"), bench.folder.path().join("hard.json")).unwrap();
    std::os::unix::fs::symlink("a.csv", bench.folder.path().join("soft.json")).unwrap();
    for report in ["a.csv", "hard.json", "soft.json"] {
        let error = refused(&bench, &format!("replay a.csv --to null --unpaced --report {report}"));
        assert_eq!(
            error,
            format!("kadence: --report: `{report}` is the recording itself; name another file")
        );
    }
    let from_stdin =
        ["replay", "-", "--input", "csv", "--to", "null", "--unpaced", "--report", "standard-input"];
    assert_eq!(bench.kadence_reading("t,v\n0,1\n", &from_stdin).code, Some(2));
    let runs: Vec<_> = (0..8)
        .map(|limit| {
            let limit = if limit % 2 == 0 { "1" } else { "1000000000" };
            bench.start(&["replay", "a.csv", "--to", "null", "--unpaced", "--report", "r.json", "-c", limit])
        })
        .collect();
    for mut run in runs {
        assert_eq!(run.wait().code(), Some(0));
    }
    assert_eq!(json(&std::fs::read_to_string(bench.folder.path().join("r.json")).unwrap())["accepted"], 1);
}

#[test]
fn a_slip_in_the_name_of_a_field_is_said() {
    let bench = Bench::new();
    bench.file("a.jsonl", "{\"time\":0,\"user\":\"a\"}\n");
    for option in ["--key column:usr", "--types usr:int", "--select usr"] {
        let finished = run(&bench, &format!("replay a.jsonl --to null --unpaced {option}"));
        assert!(finished.stderr.contains("the first record has no field `usr`"), "{option}: {finished:?}");
    }
}

#[test]
fn another_delimiter_is_thought_of() {
    let bench = Bench::new();
    bench
        .file("a.csv", "time;temp\n2024-01-01 00:00:00;3\n")
        .file("b.csv", "time;temp\n2024-01-01 00:00:00;3,5\n")
        .file("c.csv", "a\tb\n1\t2\n");
    for line in ["a.csv", "b.csv", "a.csv --time temp"] {
        let error = refused(&bench, &format!("replay {line} --to null"));
        assert!(error.ends_with("; is `;` the delimiter? then state --delimiter ';'"), "{error}");
    }
    assert!(
        refused(&bench, "replay c.csv --to null --key column:a").ends_with("then state --delimiter '\\t'")
    );
    assert_eq!(echoed(&bench, "b.csv --delimiter ; --unpaced").len(), 1);
}

#[test]
fn the_clock_is_chosen_as_a_person_would_and_said() {
    let bench = Bench::new();
    let rising: String = (0..25).fold("x,y\n".into(), |rows, n| rows + &format!("{n}.5,4\n"));
    bench
        .file("movielens.csv", "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,4.0,964982931\n")
        .file(
            "ngsim.csv",
            "Vehicle_ID,Frame_ID,Global_Time\n515,2330,1118848075000\n515,2331,1118848075100\n",
        )
        .file("notime.csv", "iata,latitude\n00M,31.9\n00R,30.6\n")
        .file("slash.csv", "time,count\n2015/01/01 01:00:00,2\n")
        .file("rising.csv", rising + "0.2,3\n");
    let finished = run(&bench, "replay ngsim.csv --to null --json");
    let clock = serde_json::json!({"column": "Global_Time", "format": "ms", "guessed": true});
    assert_eq!(finished.json()["time_column"], clock);
    let shown = run(&bench, "replay ngsim.csv --to null --preview 1 --json");
    assert_eq!(shown.json()["time_column"], clock);
    let shown = run(&bench, "replay movielens.csv --to null --preview 1");
    assert!(shown.stderr.contains("event time: column `timestamp`, s (epoch seconds)"), "{shown:?}");
    assert!(
        refused(&bench, "replay notime.csv --to null")
            .contains("no column holds a time (found: iata, latitude)")
    );
    assert!(
        refused(&bench, "replay slash.csv --to null")
            .ends_with("state it with --time-format '%Y/%m/%d %H:%M:%S'")
    );
    let finished = run(&bench, "replay rising.csv --to null --speed 1000 -q");
    assert_eq!(
        finished.stderr.trim_end(),
        "kadence: rising.csv:27: column 1 `x`: `0.2` is 24.3s earlier than the record before it; if `x` is not the \
         event time, name the right column with --time; otherwise sort the file, or pass --out-of-order=clamp to \
         replay it as it stands"
    );
}

/// No step looks through all columns for each of them.
#[test]
fn wide_recordings_are_opened_in_no_time() {
    const COLUMNS: usize = 100_000;
    let bench = Bench::new();
    let names: Vec<String> = (0..COLUMNS).map(|number| format!("c{number}")).collect();
    let cells = vec!["1"; COLUMNS].join(",");
    let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":1")).collect();
    bench
        .file("wide.csv", format!("{}\n{cells}\n{cells}\n", names.join(",")))
        .file("wide.jsonl", format!("{{{}}}\n", members.join(",")));
    let most: usize = 16_000;
    let select = names[..most].join(",");
    for file in ["wide.csv", "wide.jsonl"] {
        // Quadratic work would be 100,000 times the processor time of a linear step, and never end in time.
        assert_eq!(
            run(&bench, &format!("replay {file} --to null --unpaced -q --select '{select}'")).code,
            Some(0)
        );
        let types: Vec<String> = names[..8_000].iter().map(|name| format!("{name}:int")).collect();
        let types = types.join(",");
        assert_eq!(
            run(&bench, &format!("replay {file} --to null --unpaced -q --types '{types}'")).code,
            Some(0)
        );
        let refused = refused(&bench, &format!("replay {file} --to null -q"));
        assert!(
            refused.contains("no column holds a time") && refused.contains("and 99980 more"),
            "{refused}"
        );
    }
}
