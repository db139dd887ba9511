//! The first contact with a cluster, and with a topic.

use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::fault::Fault;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::metadata::{Metadata, MetadataTopic};

use crate::context::Watch;
use crate::error::{Cause, KafkaError};
use crate::options::Resolved;
use crate::words::described;

/// A refused connection or an unknown host is not tried for longer than this, unless somebody chose how long.
const REFUSED_PATIENCE: Duration = Duration::from_secs(1);
/// A topic that is being created by itself appears within this time.
const CREATION_PATIENCE: Duration = Duration::from_millis(1_500);
/// The first attempt at metadata takes this long at most, each further one twice the one before.
const FIRST_ATTEMPT: Duration = Duration::from_millis(100);

/// What topics may be called.
const NAMES: &str = "use letters, digits, `.`, `_` and `-`, at most 249, and not just `.` or `..`";

/// A client that can be asked for metadata.
pub(crate) trait Client {
    fn metadata(&self, topic: Option<&str>, at_most: Duration) -> Result<Metadata, ClientError>;
    /// Lets the client say what it has to say.
    fn listen(&self, at_most: Duration);
    fn watch(&self) -> &Watch;
}

/// What is known of a client's cluster.
pub(crate) struct Contact<'a, C> {
    pub(crate) client: &'a C,
    pub(crate) resolved: &'a Resolved,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) stop: &'a Stop,
}

impl<C: Client> Contact<'_, C> {
    /// The metadata of `topic`, or of the whole cluster. Waits for a broker as long as there is patience.
    pub(crate) fn metadata(&self, topic: Option<&str>) -> Result<Metadata, KafkaError> {
        let (patience, chosen) = self.resolved.patience();
        let begun = self.clock.now();
        let mut attempt = FIRST_ATTEMPT;
        loop {
            let waited = self.clock.now().saturating_sub(begun);
            let left = patience.saturating_sub(waited).max(Duration::from_millis(1));
            let outcome = self.client.metadata(topic, attempt.min(left));
            self.client.listen(Duration::ZERO);
            let failure = match outcome {
                Ok(metadata) => {
                    self.client.watch().up();
                    return Ok(metadata);
                }
                Err(failure) => failure,
            };
            for _ in 0..32 {
                self.client.listen(Duration::ZERO);
            }
            if self.stop.is_raised() {
                return Err(KafkaError::Interrupted { place: self.resolved.brokers().to_owned() });
            }
            let waited = self.clock.now().saturating_sub(begun);
            let cause = self.client.watch().last();
            let hopeless = matches!(cause, Some(Cause::Refused | Cause::Unresolved)) && !chosen;
            // Neither gets better by trying again with the same words.
            let final_word = matches!(cause, Some(Cause::Tls { .. } | Cause::Sasl { .. })) && !chosen;
            if waited >= patience || ((hopeless || final_word) && waited >= REFUSED_PATIENCE) {
                let cause = cause.unwrap_or_else(|| unsaid(&failure));
                return Err(KafkaError::Unreachable { brokers: self.resolved.brokers().to_owned(), cause });
            }
            // Each wait is in the client; an attempt that came back at once still takes its time.
            self.client.listen(Duration::from_millis(20));
            attempt = if hopeless { FIRST_ATTEMPT } else { attempt * 2 };
        }
    }

    /// Waits until `topic` can be written to. A producer's request for it has the broker create it, if the broker
    /// does so at all.
    pub(crate) fn writable_topic(&self, topic: &str) -> Result<usize, KafkaError> {
        let (patience, _) = self.resolved.patience();
        let begun = self.clock.now();
        loop {
            let state = topic_state(&self.metadata(Some(topic))?, topic);
            let waited = self.clock.now().saturating_sub(begun);
            match state {
                TopicState::Ready { partitions } => return Ok(partitions),
                TopicState::Electing { partitions } if waited >= patience => return Ok(partitions),
                TopicState::Absent if waited >= CREATION_PATIENCE => {
                    return Err(KafkaError::AbsentTopic { topic: topic.to_owned(), creatable: true });
                }
                TopicState::Refused(code) => return Err(refused_topic(topic, code)),
                TopicState::Absent | TopicState::Electing { .. } => {}
            }
            if self.stop.wait(Duration::from_millis(20)) {
                return Err(KafkaError::Interrupted { place: format!("topic {topic}") });
            }
            self.client.listen(Duration::ZERO);
        }
    }
}

/// A topic as metadata has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TopicState {
    Ready {
        partitions: usize,
    },
    /// It exists, and a partition has no leader for now.
    Electing {
        partitions: usize,
    },
    Absent,
    Refused(Code),
}

pub(crate) fn topic_state(metadata: &Metadata, name: &str) -> TopicState {
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else {
        return TopicState::Absent;
    };
    match topic.error().map(Code::from) {
        None => settled(topic),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => TopicState::Absent,
        Some(Code::LeaderNotAvailable) => TopicState::Electing { partitions: topic.partitions().len() },
        Some(code) => TopicState::Refused(code),
    }
}

fn settled(topic: &MetadataTopic) -> TopicState {
    let partitions = topic.partitions().len();
    match partitions {
        0 => TopicState::Absent,
        _ if topic.partitions().iter().all(|partition| partition.leader() >= 0) => {
            TopicState::Ready { partitions }
        }
        _ => TopicState::Electing { partitions },
    }
}

/// What a broker accepts as a topic's name.
pub(crate) fn is_topic_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=249).contains(&name.len()) && name.bytes().all(legal) && !matches!(name, "." | "..")
}

/// What was named is no topic.
pub(crate) fn no_topic_name(name: &str) -> Fault {
    Fault::new(format!("topic {}", name.escape_debug()), "not a topic name").help(NAMES).misuse()
}

/// A topic that cannot be used.
pub(crate) fn refused_topic(topic: &str, code: Code) -> KafkaError {
    let (what, help) = match code {
        Code::InvalidTopic => ("not a topic name".to_owned(), NAMES),
        Code::TopicAuthorizationFailed => {
            ("this user may not use it".to_owned(), "ask for the rights, or connect as another user")
        }
        other => (described(other), ""),
    };
    KafkaError::topic(topic, what, help)
}

fn unsaid(failure: &ClientError) -> Cause {
    match failure.rdkafka_error_code() {
        Some(Code::OperationTimedOut | Code::BrokerTransportFailure) | None => Cause::TimedOut,
        Some(code) => Cause::Other { reason: described(code) },
    }
}

/// A client that librdkafka would not make from its properties.
pub(crate) fn uncreated(resolved: &Resolved, error: &ClientError) -> KafkaError {
    let brokers = resolved.brokers().to_owned();
    let what = match error {
        ClientError::ClientCreation(what) if what.contains("No provider for SASL mechanism") => {
            "this SASL mechanism is not built in; use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
                .to_owned()
        }
        // Behind the fault come OpenSSL's numbers for it.
        ClientError::ClientCreation(what) => {
            what.split(": error:").next().unwrap_or_default().replace(['\n', '\r'], " ").trim().to_owned()
        }
        // It would show the value.
        ClientError::ClientConfig(_, _, name, _) => format!("property `{name}` does not take its value"),
        other => other.to_string(),
    };
    Fault::new(brokers, what).into()
}
