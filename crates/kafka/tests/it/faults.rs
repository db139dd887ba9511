//! Each fault is one line: where, what, what to do.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use kadence_broker::{Broker, Options, TopicSettings};
use kadence_core::clock::{Stop, SystemClock};
use kadence_core::fault::Disposition;
use kadence_core::sink::Sink;
use kadence_kafka::{
    Admin, Connection, KafkaError, ProducerOptions, ReaderOptions, SendMode, StartAt, TopicReader, TopicSink,
};

use crate::{broker, fill, open, producing, reader, reading, send};

/// An address of this machine on which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn failure<T>(outcome: Result<T, KafkaError>) -> KafkaError {
    outcome.err().expect("it must not succeed")
}

#[test]
fn an_unreachable_broker_is_said_by_each_client() {
    let brokers = nobody();
    let connection = Connection::to(brokers.as_str());
    let expected = format!(
        "{brokers}: no broker answers (connection refused); start one with up, or name another with brokers"
    );
    let producer =
        ProducerOptions { connection: connection.clone(), topic: "t".into(), ..ProducerOptions::default() };
    let error = failure(open(&producer));
    assert_eq!(error.to_string(), expected);
    assert!(!error.is_misuse());
    let consumer = ReaderOptions {
        connection: connection.clone(),
        topics: vec!["t".into()],
        ..ReaderOptions::default()
    };
    assert_eq!(failure(reader(&consumer)).to_string(), expected);
    assert_eq!(failure(Admin::connect(&connection)).to_string(), expected);
}

#[test]
fn an_unknown_host_is_told_from_a_refusal() {
    let error = failure(Admin::connect(&Connection::to("no-such-host.invalid:9092")));
    assert!(error.to_string().contains("the name does not resolve"), "{error}");
}

/// A listener that never answers; the patience is the property's.
#[test]
fn a_silent_broker_is_given_up_on_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut connection = Connection::to(silent.local_addr().unwrap().to_string());
    connection.properties.push(("socket.connection.setup.timeout.ms".into(), "1000".into()));
    let error = failure(Admin::connect(&connection));
    assert!(error.to_string().contains("timed out"), "{error}");
}

#[test]
fn an_absent_topic_without_auto_creation_names_the_command_that_creates_it() {
    let broker = Broker::start(Options { auto_create_topics: false, ..Options::default() }).unwrap();
    let error = failure(open(&producing(&broker, "absent")));
    assert_eq!(
        error.to_string(),
        "topic absent: does not exist and the broker does not create topics by itself; \
         create it with topics create absent"
    );
}

#[test]
fn misuse_is_found_before_connecting() {
    let mut options = ProducerOptions {
        connection: Connection::to(nobody()),
        topic: "not a topic".into(),
        send: SendMode::Forget,
        ..ProducerOptions::default()
    };
    options.connection.properties.push(("lingerms".into(), "5".into()));
    options.connection.properties.push(("enable.idempotence".into(), "true".into()));
    let faults = options.check().unwrap_err();
    assert!(faults.iter().all(|fault| fault.disposition == Disposition::Misuse), "{faults:?}");
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 3, "{texts:#?}");
    assert_eq!(texts[0], "property: unknown property `lingerms`; did you mean `linger.ms`?");
}

#[test]
fn a_configuration_file_is_used_and_its_faults_have_lines() {
    let broker = broker();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "bootstrap.servers={}\nkey.serializer=x", broker.addresses()[0]).unwrap();
    let connection = Connection { config_file: Some(file.path().to_owned()), ..Connection::default() };
    assert_eq!(connection.check().unwrap().len(), 1);
    Admin::connect(&connection).unwrap();
    writeln!(file, "nonsense.name=1").unwrap();
    let error = failure(Admin::connect(&connection));
    assert!(
        error.to_string().starts_with(&format!("{}:3: unknown property", file.path().display())),
        "{error}"
    );
    let missing = Connection { config_file: Some("/nowhere/at/all".into()), ..Connection::default() };
    assert!(failure(Admin::connect(&missing)).to_string().contains("cannot be read"));
}

