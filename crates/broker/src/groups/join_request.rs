//! What a member says when it joins, and what it is answered.

use super::{Id, MAX_NAME_BYTES};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use std::{net::IpAddr, time::Duration};
use uuid::Uuid;

/// Protocols a member may offer. Clients offer one for each assignor, so a handful; each is looked for in all members.
const MAX_PROTOCOLS: usize = 16;
/// Metadata of all protocols of one member.
const MAX_METADATA_BYTES: usize = 512 * 1024;
/// So much of a client's name goes into the ids of its members.
const MAX_CLIENT_BYTES: usize = 255;

/// A request to join.
#[derive(Debug, Clone)]
pub(crate) struct Join<'a> {
    /// Empty for a member that has no id yet.
    pub(crate) member: &'a str,
    /// Of a static member.
    pub(crate) instance: Option<&'a str>,
    pub(crate) session_timeout: Duration,
    pub(crate) rebalance_timeout: Duration,
    pub(crate) protocol_type: &'a str,
    /// Name and metadata, best first.
    pub(crate) protocols: &'a [(&'a str, &'a [u8])],
    pub(crate) client_id: &'a str,
    pub(crate) host: IpAddr,
    /// Makes a new member's id unique.
    pub(crate) unique: Uuid,
    /// Whether the client knows that it has to come back with the id it is given.
    pub(crate) asks_for_id: bool,
    /// Whether the client knows that a leader need not assign anything.
    pub(crate) can_skip_assignment: bool,
}

/// A member of a new generation, as its leader needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) id: Id,
    pub(crate) instance: Option<Id>,
    pub(crate) metadata: Bytes,
}

/// The answer to a join: a place in a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) member: Id,
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<Id>,
    pub(crate) protocol: Option<Id>,
    pub(crate) leader: Id,
    pub(crate) skip_assignment: bool,
    /// All members, for the leader only.
    pub(crate) members: Vec<Other>,
}

/// Why a join is refused, and the id to come back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinRefused {
    pub(crate) error: ResponseError,
    pub(crate) member: Id,
}

impl JoinRefused {
    pub(super) fn new(error: ResponseError, member: &str) -> Self {
        Self { error, member: Id::from(member) }
    }
}

impl Join<'_> {
    /// A new member's id: the instance's or client's name, and something that never comes again.
    pub(super) fn new_id(&self) -> Id {
        let name = self.instance.unwrap_or(self.client_id);
        let name = &name[..name.floor_char_boundary(MAX_CLIENT_BYTES)];
        Id::from(format!("{name}-{}", self.unique))
    }

    /// Whether what it says can be kept, and sent in every version of the answers.
    pub(super) fn is_keepable(&self) -> bool {
        let names = self.protocols.iter().map(|p| p.0);
        let metadata: usize = self.protocols.iter().map(|p| p.1.len()).sum();
        self.protocols.len() <= MAX_PROTOCOLS
            && metadata <= MAX_METADATA_BYTES
            && names.chain(self.instance).chain([self.protocol_type]).all(|name| name.len() <= MAX_NAME_BYTES)
    }
}
