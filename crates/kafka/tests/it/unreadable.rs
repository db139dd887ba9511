//! What a reader says of records that it cannot get, and whether that ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use kadence_core::clock::{Clock as _, SystemClock};
use kadence_kafka::{Admin, KafkaError, Next, ReaderOptions, StopAt};
use kafka_protocol::messages::fetch_response::PartitionData;

use crate::liar::{Answer, Liar};
use crate::{ProducerOptions, open, reader, send};

/// The record that cannot be read; those before it can.
const BAD: i64 = 3;
/// Much longer than any of this takes.
const LONG: Duration = Duration::from_mins(1);

/// A topic of five records, each a batch of its own, whose fetches are falsified.
fn liar(lie: impl Fn(&mut PartitionData) + Send + Sync + 'static) -> Liar {
    let liar = Liar::start(move |answer| {
        if let Answer::Fetch(answer) = answer {
            answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions).for_each(&lie);
        }
    });
    fill(&liar);
    liar.lie();
    liar
}

fn fill(liar: &Liar) {
    let options =
        ProducerOptions { connection: liar.connection(), topic: "t".into(), ..ProducerOptions::default() };
    let mut sink = open(&options).unwrap();
    for body in ["a", "b", "c", "d", "e"] {
        send(&mut sink, &[(None, body.repeat(20).as_bytes(), 1_000)]).unwrap();
    }
}

fn reading(liar: &Liar) -> ReaderOptions {
    let connection = liar.connection();
    ReaderOptions { connection, topics: vec!["t".into()], until: StopAt::End, ..ReaderOptions::default() }
}

/// How many records come before the error, and the error.
fn outcome(options: &ReaderOptions) -> (usize, KafkaError) {
    let mut reader = reader(options).unwrap();
    let deadline = SystemClock.now() + LONG;
    let mut records = 0;
    loop {
        match reader.next(Duration::from_millis(100)) {
            Ok(Next::Record(_)) => records += 1,
            Ok(Next::Finished) => panic!("finished after {records} records"),
            Ok(Next::PartitionEnd { .. } | Next::Nothing) => {}
            Err(error) => return (records, error),
        }
        assert!(SystemClock.now() < deadline, "nothing was said after {records} records");
    }
}

#[track_caller]
fn assert_says(liar: &Liar, text: &str) {
    let (records, error) = outcome(&reading(liar));
    assert!(error.to_string().starts_with(&format!("t[0]: offset {BAD} cannot be read ({text})")), "{error}");
    assert!(error.to_string().ends_with("; from OFFSET reads on behind it"), "{error}");
    assert_eq!(records, BAD as usize, "{error}");
}

/// The batches of an answer, with the offset of each.
fn batches(records: &Bytes) -> Vec<(i64, Bytes)> {
    let (mut batches, mut at) = (Vec::new(), 0);
    while at + 12 <= records.len() {
        let offset = i64::from_be_bytes(records[at..at + 8].try_into().unwrap());
        let length = i32::from_be_bytes(records[at + 8..at + 12].try_into().unwrap());
        let end = (at + 12 + length as usize).min(records.len());
        batches.push((offset, records.slice(at..end)));
        at = end;
    }
    batches
}

/// Refuses what begins at the bad record; what comes before it in the same answer is served.
fn refuse(code: i16) -> impl Fn(&mut PartitionData) {
    refuse_from(BAD, code)
}

fn refuse_from(first: i64, code: i16) -> impl Fn(&mut PartitionData) {
    move |partition| {
        let all = batches(partition.records.as_ref().unwrap_or(&Bytes::new()));
        let good: Vec<_> =
            all.iter().filter(|(offset, _)| *offset < first).map(|(_, batch)| &batch[..]).collect();
        if good.len() < all.len() {
            partition.error_code = if good.is_empty() { code } else { 0 };
            partition.records = Some(good.concat().into());
        }
    }
}

/// Changes the bad record's batch.
fn damage(change: impl Fn(&mut [u8])) -> impl Fn(&mut PartitionData) {
    damage_from(BAD, change)
}

fn damage_from(first: i64, change: impl Fn(&mut [u8])) -> impl Fn(&mut PartitionData) {
    move |partition| {
        let Some(records) = &partition.records else { return };
        let mut changed = BytesMut::new();
        for (offset, batch) in batches(records) {
            let mut batch = batch.to_vec();
            if offset >= first {
                change(&mut batch);
            }
            changed.put_slice(&batch);
        }
        partition.records = Some(changed.freeze());
    }
}

/// Says that the batch is compressed, which it is not.
fn compressed(codec: u8) -> impl Fn(&mut PartitionData) {
    compressed_from(BAD, codec)
}

fn compressed_from(first: i64, codec: u8) -> impl Fn(&mut PartitionData) {
    damage_from(first, move |batch| {
        batch[22] |= codec;
        let crc = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
    })
}

#[test]
fn a_storage_error_that_stays_ends_a_bounded_reading() {
    assert_says(&liar(refuse(56)), "disk error when trying to access log file on disk");
}

#[test]
fn an_unknown_error_that_stays_ends_a_bounded_reading() {
    assert_says(&liar(refuse(-1)), "unknown broker error");
}

#[test]
fn a_replica_that_stays_away_ends_a_bounded_reading() {
    assert_says(&liar(refuse(9)), "replica not available");
}

#[test]
fn a_batch_that_the_broker_calls_corrupt_ends_the_reading() {
    assert_says(&liar(refuse(2)), "the batch there is damaged");
}

#[test]
fn a_batch_that_does_not_inflate_ends_the_reading() {
    for codec in 1..=4 {
        assert_says(&liar(compressed(codec)), "the batch there does not decompress");
    }
}

