//! What users of Kafka's clients met: waiting that burns a core, reading that hangs, topics that go away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};
use rustix::process::Signal;

use crate::support::{Bench, Running, eventually, json, on_both_brokers, signal};

/// How long CPU time is looked at. A machine with other work only makes it less.
const WINDOW: Duration = Duration::from_secs(3);
/// Of a core; what burns takes half of a busy one at least.
const MOST: f64 = 0.25;

/// `kadence up` as a process of its own, and its address.
fn up(bench: &Bench, more: &[&str]) -> (Running, String) {
    let broker =
        bench.start(&[&["up", "--listen", "127.0.0.1:0", "--registry-listen", "off"], more].concat());
    let ready = broker.line();
    let address = ready.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().to_owned();
    (broker, address)
}

/// What a process has used of a core, over the window.
#[cfg(target_os = "linux")]
fn share_of_a_core(pid: u32) -> f64 {
    let used = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<u64> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .filter_map(|field| field.parse().ok())
            .collect();
        // Behind the state: user and system time in hundredths of a second.
        (fields[10] + fields[11]) as f64 / 100.0
    };
    let (before, began) = (used(), SystemClock.now());
    Stop::new().wait(WINDOW);
    (used() - before) / SystemClock.now().saturating_sub(began).as_secs_f64()
}

/// A replay all of whose records are handed over while the broker acknowledges nothing.
#[cfg(target_os = "linux")]
#[test]
fn waiting_for_acknowledgements_costs_next_to_nothing() {
    for end in [Signal::STOP, Signal::KILL] {
        let bench = Bench::new();
        let (broker, address) = up(&bench, &[]);
        let rows: String = (0..200).map(|row| format!("{row},{row}\n")).collect();
        bench.file("data.csv", format!("n,v\n{rows}"));
        let replay =
            bench.start(&["replay", "data.csv", "-t", "t", "--rate", "100", "--echo", "-b", &address]);
        for row in 0..200 {
            replay.line();
            if row == 100 {
                signal(broker.pid(), end);
            }
        }
        let share = share_of_a_core(replay.pid());
        assert!(share < MOST, "{end:?}: {share:.2} of a core");
        signal(broker.pid(), Signal::KILL);
        replay.interrupt();
        replay.interrupt();
    }
}

/// The client holds few records, so that the broker is stopped long before the last.
#[cfg(target_os = "linux")]
#[test]
fn waiting_for_room_costs_next_to_nothing() {
    let bench = Bench::new();
    let (broker, address) = up(&bench, &[]);
    bench.file("data.csv", format!("n\n{}", "1\n".repeat(4_000_000)));
    let few = ["-X", "queue.buffering.max.messages=100", "-X", "linger.ms=1"];
    let replay = [&["replay", "data.csv", "-t", "t", "--unpaced", "-b", &address][..], &few].concat();
    let mut replay = bench.start(&replay);
    bench.kadence(&["consume", "t", "-c", "1", "-b", &address]).ok();
    signal(broker.pid(), Signal::STOP);
    let share = share_of_a_core(replay.pid());
    assert_eq!(replay.wait_for(Duration::ZERO), None, "it did not wait");
    assert!(share < MOST, "{share:.2} of a core");
    signal(broker.pid(), Signal::KILL);
}

#[cfg(target_os = "linux")]
#[test]
fn consuming_nothing_costs_next_to_nothing() {
    for end in [None, Some(Signal::STOP), Some(Signal::KILL)] {
        let bench = Bench::new();
        let (broker, address) = up(&bench, &[]);
        bench.file("data.csv", "n,v\n1,1\n");
        bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced", "-b", &address]).ok();
        let consume = bench.start(&["consume", "t", "-b", &address]);
        consume.line();
        if let Some(end) = end {
            signal(broker.pid(), end);
        }
        let share = share_of_a_core(consume.pid());
        assert!(share < MOST, "{end:?}: {share:.2} of a core");
        signal(broker.pid(), Signal::KILL);
    }
}

