//! Sealed runs, and what `verify` says of their topics.

use kadence_certificate::{Bucket, Certificate, Slice};
use kadence_kafka::{ReaderOptions, StopAt, TopicReader};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::Value;

use crate::support::{Bench, Finished, PATIENCE, SERIES, eventually, json, on_both_brokers};

on_both_brokers! {
    a_sealed_run_is_found_whole,
    a_certificate_has_the_numbers_of_the_report,
    what_is_done_to_a_copy_is_told_apart,
    compressed_and_transactional_topics_are_told_from_faults,
    several_runs_in_one_topic_are_told_apart,
    a_run_that_was_cut_says_so,
    a_topic_that_is_another_or_shorter_is_told_from_a_loss,
}

/// Replays the series sealed.
fn replay(bench: &Bench, topic: &str, more: &[&str]) -> Finished {
    bench.file("data.csv", SERIES);
    bench.kadence(&[&["replay", "data.csv", "-t", topic, "--unpaced", "--seal", "run.json"], more].concat())
}

fn verify(bench: &Bench, more: &[&str]) -> (Option<i32>, Value) {
    let finished = bench.kadence(&[&["verify", "run.json", "--json"], more].concat());
    (finished.code, if finished.stdout.is_empty() { Value::Null } else { finished.json() })
}

fn manifest(bench: &Bench) -> Value {
    json(&std::fs::read_to_string(bench.folder.path().join("run.json")).unwrap())
}

fn a_sealed_run_is_found_whole(bench: &Bench) {
    // Some of them stay empty.
    bench.kadence(&["topics", "create", "t", "--partitions", "20"]).ok();
    replay(bench, "t", &["--key", "column:value", "-H", "source=test", "-X", "sasl.password=hush"]).ok();
    let manifest = manifest(bench);
    assert_eq!((&manifest["complete"], &manifest["acknowledged"]), (&true.into(), &9.into()), "{manifest}");
    assert_eq!(manifest["lanes"][0]["last"], 8);
    assert_eq!(manifest["sources"][0]["bytes"], SERIES.len());
    assert!(!manifest.to_string().contains("hush"), "{manifest}");
    let finished = bench.kadence(&["verify", "run.json"]);
    let found = "9 sent, 9 found, 0 lost, 0 doubled, 0 reordered, 0 corrupted, 0 unexpected, 0 late";
    assert_eq!(finished.ok(), format!("topic t at {}: {found}\nsound\n", bench.address));
    // The seal is behind the headers that everybody else reads.
    let shown = bench.kadence(&["consume", "t", "--until-end", "-f", "%h\\n"]).ok();
    assert_eq!(
        shown.lines().filter(|line| line.starts_with("source=test,kadence-seal=")).count(),
        9,
        "{shown}"
    );
}

fn certificate(bench: &Bench, name: &str) -> Certificate {
    Certificate::read(&std::fs::read_to_string(bench.folder.path().join(name)).unwrap()).unwrap()
}

