use crate::{
    admin::{grow, wanted},
    client::{Batch, Client, PATIENCE, start_with, topic_name},
    group_versions::{commit, group},
    topics::{creatable, create, create_with, describe},
};
use kadence_broker::{Broker, BrokerError, DirectoryError, FaultHook, Options};
use kafka_protocol::messages::{
    ApiKey, DeleteRecordsRequest, DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse,
    ListOffsetsRequest, ListOffsetsResponse, OffsetFetchRequest, OffsetFetchResponse,
    delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use std::{fs, path::Path};
use tempfile::TempDir;

pub(crate) fn start_in(dir: &Path) -> Broker {
    start_with(|o| o.data_dir = Some(dir.to_owned()))
}

fn offsets(client: &mut Client, name: &str) -> Vec<(String, i32, i64)> {
    let request = OffsetFetchRequest::default().with_group_id(group(name)).with_topics(None);
    let response: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, 5, &request);
    let topics = response.topics.iter();
    topics
        .flat_map(|t| {
            t.partitions.iter().map(|p| (t.name.to_string(), p.partition_index, p.committed_offset))
        })
        .collect()
}

fn list_offset(client: &mut Client, topic: &str, timestamp: i64) -> i64 {
    let partition = ListOffsetsPartition::default().with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
    let response: ListOffsetsResponse = client.call(ApiKey::ListOffsets, 4, &request);
    response.topics[0].partitions[0].offset
}

fn delete_records(client: &mut Client, topic: &str, offset: i64) -> (i16, i64) {
    let partition = DeleteRecordsPartition::default().with_offset(offset);
    let topic = DeleteRecordsTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
    let response: DeleteRecordsResponse = client.call(ApiKey::DeleteRecords, 2, &request);
    let partition = &response.topics[0].partitions[0];
    (partition.error_code, partition.low_watermark)
}

#[test]
fn the_directory_is_described_as_the_brokers() {
    let dir = TempDir::new().unwrap();
    let described = |broker: &Broker| {
        let configs = describe(&mut Client::connect(broker), 4, "").configs;
        let setting = configs.into_iter().find(|config| &*config.name == "log.dirs").unwrap();
        (setting.value.map(|value| value.to_string()), setting.config_source)
    };
    let path = dir.path().to_str().unwrap().to_owned();
    assert_eq!(described(&start_in(dir.path())), (Some(path), 4), "set when the broker was started");
    assert_eq!(described(&start_with(|_| {})), (None, 5), "in memory, Kafka's default");
}

#[test]
fn a_directory_gives_back_what_it_was_given() {
    let dir = TempDir::new().unwrap();
    let broker = start_in(dir.path());
    let (cluster, mut client) = (broker.cluster_id().to_owned(), Client::connect(&broker));
    create_with(&mut client, "kept", &[("retention.ms", "77"), ("cleanup.policy", "compact")]);
    create(&mut client, creatable("t", 2));
    create(&mut client, creatable("gone", 1));
    assert_eq!(grow(&mut client, vec![wanted("t", 3, None)], false)[0].error_code, 0);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("gone")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    assert_eq!(commit(&mut client, 6, "plain"), [0, 3, 3]);
    let id = client.metadata("t").topic_id;
    let producer = client.producer_id();
    for (sequence, value) in [(0, "a"), (1, "b")] {
        let batch = Batch::of(&[value]).by(producer, 0, sequence).bytes();
        assert_eq!(client.produce("t", 2, batch).error_code, 0);
    }
    let stored = client.fetch("t", 2, 0).records.unwrap();
    broker.shutdown();

    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    assert_eq!(broker.cluster_id(), cluster);
    assert_eq!((client.metadata("t").topic_id, client.metadata("t").partitions.len()), (id, 3));
    assert_eq!(broker.stats().topics, 2);
    let settings = describe(&mut client, 2, "kept").configs;
    let own = settings.iter().filter(|s| s.config_source == 1);
    let own: Vec<_> = own.map(|s| (s.name.as_str(), s.value.as_ref().unwrap().as_str())).collect();
    assert_eq!(own, [("cleanup.policy", "compact"), ("retention.ms", "77")]);
    assert_eq!(offsets(&mut client, "plain"), [("t".to_owned(), 0, 7)]);
    assert_eq!(client.fetch("t", 2, 0).records.unwrap(), stored);
    let again = client.produce("t", 2, Batch::of(&["b"]).by(producer, 0, 1).bytes());
    assert_eq!((again.error_code, again.base_offset), (0, 1), "a batch that comes again is not stored twice");
    assert_ne!(client.producer_id(), producer);
}

#[test]
fn deleted_records_stay_deleted() {
    let dir = TempDir::new().unwrap();
    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    client.metadata("t");
    for value in ["a", "b", "c"] {
        client.produce("t", 0, Batch::of(&[value]).bytes());
    }
    for (offset, expected) in [(2, (0, 2)), (1, (0, 2)), (4, (1, -1)), (-2, (1, -1))] {
        assert_eq!(delete_records(&mut client, "t", offset), expected, "{offset}");
    }
    assert_eq!(delete_records(&mut client, "none", 0), (3, -1));
    assert_eq!(client.fetch("t", 0, 1).error_code, 1, "out of range");
    broker.shutdown();
    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    assert_eq!((list_offset(&mut client, "t", -2), list_offset(&mut client, "t", -1)), (2, 3));
    assert_eq!(delete_records(&mut client, "t", -1), (0, 3));
    assert_eq!(client.produce("t", 0, Batch::of(&["d"]).bytes()).base_offset, 3);
    broker.shutdown();
    let broker = start_in(dir.path());
    assert_eq!(list_offset(&mut Client::connect(&broker), "t", -2), 3);
}