/// The third of five batches is overwritten with zeros.
#[test]
fn a_damaged_segment_ends_a_bounded_consume() {
    let bench = Bench::new();
    let directory = bench.folder.path().join("kept").to_str().unwrap().to_owned();
    let (mut broker, address) = up(&bench, &["--data-dir", &directory]);
    for batch in 0..5 {
        bench.file("data.csv", format!("n,v\n{batch},0\n{batch},1\n"));
        bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced", "-b", &address]).ok();
    }
    broker.interrupt();
    broker.wait();
    let log = segment(directory.as_ref()).unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    let length = |at: usize| 12 + u32::from_be_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
    let third = length(0) + length(length(0));
    bytes[third..third + 40].fill(0);
    std::fs::write(&log, bytes).unwrap();
    let (_broker, address) = up(&bench, &["--data-dir", &directory]);
    for how in [&["--until-end"][..], &["--until-end", "--group", "g"], &["-c", "9"], &["--until", "9"]] {
        let read = bench.kadence(&[&["consume", "t", "-b", &address][..], how].concat());
        assert_eq!(read.code, Some(1), "{how:?}: {read:#?}");
        assert_eq!(read.stdout.lines().count(), 4, "{how:?}: {read:#?}");
        let said = read.stderr.lines().last().unwrap();
        assert!(said.starts_with("kadence: t[0]: offset 4 cannot be read (disk error"), "{how:?}: {said}");
    }
}

/// The header of the last of five batches is whole, its records are not, as after a loss of power. A bit that is
/// wrong in the third keeps nobody from the others.
#[test]
fn damaged_records_are_never_handed_out() {
    let bench = Bench::new();
    let directory = bench.folder.path().join("kept").to_str().unwrap().to_owned();
    let (mut broker, address) = up(&bench, &["--data-dir", &directory]);
    for batch in 0..5 {
        let rows: String = (0..100).map(|row| format!("{batch},{row}\n")).collect();
        bench.file("data.csv", format!("n,v\n{rows}"));
        bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced", "-b", &address]).ok();
    }
    broker.interrupt();
    broker.wait();
    let log = segment(directory.as_ref()).unwrap();
    let sound = std::fs::read(&log).unwrap();
    let length = |at: usize| 12 + u32::from_be_bytes(sound[at + 8..at + 12].try_into().unwrap()) as usize;
    let third = (0..2).fold(0, |at, _| at + length(at));
    for (from, to, readable) in [(sound.len() - 200, sound.len(), 400), (third + 500, third + 501, 200)] {
        let mut bytes = sound.clone();
        bytes[from..to].iter_mut().for_each(|byte| *byte = if to - from > 1 { 0 } else { *byte ^ 1 });
        std::fs::write(&log, bytes).unwrap();
        let (mut broker, address) = up(&bench, &["--data-dir", &directory]);
        let read = bench.kadence(&["consume", "t", "-b", &address, "--until-end"]);
        assert_eq!((read.code, read.stdout.lines().count()), (Some(1), readable), "{}", read.stderr);
        let expected = format!("kadence: t[0]: offset {readable} cannot be read (disk error");
        assert!(read.stderr.contains(&expected), "{}", read.stderr);
        let behind = bench.kadence(&["consume", "t", "-b", &address, "--from", "300", "--until", "400"]).ok();
        assert_eq!(behind.lines().count(), 100);
        broker.interrupt();
        broker.wait();
        assert!(broker.stderr().contains("the checksum does not match"), "{}", broker.stderr());
    }
}

/// The one file of records below a folder.
fn segment(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).find_map(|path| {
        if path.is_dir() { segment(&path) } else { (path.extension()? == "log").then_some(path) }
    })
}