#[test]
fn a_batch_of_unknown_compression_ends_the_reading() {
    let text = "the batch there has a compression or a format that this client does not know";
    assert_says(&liar(compressed(6)), text);
}

#[test]
fn a_batch_with_a_wrong_checksum_ends_the_reading() {
    assert_says(&liar(damage(|batch| batch[70] ^= 1)), "the batch there is damaged");
}

#[test]
fn a_batch_of_an_unknown_version_ends_the_reading() {
    let text = "the batch there has a compression or a format that this client does not know";
    assert_says(&liar(damage(|batch| batch[16] = 9)), text);
}

/// A length that reaches beyond the answer looks like an answer that was cut, for ever.
#[test]
fn a_batch_that_never_ends_ends_a_bounded_reading() {
    let (records, error) = outcome(&reading(&liar(damage(|batch| batch[8] = 0x40))));
    assert_eq!(records, 3, "{error}");
    assert!(error.to_string().starts_with("t[0]: offset 3 cannot be read ("), "{error}");
}

#[test]
fn a_leader_that_sends_nothing_ends_a_bounded_reading() {
    assert_says(&liar(refuse(0)), "its leader sends nothing, though the log goes to 4");
}

#[test]
fn rights_that_are_taken_away_end_the_reading() {
    let (records, error) = outcome(&ReaderOptions { until: StopAt::Never, ..reading(&liar(refuse(29))) });
    assert_eq!(records, 3);
    assert_eq!(
        error.to_string(),
        "topic t: this user may not use it; ask for the rights, or connect as another user"
    );
}

/// Without an end what may pass is waited for; what cannot pass is an error there, too.
#[test]
fn a_reading_without_an_end_waits_for_what_may_pass() {
    let is_broken = Arc::new(AtomicBool::new(true));
    let (seen, refuse) = (Arc::clone(&is_broken), refuse(56));
    let liar = liar(move |partition| {
        if seen.load(Ordering::SeqCst) {
            refuse(partition);
        }
    });
    let mut reader = reader(&ReaderOptions { until: StopAt::Never, ..reading(&liar) }).unwrap();
    let (began, mut records) = (SystemClock.now(), 0);
    while records < 5 {
        let waited = SystemClock.now().saturating_sub(began);
        assert!(waited < LONG, "{records} records");
        // Longer than a reading with an end would take it.
        is_broken.store(waited < Duration::from_secs(12), Ordering::SeqCst);
        match reader.next(Duration::from_millis(100)).unwrap() {
            Next::Record(_) => records += 1,
            Next::PartitionEnd { .. } | Next::Nothing | Next::Finished => {}
        }
    }
    assert!(SystemClock.now().saturating_sub(began) > Duration::from_secs(12));
}

#[test]
fn a_number_of_records_is_an_end() {
    let options =
        |liar: &Liar| ReaderOptions { until: StopAt::Never, limit: Some(u64::MAX), ..reading(liar) };
    let liar = liar(refuse(56));
    assert_eq!(outcome(&options(&liar)).0, 3);
}

#[test]
fn a_partition_without_a_leader_ends_a_bounded_reading() {
    // The reader opens while there is a leader, and has nothing fetched before that one goes.
    let is_gone = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_gone);
    let liar = Liar::start(move |answer| match answer {
        Answer::Fetch(answer) => {
            let partitions = answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions);
            partitions.for_each(|partition| refuse(6)(partition));
        }
        Answer::Metadata(answer) if seen.load(Ordering::SeqCst) => {
            for partition in answer.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                partition.leader_id = (-1).into();
                partition.error_code = 5;
            }
        }
        _ => {}
    });
    fill(&liar);
    liar.lie();
    let mut options = reading(&liar);
    let mut reader = reader(&options).unwrap();
    is_gone.store(true, Ordering::SeqCst);
    let deadline = SystemClock.now() + LONG;
    let error = loop {
        assert!(SystemClock.now() < deadline);
        match reader.next(Duration::from_millis(100)) {
            Ok(Next::Finished) => panic!("finished"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(error.to_string().starts_with("t[0]: offset "), "{error}");
    // Nobody to ask for offsets at the start: that takes as long as a start waits for a broker.
    options.connection.properties.push(("socket.connection.setup.timeout.ms".into(), "1000".into()));
    let error = crate::reader(&options).err().unwrap();
    assert!(error.to_string().contains("leader"), "{error}");
}

/// The others are read first, and the error names the one.
#[test]
fn one_partition_of_three_is_named() {
    for is_refused in [true, false] {
        let (refuse, damage) = (refuse_from(0, 56), compressed_from(0, 4));
        let liar = Liar::start(move |answer| {
            if let Answer::Fetch(answer) = answer {
                let partitions = answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions);
                let lie = |partition| if is_refused { refuse(partition) } else { damage(partition) };
                partitions.filter(|partition| partition.partition_index == 1).for_each(lie);
            }
        });
        Admin::connect(&liar.connection()).unwrap().create("t", Some(3), None, &[]).unwrap();
        let options = ProducerOptions {
            connection: liar.connection(),
            topic: "t".into(),
            ..ProducerOptions::default()
        };
        let keys: Vec<String> = (0..60).map(|key| key.to_string()).collect();
        let records: Vec<_> = keys.iter().map(|key| (Some(key.as_str()), &b"body"[..], 1_000)).collect();
        send(&mut open(&options).unwrap(), &records).unwrap();
        liar.lie();
        let (records, error) = outcome(&reading(&liar));
        assert!(error.to_string().starts_with("t[1]: offset 0 cannot be read ("), "{error}");
        // What cannot be mended is said at once, what may pass once all others are read.
        assert!(!is_refused || records > 20, "{records} records, {error}");
    }
}