fn a_certificate_has_the_numbers_of_the_report(bench: &Bench) {
    bench.kadence(&["topics", "create", "t"]).ok();
    bench.file("data.csv", SERIES);
    for name in ["run.html", "run2.json"] {
        let words = ["replay", "data.csv", "-t", "t", "--speed", "100", "--seal", "run.json", "--json"];
        let report =
            bench.kadence(&[&words[..], &["--certificate", name, "-X", "sasl.password=hush"]].concat());
        assert_eq!(report.code, Some(0), "{report:#?}");
        let report = report.json();
        let made = certificate(bench, name);
        let numbers = serde_json::to_value(&made.report).unwrap();
        for (name, number) in numbers.as_object().unwrap() {
            assert_eq!(number, &report[name], "{name}");
        }
        let counted = |buckets: &[Bucket]| buckets.iter().map(|bucket| bucket.records).sum::<u64>();
        assert_eq!((counted(&made.lateness), counted(&made.arrival_lateness)), (9, 9));
        let slices = |of: fn(&Slice) -> u64| made.timeline.iter().map(of).sum::<u64>();
        assert_eq!((slices(|slice| slice.planned), slices(|slice| slice.sent)), (9, 9));
        assert!(!serde_json::to_string(&made).unwrap().contains("hush"));
        assert_eq!((made.verdict.as_ref(), made.promises.last().unwrap().kept), (None, None));
        let (code, _) = verify(bench, &["--certificate", name]);
        let judged = certificate(bench, name);
        assert_eq!((code, judged.promises.last().unwrap().kept), (Some(0), Some(true)));
        assert!(judged.verdict.unwrap().sound);
        assert_eq!(
            Certificate { verdict: None, promises: made.promises.clone(), ..certificate(bench, name) },
            made
        );
    }
    // Two at once: no verdict is forgotten, and who may read it stays as it is.
    let path = bench.folder.path().join("run2.json");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for topic in ["c1", "c2", "c3"] {
        bench.kadence(&["topics", "create", topic]).ok();
    }
    let both: Vec<_> = ["c1", "c2", "c3"]
        .map(|topic| bench.start(&["verify", "run.json", "--topic", topic, "--certificate", "run2.json"]))
        .into_iter()
        .map(|mut one| one.wait())
        .collect();
    assert_eq!(certificate(bench, "run2.json").verdict.unwrap().places.len(), 4, "{both:?}");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    // Nobody acknowledges what goes nowhere.
    let words = ["replay", "data.csv", "--to", "null", "--unpaced", "--certificate", "none.json"];
    bench.kadence(&words).ok();
    assert_eq!(certificate(bench, "none.json").promises, []);
    // The first one is of another run than the manifest by now.
    let finished = bench.kadence(&["verify", "run.json", "--certificate", "run.html"]);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains("run.html: is the certificate of run "), "{finished:#?}");
    bench.file("data.html", SERIES);
    let finished = bench.kadence(&["verify", "run.json", "--certificate", "data.html"]);
    assert!(finished.stderr.contains("data.html: is no certificate of a run"), "{finished:#?}");
}

/// A record of a topic, to be written elsewhere.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) partition: i32,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// The records of a topic.
pub(crate) fn taken(bench: &Bench, topic: &str) -> Vec<Taken> {
    let options = ReaderOptions {
        connection: kadence_kafka::Connection::to(&bench.address),
        topics: vec![topic.into()],
        until: StopAt::End,
        ..ReaderOptions::default()
    };
    let clock = std::sync::Arc::new(kadence_core::clock::SystemClock);
    let mut reader = TopicReader::open(&options, clock, std::sync::Arc::default(), |_| {}).unwrap().unwrap();
    let mut taken = Vec::new();
    loop {
        match reader.next(PATIENCE).unwrap() {
            kadence_kafka::Next::Record(record) => taken.push(Taken {
                partition: record.partition(),
                key: record.key().map(<[u8]>::to_vec),
                body: record.body().unwrap_or_default().to_vec(),
                headers: record
                    .headers()
                    .map(|(name, value)| {
                        (String::from_utf8(name.to_vec()).unwrap(), value.unwrap_or_default().to_vec())
                    })
                    .collect(),
            }),
            kadence_kafka::Next::Finished => return taken,
            _ => {}
        }
    }
}

/// Writes records, each into its partition.
pub(crate) fn write(bench: &Bench, topic: &str, records: &[Taken]) {
    let producer: BaseProducer =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &bench.address).create().unwrap();
    send(&producer, topic, records);
    producer.flush(PATIENCE).unwrap();
}

fn send(producer: &BaseProducer, topic: &str, records: &[Taken]) {
    for Taken { partition, key, body, headers } in records {
        let headers = headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        let mut record =
            BaseRecord::<[u8], [u8]>::to(topic).payload(body).headers(headers).partition(*partition);
        record.key = key.as_deref();
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
}

/// Copies in transactions: one that is aborted, and one that is committed. Its markers are offsets without records.
fn compressed_and_transactional_topics_are_told_from_faults(bench: &Bench) {
    bench.kadence(&["topics", "create", "t", "--partitions", "2"]).ok();
    replay(bench, "t", &["--compression", "zstd", "--key", "column:value"]).ok();
    assert_eq!(verify(bench, &[]).0, Some(0));
    let records = taken(bench, "t");
    bench.kadence(&["topics", "create", "copy", "--partitions", "2"]).ok();
    let producer: BaseProducer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &bench.address)
        .set("transactional.id", "copier")
        .set("compression.type", "lz4")
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    for is_committed in [false, true] {
        producer.begin_transaction().unwrap();
        send(&producer, "copy", &records);
        producer.flush(PATIENCE).unwrap();
        if is_committed {
            producer.commit_transaction(PATIENCE).unwrap();
        } else {
            producer.abort_transaction(PATIENCE).unwrap();
        }
    }
    let (code, verdict) = verify(bench, &["--topic", "copy"]);
    assert_eq!((code, &verdict["found"], &verdict["sound"]), (Some(0), &9.into(), &true.into()), "{verdict}");
}