/// Its counts are those of the records that were acknowledged.
#[test]
fn a_topic_deleted_under_a_replay_is_said() {
    let bench = Bench::with(kadence_broker::Options { auto_create_topics: false, ..Default::default() });
    let rows: String = (0..9_000).map(|row| format!("{row},{row}\n")).collect();
    bench.file("data.csv", format!("n,v\n{rows}"));
    for how in [&["--rate", "100"][..], &["--rate", "20", "--send", "sync"]] {
        bench.kadence(&["topics", "create", "t"]).ok();
        let replay = [&["replay", "data.csv", "-t", "t", "--echo", "--json"][..], how].concat();
        let mut replay = bench.start(&replay);
        for _ in 0..50 {
            replay.line();
        }
        bench.kadence(&["topics", "delete", "t"]).ok();
        assert_eq!(replay.wait_for(Duration::from_secs(30)).and_then(|status| status.code()), Some(1));
        let said = replay.stderr();
        assert!(said.contains("gone") && said.contains("somebody deleted it"), "{said}");
        let report = said.lines().find(|line| line.contains("\"accepted\"")).unwrap();
        let report = json(report);
        let (accepted, done) =
            (report["accepted"].as_u64().unwrap(), report["acknowledged"].as_u64().unwrap());
        assert_eq!(accepted, done + report["failed"].as_u64().unwrap(), "{report}");
        assert!((49..2_000).contains(&done), "{report}");
    }
}

/// The next record is an hour away, or never comes.
#[test]
fn a_topic_deleted_between_two_records_is_said() {
    let bench = Bench::with(kadence_broker::Options { auto_create_topics: false, ..Default::default() });
    bench.file("data.csv", "n,v\n1,1\n2,2\n");
    for how in ["data.csv", "-"] {
        bench.kadence(&["topics", "create", "t"]).ok();
        let replay = bench.command(&[
            "replay",
            how,
            "--input",
            "csv",
            "-t",
            "t",
            "--interval",
            "1h",
            "--echo",
            "--json",
        ]);
        let (mut replay, input) = Running::start_fed(replay, b"n,v\n1,1\n");
        replay.line();
        bench.kadence(&["topics", "delete", "t"]).ok();
        assert_eq!(replay.wait_for(Duration::from_mins(1)).and_then(|status| status.code()), Some(1));
        drop(input);
        let said = replay.stderr();
        assert!(said.contains("\"what\":\"the topic is gone\""), "{said}");
        let report = json(said.lines().find(|line| line.contains("\"accepted\"")).unwrap());
        assert_eq!((&report["accepted"], &report["acknowledged"]), (&1.into(), &1.into()), "{report}");
        assert_eq!(report["error"]["where"], "topic t");
    }
}

/// Sends bodies, once the topic is gone that was deleted under this name.
fn send_to(bench: &Bench, topic: &str, bodies: &str) {
    let replay = ["replay", "-", "--input", "raw", "-t", topic, "--unpaced"];
    bench.kadence_reading(&bodies.replace(' ', "\n"), &replay).ok();
}

fn delete(bench: &Bench, topic: &str) {
    bench.kadence(&["topics", "delete", topic]).ok();
    eventually("the topic to be gone", || {
        (!bench.kadence(&["topics", "list"]).ok().contains(topic)).then_some(())
    });
}

/// The offset that was read of the topic before is no place in the one that has its name now.
fn a_topic_made_anew_is_read_from_its_beginning(bench: &Bench) {
    for group in [&[][..], &["-g", "g"]] {
        let consume = [&["consume", "re", "-f", r"%o %s\n"][..], group].concat();
        send_to(bench, "re", "a b c");
        let mut consumer = bench.start(&consume);
        for expected in ["0 a", "1 b", "2 c"] {
            assert_eq!(consumer.line(), expected);
        }
        delete(bench, "re");
        send_to(bench, "re", "1 2 3 4 5");
        for expected in ["0 1", "1 2", "2 3", "3 4", "4 5"] {
            assert_eq!(consumer.line(), expected, "{group:?}: {}", consumer.said());
        }
        consumer.interrupt();
        assert!(consumer.wait().success());
        let said = consumer.stderr();
        assert!(said.contains("topic re was deleted and made anew; reading it from its beginning"), "{said}");
        if !group.is_empty() {
            let read = |how: &[&str]| bench.kadence(&[&consume[..], how].concat()).ok();
            assert_eq!(read(&["--until-end"]), "");
            // Nobody reads while it happens.
            delete(bench, "re");
            send_to(bench, "re", "6 7 8 9 10 11 12");
            assert_eq!(read(&["--until-end"]), "0 6\n1 7\n2 8\n3 9\n4 10\n5 11\n6 12\n");
        }
        delete(bench, "re");
    }
}

