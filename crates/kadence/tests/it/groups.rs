//! Consumers that start late, from the beginning, at the end, in a group; groups and topics administered.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Bench, Running, SERIES, eventually, json, on_both_brokers, signal};

/// Nine bodies `51 60 82 86 99 23 63 20 32` in a topic of one partition.
fn series(bench: &Bench, topic: &str) {
    bench.file("data.csv", SERIES);
    let replay = format!("replay data.csv -t {topic} --unpaced --select value --format raw");
    bench.kadence(&replay.split(' ').collect::<Vec<_>>()).ok();
}

fn read(bench: &Bench, arguments: &str) -> String {
    bench.kadence(&arguments.split(' ').collect::<Vec<_>>()).ok().replace('\n', " ")
}

/// A group as `groups describe` has it; `None` while there is none.
fn group(bench: &Bench, name: &str) -> Option<Value> {
    let finished = bench.kadence(&["groups", "describe", name, "--json"]);
    (finished.code == Some(0)).then(|| finished.json()["groups"][0].clone())
}

/// What a group has committed, by partition.
fn committed(bench: &Bench, name: &str) -> Vec<i64> {
    let group = group(bench, name).unwrap_or_else(|| panic!("no group {name}"));
    let partitions = group["partitions"].as_array().unwrap();
    partitions.iter().map(|partition| partition["committed"].as_i64().unwrap()).collect()
}

/// Sends one more record, until the consumer says something.
fn first_new_line(bench: &Bench, topic: &str, consumer: &Running) -> String {
    eventually("a record for a consumer at the end", || {
        bench.kadence_reading("new\n", &["replay", "-", "--input", "raw", "-t", topic, "--unpaced"]).ok();
        consumer.line_at_hand()
    })
}

/// A late consumer drains the backlog at once; one at the end sees only what comes; one that stops at the end says
/// how many records it was.
fn consumers_start_where_they_are_told(bench: &Bench) {
    series(bench, "t");
    let mut late = bench.start(&["consume", "t"]);
    let backlog: Vec<String> = (0..9).map(|_| late.line()).collect();
    assert_eq!(backlog.join(" "), "51 60 82 86 99 23 63 20 32");
    late.interrupt();
    assert!(late.wait().success());

    let bounded = bench.kadence(&["consume", "t", "--until-end", "--json"]);
    assert_eq!(bounded.stdout.lines().count(), 9);
    assert_eq!(json(bounded.stderr.lines().last().unwrap())["records"], 9, "{bounded:?}");

    // Without a group, as the tutorial with the mouse pointer has it; the backlog is not seen.
    let mut latest = bench.start(&["consume", "t", "--from", "end"]);
    assert_eq!(first_new_line(bench, "t", &latest), "new");
    latest.interrupt();
    assert!(latest.wait().success());
}

/// The demo's consumer: a group by the host's name, from the earliest record on; an absent topic and the ends of
/// partitions are said on stderr; Ctrl-C commits, and exits with 0.
fn the_demos_consumer_commits_when_it_is_stopped(bench: &Bench) {
    let arguments = ["consume", "stream", "--group", "my-host", "--received"];
    let mut consumer = bench.start(&[&arguments[..], &["--ends"]].concat());
    let waits = "topic stream does not exist yet; waiting for it";
    eventually("the consumer to look for its topic", || consumer.said().contains(waits).then_some(()));
    series(bench, "stream");
    for value in ["51", "60", "82", "86", "99", "23", "63", "20", "32"] {
        let line = consumer.line();
        assert_eq!(&line[20..], value, "{line}");
    }
    consumer.interrupt();
    assert_eq!(consumer.wait().code(), Some(0));
    assert_eq!(committed(bench, "my-host"), [9]);
    let ends = bench.kadence(&["consume", "stream", "-g", "my-host", "--ends", "--until-end"]);
    assert_eq!(ends.stderr, "% stream [0] reached end at offset 9\n", "{ends:?}");
    // Whoever comes next goes on there, whether it is told to begin at the beginning or not.
    let mut next = bench.start(&[&arguments[..], &["--json"]].concat());
    assert_eq!(&first_new_line(bench, "stream", &next)[20..], "new");
    signal(next.pid(), Signal::TERM);
    assert_eq!(next.wait().code(), Some(0));
    let summary = json(next.stderr().lines().last().unwrap());
    assert_eq!(summary["group"], "my-host");
    assert_eq!(committed(bench, "my-host"), [summary["next_offsets"]["0"].as_i64().unwrap()]);
}

