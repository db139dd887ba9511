//! `DescribeQuorum`, key 55, versions 0 to 2: the only node leads, and has all there is.
//!
//! Differs from Kafka: what is known of the cluster is no log, so its offsets say nothing.

use super::{Api, LEADER_EPOCH, text};
use crate::{call::Call, close::Close};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, DescribeQuorumRequest, DescribeQuorumResponse,
        describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData},
    },
};

const METADATA: &str = "__cluster_metadata";
/// The one entry that stands for all that is known.
const END: i64 = 1;

pub(crate) struct DescribeQuorum;

impl Api for DescribeQuorum {
    const KEY: ApiKey = ApiKey::DescribeQuorum;
    const MIN: i16 = 0;
    const MAX: i16 = 2;
    type Request = DescribeQuorumRequest;
    type Response = DescribeQuorumResponse;

    fn answer(call: &Call, request: Self::Request) -> Result<Option<Self::Response>, Close> {
        let mut led = false;
        let topics = request.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let index = partition.partition_index;
                let here = topic.topic_name.as_str() == METADATA && index == 0;
                led |= here;
                if here { leader(call) } else { missing(call.version, index) }
            });
            let partitions = partitions.collect();
            TopicData::default().with_topic_name(topic.topic_name).with_partitions(partitions)
        });
        let topics = topics.collect();
        let nodes = if led && call.version >= 2 { vec![node(call)] } else { Vec::new() };
        let message = (call.version >= 2).then(|| text(""));
        Ok(Some(
            DescribeQuorumResponse::default()
                .with_error_message(message)
                .with_topics(topics)
                .with_nodes(nodes),
        ))
    }
}

fn leader(call: &Call) -> PartitionData {
    let now = call.node.clock.now_ms();
    let voter = ReplicaState::default()
        .with_replica_id(call.node_id())
        .with_log_end_offset(END)
        .with_last_fetch_timestamp(now)
        .with_last_caught_up_timestamp(now);
    PartitionData::default()
        .with_leader_id(call.node_id())
        .with_leader_epoch(LEADER_EPOCH + 1)
        .with_high_watermark(END)
        .with_error_message((call.version >= 2).then(|| text("")))
        .with_current_voters(vec![voter])
}

fn missing(version: i16, index: i32) -> PartitionData {
    let error = ResponseError::UnknownTopicOrPartition;
    PartitionData::default()
        .with_partition_index(index)
        .with_error_code(error.code())
        .with_error_message((version >= 2).then(|| text("This server does not host this topic-partition.")))
}

fn node(call: &Call) -> Node {
    let (host, port) = call.advertised();
    let port = u16::try_from(port).unwrap_or_default();
    let listener = Listener::default().with_name(text("CONTROLLER")).with_host(host).with_port(port);
    Node::default().with_node_id(call.node_id()).with_listeners(vec![listener])
}
