use crate::{admin_requests, cluster_requests, group_requests, transaction_requests};
use bytes::{Bytes, BytesMut};
use kadence_wire::bounds::tables;
use kafka_protocol::{
    messages::{
        AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AlterClientQuotasRequest, AlterConfigsRequest,
        AlterPartitionReassignmentsRequest, AlterUserScramCredentialsRequest, ApiKey, ApiVersionsRequest,
        BrokerId, CreateAclsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteAclsRequest,
        DeleteGroupsRequest, DeleteRecordsRequest, DeleteTopicsRequest, DescribeAclsRequest,
        DescribeClientQuotasRequest, DescribeClusterRequest, DescribeConfigsRequest, DescribeGroupsRequest,
        DescribeLogDirsRequest, DescribeProducersRequest, DescribeQuorumRequest,
        DescribeTopicPartitionsRequest, DescribeTransactionsRequest, DescribeUserScramCredentialsRequest,
        ElectLeadersRequest, EndTxnRequest, FetchRequest, FindCoordinatorRequest, HeartbeatRequest,
        IncrementalAlterConfigsRequest, InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest,
        ListConfigResourcesRequest, ListGroupsRequest, ListOffsetsRequest, ListPartitionReassignmentsRequest,
        ListTransactionsRequest, MetadataRequest, OffsetCommitRequest, OffsetDeleteRequest,
        OffsetFetchRequest, OffsetForLeaderEpochRequest, ProduceRequest, ProducerId, RequestHeader,
        SaslHandshakeRequest, SyncGroupRequest, TopicName, TxnOffsetCommitRequest, UpdateFeaturesRequest,
        WriteTxnMarkersRequest,
        create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig},
        delete_topics_request::DeleteTopicState,
        describe_configs_request::DescribeConfigsResource,
        fetch_request::{FetchPartition, FetchTopic, ForgottenTopic, ReplicaState},
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        metadata_request::MetadataRequestTopic,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
    protocol::{Decodable, Encodable, StrBytes},
};
use uuid::Uuid;

/// Every version that has a table.
pub(crate) fn every_version() -> impl Iterator<Item = (ApiKey, i16)> {
    tables::ALL.iter().flat_map(|t| (t.min..=t.max).map(|version| (t.api, version)))
}

/// A frame with something in every field that `version` has.
pub(crate) fn populated(api: ApiKey, version: i16) -> Vec<u8> {
    let mut out = header(api, version);
    match api {
        ApiKey::Produce => put(&mut out, version, &produce(version)),
        ApiKey::Fetch => put(&mut out, version, &fetch(version)),
        ApiKey::ListOffsets => put(&mut out, version, &list_offsets(version)),
        ApiKey::Metadata => put(&mut out, version, &metadata(version)),
        ApiKey::ApiVersions => put(&mut out, version, &api_versions(version)),
        ApiKey::CreateTopics => put(&mut out, version, &create_topics()),
        ApiKey::DeleteTopics => put(&mut out, version, &delete_topics(version)),
        ApiKey::InitProducerId => put(&mut out, version, &init_producer_id(version)),
        ApiKey::DescribeConfigs => put(&mut out, version, &describe_configs(version)),
        other => assert!(
            group_requests::put_populated(&mut out, other, version)
                || admin_requests::put_populated(&mut out, other, version)
                || transaction_requests::put_populated(&mut out, other, version)
                || cluster_requests::put_populated(&mut out, other, version),
            "{other:?} has a table and no populated request"
        ),
    }
    out.to_vec()
}

