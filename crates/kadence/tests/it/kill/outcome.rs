//! What becomes of a transaction's call.

use std::time::Duration;

use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};

/// No call waits longer; it is made again.
pub(super) const CALL: Duration = Duration::from_secs(1);

/// What has to be done after a call.
pub(super) enum Next {
    GoOn,
    Abort,
    /// The producer is of no use any more.
    Renew,
}

/// Makes a call until it has an outcome.
pub(super) fn outcome(mut call: impl FnMut() -> KafkaResult<()>) -> Next {
    loop {
        match call() {
            Ok(()) => return Next::GoOn,
            Err(KafkaError::Transaction(error)) if error.is_fatal() => return Next::Renew,
            Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => return Next::Abort,
            Err(KafkaError::Transaction(error)) if error.is_retriable() => {}
            Err(KafkaError::Flush(Code::OperationTimedOut)) => {}
            Err(_) => return Next::Renew,
        }
    }
}
