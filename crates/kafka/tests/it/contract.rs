//! The contract that every sink keeps, kept by a topic.

use kadence_core::sink::Sink;
use kadence_kafka::{SendMode, TopicSink};
use kadence_testing::contract::{self, Arrived, SinkUnderTest};

use super::*;

/// A topic of a broker of its own.
struct Topic {
    broker: Broker,
    sink: TopicSink,
}

const NAME: &str = "contract";

impl Topic {
    fn new(send: SendMode, paced: bool) -> Self {
        let broker = broker();
        let sink = open(&ProducerOptions { send, paced, ..producing(&broker, NAME) }).unwrap();
        Self { broker, sink }
    }
}

impl SinkUnderTest for Topic {
    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.sink
    }

    fn arrived(&mut self) -> Option<Vec<Arrived>> {
        let mut reader = reader(&reading(&self.broker, NAME)).unwrap();
        let mut arrived = Vec::new();
        loop {
            match reader.next(LONG).unwrap() {
                Next::Record(record) => arrived.push(Arrived {
                    key: record.key().map(<[u8]>::to_vec),
                    body: record.body().unwrap_or_default().to_vec(),
                    timestamp_ms: record.timestamp().unwrap().as_millis(),
                }),
                Next::Finished => return Some(arrived),
                Next::PartitionEnd { .. } | Next::Nothing => {}
            }
        }
    }
}

#[test]
fn a_topic_keeps_the_contract() {
    contract::sink(|| Topic::new(SendMode::Async, false));
}

#[test]
fn a_topic_keeps_the_contract_when_paced() {
    contract::sink(|| Topic::new(SendMode::Async, true));
}