/// Decodes the body as the broker would; what is left over, or the error.
pub(crate) fn decode(api: ApiKey, version: i16, mut body: Bytes) -> Result<usize, String> {
    fn run<R: Decodable>(body: &mut Bytes, version: i16) -> Result<(), String> {
        R::decode(body, version).map(|_| ()).map_err(|e| e.to_string())
    }
    let body = &mut body;
    match api {
        ApiKey::Produce => run::<ProduceRequest>(body, version),
        ApiKey::Fetch => run::<FetchRequest>(body, version),
        ApiKey::ListOffsets => run::<ListOffsetsRequest>(body, version),
        ApiKey::Metadata => run::<MetadataRequest>(body, version),
        ApiKey::ApiVersions => run::<ApiVersionsRequest>(body, version),
        ApiKey::CreateTopics => run::<CreateTopicsRequest>(body, version),
        ApiKey::DeleteTopics => run::<DeleteTopicsRequest>(body, version),
        ApiKey::InitProducerId => run::<InitProducerIdRequest>(body, version),
        ApiKey::DescribeConfigs => run::<DescribeConfigsRequest>(body, version),
        ApiKey::FindCoordinator => run::<FindCoordinatorRequest>(body, version),
        ApiKey::JoinGroup => run::<JoinGroupRequest>(body, version),
        ApiKey::SyncGroup => run::<SyncGroupRequest>(body, version),
        ApiKey::Heartbeat => run::<HeartbeatRequest>(body, version),
        ApiKey::LeaveGroup => run::<LeaveGroupRequest>(body, version),
        ApiKey::OffsetCommit => run::<OffsetCommitRequest>(body, version),
        ApiKey::OffsetFetch => run::<OffsetFetchRequest>(body, version),
        ApiKey::OffsetDelete => run::<OffsetDeleteRequest>(body, version),
        ApiKey::ListGroups => run::<ListGroupsRequest>(body, version),
        ApiKey::DescribeGroups => run::<DescribeGroupsRequest>(body, version),
        ApiKey::DeleteGroups => run::<DeleteGroupsRequest>(body, version),
        ApiKey::IncrementalAlterConfigs => run::<IncrementalAlterConfigsRequest>(body, version),
        ApiKey::AlterConfigs => run::<AlterConfigsRequest>(body, version),
        ApiKey::CreatePartitions => run::<CreatePartitionsRequest>(body, version),
        ApiKey::DescribeTopicPartitions => run::<DescribeTopicPartitionsRequest>(body, version),
        ApiKey::DescribeCluster => run::<DescribeClusterRequest>(body, version),
        ApiKey::DeleteRecords => run::<DeleteRecordsRequest>(body, version),
        ApiKey::OffsetForLeaderEpoch => run::<OffsetForLeaderEpochRequest>(body, version),
        ApiKey::AddPartitionsToTxn => run::<AddPartitionsToTxnRequest>(body, version),
        ApiKey::AddOffsetsToTxn => run::<AddOffsetsToTxnRequest>(body, version),
        ApiKey::EndTxn => run::<EndTxnRequest>(body, version),
        ApiKey::WriteTxnMarkers => run::<WriteTxnMarkersRequest>(body, version),
        ApiKey::TxnOffsetCommit => run::<TxnOffsetCommitRequest>(body, version),
        ApiKey::DescribeProducers => run::<DescribeProducersRequest>(body, version),
        ApiKey::DescribeTransactions => run::<DescribeTransactionsRequest>(body, version),
        ApiKey::ListTransactions => run::<ListTransactionsRequest>(body, version),
        ApiKey::SaslHandshake => run::<SaslHandshakeRequest>(body, version),
        ApiKey::DescribeAcls => run::<DescribeAclsRequest>(body, version),
        ApiKey::CreateAcls => run::<CreateAclsRequest>(body, version),
        ApiKey::DeleteAcls => run::<DeleteAclsRequest>(body, version),
        ApiKey::DescribeLogDirs => run::<DescribeLogDirsRequest>(body, version.min(4)),
        ApiKey::ElectLeaders => run::<ElectLeadersRequest>(body, version),
        ApiKey::AlterPartitionReassignments => run::<AlterPartitionReassignmentsRequest>(body, version),
        ApiKey::ListPartitionReassignments => run::<ListPartitionReassignmentsRequest>(body, version),
        ApiKey::DescribeClientQuotas => run::<DescribeClientQuotasRequest>(body, version),
        ApiKey::AlterClientQuotas => run::<AlterClientQuotasRequest>(body, version),
        ApiKey::DescribeUserScramCredentials => run::<DescribeUserScramCredentialsRequest>(body, version),
        ApiKey::AlterUserScramCredentials => run::<AlterUserScramCredentialsRequest>(body, version),
        ApiKey::DescribeQuorum => run::<DescribeQuorumRequest>(body, version),
        ApiKey::ListConfigResources => run::<ListConfigResourcesRequest>(body, version),
        ApiKey::UpdateFeatures => run::<UpdateFeaturesRequest>(body, version),
        other => panic!("{other:?}"),
    }?;
    Ok(body.len())
}

fn header(api: ApiKey, version: i16) -> BytesMut {
    let mut out = BytesMut::new();
    let header_version = api.request_header_version(version);
    let header = RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_client_id(Some(text("client")));
    let header = if header_version >= 2 { header.with_unknown_tagged_fields(unknown()) } else { header };
    header.encode(&mut out, header_version).unwrap();
    out
}

pub(crate) fn put(out: &mut BytesMut, version: i16, request: &impl Encodable) {
    request.encode(out, version).unwrap();
}

pub(crate) fn text(s: &str) -> StrBytes {
    StrBytes::from_string(s.to_owned())
}

pub(crate) fn name(s: &str) -> TopicName {
    TopicName(text(s))
}

pub(crate) fn unknown() -> std::collections::BTreeMap<i32, Bytes> {
    [(77, Bytes::from_static(b"unknown")), (300, Bytes::new())].into()
}