#[test]
fn a_deleted_topic_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.produce("t", 0, Batch::of(&["a"]).bytes());
    let topics = || fs::read_dir(dir.path().join("topics")).unwrap().count();
    assert_eq!(topics(), 1);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    assert_eq!(topics(), 0);
    client.metadata("t");
    assert_eq!(client.fetch("t", 0, 0).high_watermark, 0);
}

#[test]
fn a_directory_has_one_process() {
    let dir = TempDir::new().unwrap();
    let broker = start_in(dir.path());
    let second = Broker::start(Options { data_dir: Some(dir.path().to_owned()), ..Options::default() });
    let error = second.unwrap_err();
    assert!(matches!(error, BrokerError::Directory(DirectoryError::InUse { .. })), "{error}");
    assert!(error.to_string().contains("another process has this directory"), "{error}");
    broker.shutdown();
    start_in(dir.path());
}

#[test]
fn logs_that_the_journal_does_not_know_are_left_and_told_of() {
    let dir = TempDir::new().unwrap();
    start_in(dir.path()).shutdown();
    let left = dir.path().join("topics").join(uuid::Uuid::new_v4().to_string());
    fs::create_dir_all(left.join("0")).unwrap();
    let (sender, faults) = std::sync::mpsc::sync_channel(9);
    let broker = start_with(|o| {
        o.data_dir = Some(dir.path().to_owned());
        o.on_fault = Some(FaultHook::new(move |fault| sender.send(fault.to_string()).unwrap()));
    });
    let fault = faults.recv_timeout(PATIENCE).unwrap();
    assert!(fault.contains("no topic for this directory"), "{fault}");
    broker.shutdown();
    assert!(left.exists());
    let whole = fs::read(dir.path().join("journal")).unwrap();
    for lost in [None, Some(&b""[..]), Some(b"torn")] {
        match lost {
            None => fs::remove_file(dir.path().join("journal")).unwrap(),
            Some(bytes) => fs::write(dir.path().join("journal"), bytes).unwrap(),
        }
        let options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
        let error = Broker::start(options).unwrap_err().to_string();
        assert!(error.contains("no journal"), "{error}");
    }
    fs::write(dir.path().join("journal"), whole).unwrap();
    start_in(dir.path());
}

#[test]
fn a_deletion_that_was_not_carried_out_is_carried_out_by_the_next_start() {
    let dir = TempDir::new().unwrap();
    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    client.metadata("t");
    client.produce("t", 0, Batch::of(&["a"]).bytes());
    let (id, topics) = (client.metadata("t").topic_id.to_string(), dir.path().join("topics"));
    fs::create_dir(topics.join(&id).join("0").join("somebody's")).unwrap();
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    broker.shutdown();
    assert!(topics.join(&id).exists());
    start_in(dir.path());
    assert!(!topics.join(&id).exists());
}

#[test]
fn a_directory_that_cannot_be_is_refused() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let options = Options { data_dir: Some(dir.path().join("file")), ..Options::default() };
    let error = Broker::start(options).unwrap_err().to_string();
    assert!(error.contains("cannot be created"), "{error}");
    fs::create_dir(dir.path().join("damaged")).unwrap();
    fs::write(dir.path().join("damaged").join("journal"), "00000000 x\n00000000 y\n").unwrap();
    let options = Options { data_dir: Some(dir.path().join("damaged")), ..Options::default() };
    let error = Broker::start(options).unwrap_err().to_string();
    assert!(error.contains("line 1 is damaged"), "{error}");
}

/// A directory as a killed process leaves it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What a crash tears is the end; anything else that is not as it was written is left as it is, and said.
#[test]
fn damage_before_whole_batches_is_not_cut_off() {
    let (dir, copied) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let broker = start_in(dir.path());
    let mut client = Client::connect(&broker);
    let id = client.metadata("t").topic_id.to_string();
    let batch = Batch::of(&["a"]).bytes();
    for _ in 0..3 {
        assert_eq!(client.produce("t", 0, batch.clone()).error_code, 0);
    }
    copy(dir.path(), copied.path());
    let log = copied.path().join("topics").join(id).join("0").join("00000000000000000000.log");
    let mut bytes = fs::read(&log).unwrap();
    bytes[batch.len() + 65] ^= 1;
    fs::write(&log, &bytes).unwrap();
    let (sender, faults) = std::sync::mpsc::sync_channel(9);
    let broker = start_with(|o| {
        o.data_dir = Some(copied.path().to_owned());
        o.on_fault = Some(FaultHook::new(move |fault| sender.send(fault.to_string()).unwrap()));
    });
    let fault = faults.recv_timeout(PATIENCE).unwrap();
    assert!(fault.contains("damaged at byte") && fault.contains("checksum"), "{fault}");
    let mut client = Client::connect(&broker);
    let found = client.fetch("t", 0, 0);
    assert_eq!((found.high_watermark, found.records.unwrap().len()), (3, batch.len()));
    assert_eq!(client.fetch("t", 0, 1).error_code, 56, "what is behind the damage is not taken for the end");
    let refused = client.produce("t", 0, batch);
    assert_eq!(refused.error_code, 44);
    assert!(refused.error_message.unwrap().contains("damaged at byte"));
    assert_eq!(fs::read(&log).unwrap(), bytes, "the file is left as it is");
}
