//! What a member asks of its group: how far it has come, to take note of more, and whether it is a member still.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use kadence_core::fault::Phrase;
use kadence_core::feed::Partition;
use kadence_core::phrase;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use super::bounds::Log;
use super::cluster::{Cluster, list};
use crate::error::{ClientCode, KafkaError};
use crate::ffi::{self, Standing};
use crate::topic_id;

const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long one question to the coordinator may take.
const ONE_QUESTION: Duration = Duration::from_secs(1);
/// How long it may take to confirm that a member is one.
const CONFIRMATION: Duration = Duration::from_secs(5);
/// What stands beside a committed offset, before the topic's id.
const TOPIC_ID: &str = "topic-id=";

/// What a group has committed of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommittedOffset {
    pub(super) offset: i64,
    /// The id that the topic had, if whoever committed said so.
    pub(super) topic_id: Option<String>,
}

/// A group by its name.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// Whether it gave partitions and has no answer yet.
    pub(super) is_waiting: bool,
}

impl Group {
    /// What was committed of these partitions. A coordinator that is moving is asked again.
    pub(super) fn committed(
        &self,
        cluster: &Cluster,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, CommittedOffset>, KafkaError> {
        let deadline = cluster.now() + cluster.resolved.patience().0;
        let wanted = list(partitions);
        loop {
            let left = deadline.saturating_sub(cluster.now()).clamp(LOOK_AGAIN, ONE_QUESTION);
            let answer = cluster.consumer.committed_offsets(wanted.clone(), left).and_then(|committed| {
                committed.elements().iter().try_for_each(TopicPartitionListElem::error)?;
                Ok(committed)
            });
            let error = match answer {
                Ok(committed) => return Ok(found_of(partitions, &committed)),
                Err(error) => error,
            };
            if cluster.now() >= deadline {
                let help = "check that its coordinator is up";
                return Err(self.failed(&error, "what it has committed cannot be asked for", help));
            }
            if cluster.stop.wait(LOOK_AGAIN) {
                return Err(KafkaError::Interrupted { place: format!("group {}", self.name) });
            }
        }
    }

    /// Commits, and waits for the answer no longer than `at_most`.
    pub(super) fn commit(
        cluster: &Cluster,
        offsets: &[(Partition, i64)],
        at_most: Duration,
    ) -> Result<(), ClientError> {
        let positions = positions(offsets);
        let (answer, answered) = sync_channel(1);
        let committing = Arc::clone(&cluster.consumer);
        // librdkafka waits for a coordinator that is gone until the session is over, so a thread of its own waits with
        // it. When nobody waits any longer, that thread has the consumer to itself, and closes it when it can.
        let thread = thread::Builder::new().name("commit".into()).spawn(move || {
            let outcome = committing.commit(&positions, CommitMode::Sync);
            // Whoever waits has to be the one who closes the consumer.
            drop(committing);
            let _ = answer.send(outcome);
        });
        if thread.is_err() {
            return Err(ClientError::ConsumerCommit(Code::OperationTimedOut));
        }
        answered.recv_timeout(at_most).unwrap_or(Err(ClientError::ConsumerCommit(Code::OperationTimedOut)))
    }

    /// Commits, and does not wait for the answer.
    pub(super) fn commit_soon(cluster: &Cluster, offsets: &[(Partition, i64)]) {
        if let Err(error) = cluster.consumer.commit(&positions(offsets), CommitMode::Async) {
            tracing::debug!(%error, "offsets are not committed");
        }
    }

    /// Whether the coordinator says, asked now, that the consumer is what it was when the group spoke last. While it is
    /// sharing out anew that is not known, which is an error that passes.
    pub(super) fn confirms(
        &self,
        cluster: &Cluster,
        offsets: &[(Partition, i64)],
    ) -> Result<bool, KafkaError> {
        let Some(noted) = cluster.consumer.context().standing() else { return Ok(false) };
        match self.is_as(cluster, &noted) {
            Ok(true) => {}
            other => return other,
        }
        match Self::commit(cluster, offsets, CONFIRMATION) {
            Ok(()) => self.is_as(cluster, &noted),
            Err(error) => {
                let code = error.rdkafka_error_code();
                if matches!(code, Some(Code::UnknownMemberId | Code::FencedInstanceId | Code::AssignmentLost))
                {
                    return Ok(false);
                }
                let help = "check that its coordinator is up";
                Err(self.failed(&error, "whether this is a member is not known", help))
            }
        }
    }

    /// Whether the consumer is what was noted of it.
    fn is_as(&self, cluster: &Cluster, noted: &Standing) -> Result<bool, KafkaError> {
        match ffi::standing(cluster.consumer.client()) {
            Some(now) if now == *noted => Ok(true),
            Some((_, member)) if member == noted.1 => {
                Err(self.fault(Some(Code::RebalanceInProgress), "is sharing out anew", ""))
            }
            _ => Ok(false),
        }
    }

    /// Why the group will not have this member, if that is what an error says.
    pub(super) fn refused(&self, code: Code) -> Option<KafkaError> {
        let help = match code {
            Code::InvalidSessionTimeout => {
                phrase!["leave out ", @"property", " session.timeout.ms, or stay between the broker's limits"]
            }
            Code::InconsistentGroupProtocol => {
                phrase!["its members share partitions in another way; ", @"property", " partition.assignment.strategy=… names theirs"]
            }
            Code::GroupAuthorizationFailed => "ask for the rights, or connect as another user".into(),
            Code::GroupMaxSizeReached => "it has as many members as the broker allows".into(),
            Code::FencedInstanceId => "another member has the same group.instance.id".into(),
            Code::InvalidGroupId => Phrase::default(),
            _ => return None,
        };
        Some(self.fault(Some(code), "does not take this member", help))
    }

    /// The log no longer has what the group has committed.
    pub(super) fn lost_place(&self, partition: &Partition, next: i64, log: Log) -> KafkaError {
        let (topic, index, name) = (&partition.topic, partition.index, &self.name);
        KafkaError::Offset {
            topic: topic.to_string(),
            partition: index,
            what: format!(
                "group {name} goes on at {next}, which is gone (the log has {} to {})",
                log.earliest, log.next
            ),
            help: phrase!["retention overtook it; ", reset(name, partition), " beginning"],
        }
        .coded(Some(ClientCode(Code::OffsetOutOfRange)))
    }

    /// The last positions could not be committed.
    pub(super) fn uncommitted(&self, error: &ClientError) -> KafkaError {
        let help = "records since the last commit are read again by the next member";
        self.failed(error, "the last positions are not committed", help)
    }

    /// Something that did not come about for what the client says.
    fn failed(&self, error: &ClientError, what: &str, help: &str) -> KafkaError {
        match error.rdkafka_error_code() {
            Some(code) => self.fault(Some(code), what, help),
            None => self.fault(None, format!("{what} ({error})"), help),
        }
    }

    fn fault(&self, code: Option<Code>, what: impl Into<String>, help: impl Into<Phrase>) -> KafkaError {
        KafkaError::group(&self.name, what, help).coded(code.map(ClientCode))
    }
}

/// The command that has a group go on elsewhere in a partition, up to the place.
pub(super) fn reset(group: &str, partition: &Partition) -> Phrase {
    let Partition { topic, index, .. } = partition;
    phrase![
        !"groups reset",
        format!(" {group} "),
        @"topic",
        format!(" {topic} "),
        @"partition",
        format!(" {index} "),
        @"to"
    ]
}

/// Whether a commit was refused because the member is none any more, or not as it was.
pub(super) fn is_refused(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownMemberId
            | Code::IllegalGeneration
            | Code::FencedInstanceId
            | Code::RebalanceInProgress
            | Code::AssignmentLost
    )
}

fn found_of(
    partitions: &[Partition],
    committed: &TopicPartitionList,
) -> BTreeMap<Partition, CommittedOffset> {
    let mut found = BTreeMap::new();
    for (topic, index, offset, words) in ffi::offsets_with_words(committed) {
        let partition = partitions.iter().find(|it| it.index == index && *it.topic == *topic);
        // A negative offset is librdkafka's word for none.
        if let (Some(partition), 0..) = (partition, offset) {
            let topic_id = words.strip_prefix(TOPIC_ID).map(str::to_owned);
            found.insert(partition.clone(), CommittedOffset { offset, topic_id });
        }
    }
    found
}

/// Offsets as librdkafka takes them, the topic's id beside each.
fn positions(offsets: &[(Partition, i64)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (partition, offset) in offsets {
        let mut element = list.add_partition(&partition.topic, partition.index);
        // Offsets of a log are never negative, which is all that could be wrong with them.
        let _ = element.set_offset(Offset::Offset(*offset));
        if let Some(id) = &partition.id {
            element.set_metadata(format!("{TOPIC_ID}{}", topic_id::text(id)));
        }
    }
    list
}
