use crate::client::{Client, text, topic_name};
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, ApiKey, BrokerId, CreatePartitionsRequest,
    CreatePartitionsResponse, DeleteRecordsRequest, DeleteRecordsResponse, DescribeClusterRequest,
    DescribeClusterResponse, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse, alter_configs_request,
    create_partitions_request::CreatePartitionsTopic,
    delete_records_request,
    describe_topic_partitions_request::TopicRequest,
    incremental_alter_configs_request,
    offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
};

/// Asks for something that is there and something that is not; false if the API is not one of these.
pub(crate) fn ask(client: &mut Client, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::IncrementalAlterConfigs => incremental_alter_configs(client, version),
        ApiKey::AlterConfigs => alter_configs(client, version),
        ApiKey::CreatePartitions => create_partitions(client, version),
        ApiKey::DeleteRecords => delete_records(client, version),
        ApiKey::DescribeTopicPartitions => describe_topic_partitions(client),
        ApiKey::DescribeCluster => describe_cluster(client, version),
        ApiKey::OffsetForLeaderEpoch => offset_for_leader_epoch(client, version),
        _ => return false,
    }
    true
}

fn delete_records(client: &mut Client, version: i16) {
    use delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
    let partition = |index| DeleteRecordsPartition::default().with_partition_index(index).with_offset(0);
    let topic = DeleteRecordsTopic::default()
        .with_name(topic_name("t"))
        .with_partitions(vec![partition(0), partition(9)]);
    let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
    let response: DeleteRecordsResponse = client.call(ApiKey::DeleteRecords, version, &request);
    let found: Vec<_> =
        response.topics[0].partitions.iter().map(|p| (p.error_code, p.low_watermark)).collect();
    assert_eq!(found, [(0, 0), (3, -1)], "DeleteRecords v{version}");
}

fn incremental_alter_configs(client: &mut Client, version: i16) {
    use incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
    let resource = |kind, name: &str, setting: &str| {
        let config = AlterableConfig::default().with_name(text(setting)).with_value(Some(text("9")));
        AlterConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(name))
            .with_configs(vec![config])
    };
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![
        resource(2, "t", "retention.ms"),
        resource(2, "none", "retention.ms"),
        resource(2, "bad", "retention.mss"),
        resource(4, "1", "num.partitions"),
    ]);
    client.metadata("bad");
    let response: IncrementalAlterConfigsResponse =
        client.call(ApiKey::IncrementalAlterConfigs, version, &request);
    let codes: Vec<i16> = response.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [0, 3, 40, 42], "IncrementalAlterConfigs v{version}");
}

fn alter_configs(client: &mut Client, version: i16) {
    use alter_configs_request::{AlterConfigsResource, AlterableConfig};
    let resource = |kind, name: &str, value| {
        let config = AlterableConfig::default().with_name(text("retention.ms")).with_value(value);
        AlterConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(name))
            .with_configs(vec![config])
    };
    client.metadata("bad");
    let request = AlterConfigsRequest::default().with_resources(vec![
        resource(2, "t", Some(text("9"))),
        resource(2, "none", Some(text("9"))),
        resource(2, "bad", None),
        resource(9, "1", None),
    ]);
    let response: AlterConfigsResponse = client.call(ApiKey::AlterConfigs, version, &request);
    let codes: Vec<i16> = response.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [0, 3, 42, 42], "AlterConfigs v{version}");
}

fn create_partitions(client: &mut Client, version: i16) {
    let name = format!("grows{version}");
    client.metadata(&name);
    let topic = |name: &str| CreatePartitionsTopic::default().with_name(topic_name(name)).with_count(3);
    let request = CreatePartitionsRequest::default()
        .with_topics(vec![topic(&name).with_assignments(None), topic("none").with_assignments(None)]);
    let response: CreatePartitionsResponse = client.call(ApiKey::CreatePartitions, version, &request);
    let codes: Vec<i16> = response.results.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [0, 3], "CreatePartitions v{version}");
    assert_eq!(client.metadata(&name).partitions.len(), 3);
}

fn describe_topic_partitions(client: &mut Client) {
    let topics = ["t", "none", "bad name"].map(|n| TopicRequest::default().with_name(topic_name(n)));
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(topics.to_vec())
        .with_response_partition_limit(10)
        .with_cursor(None);
    let response: DescribeTopicPartitionsResponse = client.call(ApiKey::DescribeTopicPartitions, 0, &request);
    let found: Vec<(i16, usize)> =
        response.topics.iter().map(|t| (t.error_code, t.partitions.len())).collect();
    assert_eq!(found, [(17, 0), (3, 0), (0, 1)]);
    assert_eq!(response.next_cursor, None);
}

fn describe_cluster(client: &mut Client, version: i16) {
    for (kind, code) in [(1, 0), (2, 114), (9, 115)] {
        if version == 0 && kind != 1 {
            continue;
        }
        let request = DescribeClusterRequest::default().with_endpoint_type(kind);
        let response: DescribeClusterResponse = client.call(ApiKey::DescribeCluster, version, &request);
        assert_eq!(response.error_code, code, "DescribeCluster v{version} of {kind}");
        let brokers: Vec<i32> = response.brokers.iter().map(|b| b.broker_id.0).collect();
        assert_eq!(brokers, if code == 0 { vec![1] } else { vec![] });
    }
}

fn offset_for_leader_epoch(client: &mut Client, version: i16) {
    let end = client.fetch("t", 0, 0).high_watermark;
    let partition = |index, current, epoch| {
        OffsetForLeaderPartition::default()
            .with_partition(index)
            .with_current_leader_epoch(current)
            .with_leader_epoch(epoch)
    };
    let topic = OffsetForLeaderTopic::default().with_topic(topic_name("t")).with_partitions(vec![
        partition(0, -1, 0),
        partition(0, 0, 5),
        partition(0, 5, 0),
        partition(9, -1, 0),
    ]);
    let request =
        OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(if version >= 3 { -1 } else { -2 }));
    let response: OffsetForLeaderEpochResponse =
        client.call(ApiKey::OffsetForLeaderEpoch, version, &request.with_topics(vec![topic]));
    let found: Vec<(i16, i32, i64)> =
        response.topics[0].partitions.iter().map(|p| (p.error_code, p.leader_epoch, p.end_offset)).collect();
    let expected = [(0, 0, end), (0, -1, -1), (75, -1, -1), (3, -1, -1)];
    assert_eq!(found, expected, "OffsetForLeaderEpoch v{version}");
}