/// Only what was printed is committed, however much was fetched.
fn a_group_goes_on_where_it_stopped(bench: &Bench) {
    series(bench, "t");
    assert_eq!(read(bench, "consume t -g g -c 4"), "51 60 82 86 ");
    assert_eq!(committed(bench, "g"), [4]);
    assert_eq!(read(bench, "consume t -g g -c 2"), "99 23 ");
    assert_eq!(read(bench, "consume t -g g --until-end"), "63 20 32 ");
    assert_eq!(read(bench, "consume t -g g --until-end"), "");
    assert_eq!(read(bench, "consume t -g other --from end --until-end"), "");
    assert_eq!(committed(bench, "g"), [9]);
}

fn a_group_is_moved_and_deleted_while_nobody_reads(bench: &Bench) {
    series(bench, "t");
    read(bench, "consume t -g g --until-end");
    assert_eq!(read(bench, "groups list"), "g  empty ");
    assert_eq!(read(bench, "groups describe g"), "g: empty, 0 members   t [0]: at 9, 0 behind 9 ");
    assert_eq!(read(bench, "groups reset g --to beginning --dry-run"), "t [0]: 9 -> 0 ");
    assert_eq!(committed(bench, "g"), [9]);
    assert_eq!(read(bench, "groups reset g --to -2"), "t [0]: 9 -> 7 ");
    assert_eq!(read(bench, "consume t -g g --until-end"), "20 32 ");
    assert_eq!(read(bench, "groups reset g -t t --partition 0 --to 3"), "t [0]: 9 -> 3 ");
    let stamps = bench.kadence(&["consume", "t", "--from", "5", "-c", "1", "-f", r"%T\n"]).ok();
    let at = format!("groups reset made-here -t t --to @{}", stamps.trim());
    assert!(read(bench, &at).starts_with("t [0]: nothing -> "));
    for (arguments, what) in [
        ("groups reset g --to 99", "t[0]: no offset 99 (there are 0 to 8); use beginning, end"),
        ("groups reset g -t t --partition 7 --to end", "topic t: no partition 7 (there are 1)"),
        ("groups reset g -t absent --to end", "topic absent: does not exist"),
        ("groups reset fresh --to end", "group fresh: has committed nothing; name the topic with -t"),
        ("groups describe absent", "group absent: does not exist; kadence groups list shows those that do"),
        ("groups delete absent", "group absent: does not exist"),
    ] {
        let finished = bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(finished.code, Some(1), "{arguments}: {finished:?}");
        assert!(finished.stderr.starts_with(&format!("kadence: {what}")), "{arguments}: {finished:?}");
    }
    assert_eq!(committed(bench, "g"), [3]);

    let mut member = bench.start(&["consume", "t", "-g", "g"]);
    member.line();
    for refused in ["groups reset g --to beginning", "groups delete g"] {
        let finished = bench.kadence(&refused.split(' ').collect::<Vec<_>>());
        assert_eq!(finished.code, Some(1), "{refused}: {finished:?}");
        assert!(finished.stderr.contains("group g: is being read by its members"), "{finished:?}");
    }
    member.interrupt();
    assert!(member.wait().success());
    bench.kadence(&["groups", "delete", "g", "made-here"]).ok();
    assert_eq!(
        read(bench, "groups list") + &read(bench, "groups list --json"),
        r#"{"groups":[],"verb":"groups list"} "#
    );
}

