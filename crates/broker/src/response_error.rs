//! Errors as responses have them: a code of the protocol, and a text for people.

use crate::journal::NotWritten;
use kafka_protocol::ResponseError;

/// Messages repeat what a client sent, which may be as long as a string can be.
const MAX_MESSAGE_LEN: usize = 1024;

/// The reason why something is refused: the code of the protocol and a text for people.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: ResponseError,
    pub(crate) message: String,
}

impl Refusal {
    /// A refusal with a message that fits into every version of the answers, whatever names are in it.
    pub(crate) fn new(error: ResponseError, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MAX_MESSAGE_LEN {
            message.truncate(message.floor_char_boundary(MAX_MESSAGE_LEN));
            message.push('…');
        }
        Self { error, message }
    }
}

impl From<NotWritten> for Refusal {
    fn from(_: NotWritten) -> Self {
        Self::new(ResponseError::KafkaStorageError, "the broker cannot write its journal")
    }
}

/// The journal is full or gone. Clients try again.
impl From<NotWritten> for ResponseError {
    fn from(_: NotWritten) -> Self {
        Self::CoordinatorNotAvailable
    }
}
