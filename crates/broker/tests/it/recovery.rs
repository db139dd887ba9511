//! Directories that were put together from what was left, or taken away.

use crate::{
    client::{Batch, Client, PATIENCE, start_with, topic_name, until},
    topics::{creatable, create},
    transactions::Producer,
};
use kadence_broker::{Broker, FaultHook, Options};
use kafka_protocol::messages::{ApiKey, DeleteTopicsRequest, DeleteTopicsResponse};
use std::{
    fs,
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
};
use tempfile::TempDir;

/// A broker in `dir`, and what it says.
fn start(dir: &Path, recover: bool) -> (Broker, Receiver<String>) {
    let (sender, faults) = sync_channel(99);
    let broker = start_with(|o| {
        o.data_dir = Some(dir.to_owned());
        o.recover = recover;
        o.on_fault = Some(FaultHook::new(move |fault| sender.send(fault.to_string()).unwrap()));
    });
    (broker, faults)
}

fn said(faults: &Receiver<String>, what: &str) -> String {
    loop {
        let fault = faults.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nobody says \"{what}\""));
        if fault.contains(what) {
            return fault;
        }
    }
}

/// A new producer, which sends `values` one by one; how many of them are stored where they are said to be.
fn send(client: &mut Client, topic: &str, values: &[&str]) -> usize {
    let id = client.producer_id();
    let end = client.fetch(topic, 0, 0).high_watermark;
    let mut stored = 0;
    for (sequence, value) in (0..).zip(values) {
        let answer = client.produce(topic, 0, Batch::of(&[value]).by(id, 0, sequence).bytes());
        let there = answer.base_offset == end + i64::from(sequence);
        stored += usize::from(answer.error_code == 0 && there);
    }
    assert_eq!(client.fetch(topic, 0, 0).high_watermark, end + stored as i64);
    stored
}

#[test]
fn a_journal_from_a_copy_gives_no_producer_id_out_twice() {
    let dir = TempDir::new().unwrap();
    let (journal, copy) = (dir.path().join("journal"), dir.path().join("journal.copy"));
    let (broker, _) = start(dir.path(), false);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    broker.shutdown();
    fs::copy(&journal, &copy).unwrap();
    for round in 0..3 {
        let (broker, faults) = start(dir.path(), false);
        let mut client = Client::connect(&broker);
        assert_eq!(send(&mut client, "t", &["a", "b", "c"]), 3, "round {round}");
        if round > 0 {
            let fault = said(&faults, "the journal is older than the logs");
            assert!(fault.contains("offsets and transactions since then are not known"), "{fault}");
        }
        // Killed or stopped, the logs tell who wrote to them.
        drop(client);
        broker.shutdown();
        fs::copy(&copy, &journal).unwrap();
    }
}

#[test]
fn what_an_older_journal_does_not_know_is_aborted_and_said() {
    let dir = TempDir::new().unwrap();
    let (journal, copy) = (dir.path().join("journal"), dir.path().join("journal.copy"));
    let (broker, _) = start(dir.path(), false);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let mut first = Producer::init(&mut client, "x");
    broker.shutdown();
    fs::copy(&journal, &copy).unwrap();
    let (broker, _) = start(dir.path(), false);
    let mut client = Client::connect(&broker);
    for _ in 0..3 {
        first = Producer::init(&mut client, "x");
    }
    first.add(&mut client, "t", &[0]);
    first.write(&mut client, "t", 0, 0, &["open"]);
    broker.shutdown();
    fs::copy(&copy, &journal).unwrap();
    let (broker, faults) = start(dir.path(), false);
    said(&faults, "that the journal does not know is aborted");
    let mut client = Client::connect(&broker);
    let found = client.fetch("t", 0, 0);
    assert_eq!(found.last_stable_offset, found.high_watermark);
    let next = Producer::init(&mut client, "x");
    assert!((next.producer_id, next.epoch) > (first.producer_id, first.epoch), "{next:?} after {first:?}");
}

/// A journal that ends behind a commit says nothing of the transaction after it, which has the same producer.
#[test]
fn a_commit_that_an_older_journal_knows_is_not_the_next_transactions() {
    let dir = TempDir::new().unwrap();
    let (broker, _) = start(dir.path(), false);
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let producer = Producer::init(&mut client, "x");
    producer.add(&mut client, "t", &[0]);
    producer.write(&mut client, "t", 0, 0, &["committed"]);
    assert_eq!(producer.end(&mut client, true), 0);
    producer.add(&mut client, "t", &[0]);
    producer.write(&mut client, "t", 0, 1, &["open"]);
    broker.shutdown();
    let journal = fs::read_to_string(dir.path().join("journal")).unwrap();
    let until = journal.find("decided").map(|at| at + journal[at..].find('\n').unwrap() + 1).unwrap();
    fs::write(dir.path().join("journal"), &journal[..until]).unwrap();
    let (broker, faults) = start(dir.path(), false);
    said(&faults, "that the journal does not know is aborted");
    let mut client = Client::connect(&broker);
    let found = client.fetch("t", 0, 0);
    assert_eq!(found.last_stable_offset, found.high_watermark);
    let request = crate::client::fetch_request("t", &[(0, 0)]).with_isolation_level(1);
    let response: kafka_protocol::messages::FetchResponse = client.call(ApiKey::Fetch, 12, &request);
    let aborted = response.responses[0].partitions[0].aborted_transactions.as_ref().unwrap();
    // One record, its marker, and then what was open.
    let found: Vec<_> = aborted.iter().map(|aborted| (aborted.producer_id.0, aborted.first_offset)).collect();
    assert_eq!(found, [(producer.producer_id, 2)]);
}

