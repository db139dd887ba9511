//! What the journal is made of.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The form of the journal that is written. From 2 on it has the first offset of every log that does not begin at 0.
pub(crate) const FORMAT: u32 = 2;

/// A change that has to outlive the process, beside the records themselves. Each stands for itself: what it says
/// holds from then on, and it may be said again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Whose journal this is; the first line.
    Cluster {
        format: u32,
        id: String,
    },
    /// So many bytes from the start of the file on are on the disk.
    Synced {
        len: u64,
    },
    /// A topic is new, or is so from now on.
    Topic {
        id: Uuid,
        name: String,
        partitions: i32,
        config: BTreeMap<String, String>,
    },
    TopicDeleted {
        id: Uuid,
    },
    /// Nothing of a deleted topic is left on the disk.
    TopicRemoved {
        id: Uuid,
    },
    /// Records before `offset` are deleted.
    LogStart {
        topic: Uuid,
        partition: i32,
        offset: i64,
    },
    /// Producer ids below this one may have been given out.
    ProducerIds {
        below: i64,
    },
    /// A group has committed.
    Offsets {
        group: String,
        offsets: Vec<Offset>,
    },
    OffsetsDeleted {
        group: String,
        partitions: Vec<(String, i32)>,
    },
    GroupDeleted {
        group: String,
    },
    /// A transactional id has this producer id and epoch, and no transaction. `ended` is how its last one ended,
    /// since the producer got them.
    Transactional {
        id: String,
        producer: Producer,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<bool>,
    },
    /// These partitions are part of a transaction, which begins with the first of them.
    Joined {
        id: String,
        since_ms: i64,
        partitions: Vec<(Uuid, i32)>,
    },
    /// Offsets of this group will be part of the transaction.
    JoinedGroup {
        id: String,
        since_ms: i64,
        group: String,
    },
    /// These offsets are committed if the transaction is.
    PendingOffsets {
        id: String,
        group: String,
        offsets: Vec<Offset>,
    },
    /// The transaction's outcome, from which there is no way back; a commit commits its offsets here. `epoch` is the
    /// one its markers carry; a later one than the producer's has fenced the producer.
    Decided {
        id: String,
        commit: bool,
        epoch: i16,
        /// Where its logs ended by then: what begins later is another transaction of the same producer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ends: Vec<(Uuid, i32, i64)>,
    },
    /// All markers of a decided transaction are written.
    Ended {
        id: String,
    },
    /// A transactional id is not kept any longer.
    TransactionalDeleted {
        id: String,
    },
    Quota(Quota),
}

/// All quotas of an entity, as text; none takes them away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quota {
    pub(crate) entity: BTreeMap<String, Option<String>>,
    pub(crate) values: BTreeMap<String, String>,
}

/// Who writes under a transactional id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Producer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    /// Who did so before, and may ask once more what became of its request; -1 for nobody.
    pub(crate) last_id: i64,
    pub(crate) last_epoch: i16,
    pub(crate) timeout_ms: i32,
}

/// What is committed for a partition.
#[expect(clippy::struct_field_names, reason = "Kafka's word for it")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offset {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    #[serde(default = "none", skip_serializing_if = "is_none")]
    pub(crate) leader_epoch: i32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) metadata: String,
}

fn none() -> i32 {
    -1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_none(epoch: &i32) -> bool {
    *epoch == -1
}
