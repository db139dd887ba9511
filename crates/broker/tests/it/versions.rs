use crate::{
    admin_versions,
    client::{Batch, Client, start, text, topic_name},
    cluster_versions, group_versions, transaction_versions,
};
use kadence_broker::served;
use kadence_wire::bounds;
use kafka_protocol::{
    messages::{
        ApiKey, ApiVersionsRequest, ApiVersionsResponse, BrokerId, CreateTopicsRequest, CreateTopicsResponse,
        DeleteTopicsRequest, DeleteTopicsResponse, DescribeConfigsRequest, DescribeConfigsResponse,
        FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
        MetadataResponse, ProduceRequest, ProduceResponse, RequestHeader,
        create_topics_request::{CreatableTopic, CreatableTopicConfig},
        delete_topics_request::DeleteTopicState,
        describe_configs_request::DescribeConfigsResource,
        fetch_request::{FetchPartition, FetchTopic},
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        metadata_request::MetadataRequestTopic,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
    protocol::Encodable,
};
use uuid::Uuid;

/// A version that is advertised without a table would be refused with every request.
#[test]
fn every_served_version_has_a_table_of_bounds() {
    for (api, versions) in served() {
        for version in versions {
            assert!(bounds::table(api as i16, version).is_some(), "{api:?} v{version} has no table");
        }
    }
}

/// Each version is asked for something that is there and something that is not, and the answer decodes to its end.
#[test]
fn every_advertised_version_answers() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let id = client.metadata("t").topic_id;
    client.produce("t", 0, Batch::of(&["a", "b"]).bytes());
    let request = ApiVersionsRequest::default()
        .with_client_software_name(text("test"))
        .with_client_software_version(text("1.0"));
    let advertised: ApiVersionsResponse = client.call(ApiKey::ApiVersions, 3, &request);
    assert_eq!(advertised.api_keys.len(), served().count());
    for api in &advertised.api_keys {
        let key = ApiKey::try_from(api.api_key).unwrap();
        // Those before are listed, as by Kafka, for clients that take compression from it.
        let min = if key == ApiKey::Produce { 3 } else { api.min_version };
        for version in min..=api.max_version {
            ask(&mut client, key, version, id);
        }
    }
    assert_eq!(broker.stats().panics, 0);
}

pub(crate) fn ask(client: &mut Client, key: ApiKey, version: i16, id: Uuid) {
    match key {
        ApiKey::Produce => produce(client, version, id),
        ApiKey::Fetch => fetch(client, version, id),
        ApiKey::ListOffsets => list_offsets(client, version),
        ApiKey::Metadata => metadata(client, version, id),
        ApiKey::ApiVersions => api_versions(client, version),
        ApiKey::CreateTopics => create_topics(client, version),
        ApiKey::DeleteTopics => delete_topics(client, version),
        ApiKey::DescribeConfigs => describe_configs(client, version),
        other => {
            let asked = group_versions::ask(client, other, version)
                || admin_versions::ask(client, other, version)
                || transaction_versions::ask(client, other, version)
                || cluster_versions::ask(client, other, version);
            assert!(asked, "{other:?} is advertised and not tested");
        }
    }
}

fn produce(client: &mut Client, version: i16, id: Uuid) {
    let topic = |name: &str, id| {
        let partitions = [0, 9].map(|index| {
            let batch = Batch::of(&["c"]).bytes();
            PartitionProduceData::default().with_index(index).with_records(Some(batch))
        });
        let topic = TopicProduceData::default().with_partition_data(partitions.to_vec());
        if version >= 13 { topic.with_topic_id(id) } else { topic.with_name(topic_name(name)) }
    };
    let request = ProduceRequest::default()
        .with_acks(1)
        .with_topic_data(vec![topic("t", id), topic("none", Uuid::from_u128(1))]);
    let response: ProduceResponse = client.call(ApiKey::Produce, version, &request);
    let codes: Vec<Vec<i16>> = response
        .responses
        .iter()
        .map(|t| t.partition_responses.iter().map(|p| p.error_code).collect())
        .collect();
    let missing = if version >= 13 { 100 } else { 3 };
    assert_eq!(codes, [[0, 3], [missing, missing]], "Produce v{version}");
}

