//! What a sink promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use kadence_broker::Broker;
use kadence_core::clock::{Clock as _, Stop, SystemClock};
use kadence_core::record::Facts;
use kadence_core::record::{Header, Timestamp};
use kadence_core::run::Run;
use kadence_core::sink::Sink;
use kadence_kafka::{Acks, Compression, ProducerOptions, SendMode, TopicSink};

use crate::liar::{Answer, Liar};
use crate::{Sent, bodies, broker, open, producing, read_all, reading, send};

fn modes(broker: &Broker) -> Vec<(String, ProducerOptions)> {
    let mut modes = Vec::new();
    for send in [SendMode::Async, SendMode::Sync, SendMode::Forget] {
        for paced in [false, true] {
            modes.push((
                format!("{send:?}-{paced}"),
                ProducerOptions { send, paced, ..producing(broker, "") },
            ));
        }
    }
    for compression in
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
    {
        let compression = Some(compression);
        modes.push((format!("{compression:?}"), ProducerOptions { compression, ..producing(broker, "") }));
    }
    modes.push(("leader".into(), ProducerOptions { acks: Some(Acks::One), ..producing(broker, "") }));
    for (name, options) in &mut modes {
        options.topic = name.replace(['(', ')'], "");
    }
    modes
}

/// Key, body, timestamp and headers come back as they were sent, in order, whatever the mode.
#[test]
fn records_arrive_whole_and_in_order_in_each_mode() {
    let broker = broker();
    for (name, mut options) in modes(&broker) {
        let headers = [("trace", b"abc".to_vec()), ("empty", Vec::new()), ("trace", b"again".to_vec())];
        options.headers = headers
            .iter()
            .map(|(name, value)| Header { name: (*name).into(), value: value.clone() })
            .collect();
        let texts: Vec<String> = (0..300).map(|number| format!("record {number}")).collect();
        let sent: Vec<Sent<'_>> =
            texts.iter().zip(1..).map(|(text, millis)| (Some("k"), text.as_bytes(), millis)).collect();
        let mut sink = open(&options).unwrap();
        send(&mut sink, &sent).unwrap();

        let deliveries = sink.deliveries();
        assert_eq!((deliveries.acknowledged, deliveries.failed), (300, 0), "{name}");
        assert_eq!(deliveries.topics[&options.topic], [(0, 300)].into(), "{name}");
        assert_eq!(deliveries.bytes, texts.iter().map(|text| text.len() as u64 + 1).sum::<u64>(), "{name}");
        drop(sink);

        // Nobody acknowledges what was sent to be forgotten, so it may still be on its way.
        let read = loop {
            let read = read_all(&reading(&broker, &options.topic));
            if read.len() >= 300 || options.send != SendMode::Forget {
                break read;
            }
        };
        assert_eq!(bodies(&read), texts, "{name}");
        assert_eq!(read[299].millis, Some(300), "{name}");
        assert_eq!(read[7].key.as_deref(), Some("k"), "{name}");
        let expected: Vec<(String, Option<Vec<u8>>)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), Some(value.clone()))).collect();
        assert_eq!(read[7].headers, expected, "{name}");
    }
}

#[test]
fn an_empty_body_is_no_tombstone_and_an_empty_key_is_a_key() {
    let broker = broker();
    let mut sink = open(&producing(&broker, "empty")).unwrap();
    send(&mut sink, &[(None, b"", 5), (Some(""), b"x", 0)]).unwrap();
    let read = read_all(&reading(&broker, "empty"));
    assert_eq!(read[0].body.as_deref(), Some(&b""[..]));
    assert_eq!((read[0].key.as_deref(), read[1].key.as_deref()), (None, Some("")));
    // The very epoch is what librdkafka would replace by the present.
    assert_eq!(read[1].millis, Some(1));
}

/// With room for 64 records in the client, 5,000 get through by waiting for room, and none is lost or doubled.
#[test]
fn a_full_client_takes_fewer_and_loses_none() {
    let broker = broker();
    for (topic, paced) in [("full-paced", true), ("full", false)] {
        let mut options = ProducerOptions { paced, ..producing(&broker, topic) };
        options.connection.properties.push(("queue.buffering.max.messages".into(), "64".into()));
        let mut sink = open(&options).unwrap();
        let mut run = Run::new(1 << 20, 5_000);
        for number in 0..5_000_u64 {
            let mut draft = run.draft();
            draft.bytes().extend_from_slice(number.to_string().as_bytes());
            draft.finish(Facts { line: number + 1, ..Facts::default() });
        }
        sink.begin(SystemClock.now());
        let (mut next, mut partial) = (0, 0);
        while next < run.len() {
            let taken =
                sink.accept(&run.slice(next..run.len(), &[], Timestamp::from_nanos(1_000_000))).unwrap();
            next += taken;
            if next < run.len() {
                partial += 1;
                sink.wait_for_room(Duration::from_secs(1)).unwrap();
            }
        }
        sink.flush(&Stop::new()).unwrap();
        assert!(partial > 0, "the client was never full");
        assert_eq!(sink.deliveries().acknowledged, 5_000);
        let expected: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
        assert_eq!(bodies(&read_all(&reading(&broker, topic))), expected, "{topic}");
    }
}

