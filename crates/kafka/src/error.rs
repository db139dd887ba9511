//! What can go wrong between here and a broker, each in one line.

use std::fmt;
use std::io;
use std::path::PathBuf;

use kadence_core::fault::Disposition;
use kadence_core::feed::FeedError;
use kadence_core::sink::SinkError;
use rdkafka::error::RDKafkaErrorCode as Code;

use crate::words::described;

/// Why something asked of Kafka was not done.
///
/// The text is `where: what is wrong (what was found); what to do`; [`parts`](Self::parts) gives the three apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KafkaError {
    #[error("{}", joined(self))]
    UnknownProperty { place: String, name: String, nearest: Option<&'static str> },
    #[error("{}", joined(self))]
    Property { place: String, what: String, help: String },
    #[error("{}", joined(self))]
    Contradiction { place: String, what: String, help: String },
    #[error("{}", joined(self))]
    ConfigFile { place: String, what: String, help: String },
    #[error("{}", joined(self))]
    ReadConfigFile { path: PathBuf, source: io::Error },
    #[error("{}", joined(self))]
    Client { brokers: String, what: String },
    #[error("{}", joined(self))]
    Unreachable { brokers: String, cause: Cause },
    #[error("{}", joined(self))]
    AbsentTopic { topic: String, creatable: bool },
    #[error("{}", joined(self))]
    Topic { topic: String, what: String, help: String },
    #[error("{}", joined(self))]
    Record { topic: String, record: u64, line: u64, what: String, help: String },
    #[error("{}", joined(self))]
    Offset { topic: String, partition: i32, what: String, help: String },
    #[error("{}", joined(self))]
    Group { group: String, what: String, help: String },
    #[error("{}", joined(self))]
    Request { place: String, what: String, help: String },
    #[error("{}", joined(self))]
    Interrupted { place: String },
    /// One of the others, with the client's word for what happened.
    #[error("{error}")]
    Coded { error: Box<KafkaError>, source: ClientCode },
}

/// What happened, as librdkafka and Kafka number it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", described(self.0))]
pub struct ClientCode(pub(crate) Code);

impl ClientCode {
    /// The number: Kafka's own where it is not negative, librdkafka's otherwise.
    pub fn number(self) -> i32 {
        self.0 as i32
    }

    /// What is to become of the work that met this.
    fn disposition(self) -> Disposition {
        match self.0 {
            // Nobody can fetch or say more, however often it is asked for.
            Code::Authentication
            | Code::AutoOffsetReset
            | Code::BadCompression
            | Code::BadMessage
            | Code::ClusterAuthorizationFailed
            | Code::Fatal
            | Code::FencedInstanceId
            | Code::GroupAuthorizationFailed
            | Code::GroupMaxSizeReached
            | Code::InconsistentGroupProtocol
            | Code::InvalidGroupId
            | Code::InvalidMessage
            | Code::InvalidMessageSize
            | Code::InvalidRecord
            | Code::InvalidSessionTimeout
            | Code::InvalidTopic
            | Code::MessageSizeTooLarge
            | Code::NotImplemented
            | Code::OffsetOutOfRange
            | Code::SaslAuthenticationFailed
            | Code::TopicAuthorizationFailed
            | Code::UnknownPartition
            | Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnsupportedCompressionType
            | Code::UnsupportedForMessageFormat
            | Code::UnsupportedVersion => Disposition::Stop,
            _ => Disposition::Retry,
        }
    }
}

/// Why no broker could be talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Cause {
    Refused,
    Unresolved,
    TimedOut,
    Tls { reason: String },
    Sasl { reason: String },
    Closed { reason: String },
    Other { reason: String },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Unresolved => f.write_str("the name does not resolve"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Tls { reason } => write!(f, "TLS: {reason}"),
            Self::Sasl { reason } => write!(f, "authentication: {reason}"),
            Self::Closed { reason } | Self::Other { reason } => f.write_str(reason),
        }
    }
}

impl Cause {
    fn help(&self) -> &'static str {
        match self {
            Self::Refused => "start one with kadence up, or name another with -b",
            Self::Unresolved => "check the host name given with -b",
            Self::TimedOut => {
                "check the address given with -b, or wait longer with -X socket.connection.setup.timeout.ms=30000"
            }
            Self::Tls { .. } => "check the certificate authority and that the listener speaks TLS",
            Self::Sasl { .. } => "check mechanism, user and password",
            Self::Closed { .. } => "check that security.protocol is what the listener speaks",
            Self::Other { .. } => "check the address given with -b and the broker's log",
        }
    }
}

impl KafkaError {
    /// Whether the fault is in how kadence was called, rather than in what it met.
    pub fn is_misuse(&self) -> bool {
        matches!(
            self,
            Self::UnknownProperty { .. }
                | Self::Property { .. }
                | Self::Contradiction { .. }
                | Self::ConfigFile { .. }
                | Self::ReadConfigFile { .. }
                | Self::Client { .. }
        )
    }