fn produce(version: i16) -> ProduceRequest {
    let partition = |index| {
        PartitionProduceData::default().with_index(index).with_records(Some(Bytes::from_static(&[5; 300])))
    };
    let topic = TopicProduceData::default().with_partition_data(vec![partition(0), partition(1)]);
    let topic = if version >= 13 { topic.with_topic_id(Uuid::max()) } else { topic.with_name(name("topic")) };
    let empty = topic.clone().with_partition_data(vec![partition(3).with_records(None)]);
    let request = ProduceRequest::default()
        .with_transactional_id(Some(text("transaction").into()))
        .with_acks(-1)
        .with_timeout_ms(30_000)
        .with_topic_data(vec![topic, empty]);
    if version >= 9 { request.with_unknown_tagged_fields(unknown()) } else { request }
}

fn fetch(version: i16) -> FetchRequest {
    let mut partition = FetchPartition::default().with_partition(3).with_fetch_offset(9);
    partition.partition_max_bytes = 1 << 20;
    if version >= 9 {
        partition.current_leader_epoch = 4;
    }
    if version >= 17 {
        partition.replica_directory_id = Uuid::max();
    }
    let mut topic = FetchTopic::default().with_partitions(vec![partition; 3]);
    let mut forgotten = ForgottenTopic::default();
    if version >= 13 {
        topic.topic_id = Uuid::max();
        forgotten.topic_id = Uuid::max();
    } else {
        topic.topic = name("topic");
    }
    let mut request = FetchRequest::default()
        .with_max_wait_ms(500)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic.clone(), topic]);
    if version >= 7 {
        if version < 13 {
            forgotten.topic = name("forgotten");
        }
        forgotten.partitions = vec![1, 2, 3];
        request.forgotten_topics_data = vec![forgotten];
        request.session_id = 8;
        request.session_epoch = 2;
    }
    if version >= 11 {
        request.rack_id = text("rack");
    }
    if version >= 12 {
        request.cluster_id = Some(text("cluster"));
        request.unknown_tagged_fields = unknown();
    }
    if version >= 15 {
        request.replica_state = ReplicaState::default().with_replica_id(BrokerId(2)).with_replica_epoch(5);
    } else {
        request.replica_id = BrokerId(2);
    }
    request
}

fn list_offsets(version: i16) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::default().with_partition_index(2).with_timestamp(-1);
    let topic = ListOffsetsTopic::default().with_name(name("topic")).with_partitions(vec![partition; 2]);
    let request = ListOffsetsRequest::default().with_topics(vec![topic; 2]);
    if version >= 10 { request.with_timeout_ms(9) } else { request }
}

fn metadata(version: i16) -> MetadataRequest {
    let topic = MetadataRequestTopic::default().with_name(Some(name("topic")));
    let topic = if version >= 10 { topic.with_topic_id(Uuid::max()) } else { topic };
    let mut request = MetadataRequest::default()
        .with_topics(Some(vec![topic.clone(), topic]))
        .with_allow_auto_topic_creation(true)
        .with_include_topic_authorized_operations(version >= 8);
    if version >= 9 {
        request.unknown_tagged_fields = unknown();
    }
    request
}

fn api_versions(version: i16) -> ApiVersionsRequest {
    let request = ApiVersionsRequest::default();
    if version < 3 {
        return request;
    }
    request.with_client_software_name(text("name")).with_client_software_version(text("1.2.3"))
}

fn create_topics() -> CreateTopicsRequest {
    let assignment = CreatableReplicaAssignment::default()
        .with_partition_index(1)
        .with_broker_ids(vec![BrokerId(1), BrokerId(2)]);
    let config = CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text("5")));
    let topic = CreatableTopic::default()
        .with_name(name("topic"))
        .with_assignments(vec![assignment; 2])
        .with_configs(vec![config.clone(), config.with_value(None)]);
    CreateTopicsRequest::default().with_topics(vec![topic; 2]).with_timeout_ms(3).with_validate_only(true)
}

fn delete_topics(version: i16) -> DeleteTopicsRequest {
    let request = DeleteTopicsRequest::default().with_timeout_ms(5);
    if version >= 6 {
        let by_name = DeleteTopicState::default().with_name(Some(name("topic")));
        let by_id = DeleteTopicState::default().with_name(None).with_topic_id(Uuid::max());
        return request.with_topics(vec![by_name, by_id]);
    }
    request.with_topic_names(vec![name("topic"), name("other")])
}

fn init_producer_id(version: i16) -> InitProducerIdRequest {
    let request = InitProducerIdRequest::default().with_transactional_id(Some(text("id").into()));
    if version >= 3 { request.with_producer_id(ProducerId(4)).with_producer_epoch(2) } else { request }
}

fn describe_configs(version: i16) -> DescribeConfigsRequest {
    let resource = DescribeConfigsResource::default().with_resource_type(2).with_resource_name(text("topic"));
    let keys = Some(vec![text("retention.ms"), text("cleanup.policy")]);
    DescribeConfigsRequest::default()
        .with_resources(vec![
            resource.clone().with_configuration_keys(keys),
            resource.with_configuration_keys(None),
        ])
        .with_include_documentation(version >= 3)
}
