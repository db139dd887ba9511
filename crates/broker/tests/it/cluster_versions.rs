use crate::client::{Batch, Client, start, text, topic_name};
use kafka_protocol::messages::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse, AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse,
    ApiKey, BrokerId, CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse,
    DescribeAclsRequest, DescribeAclsResponse, DescribeClientQuotasRequest, DescribeClientQuotasResponse,
    DescribeConfigsRequest, DescribeConfigsResponse, DescribeLogDirsRequest, DescribeLogDirsResponse,
    DescribeQuorumRequest, DescribeQuorumResponse, DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse, ElectLeadersRequest, ElectLeadersResponse,
    ListConfigResourcesRequest, ListConfigResourcesResponse, ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse, SaslHandshakeRequest, SaslHandshakeResponse, UpdateFeaturesRequest,
    UpdateFeaturesResponse, alter_client_quotas_request as quotas,
    alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic},
    alter_user_scram_credentials_request::{ScramCredentialDeletion, ScramCredentialUpsertion},
    create_acls_request::AclCreation,
    delete_acls_request::DeleteAclsFilter,
    describe_client_quotas_request::ComponentData,
    describe_configs_request::DescribeConfigsResource,
    describe_log_dirs_request::DescribableLogDirTopic,
    describe_quorum_request::{PartitionData, TopicData},
    describe_user_scram_credentials_request::UserName,
    elect_leaders_request::TopicPartitions,
    update_features_request::FeatureUpdateKey,
};

/// Asks for what is there and what is not, and compares with a Kafka of one node without an authorizer.
pub(crate) fn ask(client: &mut Client, api: ApiKey, version: i16) -> bool {
    match api {
        ApiKey::SaslHandshake => {
            let request = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
            let response: SaslHandshakeResponse = client.call(api, version, &request);
            assert_eq!((response.error_code, response.mechanisms.len()), (34, 0));
        }
        ApiKey::DescribeAcls | ApiKey::CreateAcls | ApiKey::DeleteAcls => acls(client, api, version),
        ApiKey::DescribeLogDirs => log_dirs(client, version),
        ApiKey::ElectLeaders => elect(client, version),
        ApiKey::AlterPartitionReassignments => reassign(client, version),
        ApiKey::ListPartitionReassignments => {
            let request = ListPartitionReassignmentsRequest::default().with_topics(None);
            let response: ListPartitionReassignmentsResponse = client.call(api, version, &request);
            assert_eq!((response.error_code, response.topics.len()), (0, 0));
        }
        ApiKey::DescribeClientQuotas => describe_quotas(client, version),
        ApiKey::AlterClientQuotas => alter_quotas(client, version),
        ApiKey::DescribeUserScramCredentials | ApiKey::AlterUserScramCredentials => {
            credentials(client, api, version);
        }
        ApiKey::DescribeQuorum => quorum(client, version),
        ApiKey::ListConfigResources => resources(client, version),
        ApiKey::UpdateFeatures => features(client, version),
        _ => return false,
    }
    true
}

fn acls(client: &mut Client, api: ApiKey, version: i16) {
    match api {
        ApiKey::DescribeAcls => {
            let request = DescribeAclsRequest::default()
                .with_resource_type_filter(1)
                .with_pattern_type_filter(1)
                .with_operation(1)
                .with_permission_type(1);
            let response: DescribeAclsResponse = client.call(api, version, &request);
            assert_eq!(response.error_code, 54);
        }
        ApiKey::CreateAcls => {
            let request = CreateAclsRequest::default().with_creations(vec![AclCreation::default(); 2]);
            let response: CreateAclsResponse = client.call(api, version, &request);
            assert_eq!(response.results.iter().map(|r| r.error_code).collect::<Vec<_>>(), [54, 54]);
        }
        _ => {
            let request = DeleteAclsRequest::default().with_filters(vec![DeleteAclsFilter::default(); 2]);
            let response: DeleteAclsResponse = client.call(api, version, &request);
            assert_eq!(response.filter_results.iter().map(|r| r.error_code).collect::<Vec<_>>(), [54, 54]);
        }
    }
}

