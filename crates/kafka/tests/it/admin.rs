//! Administration of topics.

use kadence_broker::{Broker, Options};
use kadence_kafka::{Admin, ConfigSource, TopicSummary};

use crate::{broker, connection, fill};

#[test]
fn a_topic_is_created_listed_described_and_deleted() {
    let broker = broker();
    let admin = Admin::connect(&connection(&broker)).unwrap();
    let configs = [("max.message.bytes".to_owned(), "5000".to_owned())];
    admin.create("made", Some(3), Some(1), &configs).unwrap();
    admin.create("by-default", None, None, &[]).unwrap();
    let summary = |name: &str, partitions| TopicSummary {
        name: name.into(),
        partitions,
        replication: 1,
        internal: false,
    };
    assert_eq!(admin.list().unwrap(), [summary("by-default", 1), summary("made", 3)]);

    fill(&broker, "by-default", &["a", "b"]);
    let described = admin.describe(&["made", "nowhere", "by-default"]).unwrap();
    let made = described[0].1.as_ref().unwrap();
    assert_eq!(made.partitions.len(), 3);
    let limit = made.configs.iter().find(|entry| entry.name == "max.message.bytes").unwrap();
    assert_eq!(
        (limit.value.as_deref(), limit.source, limit.is_default),
        (Some("5000"), ConfigSource::Topic, false)
    );
    assert_eq!(
        described[1].1.as_ref().unwrap_err().to_string(),
        "topic nowhere: does not exist; topics list shows those that do"
    );
    let filled = &described[2].1.as_ref().unwrap().partitions[0];
    assert_eq!((filled.earliest, filled.latest, filled.leader.is_some()), (Some(0), Some(2), true));
    assert_eq!((filled.replicas.len(), filled.in_sync.len()), (1, 1));

    let deleted = admin.delete(&["made", "nowhere"]).unwrap();
    assert!(deleted[0].1.is_ok(), "{deleted:?}");
    assert!(deleted[1].1.as_ref().unwrap_err().to_string().contains("does not exist"));
    assert_eq!(admin.list().unwrap(), [summary("by-default", 1)]);
}

#[test]
fn what_the_broker_refuses_is_one_line() {
    let broker = Broker::start(Options { delete_topics: false, ..Options::default() }).unwrap();
    let admin = Admin::connect(&connection(&broker)).unwrap();
    admin.create("taken", None, None, &[]).unwrap();
    let text = |outcome: Result<(), kadence_kafka::KafkaError>| outcome.unwrap_err().to_string();
    assert_eq!(
        text(admin.create("taken", None, None, &[])),
        "topic taken: exists already; topics describe taken shows it"
    );
    assert_eq!(
        text(admin.create("copies", Some(1), Some(3), &[])),
        "topic copies: replication factor 3 is not possible (brokers: 1); ask for one copy a broker at most"
    );
    let invalid = text(admin.create("not a topic", None, None, &[]));
    assert!(invalid.starts_with("topic not a topic: not a topic name; "), "{invalid}");
    let partitions = text(admin.create("none", Some(0), None, &[]));
    assert!(partitions.starts_with("topic none: "), "{partitions}");
    let config = text(admin.create("odd", None, None, &[("no.such".to_owned(), "1".to_owned())]));
    assert!(config.contains("no.such=1"), "{config}");
    let deleted = admin.delete(&["taken"]).unwrap();
    assert!(deleted[0].1.as_ref().unwrap_err().to_string().contains("deletes no topics"), "{deleted:?}");
}