#[test]
fn logs_without_a_journal_are_taken_up_when_that_is_asked_for() {
    let dir = TempDir::new().unwrap();
    let (broker, _) = start(dir.path(), false);
    let mut client = Client::connect(&broker);
    client.metadata("some.topic");
    client.metadata("empty");
    assert_eq!(send(&mut client, "some.topic", &["a", "b"]), 2);
    let nameless = client.metadata("nameless").topic_id.to_string();
    assert_eq!(send(&mut client, "nameless", &["c"]), 1);
    broker.shutdown();
    let error =
        Broker::start(Options { data_dir: Some(dir.path().to_owned()), recover: true, ..Options::default() });
    assert!(error.unwrap_err().to_string().contains("there is a journal"));
    fs::remove_file(dir.path().join("journal")).unwrap();
    fs::remove_file(dir.path().join("topics").join(&nameless).join("name")).unwrap();
    let error = Broker::start(Options { data_dir: Some(dir.path().to_owned()), ..Options::default() });
    assert!(error.unwrap_err().to_string().contains("recover the logs"));
    let (broker, faults) = start(dir.path(), true);
    said(&faults, "is taken up with 1 partition(s)");
    let mut client = Client::connect(&broker);
    assert_eq!(client.fetch("some.topic", 0, 0).high_watermark, 2);
    assert_eq!(client.fetch(&nameless, 0, 0).high_watermark, 1, "it goes by its id");
    assert_eq!(send(&mut client, "some.topic", &["d", "e"]), 2);
    broker.shutdown();
    let (broker, _) = start(dir.path(), false);
    assert_eq!(Client::connect(&broker).fetch("some.topic", 0, 0).high_watermark, 4);
}

#[cfg(unix)]
#[test]
fn a_directory_that_is_taken_away_is_noticed() {
    type Taking = fn(&Path, &Path);
    let ways: [(&str, Taking); 4] = [
        ("removed", |dir, _| fs::remove_dir_all(dir).unwrap()),
        ("moved", |dir, away| fs::rename(dir, away).unwrap()),
        ("its lock", |dir, _| fs::remove_file(dir.join("lock")).unwrap()),
        ("its journal", |dir, _| fs::remove_file(dir.join("journal")).unwrap()),
    ];
    for (what, take) in ways {
        let parent = TempDir::new().unwrap();
        let (dir, away) = (parent.path().join("d"), parent.path().join("away"));
        let (broker, faults) = start(&dir, false);
        let mut client = Client::connect(&broker);
        client.metadata("t");
        let id = client.producer_id();
        assert_eq!(client.produce("t", 0, Batch::of(&["a"]).by(id, 0, 0).bytes()).error_code, 0);
        take(&dir, &away);
        if what == "removed" {
            // Not even once is acknowledged what is nowhere.
            assert_ne!(client.produce("t", 0, Batch::of(&["b"]).by(id, 0, 1).bytes()).error_code, 0);
        }
        if what == "its lock" {
            let second = Broker::start(Options { data_dir: Some(dir.clone()), ..Options::default() });
            assert!(second.unwrap_err().to_string().contains("another process has this directory"));
        }
        said(&faults, "was removed or is another one now");
        let refused = client.produce("t", 0, Batch::of(&["c"]).bytes());
        assert_eq!(refused.error_code, 44, "{what}");
        assert_ne!(create(&mut client, creatable("new", 1)).error_code, 0, "{what}");
        if what == "removed" {
            assert!(!dir.exists(), "it does not come back");
        }
    }
}

#[test]
fn a_topic_that_is_deleted_leaves_no_name() {
    let dir = TempDir::new().unwrap();
    let (broker, _) = start(dir.path(), false);
    let mut client = Client::connect(&broker);
    let id = client.metadata("t").topic_id.to_string();
    let folder = dir.path().join("topics").join(id);
    assert_eq!(fs::read_to_string(folder.join("name")).unwrap(), "t\n");
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    until(|| !folder.exists());
}
