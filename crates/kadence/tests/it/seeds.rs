//! What the scripts that kadence replaces did, done by kadence.

use std::collections::BTreeSet;

use crate::support::{ACCELEROMETER, Bench, SERIES, json, on_both_brokers};

/// The accelerometer tutorial: six strings in order, text byte for byte, a random id, the send time without a zone.
fn accelerometer_rows_become_objects_of_six_strings(bench: &Bench) {
    bench.file("HASC1001.csv", ACCELEROMETER);
    let select = "uuid() AS _id, now() AS _date, *";
    let replay =
        ["replay", "HASC1001.csv", "-t", "sensor", "--columns", "sec,X,Y,Z", "--text", "--select", select];
    bench.kadence(&replay).ok();

    let read = bench.kadence(&["consume", "sensor", "--until-end", "-f", r"%T|%K|%h|%s\n"]).ok();
    let mut ids = BTreeSet::new();
    assert_eq!(read.lines().count(), 4);
    for (line, row) in read.lines().zip(ACCELEROMETER.lines()) {
        let [timestamp, key_length, headers, body] =
            line.splitn(4, '|').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((key_length, headers), ("-1", ""), "no key and no headers");
        let object = json(body);
        let id = object["_id"].as_str().unwrap().to_owned();
        let date = object["_date"].as_str().unwrap();
        let cells: Vec<&str> = row.split(',').collect();
        let expected = format!(
            r#"{{"_id":"{id}","_date":"{date}","sec":"{}","X":"{}","Y":"{}","Z":"{}"}}"#,
            cells[0], cells[1], cells[2], cells[3]
        );
        assert_eq!(body, expected);
        assert!(is_uuid_v4(&id), "{id}");
        ids.insert(id);
        assert_eq!(date.len(), "2022-03-27T11:37:32.919642".len());
        // Local time: the tests run in Tokyo, which is nine hours ahead and keeps no summer time.
        let civil: jiff::civil::DateTime = date.parse().unwrap();
        let tokyo = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
        let instant = tokyo.to_timestamp(civil).unwrap();
        assert_eq!(instant.as_millisecond(), timestamp.parse::<i64>().unwrap(), "{date}");
    }
    assert_eq!(ids.len(), 4, "ids repeat");
}

fn is_uuid_v4(text: &str) -> bool {
    let shape = text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    });
    text.len() == 36 && shape
}

/// The tutorial's program waited a second between rows.
#[test]
fn a_fixed_interval_is_an_option() {
    let bench = Bench::new();
    bench.file("HASC1001.csv", ACCELEROMETER);
    let preview = [
        "replay",
        "HASC1001.csv",
        "-t",
        "sensor",
        "--columns",
        "sec,X,Y,Z",
        "--interval",
        "1s",
        "--preview",
        "9",
    ];
    let shown = bench.kadence(&preview).ok();
    let due: Vec<&str> = shown.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(due, ["+0.000000 s", "+1.000000 s", "+2.000000 s", "+3.000000 s"]);
}

#[test]
fn recorded_gaps_are_previewed_exactly() {
    let bench = Bench::new();
    bench.file("HASC1001.csv", ACCELEROMETER).file("data.csv", SERIES);
    let due = |arguments: &[&str]| -> Vec<f64> {
        let shown = bench.kadence(arguments).ok();
        shown.lines().map(|line| json(line)["due_s"].as_f64().unwrap()).collect()
    };
    let gaps =
        due(&["replay", "HASC1001.csv", "-t", "x", "--columns", "sec,X,Y,Z", "--preview", "9", "--json"]);
    assert_eq!(gaps, [0.0, 0.010_127, 0.020_851, 0.030_285]);
    for (speed, factor) in [("1", 1.0), ("10", 0.1), ("0.5", 2.0)] {
        let found = due(&["replay", "data.csv", "-t", "x", "--speed", speed, "--preview", "9", "--json"]);
        let expected = [0.0, 4.0, 6.0, 7.0, 11.0, 12.0, 21.0, 23.0, 24.0].map(|due: f64| due * factor);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} instead of {expected} at speed {speed}");
        }
    }
}

/// The time-series demo: the time is the key of the object, the value a float, the record's key the file's name.
fn series_rows_are_keyed_by_their_time(bench: &Bench) {
    bench.file("data/data.csv", SERIES);
    let replay =
        "replay data/data.csv -t my-stream --speed 1000 --shape keyed --types value:float --key file";
    bench.kadence(&replay.split(' ').collect::<Vec<_>>()).ok();
    let read = bench.kadence(&["consume", "my-stream", "--until-end", "-f", r"%p|%k|%s\n"]).ok();
    let expected: String = SERIES
        .lines()
        .skip(1)
        .map(|row| {
            let (time, value) = row.split_once(',').unwrap();
            format!("0|data/data.csv|{{\"{time}\":{value}.0}}\n")
        })
        .collect();
    assert_eq!(read, expected);
}

