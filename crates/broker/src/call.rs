//! What a handler gets with a request.

use crate::{
    close::Close,
    memory::{Memory, Share},
    node::Node,
    sync::Lock,
};
use bytes::Bytes;
use kafka_protocol::{messages::BrokerId, protocol::StrBytes};
use std::{net::SocketAddr, sync::Arc};

/// A request's surroundings: the node, who asks and in which version, and what the answer takes.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) node: Arc<Node>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) came: Came,
    /// What the client calls itself, as it came.
    pub(crate) client_id: Bytes,
    pub(crate) spending: Spending,
}

/// The way that a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came {
    /// The address the client reached the broker at.
    pub(crate) local: SocketAddr,
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// The place of its listener in the options.
    pub(crate) listener: usize,
}

/// So much of a client's name is kept; it is for people.
const MAX_CLIENT_ID_BYTES: usize = 1024;

impl Call {
    /// The id of the only node there is.
    pub(crate) fn node_id(&self) -> BrokerId {
        BrokerId(self.node.options.node_id)
    }

    /// What the client calls itself, as text of a limited length.
    pub(crate) fn client_id(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.client_id).into_owned();
        text.truncate(text.floor_char_boundary(MAX_CLIENT_ID_BYTES));
        text
    }

    /// Host and port the client is told to come to: what its listener advertises, or where it came.
    pub(crate) fn advertised(&self) -> (StrBytes, i32) {
        let said = self.node.options.listeners.get(self.came.listener);
        let host = said.and_then(|listener| listener.advertised_host.clone());
        let port = said.and_then(|listener| listener.advertised_port).unwrap_or(self.came.local.port());
        (StrBytes::from_string(host.unwrap_or_else(|| self.came.local.ip().to_string())), i32::from(port))
    }
}

/// Answers up to this size are not counted: clients get through while others fill the memory for requests.
const SMALL_ANSWER: usize = 64 * 1024;

/// The memory that an answer takes, from when it is put together until the client has it.
#[derive(Debug, Clone)]
pub(crate) struct Spending(Arc<Lock<Spent>>);

#[derive(Debug)]
struct Spent {
    bytes: usize,
    share: Share,
}

impl Spending {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        Self(Arc::new(Lock::new(Spent { bytes: 0, share: Share::new(memory) })))
    }

    /// The answer takes `more` than is known of; the connection is closed if that does not fit.
    pub(crate) fn add(&self, more: usize) -> Result<(), Close> {
        let mut spent = self.0.lock();
        let bytes = spent.bytes.saturating_add(more);
        spent.raise(bytes)
    }

    /// The answer takes `bytes` as a whole, or more than that if more is known of.
    pub(crate) fn at_least(&self, bytes: usize) -> Result<(), Close> {
        let mut spent = self.0.lock();
        let bytes = spent.bytes.max(bytes);
        spent.raise(bytes)
    }
}

impl Spent {
    fn raise(&mut self, bytes: usize) -> Result<(), Close> {
        if bytes > SMALL_ANSWER && !self.share.resize(bytes) {
            return Err(Close::Crowded);
        }
        self.bytes = bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_once_it_is_large() {
        let memory = Memory::new(200_000, None);
        let spending = Spending::new(&memory);
        spending.add(40_000).unwrap();
        assert_eq!(memory.used(), 0);
        spending.add(40_000).unwrap();
        assert_eq!(memory.used(), 80_000);
        spending.at_least(70_000).unwrap();
        assert_eq!(memory.used(), 80_000);
        spending.at_least(150_000).unwrap();
        assert!(matches!(spending.add(60_000), Err(Close::Crowded)));
        assert_eq!(memory.used(), 150_000);
        drop(spending);
        assert_eq!(memory.used(), 0);
    }
}