fn largest(max_message_bytes: usize) -> Options {
    let topic_defaults = TopicSettings { max_message_bytes, ..TopicSettings::default() };
    Options { topic_defaults, ..Options::default() }
}

/// The client refuses what exceeds its own limit, the broker what exceeds the topic's; both end the run, and the
/// records before the large one are counted.
#[test]
fn a_record_too_large_is_named_with_the_limit() {
    let broker = Broker::start(largest(2_000_000)).unwrap();
    let large = vec![b'x'; 1_200_000];
    let mut sink = open(&producing(&broker, "client-limit")).unwrap();
    let error = send(&mut sink, &[(None, b"fits", 1), (None, &large, 1)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "client-limit: record 2 (line 3): message too large (1,200,000 bytes, this client sends at most 1,048,588); \
         raise property message.max.bytes, and max.message.bytes of the topic"
    );
    sink.flush(&Stop::new()).unwrap();
    assert_eq!(sink.deliveries().acknowledged, 1);

    let broker = Broker::start(largest(10_000)).unwrap();
    let mut sink = open(&producing(&broker, "topic-limit")).unwrap();
    send(&mut sink, &[(None, b"fits", 1)]).unwrap();
    let _ = send(&mut sink, &[(None, &large[..20_000], 1)]);
    let deliveries = sink.deliveries();
    assert_eq!((deliveries.acknowledged, deliveries.failed), (1, 1));
    let text = "topic-limit: record 2 (line 2): message too large (20,000 bytes, the topic takes 10,000); \
         raise max.message.bytes of the topic, or send smaller batches with batch-size";
    assert_eq!(deliveries.first_failure.map(|lost| lost.to_string()).as_deref(), Some(text));
    assert_eq!(send(&mut sink, &[(None, b"more", 1)]).unwrap_err().to_string(), text);
}

/// The broker goes away and stays away: the record fails once its time is up, with the reason.
#[test]
fn a_record_that_is_never_acknowledged_fails_with_the_reason() {
    let broker = broker();
    let mut options = producing(&broker, "lost");
    options.connection.properties.push(("delivery.timeout.ms".into(), "1500".into()));
    let mut sink = open(&options).unwrap();
    broker.shutdown();
    send(&mut sink, &[(None, b"x", 1)]).unwrap();
    let deliveries = sink.deliveries();
    assert_eq!((deliveries.acknowledged, deliveries.failed), (0, 1));
    let text = deliveries.first_failure.unwrap().to_string();
    assert!(text.starts_with("lost: record 1 (line 2): not acknowledged within 1.5 s"), "{text}");
    assert_eq!(send(&mut sink, &[(None, b"y", 1)]).unwrap_err().to_string(), text);
}

#[test]
fn an_offset_out_of_range_names_the_range() {
    let broker = broker();
    fill(&broker, "short", &["a", "b", "c"]);
    let options = ReaderOptions { from: StartAt::Offset(7), ..reading(&broker, "short") };
    assert_eq!(
        failure(reader(&options)).to_string(),
        "short[0]: no offset 7 (there are 0 to 2); \
         use beginning, end, or an offset in between"
    );
}

#[test]
fn a_bounded_read_of_an_absent_topic_is_an_error_and_creates_nothing() {
    let broker = broker();
    let error = failure(reader(&reading(&broker, "nowhere")));
    assert_eq!(error.to_string(), "topic nowhere: does not exist; topics list shows those that do");
    assert_eq!(broker.stats().topics, 0);
}

#[test]
fn stopping_while_connecting_is_no_fault_of_the_brokers() {
    let stop = Arc::new(Stop::new());
    stop.raise();
    let connection = Connection::to(nobody());
    let options = ProducerOptions { connection: connection.clone(), topic: "t".into(), ..Default::default() };
    let error = failure(TopicSink::open(&options, Arc::new(SystemClock), Arc::clone(&stop)));
    assert!(matches!(error, KafkaError::Interrupted { .. }), "{error}");
    let options = ReaderOptions { connection, topics: vec!["t".into()], ..Default::default() };
    assert!(TopicReader::open(&options, Arc::new(SystemClock), stop, |_| {}).unwrap().is_none());
}