/// A record that could not be printed is not done: the next one to read begins with it.
fn what_cannot_be_printed_is_not_committed(bench: &Bench) {
    bench
        .kadence_reading("{\"a\":1}\nno json\n", &["replay", "-", "-t", "t", "--input", "raw", "--unpaced"])
        .ok();
    let finished = bench.kadence(&["consume", "t", "-g", "g", "--format", "json"]);
    assert_eq!((finished.code, &*finished.stdout), (Some(1), "{\"a\":1}\n"), "{finished:?}");
    assert_eq!(committed(bench, "g"), [1]);
    assert_eq!(read(bench, "consume t -g g --until-end"), "no json ");
}

/// What a broker refuses for good is said, and not waited for.
fn a_group_that_refuses_a_member_says_so(bench: &Bench) {
    series(bench, "t");
    let finished = bench.kadence(&["consume", "t", "-g", "g", "-X", "session.timeout.ms=1000"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.starts_with("kadence: group g: does not take this member"), "{finished:?}");
    let mut member = bench.start(&["consume", "t", "-g", "g"]);
    member.line();
    let other =
        ["consume", "t", "-g", "g", "--until-end", "-X", "partition.assignment.strategy=cooperative-sticky"];
    let finished = bench.kadence(&other);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("its members share partitions in another way"), "{finished:?}");
    member.interrupt();
    assert!(member.wait().success());
}

/// A member that reads to the end is joined by another half-way: partitions that it was done with come back to it or
/// go, and it ends all the same.
fn a_member_that_reads_to_the_end_is_joined_by_another(bench: &Bench) {
    for strategy in ["range,roundrobin", "cooperative-sticky"] {
        let topic = &format!("pair-{}", &strategy[..4]);
        bench.kadence(&["topics", "create", topic, "--partitions", "2"]).ok();
        let rows: String = (0..40_000).map(|number| format!("{number},{number}\n")).collect();
        let replay = format!(
            "replay - --input csv --columns k,v --key column:k --select v --format raw -t {topic} --unpaced"
        );
        bench.kadence_reading(&rows, &replay.split(' ').collect::<Vec<_>>()).ok();
        let strategy = format!("partition.assignment.strategy={strategy}");
        let arguments = ["consume", topic, "-g", topic, "--until-end", "-X", &strategy];
        let mut members = [bench.start(&arguments), bench.start(&arguments)];
        let mut seen: Vec<u32> = Vec::new();
        for member in &mut members {
            assert!(member.wait().success(), "{strategy}: {}", member.stderr());
            seen.extend(member.rest().lines().map(|line| line.parse::<u32>().unwrap()));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 40_000, "{strategy}");
        assert_eq!(committed(bench, topic).iter().sum::<i64>(), 40_000, "{strategy}");
    }
}

/// With more members than partitions, one has nothing to read; whichever it is, the bounded one is done.
fn a_member_without_partitions_is_done(bench: &Bench) {
    series(bench, "t");
    let mut one = bench.start(&["consume", "t", "-g", "g"]);
    one.line();
    bench.kadence(&["consume", "t", "-g", "g", "--until-end"]).ok();
    one.interrupt();
    assert!(one.wait().success());
    assert_eq!(committed(bench, "g"), [9]);
}

/// A place that a group cannot take is misuse, and says what to do.
fn a_group_cannot_start_anywhere(bench: &Bench) {
    for place in ["5", "-5", "@1000"] {
        let finished = bench.kadence(&["consume", "t", "-g", "g", &format!("--from={place}")]);
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(
            finished.stderr.contains("move the group with kadence groups reset g -t t --to …"),
            "{finished:?}"
        );
    }
    assert_eq!(bench.kadence(&["consume", "t", "-g", ""]).code, Some(2));
    for property in ["group.id=other", "enable.auto.offset.store=true", "auto.offset.reset=latest"] {
        let finished = bench.kadence(&["consume", "t", "-g", "g", "-X", property]);
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.starts_with("kadence: --group and -X "), "{finished:?}");
    }
}