fn log_dirs(client: &mut Client, version: i16) {
    if version == 5 {
        return last_log_dirs(client);
    }
    let asked = |name: &str, partitions: &[i32]| {
        DescribableLogDirTopic::default().with_topic(topic_name(name)).with_partitions(partitions.to_vec())
    };
    let asked = vec![asked("t", &[0, 7]), asked("none", &[0])];
    for topics in [None, Some(asked)] {
        let request = DescribeLogDirsRequest::default().with_topics(topics);
        let response: DescribeLogDirsResponse = client.call(ApiKey::DescribeLogDirs, version, &request);
        let found = &response.results[0];
        let topic = found.topics.iter().find(|topic| topic.name == topic_name("t")).unwrap();
        assert!(topic.partitions.iter().all(|p| p.partition_size > 60), "{topic:?}");
        assert!(!found.topics.iter().any(|topic| topic.name == topic_name("none")));
    }
}

/// Version 5 is version 4 with a byte more, which the messages here do not know.
fn last_log_dirs(client: &mut Client) {
    let mut answers = [4_i16, 5].map(|version| {
        let request = DescribeLogDirsRequest::default().with_topics(Some(Vec::new()));
        let mut frame = crate::client::encode(ApiKey::DescribeLogDirs, 4, &request);
        frame[2..4].copy_from_slice(&version.to_be_bytes());
        client.write_frame(&frame).unwrap();
        client.read_frame().unwrap().to_vec()
    });
    answers[0].push(0);
    assert_eq!(answers[0].len(), answers[1].len());
}

fn elect(client: &mut Client, version: i16) {
    let asked = |name: &str, partitions: &[i32]| {
        TopicPartitions::default().with_topic(topic_name(name)).with_partitions(partitions.to_vec())
    };
    let request = ElectLeadersRequest::default()
        .with_topic_partitions(Some(vec![asked("t", &[0, 9]), asked("none", &[0])]))
        .with_timeout_ms(1000);
    let response: ElectLeadersResponse = client.call(ApiKey::ElectLeaders, version, &request);
    let codes: Vec<i16> = response
        .replica_election_results
        .iter()
        .flat_map(|topic| topic.partition_result.iter().map(|p| p.error_code))
        .collect();
    assert_eq!((response.error_code, codes), (0, vec![84, 3, 3]));
}

fn reassign(client: &mut Client, version: i16) {
    let to = |index, replicas: Option<&[i32]>| {
        let replicas = replicas.map(|ids| ids.iter().copied().map(BrokerId).collect());
        ReassignablePartition::default().with_partition_index(index).with_replicas(replicas)
    };
    let partitions = vec![
        to(0, Some(&[1])),
        to(0, Some(&[1, 2])),
        to(0, Some(&[])),
        to(0, Some(&[1, 1])),
        to(9, Some(&[1])),
        to(0, None),
    ];
    let topic = ReassignableTopic::default().with_name(topic_name("t")).with_partitions(partitions);
    let request = AlterPartitionReassignmentsRequest::default().with_topics(vec![topic]);
    let response: AlterPartitionReassignmentsResponse =
        client.call(ApiKey::AlterPartitionReassignments, version, &request);
    let codes: Vec<i16> = response.responses[0].partitions.iter().map(|p| p.error_code).collect();
    assert_eq!(codes, [0, 39, 39, 39, 3, 85]);
}

fn quota(key: &str, value: f64, remove: bool) -> quotas::EntryData {
    let entity =
        quotas::EntityData::default().with_entity_type(text("client-id")).with_entity_name(Some(text("c")));
    let op = quotas::OpData::default().with_key(text(key)).with_value(value).with_remove(remove);
    quotas::EntryData::default().with_entity(vec![entity]).with_ops(vec![op])
}

fn alter(client: &mut Client, version: i16, entries: Vec<quotas::EntryData>) -> Vec<i16> {
    let request = AlterClientQuotasRequest::default().with_entries(entries);
    let response: AlterClientQuotasResponse = client.call(ApiKey::AlterClientQuotas, version, &request);
    response.entries.iter().map(|entry| entry.error_code).collect()
}

