//! A Schema Registry beside the broker and on a given one, and the verbs that talk to it.

use serde_json::Value;

use crate::support::{Bench, Finished, Running, eventually, json};

const POINT: &str = r#"{"type":"record","name":"Point","fields":[{"name":"x","type":"int"}]}"#;
const WIDER: &str = r#"{"type":"record","name":"Point","fields":[{"name":"x","type":"long"}]}"#;
const OTHER: &str = r#"{"type":"record","name":"Point","fields":[{"name":"x","type":"string"}]}"#;

/// A broker with a registry, as a process.
struct Up {
    running: Running,
    registry: String,
    brokers: String,
}

impl Up {
    fn start(bench: &Bench, more: &[&str]) -> Self {
        let words = ["up", "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0", "--json"];
        let running = bench.start(&[&words[..], more].concat());
        let ready = json(&running.line());
        let registry = ready["registry"].as_str().unwrap().to_owned();
        let brokers = ready["brokers"][0].as_str().unwrap().to_owned();
        Self { running, registry, brokers }
    }

    fn schemas(&self, bench: &Bench, words: &[&str]) -> Finished {
        schemas(bench, &self.registry, words)
    }
}

fn schemas(bench: &Bench, registry: &str, words: &[&str]) -> Finished {
    bench.kadence(&[&["schemas"], words, &["--registry", registry, "--json"]].concat())
}

fn answer(finished: Finished) -> Value {
    json(&finished.ok())
}

/// A folder with the schemas in files.
fn bench() -> Bench {
    let bench = Bench::new();
    for (name, text) in [("point.avsc", POINT), ("wider.avsc", WIDER), ("other.avsc", OTHER)] {
        bench.file(name, text);
    }
    bench
}