/// Waits until `members` members share both partitions of a topic.
fn shared_by(bench: &Bench, members: usize) {
    eventually("the partitions to be shared out", || {
        let group = group(bench, "pair")?;
        let all = group["members"].as_array()?.len() == members;
        let partitions = group["partitions"].as_array()?;
        let mut readers: Vec<&str> =
            partitions.iter().filter_map(|partition| partition["member"].as_str()).collect();
        let given = readers.len() == 2;
        readers.dedup();
        (group["state"] == "Stable" && all && given && readers.len() == members.min(2)).then_some(())
    });
}

/// Two members share two partitions; when one is killed the other takes over, and nothing is lost.
fn members_share_partitions_and_take_over(bench: &Bench) {
    bench.kadence(&["topics", "create", "pair", "--partitions", "2"]).ok();
    let arguments = ["consume", "pair", "-g", "pair", "-X", "session.timeout.ms=6000"];
    let one = bench.start(&arguments);
    shared_by(bench, 1);
    let mut two = bench.start(&arguments);
    shared_by(bench, 2);
    let send = |from: usize| {
        let rows: String = (from..from + 200).map(|number| format!("{number},{number}\n")).collect();
        let replay =
            "replay - --input csv --columns k,v --key column:k --select v --format raw -t pair --unpaced";
        bench.kadence_reading(&rows, &replay.split(' ').collect::<Vec<_>>()).ok();
    };
    send(0);
    let (mut seen, mut of_one) = (Vec::new(), 0);
    eventually("all records at both members", || {
        let before = seen.len();
        seen.extend(std::iter::from_fn(|| one.line_at_hand()));
        of_one += seen.len() - before;
        seen.extend(std::iter::from_fn(|| two.line_at_hand()));
        (seen.len() == 200).then_some(())
    });
    assert!(of_one > 0 && of_one < 200, "one member has {of_one} of 200 records");
    signal(one.pid(), Signal::KILL);
    send(200);
    let of_200 = |seen: &[String]| seen.iter().filter(|line| line.parse::<u32>().unwrap() >= 200).count();
    eventually("the other member to take over", || {
        seen.extend(std::iter::from_fn(|| two.line_at_hand()));
        (of_200(&seen) >= 200).then_some(())
    });
    two.interrupt();
    assert!(two.wait().success());
    // The one that was killed may have printed records that it had no time to commit: they come twice.
    let mut numbers: Vec<u32> = seen.iter().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..400).collect::<Vec<_>>());
    assert_eq!(committed(bench, "pair").iter().sum::<i64>(), 400);
}

/// When a group takes partitions away, what was printed of them is committed first: nothing is printed twice, though
/// nothing is committed in between.
fn what_was_printed_is_committed_before_partitions_go(bench: &Bench) {
    for strategy in ["range", "cooperative-sticky"] {
        let topic = &format!("held-{}", &strategy[..5]);
        bench.kadence(&["topics", "create", topic, "--partitions", "4"]).ok();
        let rows: String = (0..3_000).map(|number| format!("{number},{number}\n")).collect();
        let replay = format!(
            "replay - --input csv --columns k,v --key column:k --select v --format raw -t {topic} --rate 500"
        );
        let (mut replay, input) =
            Running::start_fed(bench.command(&replay.split(' ').collect::<Vec<_>>()), rows.as_bytes());
        let strategy = format!("partition.assignment.strategy={strategy}");
        let never = "auto.commit.interval.ms=600000";
        let arguments = ["consume", topic, "-g", topic, "-X", &strategy, "-X", never];
        let mut members = vec![bench.start(&arguments)];
        let mut seen: Vec<u32> = (0..100).map(|_| members[0].line().parse().unwrap()).collect();
        members.push(bench.start(&arguments));
        eventually("the second member to have records", || {
            seen.extend(
                std::iter::from_fn(|| members[0].line_at_hand()).map(|line| line.parse::<u32>().unwrap()),
            );
            members[1].line_at_hand().map(|line| seen.push(line.parse().unwrap()))
        });
        drop(input);
        assert!(replay.wait().success());
        eventually("all records", || {
            for member in &members {
                seen.extend(
                    std::iter::from_fn(|| member.line_at_hand()).map(|line| line.parse::<u32>().unwrap()),
                );
            }
            (seen.len() >= 3_000).then_some(())
        });
        for member in &mut members {
            member.interrupt();
            assert!(member.wait().success());
            seen.extend(member.rest().lines().map(|line| line.parse::<u32>().unwrap()));
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..3_000).collect::<Vec<_>>(), "{strategy}");
        assert_eq!(committed(bench, topic).iter().sum::<i64>(), 3_000, "{strategy}");
    }
}