/// What is done to a copy.
type Edit = fn(&mut Vec<Taken>);

fn what_is_done_to_a_copy_is_told_apart(bench: &Bench) {
    bench.kadence(&["topics", "create", "t"]).ok();
    replay(bench, "t", &[]).ok();
    let records = taken(bench, "t");
    let edits: [(&str, Edit); 6] = [
        ("nothing", |_| {}),
        ("lost", |records| drop(records.remove(4))),
        ("doubled", |records| records.insert(7, records[4].clone())),
        ("reordered", |records| records.swap(4, 5)),
        ("corrupted", |records| records[4].body.push(b' ')),
        ("unexpected", |records| {
            records.push(Taken { partition: 0, key: None, body: b"x".to_vec(), headers: Vec::new() });
        }),
    ];
    for (topic, edit) in edits {
        let is_clean = topic == "nothing";
        let mut copy = records.clone();
        edit(&mut copy);
        bench.kadence(&["topics", "create", topic]).ok();
        write(bench, topic, &copy);
        let (code, verdict) = verify(bench, &["--topic", topic]);
        assert_eq!((code, &verdict["sound"]), (Some(i32::from(!is_clean)), &is_clean.into()));
        for kind in ["lost", "doubled", "reordered", "corrupted", "unexpected"] {
            assert_eq!(verdict[kind]["records"], u64::from(kind == topic), "{topic}: {kind}: {verdict}");
        }
    }
}

fn several_runs_in_one_topic_are_told_apart(bench: &Bench) {
    bench.kadence(&["topics", "create", "t"]).ok();
    bench.file("data.csv", SERIES);
    for manifest in ["first.json", "run.json", "last.json"] {
        bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced", "--seal", manifest]).ok();
    }
    // Each run begins where the one before has ended.
    let (code, verdict) = verify(bench, &[]);
    assert_eq!((code, &verdict["found"], &verdict["others"]), (Some(0), &9.into(), &9.into()), "{verdict}");
}

fn a_run_that_was_cut_says_so(bench: &Bench) {
    bench.kadence(&["topics", "create", "t"]).ok();
    bench.file("data.csv", SERIES);
    let slowly = ["replay", "data.csv", "-t", "t", "--rate", "2", "--seal", "run.json"];
    let mut stopped = bench.start(&slowly);
    eventually("a record", || (!bench.bodies("t").is_empty()).then_some(()));
    assert_eq!(manifest(bench)["complete"], false);
    stopped.interrupt();
    stopped.wait();
    let whole = manifest(bench);
    assert_eq!((&whole["complete"], &whole["interrupted"]), (&true.into(), &true.into()), "{whole}");
    let (code, verdict) = verify(bench, &[]);
    assert_eq!((code, &verdict["sent"]), (Some(0), &whole["acknowledged"]), "{verdict}");

    let before = bench.bodies("t").len();
    // Of an older run, which nobody is to take for this one.
    let again = ["replay", "data.csv", "-t", "t", "--unpaced", "--certificate", "run.html"];
    bench.kadence(&again).ok();
    let before = before + 9;
    let killed = bench.start(&[&slowly[..], &["--certificate", "run.html"]].concat());
    eventually("a record", || (bench.bodies("t").len() > before).then_some(()));
    drop(killed);
    assert!(!bench.folder.path().join("run.html").exists(), "what was not written is not there");
    let (code, verdict) = verify(bench, &["--certificate", "run.html"]);
    assert_eq!((code, &verdict["complete"], &verdict["sent"]), (Some(1), &false.into(), &Value::Null));
    assert!(verdict["notes"][0].as_str().unwrap().contains("was cut, or is still under way"), "{verdict}");
    assert_eq!(verdict["lost"]["records"], 0, "{verdict}");
}

