//! A record that did not make it, in one line.

use kadence_core::fault::Phrase;
use kadence_core::phrase;
use rdkafka::error::RDKafkaErrorCode as Code;

use super::receipts::Failure;
use super::written::Lost;
use crate::context::Watch;
use crate::error::{KafkaError, grouped};
use crate::properties::Properties;
use crate::words::described;

/// Who found a record too large, and the limit if it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SizeLimit {
    /// This client, before sending.
    Client(u64),
    /// The broker.
    Topic(Option<u64>),
}

/// Says what became of `failure`. `limit` matters to records that were too large.
pub(super) fn explain(
    topic: &str,
    failure: Failure,
    limit: SizeLimit,
    watch: &Watch,
    properties: &Properties,
) -> KafkaError {
    let (what, help) = match failure.code {
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => {
            too_large(failure.bytes, limit)
        }
        Code::MessageTimedOut => {
            let millis = properties.number("delivery.timeout.ms").unwrap_or(300_000);
            let cause = watch.last().map_or_else(String::new, |cause| format!(" ({cause})"));
            (
                format!("not acknowledged within {} s{cause}", millis as f64 / 1e3),
                phrase!["check the brokers; ", @"property", " delivery.timeout.ms says how long to try"],
            )
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => topic_gone(topic),
        Code::TopicAuthorizationFailed => (
            "this user may not write to the topic".to_owned(),
            "ask for the rights, or connect as another user".into(),
        ),
        Code::InvalidRecord => (
            "refused by the broker (invalid record)".to_owned(),
            "a compacted topic takes only records with a key".into(),
        ),
        Code::InvalidTimestamp => (
            "refused by the broker (timestamp out of range)".to_owned(),
            "the topic limits how far a timestamp may be from now; compare this clock with the broker's"
                .into(),
        ),
        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend => (
            "too few replicas are in sync".to_owned(),
            "wait for the brokers, or lower min.insync.replicas of the topic".into(),
        ),
        Code::PolicyViolation => (
            "refused by the broker (policy violation)".to_owned(),
            phrase![
                !"up",
                " refuses what exceeds its ",
                @"memory-limit",
                " or what its disk does not take, other brokers what their policy forbids: see what the broker says"
            ],
        ),
        Code::PurgeQueue | Code::PurgeInflight => {
            ("given up unsent when the run was cut".to_owned(), Phrase::default())
        }
        Code::Fatal | Code::Fenced | Code::ProducerFenced => (
            watch.fatal().unwrap_or_else(|| "the client cannot go on".to_owned()),
            "start the run again".into(),
        ),
        other => (described(other), Phrase::default()),
    };
    KafkaError::Record {
        topic: topic.to_owned(),
        record: failure.sequence + 1,
        line: failure.line,
        what,
        help,
    }
}

/// What is said of a topic that somebody deleted, and what to do.
pub(super) fn topic_gone(topic: &str) -> (String, Phrase) {
    (
        "the topic is gone".to_owned(),
        phrase!["somebody deleted it; create it with ", !"topics create", " ", topic],
    )
}

/// What is said of a topic that somebody deleted and made anew: how many acknowledged records are gone, of so many.
/// Nothing is known of them where nothing is acknowledged.
pub(super) fn topic_anew(topic: &str, lost: Option<(Lost, u64)>) -> KafkaError {
    let gone = match lost {
        None => "what went with it is not known".to_owned(),
        Some((lost, all)) => {
            let number = match lost {
                Lost { at_least, at_most } if at_least == at_most => format!("{} of", grouped(at_least)),
                Lost { at_least: 0, .. } => "an unknown number of".to_owned(),
                Lost { at_least, .. } => format!("at least {} of", grouped(at_least)),
            };
            format!("{number} {} acknowledged records went with it", grouped(all))
        }
    };
    let what = format!("was deleted and made anew while it was written to ({gone})");
    KafkaError::topic(topic, what, "start the run again")
}

fn too_large(size: u64, limit: SizeLimit) -> (String, Phrase) {
    let bytes = grouped(size);
    let raise =
        || phrase!["raise max.message.bytes of the topic, or send smaller batches with ", @"batch-size"];
    match limit {
        // A topic's limit is one on batches, which hold many records.
        SizeLimit::Topic(Some(limit)) if size < limit => (
            format!("the batch with it is too large (the topic takes {} bytes)", grouped(limit)),
            phrase![
                "send smaller batches with ",
                @"batch-size",
                format!(" {limit}, or raise max.message.bytes of the topic")
            ],
        ),
        SizeLimit::Client(limit) => (
            format!("message too large ({bytes} bytes, this client sends at most {})", grouped(limit)),
            phrase!["raise ", @"property", " message.max.bytes, and max.message.bytes of the topic"],
        ),
        SizeLimit::Topic(Some(limit)) => {
            (format!("message too large ({bytes} bytes, the topic takes {})", grouped(limit)), raise())
        }
        SizeLimit::Topic(None) => (format!("message too large for the topic ({bytes} bytes)"), raise()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(code: Code, limit: SizeLimit) -> String {
        let failure = Failure { sequence: 2, line: 4, bytes: 1_200_000, code };
        explain("readings", failure, limit, &Watch::default(), &Properties::default()).to_string()
    }

    #[test]
    fn a_failure_says_which_record_and_what_to_do() {
        assert_eq!(
            text(Code::MessageSizeTooLarge, SizeLimit::Topic(Some(1_048_588))),
            "readings: record 3 (line 4): message too large (1,200,000 bytes, the topic takes 1,048,588); \
             raise max.message.bytes of the topic, or send smaller batches with batch-size"
        );
        assert_eq!(
            text(Code::MessageTimedOut, SizeLimit::Topic(None)),
            "readings: record 3 (line 4): not acknowledged within 300 s; \
             check the brokers; property delivery.timeout.ms says how long to try"
        );
    }

    #[test]
    fn what_went_with_a_topic_is_said_as_far_as_it_is_known() {
        let text = |lost| topic_anew("t", lost).to_string();
        let lost = |at_least, at_most| Some((Lost { at_least, at_most }, 1_708));
        assert_eq!(
            text(lost(786, 786)),
            "topic t: was deleted and made anew while it was written to (786 of 1,708 acknowledged records went \
             with it); start the run again"
        );
        assert!(text(lost(786, 900)).contains("(at least 786 of 1,708 acknowledged records went"));
        assert!(text(lost(0, 900)).contains("(an unknown number of 1,708 acknowledged records went"));
        assert!(text(None).contains("(what went with it is not known)"));
    }

    #[test]
    fn a_small_record_in_a_large_batch_is_not_called_large() {
        let failure = Failure { sequence: 0, line: 1, bytes: 1, code: Code::MessageSizeTooLarge };
        let limit = SizeLimit::Topic(Some(2_000));
        let text = explain("small", failure, limit, &Watch::default(), &Properties::default()).to_string();
        assert_eq!(
            text,
            "small: record 1 (line 1): the batch with it is too large (the topic takes 2,000 bytes); \
             send smaller batches with batch-size 2000, or raise max.message.bytes of the topic"
        );
    }
}