/// One setting changes, the others stay.
fn topics_are_altered(bench: &Bench) {
    let run = |arguments: &str| bench.kadence(&arguments.split(' ').collect::<Vec<_>>());
    run("topics create t --partitions 2 --config retention.ms=1000000 --config cleanup.policy=compact").ok();
    let described = || run("topics describe t --json").json()["topics"][0].clone();
    let id = described()["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 22, "{id}");
    run("topics alter t --config max.message.bytes=2000 --partitions 3").ok();
    let altered = described();
    let configs = serde_json::json!({
        "retention.ms": "1000000", "cleanup.policy": "compact", "max.message.bytes": "2000",
    });
    assert_eq!((altered["partitions"].as_array().unwrap().len(), &altered["configs"]), (3, &configs));
    run("topics alter t --delete-config retention.ms --config cleanup.policy=delete").ok();
    let configs = serde_json::json!({ "cleanup.policy": "delete", "max.message.bytes": "2000" });
    assert_eq!((&described()["configs"], &described()["id"]), (&configs, &id.as_str().into()));
    for (arguments, code, what) in [
        ("topics alter t --config max.message.bytes=x", 1, "topic t: Invalid value x for configuration"),
        ("topics alter t --config bogus=1", 1, "topic t: Unknown topic config name: bogus"),
        ("topics alter t --partitions 3", 1, "topic t: 3 partitions are not more than the 3 it has"),
        ("topics alter absent --config retention.ms=1", 1, "topic absent: does not exist"),
        ("topics alter a/b --config retention.ms=1", 1, "topic a/b: not a topic name"),
        ("topics alter t", 2, "topics alter: nothing to change is named"),
        ("topics alter t --config a=1 --delete-config a", 2, "topics alter: `a` is named twice"),
        ("topics create t --config a=1 --config a=2", 2, "topics create: `a` is named twice"),
    ] {
        let finished = run(arguments);
        assert_eq!(finished.code, Some(code), "{arguments}: {finished:?}");
        assert!(finished.stderr.starts_with(&format!("kadence: {what}")), "{arguments}: {finished:?}");
    }
    assert_eq!(bench.kadence(&["topics", "alter", "", "--config", "retention.ms=1"]).code, Some(1));
    run("topics delete t").ok();
    eventually("the topic to be gone", || (!run("topics list").stdout.contains('t')).then_some(()));
    run("topics create t").ok();
    assert_ne!(described()["id"], id.as_str(), "a topic made anew has another id");
}

on_both_brokers! {
    consumers_start_where_they_are_told,
    the_demos_consumer_commits_when_it_is_stopped,
    a_group_goes_on_where_it_stopped,
    a_group_is_moved_and_deleted_while_nobody_reads,
    what_cannot_be_printed_is_not_committed,
    a_group_that_refuses_a_member_says_so,
    a_member_that_reads_to_the_end_is_joined_by_another,
    a_member_without_partitions_is_done,
    a_group_cannot_start_anywhere,
    members_share_partitions_and_take_over,
    what_was_printed_is_committed_before_partitions_go,
    topics_are_altered,
}
