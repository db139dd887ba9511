//! One member of a group.

use super::{Id, Ticket, Time, join_request::Join};
use crate::memory::{Memory, Share};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// What a member takes beside what it sends.
const MEMBER_BYTES: usize = 512;
const PROTOCOL_BYTES: usize = 64;
/// How long a member that is in no generation yet may wait for one; as in Kafka. It has no id to send heartbeats
/// with.
const NEW_MEMBER_TIME: Duration = Duration::from_mins(5);

/// A way to assign partitions, with what the member says of itself in it.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) name: Id,
    pub(super) metadata: Bytes,
}

/// How far a member has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It waits for its first generation, and its client knows no name that it could come back by.
    Nameless,
    /// It waits for its first generation.
    New,
    /// It is, or was, in a generation.
    Entered,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: Id,
    pub(super) instance: Option<Id>,
    pub(super) client_id: Id,
    pub(super) host: IpAddr,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    pub(super) protocols: Vec<Protocol>,
    pub(super) assignment: Bytes,
    /// Whether it has joined for the next generation.
    pub(super) joined: bool,
    /// Whether it has fetched its assignment in this generation.
    pub(super) synced: bool,
    /// Who waits for the answer to a join.
    pub(super) join: Option<Ticket>,
    /// Who waits for the answer to a sync.
    pub(super) sync: Option<Ticket>,
    stage: Stage,
    deadline: Time,
    offered: Share,
    assigned: Share,
}

impl Member {
    /// A member that waits for its first generation.
    pub(super) fn new(
        memory: &Arc<Memory>,
        now: Time,
        id: Id,
        ticket: Ticket,
        join: &Join<'_>,
    ) -> Result<Self, ResponseError> {
        let mut member = Self {
            id,
            instance: join.instance.map(Id::from),
            client_id: Id::from(join.client_id),
            host: join.host,
            session_timeout: join.session_timeout,
            rebalance_timeout: join.rebalance_timeout,
            protocols: Vec::new(),
            assignment: Bytes::new(),
            joined: true,
            synced: false,
            join: Some(ticket),
            sync: None,
            stage: if join.member.is_empty() && join.instance.is_none() {
                Stage::Nameless
            } else {
                Stage::New
            },
            deadline: now + NEW_MEMBER_TIME,
            offered: Share::new(memory),
            assigned: Share::new(memory),
        };
        member.offer(join)?;
        Ok(member)
    }

    /// Takes over what a join says; what it holds is copied, since the request is much larger.
    pub(super) fn offer(&mut self, join: &Join<'_>) -> Result<(), ResponseError> {
        let metadata: usize = join.protocols.iter().map(|p| p.1.len()).sum();
        let names: usize = join.protocols.iter().map(|p| p.0.len() + PROTOCOL_BYTES).sum();
        let ids = self.id.len() + self.client_id.len() + self.instance.as_ref().map_or(0, |i| i.len());
        if !self.offered.resize(MEMBER_BYTES + ids + names + metadata) {
            return Err(ResponseError::PolicyViolation);
        }
        self.session_timeout = join.session_timeout;
        self.rebalance_timeout = join.rebalance_timeout;
        self.protocols.clear();
        for (name, metadata) in join.protocols {
            if self.metadata(name).is_none() {
                let metadata = Bytes::copy_from_slice(metadata);
                self.protocols.push(Protocol { name: Id::from(*name), metadata });
            }
        }
        Ok(())
    }

    /// Keeps what the leader assigned; false if there is no room for it.
    pub(super) fn assign(&mut self, assignment: &[u8]) -> bool {
        let fits = self.assigned.resize(assignment.len());
        if fits {
            self.assignment = Bytes::copy_from_slice(assignment);
        }
        fits
    }

    /// Forgets the assignment.
    pub(super) fn unassign(&mut self) {
        self.assignment = Bytes::new();
        self.assigned.shrink_to(0);
    }

    /// What the member says of itself in a protocol, if it knows that.
    pub(super) fn metadata(&self, protocol: &str) -> Option<&Bytes> {
        self.protocols.iter().find(|p| *p.name == *protocol).map(|p| &p.metadata)
    }

    /// Whether a join offers what the member offered before.
    pub(super) fn offers(&self, join: &Join<'_>) -> bool {
        self.protocols.len() == join.protocols.len()
            && self
                .protocols
                .iter()
                .zip(join.protocols)
                .all(|(own, (name, metadata))| *own.name == **name && own.metadata.as_ref() == *metadata)
    }

    /// Starts the session anew.
    pub(super) fn seen(&mut self, now: Time) {
        self.deadline = now + self.session_timeout;
    }

    /// Waits for the next generation; says who waited until now.
    pub(super) fn wait(&mut self, now: Time, ticket: Ticket) -> Option<Ticket> {
        self.joined = true;
        if self.stage != Stage::Entered {
            // Its session may have begun while nobody waited; from here on it cannot send heartbeats.
            self.deadline = now + NEW_MEMBER_TIME;
        }
        self.join.replace(ticket)
    }

    /// Whether nobody can speak for it once its connection is gone.
    pub(super) fn is_nameless(&self) -> bool {
        self.stage == Stage::Nameless
    }

    /// Its join is answered: it is in a generation.
    pub(super) fn entered(&mut self) {
        self.stage = Stage::Entered;
        self.joined = false;
        self.synced = false;
    }

    /// When the member is taken for gone. While it waits for an answer it cannot send heartbeats.
    pub(super) fn deadline(&self) -> Option<Time> {
        match (self.join, self.sync) {
            (None, None) => Some(self.deadline),
            (Some(_), _) if self.stage != Stage::Entered => Some(self.deadline),
            _ => None,
        }
    }
}
