//! `OffsetCommit`, key 8, versions 2 to 9.
//!
//! From members of the current generation, and from anybody while a group has no members. Differs from Kafka:
//! offsets are kept until their topic or group is deleted, whatever retention time is asked for.

use super::{Api, code};
use crate::{
    call::Call,
    close::Close,
    groups::{Commit, Committer},
};
use kafka_protocol::messages::{
    ApiKey, OffsetCommitRequest, OffsetCommitResponse,
    offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
};

pub(crate) struct OffsetCommit;

impl Api for OffsetCommit {
    const KEY: ApiKey = ApiKey::OffsetCommit;
    const MIN: i16 = 2;
    const MAX: i16 = 9;
    type Request = OffsetCommitRequest;
    type Response = OffsetCommitResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let who = Committer {
            member: &request.member_id,
            instance: request.group_instance_id.as_deref(),
            generation: request.generation_id_or_member_epoch,
        };
        let commits: Vec<Commit<'_>> = request
            .topics
            .iter()
            .flat_map(|topic| {
                topic.partitions.iter().map(|partition| Commit {
                    topic: &topic.name,
                    partition: partition.partition_index,
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.committed_metadata.as_deref().unwrap_or_default(),
                })
            })
            .collect();
        let exists = |topic: &str, index| call.node.topics.has(topic, index);
        let results = call.node.groups.commit(&request.group_id, &who, &commits, exists);
        let mut codes = results.iter().map(code);
        let answers = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().zip(&mut codes).map(|(partition, code)| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
            });
            OffsetCommitResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        Ok(Some(OffsetCommitResponse::default().with_topics(answers.collect())))
    }
}