/// One key means one partition, whatever the number of partitions.
fn a_recording_keyed_by_its_name_stays_on_one_partition(bench: &Bench) {
    bench.file("data.csv", SERIES);
    bench.kadence(&["topics", "create", "wide", "--partitions", "8"]).ok();
    bench.kadence(&["replay", "data.csv", "-t", "wide", "--unpaced", "--key", "file"]).ok();
    let read = bench.kadence(&["consume", "wide", "--until-end", "-f", r"%p\n"]).ok();
    let partitions: BTreeSet<&str> = read.lines().collect();
    assert_eq!((read.lines().count(), partitions.len()), (9, 1));
}

/// The demo's consumer: started first, it waits for the topic, then prints the time of reception before each body.
fn the_consumer_waits_for_its_topic_and_shows_when_records_came(bench: &Bench) {
    bench.file("data.csv", SERIES);
    let mut consumer = bench.start(&["consume", "my-stream", "--received", "-c", "9"]);
    let replay = "replay data.csv -t my-stream --speed 10 --shape keyed --types value:float --key file";
    bench.kadence(&replay.split(' ').collect::<Vec<_>>()).ok();
    assert!(consumer.wait().success());
    let printed = consumer.rest();
    assert_eq!(printed.lines().count(), 9, "{printed}");
    for (line, row) in printed.lines().zip(SERIES.lines().skip(1)) {
        let (time, value) = row.split_once(',').unwrap();
        let received: jiff::civil::DateTime = line[..19].parse().unwrap();
        assert_eq!(received.strftime("%Y-%m-%d %H:%M:%S").to_string(), line[..19]);
        assert_eq!(line[19..], format!(" {{\"{time}\":{value}.0}}"));
    }
    let said = consumer.stderr();
    assert!(said.is_empty() || said.contains("my-stream does not exist yet"), "{said}");
}

/// The console producer's page sends a thousand numbered messages in a loop, and ten with the keys 1 and 2.
fn lines_from_a_pipe_are_sent_as_the_loops_did(bench: &Bench) {
    bench.kadence(&["topics", "create", "peter-topic2", "--partitions", "2"]).ok();
    let lines: String =
        (1..=1_000).map(|n| format!("Apache Kafka is a distributed streaming platform - {n}\n")).collect();
    let replay = "replay - --input raw -t peter-topic --unpaced --acks 1 --retries 1";
    bench.kadence_reading(&lines, &replay.split(' ').collect::<Vec<_>>()).ok();
    assert_eq!(bench.bodies("peter-topic").join("\n") + "\n", lines);

    let keyed: String = (1..=10).map(|n| format!("{},{n} - key={}\n", 2 - n % 2, 2 - n % 2)).collect();
    let replay = "replay - --input csv --columns key,value --key column:key --format raw --select value \
        -t peter-topic2 --unpaced";
    bench.kadence_reading(&keyed, &replay.split_whitespace().collect::<Vec<_>>()).ok();
    let read = bench.kadence(&["consume", "peter-topic2", "--until-end", "-f", r"%k %p %s\n"]).ok();
    assert_eq!(read.lines().count(), 10, "{read}");
    for key in ["1", "2"] {
        let of_key = || read.lines().filter(|line| line.starts_with(key));
        let partitions: BTreeSet<&str> = of_key().map(|line| &line[2..3]).collect();
        assert_eq!((of_key().count(), partitions.len()), (5, 1), "{read}");
    }
}

/// Both recordings of the product, complete and in order: each body equals what a preview shows.
fn whole_recordings_arrive_complete_and_in_order(bench: &Bench) {
    let mut lookalike = Vec::new();
    std::io::copy(
        &mut kadence_core::source::Lookalike::new(1001, kadence_core::source::LOOKALIKE_ROWS),
        &mut lookalike,
    )
    .unwrap();
    let earthquakes = std::fs::read(crate::support::root().join("data/earthquakes.csv")).unwrap();
    bench.file("HASC1001.csv", lookalike).file("earthquakes.csv", earthquakes);
    let cases: [(&str, &[&str], usize); 2] =
        [("HASC1001.csv", &["--columns", "sec,X,Y,Z"], 11_857), ("earthquakes.csv", &[], 1_707)];
    for (file, more, records) in cases {
        let arguments = |rest: &[&'static str]| [&["replay", file, "-t", "whole"], more, rest].concat();
        let shown = bench.kadence(&arguments(&["--preview", "20000", "--json"])).ok();
        let sent = bench.kadence(&arguments(&["--unpaced", "--compression", "zstd", "--json"]));
        assert_eq!(sent.json()["topics"]["whole"]["0"], records, "{sent:?}");
        let bodies = bench.bodies("whole");
        assert_eq!(bodies.len(), records);
        for (line, body) in shown.lines().zip(&bodies) {
            assert_eq!(json(line)["body"].as_str(), Some(body.as_str()));
        }
        bench.kadence(&["topics", "delete", "whole"]).ok();
    }
}

on_both_brokers! {
    accelerometer_rows_become_objects_of_six_strings,
    series_rows_are_keyed_by_their_time,
    a_recording_keyed_by_its_name_stays_on_one_partition,
    the_consumer_waits_for_its_topic_and_shows_when_records_came,
    lines_from_a_pipe_are_sent_as_the_loops_did,
    whole_recordings_arrive_complete_and_in_order,
}