/// Replays into a topic that is deleted and made anew meanwhile. While that happens, and for so long after, the replay
/// stands still.
fn replay_into_a_topic_made_anew(bench: &Bench, arguments: &[&str], still: Duration) -> serde_json::Value {
    let rows: String = (0..9_000).map(|row| format!("{row},{row}\n")).collect();
    bench.file("data.csv", format!("n,v\n{rows}"));
    bench.kadence(&["topics", "create", "t", "--partitions", "2"]).ok();
    let replay = ["replay", "data.csv", "-t", "t", "--key", "column:n", "--echo", "--json", "--rate", "200"];
    let mut replay = bench.start(&[&replay, arguments].concat());
    for _ in 0..250 {
        replay.line();
    }
    // Otherwise it may meet the moment in which there is no topic, which it says in other words.
    signal(replay.pid(), Signal::STOP);
    bench.kadence(&["topics", "delete", "t"]).ok();
    eventually("the topic to be made anew", || {
        (bench.kadence(&["topics", "create", "t", "--partitions", "2"]).code == Some(0)
            || bench.kadence(&["topics", "list"]).ok().contains("t  "))
        .then_some(())
    });
    // Time that passes is what makes the difference: all that was due leaves at once.
    Stop::new().wait(still);
    signal(replay.pid(), Signal::CONT);
    assert_eq!(replay.wait_for(Duration::from_secs(30)).and_then(|status| status.code()), Some(1));
    let said = replay.stderr();
    let mut report = json(said.lines().find(|line| line.contains("\"accepted\"")).unwrap());
    let what = report["error"]["what"].as_str().unwrap();
    assert!(what.starts_with("was deleted and made anew while it was written to ("), "{said}");
    report["there"] = bench.bodies("t").len().into();
    bench.kadence(&["topics", "delete", "t"]).ok();
    report
}

/// What was acknowledged before is gone, and what comes after is not what follows it.
fn a_topic_made_anew_under_a_replay_is_said(bench: &Bench) {
    for still in [Duration::ZERO, Duration::from_secs(3)] {
        let report = replay_into_a_topic_made_anew(bench, &[], still);
        let what = report["error"]["what"].as_str().unwrap();
        let numbers: Vec<i64> = what
            .split(|c: char| !c.is_ascii_digit() && c != ',')
            .filter_map(|it| it.replace(',', "").parse().ok())
            .collect();
        let [lost, all] = numbers[..] else { panic!("{report}") };
        assert!(!what.contains("at least"), "{report}");
        assert_eq!(report["acknowledged"], all, "{report}");
        assert!(lost >= 100 && lost <= all, "{report}");
        // What failed may have been written, and nobody knows.
        let (there, failed) = (report["there"].as_i64().unwrap(), report["failed"].as_i64().unwrap());
        assert!((all - lost..=all - lost + failed).contains(&there), "{report}");
    }
}

fn what_was_never_acknowledged_is_not_counted_as_gone(bench: &Bench) {
    let report = replay_into_a_topic_made_anew(bench, &["--send", "forget"], Duration::ZERO);
    assert_eq!(
        report["error"]["what"],
        "was deleted and made anew while it was written to (what went with it is not known)"
    );
}

on_both_brokers! {
    a_topic_made_anew_is_read_from_its_beginning,
    a_topic_made_anew_under_a_replay_is_said,
    what_was_never_acknowledged_is_not_counted_as_gone,
}

#[test]
fn a_url_is_no_broker() {
    let bench = Bench::new();
    for url in ["http://localhost:9092", "kafka://localhost:9092", "localhost:9092/path"] {
        for verb in [&["consume", "t"][..], &["topics", "list"], &["groups", "list"]] {
            let said = bench.kadence(&[verb, &["-b", url]].concat());
            assert_eq!(said.code, Some(2), "{said:#?}");
            assert_eq!(
                said.stderr,
                format!("kadence: -b: `{url}` is a URL; a broker is HOST:PORT; write localhost:9092\n")
            );
        }
    }
}
