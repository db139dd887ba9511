//! What librdkafka says beside its results.
//!
//! Its log lines go to `tracing` at debug level and never to stderr; of its errors the last is kept, so that
//! "no broker answers" can say why.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};

use crate::error::Cause;

/// Listens to a client.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    last: Mutex<Option<Cause>>,
    fatal: Mutex<Option<String>>,
    /// Brokers are expected to answer: one has, and none has been missed since.
    is_up: AtomicBool,
    /// Requests sent again, plus one; zero before the first statistics.
    retries: AtomicU64,
}

/// The statistics that are read; the rest is skipped.
#[derive(serde::Deserialize)]
struct Statistics {
    brokers: BTreeMap<String, BrokerStatistics>,
}

#[derive(serde::Deserialize)]
struct BrokerStatistics {
    #[serde(default)]
    txretries: u64,
}

impl Watch {
    /// The last thing that went wrong between here and a broker.
    pub(crate) fn last(&self) -> Option<Cause> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the client cannot recover from, if that has happened.
    pub(crate) fn fatal(&self) -> Option<String> {
        self.fatal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A broker answered.
    pub(crate) fn up(&self) {
        if !self.is_up.load(Ordering::Relaxed) {
            self.is_up.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn retries(&self) -> Option<u64> {
        self.retries.load(Ordering::Relaxed).checked_sub(1)
    }
}

impl ClientContext for Watch {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, "librdkafka: {message}");
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) {
            let retries: u64 = statistics.brokers.values().map(|broker| broker.txretries).sum();
            self.retries.store(retries + 1, Ordering::Relaxed);
        }
    }

    fn error(&self, error: ClientError, reason: &str) {
        tracing::debug!(%error, "librdkafka: {reason}");
        match error.rdkafka_error_code() {
            // Said once an outage; before the first answer it is for whoever is connecting to say.
            Some(Code::AllBrokersDown) if self.is_up.swap(false, Ordering::Relaxed) => {
                let cause = self.last().map_or_else(|| reason.to_owned(), |cause| cause.to_string());
                tracing::warn!(%cause, "no broker answers; trying again");
            }
            Some(Code::Fatal) => {
                *self.fatal.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
            }
            Some(Code::AllBrokersDown) | None => {}
            Some(code) => {
                if let Some(cause) = cause(code, reason) {
                    *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
                }
            }
        }
    }
}

/// What an error of librdkafka's means for the connection; `None` if it is about something else.
fn cause(code: Code, reason: &str) -> Option<Cause> {
    let said = plain(reason);
    let holds = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    Some(match code {
        Code::Resolve => Cause::Unresolved,
        Code::SSL => Cause::Tls { reason: said },
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => {
            Cause::Sasl { reason: said }
        }
        Code::BrokerTransportFailure | Code::OperationTimedOut | Code::RequestTimedOut
            if holds(&["Connection refused", "actively refused"]) =>
        {
            Cause::Refused
        }
        Code::OperationTimedOut | Code::RequestTimedOut => Cause::TimedOut,
        Code::BrokerTransportFailure if holds(&["timed out", "timeout"]) => Cause::TimedOut,
        Code::BrokerTransportFailure if holds(&["SSL ", "ssl_", "certificate"]) => {
            Cause::Tls { reason: said }
        }
        Code::BrokerTransportFailure
            if holds(&["Disconnected", "disconnected", "reset by peer", "Broken pipe"]) =>
        {
            Cause::Closed { reason: said }
        }
        Code::BrokerTransportFailure => Cause::Other { reason: said },
        _ => return None,
    })
}

/// A reason without the broker's name in front and the connection's age behind.
fn plain(reason: &str) -> String {
    let said = match reason.split_once(": ") {
        Some((place, said)) if !place.contains(' ') && (place.contains('/') || place.contains(':')) => said,
        _ => reason,
    };
    let said = match said.rsplit_once(" (after ") {
        Some((before, _)) => before,
        None => said,
    };
    said.replace(['\n', '\r'], " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_tell_why_no_broker_answers() {
        let transport = |reason| cause(Code::BrokerTransportFailure, reason);
        let refused = "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)";
        assert_eq!(transport(refused), Some(Cause::Refused));
        assert_eq!(cause(Code::Resolve, "x:1/bootstrap: Failed to resolve 'x:1'"), Some(Cause::Unresolved));
        let closed = "localhost:9092/1: Disconnected while requesting ApiVersion (after 3ms in state APIVERSION_QUERY)";
        assert_eq!(
            transport(closed),
            Some(Cause::Closed { reason: "Disconnected while requesting ApiVersion".into() })
        );
        let tls = "ssl://localhost:9093/bootstrap: SSL handshake failed: certificate verify failed (after 9ms in state SSL_HANDSHAKE)";
        let reason = "SSL handshake failed: certificate verify failed".to_owned();
        assert_eq!(cause(Code::SSL, tls), Some(Cause::Tls { reason }));
        assert_eq!(cause(Code::PartitionEOF, "end"), None);
    }

    #[test]
    fn retries_are_summed_over_the_brokers() {
        let watch = Watch::default();
        assert_eq!(watch.retries(), None);
        watch.stats_raw(br#"{"name":"x","brokers":{"a":{"txretries":2,"tx":9},"b":{"txretries":1},"c":{}}}"#);
        assert_eq!(watch.retries(), Some(3));
    }
}