fn alter_quotas(client: &mut Client, version: i16) {
    let unknown = quota("producer_byte_rate", 1.0, false);
    let mut unknown = unknown;
    unknown.entity[0].entity_type = text("nobody");
    let entries = vec![
        quota("producer_byte_rate", 1000.0, false),
        quota("producer_byte_rate", 0.5, false),
        quota("no.such", 1.0, false),
        unknown,
        quotas::EntryData::default(),
    ];
    assert_eq!(alter(client, version, entries), [0, 42, 42, 42, 42]);
    assert_eq!(alter(client, version, vec![quota("producer_byte_rate", 0.0, true)]), [0]);
}

fn describe_quotas(client: &mut Client, version: i16) {
    let component = |kind: &str, match_type, name: Option<&str>| {
        ComponentData::default()
            .with_entity_type(text(kind))
            .with_match_type(match_type)
            .with_match(name.map(text))
    };
    let mut ask = |components: Vec<ComponentData>, strict| {
        let request = DescribeClientQuotasRequest::default().with_components(components).with_strict(strict);
        let found: DescribeClientQuotasResponse =
            client.call(ApiKey::DescribeClientQuotas, version, &request);
        (found.error_code, found.entries.map(|entries| entries.len()))
    };
    assert_eq!(ask(Vec::new(), false), (0, Some(0)));
    assert_eq!(ask(vec![component("nobody", 2, None)], false), (35, None));
    assert_eq!(ask(vec![component("user", 5, None)], false), (42, None));
    assert_eq!(ask(vec![component("user", 2, None); 2], false), (42, None));
    assert_eq!(alter(client, version, vec![quota("request_percentage", 50.5, false)]), [0]);
    let mut ask = |components: Vec<ComponentData>, strict| {
        let request = DescribeClientQuotasRequest::default().with_components(components).with_strict(strict);
        let found: DescribeClientQuotasResponse =
            client.call(ApiKey::DescribeClientQuotas, version, &request);
        let entries = found.entries.unwrap();
        entries.iter().flat_map(|entry| entry.values.iter().map(|v| v.value)).collect::<Vec<f64>>()
    };
    assert_eq!(ask(vec![component("client-id", 0, Some("c"))], true), [50.5]);
    assert_eq!(ask(vec![component("client-id", 2, None)], false), [50.5]);
    assert_eq!(ask(vec![component("client-id", 1, None)], false), [0.0; 0]);
    assert_eq!(ask(Vec::new(), true), [0.0; 0]);
    assert_eq!(alter(client, version, vec![quota("request_percentage", 0.0, true)]), [0]);
}

fn credentials(client: &mut Client, api: ApiKey, version: i16) {
    if api == ApiKey::DescribeUserScramCredentials {
        let user = |name: &str| UserName::default().with_name(text(name));
        let users = vec![user("a"), user("b"), user("b")];
        let request = DescribeUserScramCredentialsRequest::default().with_users(Some(users));
        let response: DescribeUserScramCredentialsResponse = client.call(api, version, &request);
        let codes: Vec<i16> = response.results.iter().map(|r| r.error_code).collect();
        assert_eq!((response.error_code, codes), (0, vec![91, 92]));
    } else {
        let deletion = ScramCredentialDeletion::default().with_name(text("a")).with_mechanism(1);
        let credential = ScramCredentialUpsertion::default().with_name(text("b")).with_mechanism(1);
        let request = AlterUserScramCredentialsRequest::default()
            .with_deletions(vec![deletion])
            .with_upsertions(vec![credential]);
        let response: AlterUserScramCredentialsResponse = client.call(api, version, &request);
        assert_eq!(response.results.iter().map(|r| r.error_code).collect::<Vec<_>>(), [91, 44]);
    }
}