fn a_topic_that_is_another_or_shorter_is_told_from_a_loss(bench: &Bench) {
    bench.kadence(&["topics", "create", "t"]).ok();
    replay(bench, "t", &[]).ok();
    bench.kadence(&["topics", "delete", "t"]).ok();
    eventually("the topic to be made anew", || {
        (bench.kadence(&["topics", "create", "t"]).code == Some(0)).then_some(())
    });
    let (code, verdict) = verify(bench, &[]);
    assert_eq!(code, Some(1));
    assert!(verdict["notes"].to_string().contains("made anew"), "{verdict}");
    assert_eq!(verdict["lost"]["records"], 9);
    let (_, verdict) = verify(bench, &["--topic", "t"]);
    assert!(!verdict["notes"].to_string().contains("made anew"), "a copy is another topic: {verdict}");
    for pattern in ["^t", "^.*"] {
        let refused = bench.kadence(&["verify", "run.json", "--topic", pattern]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("is a pattern"), "{refused:?}");
    }
}

#[test]
fn a_seal_that_could_not_hold_is_refused() {
    let bench = Bench::new();
    for (more, said) in [
        (&["-t", "t", "--send", "forget"][..], "--seal: without acknowledgements nobody knows"),
        (&["-t", "t", "--acks", "0"], "--seal: without acknowledgements nobody knows"),
        (&["--to", "null"], "--seal"),
    ] {
        bench.file("data.csv", SERIES);
        let refused =
            bench.kadence(&[&["replay", "data.csv", "--unpaced", "--seal", "run.json"][..], more].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
    for (more, said) in [
        (
            &["--seal", "a.json", "--certificate", "a.json"][..],
            "--certificate: manifest and certificate are two",
        ),
        (&["--seal", "a.json", "--report", "a.json"], "--report: manifest, certificate and report are files"),
        (&["--certificate", "a.txt"], "--certificate: `a.txt` ends in neither .html nor .json"),
    ] {
        let refused = bench.kadence(&[&["replay", "data.csv", "-t", "t", "--unpaced"][..], more].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
    // One file, by two spellings, and by a link that leads nowhere yet.
    std::os::unix::fs::symlink("new.json", bench.folder.path().join("link.json")).unwrap();
    for (more, said) in [
        (
            &["--seal", "new.json", "--certificate", "./new.json"][..],
            "--certificate: manifest and certificate",
        ),
        (&["--seal", "new.json", "--certificate", "link.json"], "--certificate: manifest and certificate"),
        (
            &["--certificate", "link.json", "--report", "./new.json"],
            "--report: manifest, certificate and report",
        ),
    ] {
        let refused = bench.kadence(&[&["replay", "data.csv", "-t", "t", "--unpaced"][..], more].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(said), "{refused:?}");
        let made = bench.folder.path().join("new.json");
        assert_eq!(made.exists(), more.contains(&"--report"), "the report says why nothing else is made");
    }
    let onto = bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced", "--seal", "data.csv"]);
    assert_eq!(onto.code, Some(2), "{onto:?}");
    assert!(onto.stderr.contains("is the recording itself"), "{onto:?}");
    // What holds something else is not overwritten.
    bench.kadence(&["topics", "create", "t"]);
    bench.file("kept.json", "{\"mine\":1}");
    for option in ["--seal", "--certificate"] {
        let refused = bench.kadence(&["replay", "data.csv", "-t", "t", "--unpaced", option, "kept.json"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("`kept.json` holds something else than the"), "{refused:?}");
    }
    let kept = std::fs::read_to_string(bench.folder.path().join("kept.json")).unwrap();
    assert_eq!(kept, "{\"mine\":1}");
    let refused = bench.kadence(&["verify", "run.json", "--certificate", "run.txt"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    bench.file("other.json", "{}");
    for (file, said) in [("missing.json", "cannot be read"), ("other.json", "other.json: is no manifest")] {
        let refused = bench.kadence(&["verify", file]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
}