fn fetch(client: &mut Client, version: i16, id: Uuid) {
    let topic = |name: &str, id| {
        let partitions = [(0, 0), (0, 99), (9, 0)].map(|(index, offset)| {
            FetchPartition::default()
                .with_partition(index)
                .with_fetch_offset(offset)
                .with_partition_max_bytes(1000)
        });
        let topic = FetchTopic::default().with_partitions(partitions.to_vec());
        if version >= 13 { topic.with_topic_id(id) } else { topic.with_topic(topic_name(name)) }
    };
    let request = FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_bytes(100_000)
        .with_session_epoch(-1)
        .with_topics(vec![topic("t", id), topic("none", Uuid::from_u128(1))]);
    let response: FetchResponse = client.call(ApiKey::Fetch, version, &request);
    let codes: Vec<Vec<i16>> =
        response.responses.iter().map(|t| t.partitions.iter().map(|p| p.error_code).collect()).collect();
    let missing = if version >= 13 { 100 } else { 3 };
    assert_eq!(codes, [[0, 1, 3], [missing; 3]], "Fetch v{version}");
    let records = response.responses[0].partitions[0].records.as_ref().unwrap();
    assert!(records.len() > 61, "Fetch v{version}: {} bytes", records.len());
}

fn list_offsets(client: &mut Client, version: i16) {
    let look = |index, timestamp| {
        let partition = ListOffsetsPartition::default().with_partition_index(index).with_timestamp(timestamp);
        let topic = ListOffsetsTopic::default().with_name(topic_name("t")).with_partitions(vec![partition]);
        ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic])
    };
    for (index, timestamp, code) in
        [(0, -1, 0), (0, -2, 0), (0, -3, 0), (0, 0, 0), (0, i64::MAX, 0), (0, -9, 42), (9, -1, 3)]
    {
        let response: ListOffsetsResponse =
            client.call(ApiKey::ListOffsets, version, &look(index, timestamp));
        let found = response.topics[0].partitions[0].error_code;
        assert_eq!(found, code, "ListOffsets v{version} at {timestamp}");
    }
}

fn metadata(client: &mut Client, version: i16, id: Uuid) {
    let asked =
        ["t", "none", "bad name"].map(|n| MetadataRequestTopic::default().with_name(Some(topic_name(n))));
    let mut asked = asked.to_vec();
    if version >= 12 {
        asked.push(MetadataRequestTopic::default().with_name(None).with_topic_id(id));
        asked.push(MetadataRequestTopic::default().with_name(Some(topic_name(""))).with_topic_id(id));
        asked.push(MetadataRequestTopic::default().with_name(None).with_topic_id(Uuid::from_u128(1)));
    }
    let request =
        MetadataRequest::default().with_topics(Some(asked)).with_allow_auto_topic_creation(version < 4);
    let response: MetadataResponse = client.call(ApiKey::Metadata, version, &request);
    let codes: Vec<i16> = response.topics.iter().map(|t| t.error_code).collect();
    let missing = if version < 4 { 0 } else { 3 };
    let expected: &[i16] = if version >= 12 { &[0, missing, 17, 0, 0, 100] } else { &[0, missing, 17] };
    assert_eq!(codes, expected, "Metadata v{version}");
    if version < 4 {
        let gone = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("none")]);
        let _: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &gone);
    }
    let all = MetadataRequest::default().with_topics(if version == 0 { Some(Vec::new()) } else { None });
    let response: MetadataResponse =
        client.call(ApiKey::Metadata, version, &all.with_allow_auto_topic_creation(true));
    assert!(response.topics.iter().any(|t| t.name == Some(topic_name("t"))), "Metadata v{version}");
    assert_eq!(response.brokers.len(), 1);
}