fn quorum(client: &mut Client, version: i16) {
    let partition = |index| PartitionData::default().with_partition_index(index);
    let topic = TopicData::default()
        .with_topic_name(topic_name("__cluster_metadata"))
        .with_partitions(vec![partition(0), partition(1)]);
    let request = DescribeQuorumRequest::default().with_topics(vec![topic]);
    let response: DescribeQuorumResponse = client.call(ApiKey::DescribeQuorum, version, &request);
    let [led, other] = &response.topics[0].partitions[..] else { panic!("{response:?}") };
    assert_eq!((led.error_code, led.leader_id, led.current_voters.len()), (0, BrokerId(1), 1));
    assert_eq!((other.error_code, other.current_voters.len()), (3, 0));
    assert_eq!(response.nodes.len(), usize::from(version >= 2));
}

fn resources(client: &mut Client, version: i16) {
    for (types, topics, brokers, code) in [
        (vec![], true, true, 0),
        (vec![2], true, false, 0),
        (vec![4], false, true, 0),
        (vec![99], false, false, 35),
    ] {
        let mut request = ListConfigResourcesRequest::default();
        if version >= 1 {
            request = request.with_resource_types(types);
        }
        let response: ListConfigResourcesResponse =
            client.call(ApiKey::ListConfigResources, version, &request);
        if version == 0 {
            assert_eq!((response.error_code, response.config_resources.len()), (0, 0));
            continue;
        }
        let has = |kind, name| {
            response.config_resources.iter().any(|r| (r.resource_type, &*r.resource_name) == (kind, name))
        };
        assert_eq!((response.error_code, has(2, "t"), has(4, "1")), (code, topics, brokers));
    }
}

fn features(client: &mut Client, version: i16) {
    for (updates, code) in
        [(Vec::new(), 0), (vec![FeatureUpdateKey::default().with_feature(text("no.such"))], 95)]
    {
        let request = UpdateFeaturesRequest::default().with_feature_updates(updates);
        let response: UpdateFeaturesResponse = client.call(ApiKey::UpdateFeatures, version, &request);
        assert_eq!(response.error_code, code);
    }
}

#[test]
fn a_compacted_topic_takes_no_record_without_a_key() {
    let broker = start();
    let mut client = Client::connect(&broker);
    crate::topics::create_with(&mut client, "c", &[("cleanup.policy", "compact")]);
    let refused = client.produce("c", 0, Batch::of(&["a", "b"]).bytes());
    assert_eq!(refused.error_code, 87);
    let named: Vec<i32> = refused.record_errors.iter().map(|record| record.batch_index).collect();
    assert_eq!(named, [0, 1]);
    let message = refused.record_errors[0].batch_index_error_message.as_ref().unwrap();
    assert_eq!(&**message, "Compacted topic cannot accept message without key in topic partition c-0");
    assert_eq!(client.fetch("c", 0, 0).high_watermark, 0);
}

#[test]
fn every_setting_of_a_kafka_broker_is_described() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let mut describe = |kind, name: &str| {
        let resource = DescribeConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(name))
            .with_configuration_keys(None);
        let request =
            DescribeConfigsRequest::default().with_resources(vec![resource]).with_include_synonyms(true);
        let mut response: DescribeConfigsResponse = client.call(ApiKey::DescribeConfigs, 4, &request);
        response.results.remove(0)
    };
    let found = describe(4, "1");
    let value = |name: &str| {
        let setting = found.configs.iter().find(|config| config.name == text(name));
        setting.unwrap_or_else(|| panic!("{name} is missing")).value.as_deref().map(str::to_owned)
    };
    assert_eq!(found.configs.len(), 340);
    assert_eq!(value("num.network.threads").as_deref(), Some("3"));
    assert_eq!(value("node.id").as_deref(), Some("1"));
    assert_eq!(value("ssl.keystore.password"), None);
    assert_eq!(value("sasl.enabled.mechanisms").as_deref(), Some("GSSAPI"));
    let mut names: Vec<_> = found.configs.iter().map(|config| config.name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 340, "none is there twice");
    assert!(describe(32, "g").configs.iter().any(|c| &*c.name == "consumer.session.timeout.ms"));
    assert_eq!(describe(16, "m").configs.len(), 3);
    assert_eq!((describe(32, "").error_code, describe(16, "").error_code), (42, 42));
}