#[test]
fn arrivals_are_timed_only_where_due_times_exist() {
    let broker = broker();
    for (topic, paced, timed) in [("timed", true, 2), ("untimed", false, 0)] {
        let options = ProducerOptions { paced, ..producing(&broker, topic) };
        let mut sink = open(&options).unwrap();
        send(&mut sink, &[(None, b"a", 1), (None, b"b", 1)]).unwrap();
        assert_eq!(sink.deliveries().arrival_lateness.count(), timed, "{topic}");
    }
}

/// The first record must not wait for librdkafka's 500 ms timer. A busy machine may take as long: of many producers,
/// one at least is quicker, and would not be with the timer.
#[test]
fn the_first_record_of_an_idempotent_producer_leaves_at_once() {
    const TIMER: Duration = Duration::from_millis(500);
    let broker = broker();
    let time_of = |attempt: usize| {
        let topic = format!("prompt-{attempt}");
        let options = ProducerOptions { paced: true, ..producing(&broker, &topic) };
        let begun = SystemClock.now();
        let mut sink = open(&options).unwrap();
        send(&mut sink, &[(None, b"first", 1)]).unwrap();
        SystemClock.now().saturating_sub(begun)
    };
    assert!((0..20).map(time_of).any(|took| took < TIMER), "each took as long as the timer");
}

#[test]
fn a_second_request_to_stop_ends_a_flush_that_cannot_succeed() {
    let broker = broker();
    let mut sink = open(&producing(&broker, "cut")).unwrap();
    broker.shutdown();
    let mut run = Run::new(1 << 10, 1);
    run.draft().finish(Facts::default());
    assert_eq!(sink.accept(&run.slice(0..1, &[], Timestamp::from_nanos(1))).unwrap(), 1);
    let stop = Arc::new(Stop::new());
    let raised = Arc::clone(&stop);
    let flushing = std::thread::spawn(move || sink.flush(&stop).map(|()| sink.deliveries().acknowledged));
    raised.raise();
    assert_eq!(flushing.join().unwrap().unwrap(), 0);
}

#[test]
fn records_with_one_key_stay_in_one_partition() {
    let broker =
        Broker::start(kadence_broker::Options { default_partitions: 4, ..Default::default() }).unwrap();
    let mut sink: TopicSink = open(&producing(&broker, "keyed")).unwrap();
    let texts: Vec<String> = (0..200).map(|number| (number % 10).to_string()).collect();
    let sent: Vec<Sent<'_>> = texts.iter().map(|text| (Some(text.as_str()), text.as_bytes(), 1)).collect();
    send(&mut sink, &sent).unwrap();
    let partitions = &sink.deliveries().topics["keyed"];
    assert_eq!(partitions.values().sum::<u64>(), 200);
    assert!(partitions.len() > 1, "{partitions:?}");
    let read = read_all(&reading(&broker, "keyed"));
    for key in 0..10 {
        let key = key.to_string();
        let mut homes: Vec<i32> = read
            .iter()
            .filter(|record| record.key.as_deref() == Some(&key))
            .map(|record| record.partition)
            .collect();
        homes.dedup();
        assert_eq!(homes.len(), 1, "key {key}");
    }
}

/// A broker that does not lead a partition yet may take the second batch before the first, which then is lost.
#[test]
fn nothing_is_sent_before_the_leader_knows_its_partition() {
    const NOT_LEADER: i16 = 6;
    let (asked, too_early) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (seen, early) = (Arc::clone(&asked), Arc::clone(&too_early));
    let liar = Liar::start(move |answer| match answer {
        Answer::Offsets(offsets) if seen.fetch_add(1, Ordering::SeqCst) < 3 => {
            let partitions = offsets.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
            partitions.for_each(|partition| partition.error_code = NOT_LEADER);
        }
        Answer::Produced => early.store(seen.load(Ordering::SeqCst) < 4, Ordering::SeqCst),
        _ => {}
    });
    liar.lie();
    let options =
        ProducerOptions { connection: liar.connection(), topic: "new".into(), ..ProducerOptions::default() };
    let mut sink = TopicSink::open(&options, Arc::new(SystemClock), Arc::new(Stop::new())).unwrap();
    send(&mut sink, &[(None, b"first", 1_000)]).unwrap();
    assert!(asked.load(Ordering::SeqCst) >= 4 && !too_early.load(Ordering::SeqCst), "{asked:?}");
}