fn api_versions(client: &mut Client, version: i16) {
    let mut request = ApiVersionsRequest::default();
    if version >= 3 {
        request = request.with_client_software_name(text("a-b")).with_client_software_version(text("1"));
    }
    let response: ApiVersionsResponse = client.call(ApiKey::ApiVersions, version, &request);
    assert_eq!(response.error_code, 0, "ApiVersions v{version}");
}

fn create_topics(client: &mut Client, version: i16) {
    let topic = |name: &str, partitions| {
        let name = topic_name(&format!("{name}{version}"));
        CreatableTopic::default().with_name(name).with_num_partitions(partitions).with_replication_factor(1)
    };
    let setting =
        CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text("1000")));
    let request = CreateTopicsRequest::default().with_topics(vec![
        topic("made", 2).with_configs(vec![setting]),
        topic("many", 2_000_000_000),
        topic("bad/", 1),
    ]);
    let response: CreateTopicsResponse = client.call(ApiKey::CreateTopics, version, &request);
    let codes: Vec<i16> = response.topics.iter().map(|t| t.error_code).collect();
    assert_eq!(codes, [0, 37, 17], "CreateTopics v{version}");
}

fn delete_topics(client: &mut Client, version: i16) {
    let name = format!("doomed{version}");
    let id = client.metadata(&name).topic_id;
    let request = if version >= 6 {
        let by_id = |id| DeleteTopicState::default().with_name(None).with_topic_id(id);
        DeleteTopicsRequest::default().with_topics(vec![by_id(id), by_id(Uuid::from_u128(1))])
    } else {
        DeleteTopicsRequest::default().with_topic_names(vec![topic_name(&name), topic_name("none")])
    };
    let response: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, version, &request);
    let codes: Vec<i16> = response.responses.iter().map(|t| t.error_code).collect();
    assert_eq!(codes, [0, if version >= 6 { 100 } else { 3 }], "DeleteTopics v{version}");
}

fn describe_configs(client: &mut Client, version: i16) {
    let resource = |kind, name: &str| {
        DescribeConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(name))
            .with_configuration_keys(None)
    };
    let request = DescribeConfigsRequest::default()
        .with_resources(vec![resource(2, "t"), resource(4, "1"), resource(2, "none"), resource(9, "")])
        .with_include_synonyms(true)
        .with_include_documentation(version >= 3);
    let response: DescribeConfigsResponse = client.call(ApiKey::DescribeConfigs, version, &request);
    let codes: Vec<i16> = response.results.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [0, 0, 3, 42], "DescribeConfigs v{version}");
    assert!(response.results[0].configs.len() > 20);
}

/// As KIP-511 has it: a client from the future learns what it may use, in the oldest form.
#[test]
fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let mut body = Vec::new();
    RequestHeader::default()
        .with_request_api_key(ApiKey::ApiVersions as i16)
        .with_request_api_version(99)
        .with_correlation_id(7)
        .encode(&mut body, 2)
        .unwrap();
    client.write_frame(&body).unwrap();
    let response: ApiVersionsResponse = client.receive(ApiKey::ApiVersions, 0).unwrap();
    assert_eq!(response.error_code, 35);
    assert_eq!(response.api_keys.len(), 1);
    assert_eq!(response.api_keys[0].api_key, ApiKey::ApiVersions as i16);
}

#[test]
fn an_api_that_is_not_served_closes_the_connection() {
    let broker = start();
    for (key, version) in [(4, 0), (999, 0), (1, 3), (1, 99), (0, -1), (0, 0), (0, 2)] {
        let mut client = Client::connect(&broker);
        let mut body = Vec::new();
        for part in [i16::to_be_bytes(key), i16::to_be_bytes(version)] {
            body.extend_from_slice(&part);
        }
        body.extend_from_slice(&[0; 8]);
        client.write_frame(&body).unwrap();
        assert!(client.is_closed(), "key {key} v{version}");
    }
}
