use crate::requests::{name, put, text, unknown};
use bytes::BytesMut;
use kafka_protocol::messages::{
    AlterConfigsRequest, ApiKey, BrokerId, CreatePartitionsRequest, DeleteRecordsRequest,
    DescribeClusterRequest, DescribeTopicPartitionsRequest, IncrementalAlterConfigsRequest,
    OffsetForLeaderEpochRequest, alter_configs_request,
    create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic},
    delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
    describe_topic_partitions_request::{Cursor, TopicRequest},
    incremental_alter_configs_request,
    offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
};

/// Writes a body with something in every field that `version` has; false if the API is not one of these.
pub(crate) fn put_populated(out: &mut BytesMut, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::IncrementalAlterConfigs => put(out, version, &incremental_alter_configs()),
        ApiKey::AlterConfigs => put(out, version, &alter_configs()),
        ApiKey::CreatePartitions => put(out, version, &create_partitions()),
        ApiKey::DeleteRecords => put(out, version, &delete_records()),
        ApiKey::DescribeTopicPartitions => put(out, version, &describe_topic_partitions()),
        ApiKey::DescribeCluster => put(out, version, &describe_cluster(version)),
        ApiKey::OffsetForLeaderEpoch => put(out, version, &offset_for_leader_epoch(version)),
        _ => return false,
    }
    true
}

fn incremental_alter_configs() -> IncrementalAlterConfigsRequest {
    let config = incremental_alter_configs_request::AlterableConfig::default()
        .with_name(text("retention.ms"))
        .with_config_operation(1);
    let resource = incremental_alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("topic"))
        .with_configs(vec![config.clone().with_value(Some(text("5"))), config.with_value(None)]);
    IncrementalAlterConfigsRequest::default().with_resources(vec![resource; 2]).with_validate_only(true)
}

fn delete_records() -> DeleteRecordsRequest {
    let partition = DeleteRecordsPartition::default().with_partition_index(3).with_offset(7);
    let topic = DeleteRecordsTopic::default().with_name(name("topic")).with_partitions(vec![partition; 2]);
    DeleteRecordsRequest::default().with_topics(vec![topic; 2]).with_timeout_ms(5)
}

fn alter_configs() -> AlterConfigsRequest {
    let config = alter_configs_request::AlterableConfig::default().with_name(text("retention.ms"));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("topic"))
        .with_configs(vec![config.clone().with_value(Some(text("5"))), config.with_value(None)]);
    AlterConfigsRequest::default().with_resources(vec![resource; 2]).with_validate_only(true)
}

fn create_partitions() -> CreatePartitionsRequest {
    let assignment = CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(1), BrokerId(2)]);
    let topic = CreatePartitionsTopic::default().with_name(name("topic")).with_count(3);
    CreatePartitionsRequest::default()
        .with_topics(vec![
            topic.clone().with_assignments(Some(vec![assignment; 2])),
            topic.with_assignments(None),
        ])
        .with_timeout_ms(5)
        .with_validate_only(true)
}

fn describe_topic_partitions() -> DescribeTopicPartitionsRequest {
    let cursor = Cursor::default()
        .with_topic_name(name("topic"))
        .with_partition_index(4)
        .with_unknown_tagged_fields(unknown());
    DescribeTopicPartitionsRequest::default()
        .with_topics(vec![TopicRequest::default().with_name(name("topic")); 2])
        .with_response_partition_limit(7)
        .with_cursor(Some(cursor))
        .with_unknown_tagged_fields(unknown())
}

fn describe_cluster(version: i16) -> DescribeClusterRequest {
    DescribeClusterRequest::default()
        .with_include_cluster_authorized_operations(true)
        .with_endpoint_type(if version >= 1 { 2 } else { 1 })
        .with_include_fenced_brokers(version >= 2)
}

fn offset_for_leader_epoch(version: i16) -> OffsetForLeaderEpochRequest {
    let partition = OffsetForLeaderPartition::default().with_partition(1).with_leader_epoch(3);
    let topic = OffsetForLeaderTopic::default().with_topic(name("topic")).with_partitions(vec![partition; 2]);
    OffsetForLeaderEpochRequest::default()
        .with_replica_id(BrokerId(if version >= 3 { -1 } else { -2 }))
        .with_topics(vec![topic; 2])
}
