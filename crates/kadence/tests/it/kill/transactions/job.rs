//! The job: consume, transform, produce, with its own offsets inside the transaction.
//!
//! What it does with an error is the recipe that users are given: fatal, a new producer with the same id; abortable,
//! abort and read from the committed place again; retriable, the same call again, never an abort after a commit.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

use super::super::outcome::{CALL, Next, outcome};
use super::{GROUP, Progress, client, committed};

type TransactionalProducer = ThreadedProducer<DefaultProducerContext>;

/// Records of one transaction at most.
const BATCH: usize = 30;
/// A record of `in`: partition, offset, number.
type Taken = (i32, i64, String);

/// Works until all that was fed is committed.
pub(super) fn run(address: &str, progress: &Progress) {
    let mut consumer = consumer(address);
    let mut number = 0;
    loop {
        let producer = producer(address);
        if !matches!(settle(progress, || producer.init_transactions(CALL)), Next::GoOn) {
            progress.renewed.fetch_add(1, Relaxed);
            continue;
        }
        loop {
            let batch = take(&consumer);
            if batch.is_empty() {
                let fed = *progress.fed.lock().unwrap();
                if fed.is_some_and(|fed| committed(&consumer) == fed) {
                    return;
                }
                continue;
            }
            number += 1;
            let next = transaction(&producer, &consumer, progress, number, &batch);
            if !matches!(next, Next::GoOn) && !go_back(&consumer) {
                consumer = self::consumer(address);
            }
            if matches!(next, Next::Renew) {
                progress.renewed.fetch_add(1, Relaxed);
                break;
            }
        }
    }
}

fn producer(address: &str) -> TransactionalProducer {
    client(address)
        .set("transactional.id", "job")
        .set("transaction.timeout.ms", "30000")
        .set("linger.ms", "1")
        .create()
        .unwrap()
}

fn consumer(address: &str) -> BaseConsumer {
    let consumer: BaseConsumer = client(address)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "100")
        .create()
        .unwrap();
    consumer.subscribe(&["in"]).unwrap();
    consumer
}

fn take(consumer: &BaseConsumer) -> Vec<Taken> {
    let mut batch = Vec::new();
    let mut wait = Duration::from_millis(100);
    while batch.len() < BATCH {
        match consumer.poll(wait) {
            Some(Ok(message)) => {
                let text = std::str::from_utf8(message.payload().unwrap()).unwrap().to_owned();
                batch.push((message.partition(), message.offset(), text));
                wait = Duration::from_millis(2);
            }
            // A broker that is away is an error too.
            Some(Err(_)) => {}
            None => break,
        }
    }
    batch
}

/// One transaction to its end. After a commit without an answer nothing is noted: the group's place will tell.
fn transaction(
    producer: &TransactionalProducer,
    consumer: &BaseConsumer,
    progress: &Progress,
    number: u64,
    batch: &[Taken],
) -> Next {
    let over = || {
        progress.aborted.lock().unwrap().insert(number);
    };
    let mut next = settle(progress, || producer.begin_transaction());
    if matches!(next, Next::GoOn) {
        next = write(producer, progress, number, batch);
    }
    // Some are aborted on purpose, before and after they have taken their place along.
    if matches!(next, Next::GoOn) && number % 7 == 3 {
        next = Next::Abort;
    }
    if matches!(next, Next::GoOn) {
        let places = places(batch);
        next = match consumer.group_metadata() {
            Some(group) => settle(progress, || producer.send_offsets_to_transaction(&places, &group, CALL)),
            None => Next::Abort,
        };
    }
    if matches!(next, Next::GoOn) && number % 11 == 5 {
        next = Next::Abort;
    }
    match next {
        Next::GoOn => {}
        Next::Abort => return abort(producer, progress, number),
        // It was never told to commit: whoever comes next under its id aborts it.
        Next::Renew => {
            over();
            return next;
        }
    }
    match settle(progress, || producer.commit_transaction(CALL)) {
        Next::GoOn => {
            progress.committed.lock().unwrap().insert(number);
            progress.taken.fetch_add(batch.len() as u64, Relaxed);
            Next::GoOn
        }
        Next::Abort => abort(producer, progress, number),
        Next::Renew => {
            // Were it committed, the feeder would wait for records that were taken.
            progress.taken.fetch_add(batch.len() as u64, Relaxed);
            Next::Renew
        }
    }
}

fn abort(producer: &TransactionalProducer, progress: &Progress, number: u64) -> Next {
    progress.aborted.lock().unwrap().insert(number);
    match settle(progress, || producer.abort_transaction(CALL)) {
        Next::GoOn => Next::Abort,
        Next::Abort | Next::Renew => Next::Renew,
    }
}

/// Each record goes to its own partition of `out`, and with the size of its transaction to `audit`.
fn write(producer: &TransactionalProducer, progress: &Progress, number: u64, batch: &[Taken]) -> Next {
    for (partition, _, text) in batch {
        let out = format!("{partition} {text} {number}");
        let audit = format!("{out} {}", batch.len());
        for (topic, to, body) in [("out", *partition, &out), ("audit", 0, &audit)] {
            progress.steps.fetch_add(1, Relaxed);
            let mut record = BaseRecord::<(), str>::to(topic).partition(to).payload(body);
            while let Err((error, back)) = producer.send(record) {
                match error {
                    KafkaError::MessageProduction(Code::QueueFull) => producer.poll(Duration::from_millis(5)),
                    KafkaError::MessageProduction(Code::Fatal) => return Next::Renew,
                    _ => return Next::Abort,
                }
                record = back;
            }
        }
    }
    Next::GoOn
}

/// Where to read on after a batch.
fn places(batch: &[Taken]) -> TopicPartitionList {
    let latest: BTreeMap<i32, i64> =
        batch.iter().map(|(partition, offset, _)| (*partition, *offset)).collect();
    let mut places = TopicPartitionList::new();
    for (partition, offset) in latest {
        places.add_partition_offset("in", partition, Offset::Offset(offset + 1)).unwrap();
    }
    places
}

fn settle(progress: &Progress, mut call: impl FnMut() -> KafkaResult<()>) -> Next {
    outcome(|| {
        progress.steps.fetch_add(1, Relaxed);
        call()
    })
}

/// Reads on from what is committed; false if the consumer has no place to go to now.
fn go_back(consumer: &BaseConsumer) -> bool {
    let committed = committed(consumer);
    let Ok(assigned) = consumer.assignment() else { return false };
    assigned.elements().iter().all(|element| {
        let offset = Offset::Offset(committed[element.partition() as usize]);
        consumer.seek(element.topic(), element.partition(), offset, CALL).is_ok()
    })
}