    /// The same, with the client's word for what happened, if there is one.
    #[must_use]
    pub(crate) fn coded(self, code: Option<ClientCode>) -> Self {
        match code {
            Some(source) => Self::Coded { error: Box::new(self), source },
            None => self,
        }
    }

    /// What is to become of the work that met this.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Coded { error, source } => match error.disposition() {
                Disposition::Misuse => Disposition::Misuse,
                _ => source.disposition(),
            },
            Self::Unreachable { cause: Cause::Tls { .. } | Cause::Sasl { .. }, .. } => Disposition::Stop,
            Self::Unreachable { .. } | Self::Request { .. } | Self::Interrupted { .. } => Disposition::Retry,
            Self::Record { .. } => Disposition::Reject,
            _ if self.is_misuse() => Disposition::Misuse,
            _ => Disposition::Stop,
        }
    }

    /// One fault for those who take only one; the options' checks have them all.
    pub(crate) fn first(faults: Vec<Self>) -> Self {
        faults.into_iter().next().expect("a refusal has a reason")
    }

    /// Where it is, what is wrong and what to do, the last possibly empty.
    pub fn parts(&self) -> (String, String, String) {
        match self {
            Self::UnknownProperty { place, name, nearest } => (
                place.clone(),
                format!("unknown property `{name}`"),
                nearest.map_or_else(
                    || "librdkafka's CONFIGURATION.md lists them all".to_owned(),
                    |nearest| format!("did you mean `{nearest}`?"),
                ),
            ),
            Self::Property { place, what, help }
            | Self::Contradiction { place, what, help }
            | Self::ConfigFile { place, what, help }
            | Self::Request { place, what, help } => (place.clone(), what.clone(), help.clone()),
            Self::ReadConfigFile { path, .. } => {
                (path.display().to_string(), "cannot be read".to_owned(), String::new())
            }
            Self::Client { brokers, what } => (brokers.clone(), what.clone(), String::new()),
            Self::Unreachable { brokers, cause } => {
                (brokers.clone(), format!("no broker answers ({cause})"), cause.help().to_owned())
            }
            Self::AbsentTopic { topic, creatable: true } => (
                format!("topic {topic}"),
                "does not exist and the broker does not create topics by itself".to_owned(),
                format!("create it with kadence topics create {topic}"),
            ),
            Self::AbsentTopic { topic, creatable: false } => (
                format!("topic {topic}"),
                "does not exist".to_owned(),
                "kadence topics list shows those that do".to_owned(),
            ),
            Self::Coded { error, .. } => error.parts(),
            Self::Topic { topic, what, help } => (format!("topic {topic}"), what.clone(), help.clone()),
            Self::Group { group, what, help } => (format!("group {group}"), what.clone(), help.clone()),
            Self::Record { topic, record, line, what, help } => {
                (topic.clone(), format!("record {record} (line {line}): {what}"), help.clone())
            }
            Self::Offset { topic, partition, what, help } => {
                (format!("{topic}[{partition}]"), what.clone(), help.clone())
            }
            Self::Interrupted { place } => {
                (place.clone(), "stopped while connecting".to_owned(), String::new())
            }
        }
    }
}

impl From<KafkaError> for SinkError {
    fn from(error: KafkaError) -> Self {
        let (place, what, help) = error.parts();
        let source = match error {
            KafkaError::ReadConfigFile { source, .. } => Some(source.into()),
            _ => None,
        };
        Self { place, what, help, source }
    }
}

impl From<KafkaError> for FeedError {
    fn from(error: KafkaError) -> Self {
        let (place, what, help) = error.parts();
        let disposition = error.disposition();
        let source: Option<Box<dyn std::error::Error + Send + Sync>> = match error {
            KafkaError::ReadConfigFile { source, .. } => Some(source.into()),
            KafkaError::Coded { source, .. } => Some(source.into()),
            _ => None,
        };
        Self { place, what, help, disposition, source }
    }
}

fn joined(error: &KafkaError) -> String {
    let (place, what, help) = error.parts();
    let separator = if help.is_empty() { "" } else { "; " };
    format!("{place}: {what}{separator}{help}")
}

/// Groups a number's digits by threes: `1,048,588`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_threes() {
        assert_eq!([0, 999, 1_000, 1_048_588].map(grouped), ["0", "999", "1,000", "1,048,588"]);
    }

    #[test]
    fn an_error_is_one_line_of_place_fault_and_remedy() {
        let refused = KafkaError::Unreachable { brokers: "localhost:9092".into(), cause: Cause::Refused };
        assert_eq!(
            refused.to_string(),
            "localhost:9092: no broker answers (connection refused); start one with kadence up, or name another with -b"
        );
        assert_eq!(SinkError::from(refused).place, "localhost:9092");
    }
}