#[test]
fn schemas_are_registered_shown_checked_and_deleted() {
    let bench = bench();
    let up = Up::start(&bench, &[]);
    let registered = answer(up.schemas(&bench, &["register", "p-value", "point.avsc"]));
    assert_eq!(registered["id"], 1);
    assert_eq!(
        answer(up.schemas(&bench, &["register", "q-value", "point.avsc"]))["id"],
        1,
        "one text, one id"
    );
    assert_eq!(answer(up.schemas(&bench, &["register", "p-value", "wider.avsc"]))["id"], 2);
    let listed = answer(up.schemas(&bench, &["list"]));
    assert_eq!(listed["subjects"][0]["versions"], json("[1,2]"));
    let shown = answer(up.schemas(&bench, &["show", "p-value:1"]));
    assert_eq!((&shown["id"], json(shown["schema"].as_str().unwrap())), (&1.into(), json(POINT)));
    assert_eq!(answer(up.schemas(&bench, &["show", "p-value"]))["version"], 2);
    assert_eq!(
        json(answer(up.schemas(&bench, &["show", "--id", "1"]))["schema"].as_str().unwrap()),
        json(POINT)
    );
    let checked = up.schemas(&bench, &["check", "p-value", "other.avsc"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let checked = json(&checked.stdout);
    assert!(checked["reasons"][0].as_str().unwrap().contains("TYPE_MISMATCH"), "{checked}");
    let refused = up.schemas(&bench, &["register", "p-value", "other.avsc"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("incompatible"), "{refused:?}");
    assert_eq!(answer(up.schemas(&bench, &["delete", "p-value:1"]))["versions"], json("[1]"));
    assert_eq!(answer(up.schemas(&bench, &["delete", "p-value", "--permanent"]))["permanent"], true);
    let gone = up.schemas(&bench, &["show", "p-value"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    let missing = up.schemas(&bench, &["register", "p-value", "none.avsc"]);
    assert!(missing.stderr.contains("none.avsc"), "{missing:?}");
}

#[test]
fn what_is_registered_outlives_the_process_and_ids_do_not_come_again() {
    let bench = bench();
    let kept = ["--data-dir", "data"];
    {
        let up = Up::start(&bench, &kept);
        up.schemas(&bench, &["register", "p-value", "point.avsc"]).ok();
        up.schemas(&bench, &["register", "p-value", "wider.avsc"]).ok();
        // It is killed when it goes.
    }
    let mut up = Up::start(&bench, &kept);
    assert_eq!(answer(up.schemas(&bench, &["register", "p-value", "wider.avsc"]))["id"], 2);
    up.schemas(&bench, &["delete", "p-value", "--permanent"]).ok();
    bench.file("third.avsc", r#""int""#);
    assert_eq!(answer(up.schemas(&bench, &["register", "third-value", "third.avsc"]))["id"], 3);
    up.running.interrupt();
    assert_eq!(up.running.wait().code(), Some(0));
    let up = Up::start(&bench, &kept);
    let listed = answer(up.schemas(&bench, &["list"]));
    assert_eq!(listed["subjects"], json(r#"[{"subject":"third-value","versions":[1]}]"#));
}

#[test]
fn one_registry_writes_and_a_second_one_says_where() {
    let bench = bench();
    let serve = |more: &[&str]| {
        let words = ["serve", "registry", "--listen", "127.0.0.1:0", "--json"];
        let running = bench.start(&[&words[..], more].concat());
        let ready = json(&running.line());
        (running, ready)
    };
    let (first, ready) = serve(&[]);
    let url = ready["registry"].as_str().unwrap().to_owned();
    assert_eq!(ready["writer"], Value::Null);
    schemas(&bench, &url, &["register", "p-value", "point.avsc"]).ok();
    let (_second, ready) = serve(&[]);
    let second_url = ready["registry"].as_str().unwrap();
    assert_eq!(ready["writer"], *url);
    let refused = schemas(&bench, second_url, &["register", "p-value", "wider.avsc"]);
    assert!(refused.stderr.contains(&url), "{refused:?}");
    // What is there already needs nobody to write, and what the first one writes is seen.
    assert_eq!(answer(schemas(&bench, second_url, &["register", "p-value", "point.avsc"]))["id"], 1);
    schemas(&bench, &url, &["register", "p-value", "wider.avsc"]).ok();
    eventually("the second version", || {
        let shown = answer(schemas(&bench, second_url, &["show", "p-value"]));
        (shown["version"] == 2).then_some(())
    });
    // Once the first one is gone, the next one to come writes.
    drop(first);
    let (_third, ready) = serve(&[]);
    assert_eq!(ready["writer"], Value::Null);
    let third_url = ready["registry"].as_str().unwrap();
    bench.file("third.avsc", r#""int""#);
    assert_eq!(answer(schemas(&bench, third_url, &["register", "third-value", "third.avsc"]))["id"], 3);
}

#[test]
fn a_registry_of_the_process_is_fenced_by_one_that_comes_later() {
    let bench = bench();
    let up = Up::start(&bench, &[]);
    up.schemas(&bench, &["register", "p-value", "point.avsc"]).ok();
    // It does not know of the first one, as that cannot be reached by the name that it has given itself.
    let writer = kadence_kafka::FencedWriter::open(
        &kadence_kafka::Connection::to(&up.brokers),
        "_schemas",
        "kadence-registry-_schemas",
        &kadence_core::clock::SystemClock,
        &kadence_core::clock::Stop::new(),
    )
    .unwrap();
    let announcement = r#"{"keytype":"KADENCE_WRITER","magic":0}"#;
    writer.write(announcement.as_bytes(), Some(br#"{"url":"http://127.0.0.1:1"}"#)).unwrap();
    let refused = up.schemas(&bench, &["register", "p-value", "wider.avsc"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    eventually("word of where to write", || {
        let refused = up.schemas(&bench, &["register", "p-value", "wider.avsc"]);
        refused.stderr.contains("http://127.0.0.1:1").then_some(())
    });
    assert_eq!(answer(up.schemas(&bench, &["show", "p-value"]))["version"], 1, "it is still read");
}

#[test]
fn addresses_are_this_machines_and_nobody_elses() {
    let bench = bench();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let up = |address: &str| {
        let words = ["up", "--listen", "127.0.0.1:0", "--registry-listen"];
        bench.kadence(&[&words[..], &[address]].concat())
    };
    let refused = up(&taken);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("the port is taken by another program"), "{refused:?}");
    for address in ["0.0.0.0:0", "nonsense", "127.0.0.1:x"] {
        let refused = up(address);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("--registry-listen: `"), "{refused:?}");
    }
    let nobody = schemas(&bench, "127.0.0.1:1", &["list"]);
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    let secret = schemas(&bench, "http://me:hush@127.0.0.1:1", &["list"]);
    assert!(secret.code == Some(1) && !secret.stderr.contains("hush"), "{secret:?}");
}
