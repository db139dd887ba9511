//! Causes: what the client says happened, by number or on the way to a broker.

use std::fmt;

use kadence_core::fault::{Disposition, Phrase};
use kadence_core::phrase;
use rdkafka::error::RDKafkaErrorCode as Code;

use crate::words::described;

/// The number that librdkafka and Kafka have for what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", described(self.0))]
pub struct ClientCode(pub(crate) Code);

impl ClientCode {
    /// The number: Kafka's own where it is not negative, librdkafka's otherwise.
    pub fn number(self) -> i32 {
        self.0 as i32
    }

    /// What is to become of the work that met this.
    pub(super) fn disposition(self) -> Disposition {
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

/// The reason why no broker could be talked to.
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
    pub(super) fn help(&self) -> Phrase {
        match self {
            Self::Refused => phrase!["start one with ", !"up", ", or name another with ", @"brokers"],
            Self::Unresolved => phrase!["check the host name given with ", @"brokers"],
            Self::TimedOut => phrase![
                "check the address given with ",
                @"brokers",
                ", or wait longer with ",
                @"property",
                " socket.connection.setup.timeout.ms=30000"
            ],
            Self::Tls { .. } => "check the certificate authority and that the listener speaks TLS".into(),
            Self::Sasl { .. } => "check mechanism, user and password".into(),
            Self::Closed { .. } => "check that security.protocol is what the listener speaks".into(),
            Self::Other { .. } => {
                phrase!["check the address given with ", @"brokers", " and the broker's log"]
            }
        }
    }

    pub(super) fn disposition(&self) -> Disposition {
        match self {
            Self::Tls { .. } | Self::Sasl { .. } => Disposition::Stop,
            _ => Disposition::Retry,
        }
    }
}
