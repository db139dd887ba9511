use crate::client::{Client, start, start_with, text, topic_name};
use kadence_broker::MAX_PARTITIONS_PER_TOPIC;
use kafka_protocol::messages::{
    ApiKey, BrokerId, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse,
    DescribeConfigsRequest, DescribeConfigsResponse, MetadataRequest, MetadataResponse,
    create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig},
    create_topics_response::CreatableTopicResult,
    describe_configs_request::DescribeConfigsResource,
    describe_configs_response::DescribeConfigsResult,
    metadata_request::MetadataRequestTopic,
};

pub(crate) fn creatable(name: &str, partitions: i32) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
}

pub(crate) fn setting(name: &str, value: &str) -> CreatableTopicConfig {
    CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
}

pub(crate) fn create(client: &mut Client, topic: CreatableTopic) -> CreatableTopicResult {
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    let mut response: CreateTopicsResponse = client.call(ApiKey::CreateTopics, 7, &request);
    response.topics.remove(0)
}

pub(crate) fn create_with(client: &mut Client, name: &str, settings: &[(&str, &str)]) {
    let configs = settings.iter().map(|(name, value)| setting(name, value)).collect();
    assert_eq!(create(client, creatable(name, 1).with_configs(configs)).error_code, 0);
}

pub(crate) fn describe(client: &mut Client, kind: i8, name: &str) -> DescribeConfigsResult {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let mut response: DescribeConfigsResponse = client.call(ApiKey::DescribeConfigs, 4, &request);
    response.results.remove(0)
}

#[test]
fn a_topic_comes_into_being_when_asked_for_unless_that_is_turned_off() {
    let broker = start_with(|o| o.set("num.partitions", "3").unwrap());
    let found = Client::connect(&broker).metadata("fresh");
    assert_eq!((found.error_code, found.partitions.len()), (0, 3));

    let broker = start_with(|o| o.set("auto.create.topics.enable", "false").unwrap());
    let mut client = Client::connect(&broker);
    assert_eq!(client.metadata("fresh").error_code, 3);
    assert_eq!(create(&mut client, creatable("fresh", 1)).error_code, 0);
    assert_eq!(client.metadata("fresh").error_code, 0);
}

#[test]
fn a_client_that_does_not_want_a_topic_created_gets_none() {
    let broker = start();
    let topics = vec![MetadataRequestTopic::default().with_name(Some(topic_name("fresh")))];
    let request = MetadataRequest::default().with_topics(Some(topics)).with_allow_auto_topic_creation(false);
    let response: MetadataResponse = Client::connect(&broker).call(ApiKey::Metadata, 9, &request);
    assert_eq!(response.topics[0].error_code, 3);
    assert_eq!(broker.stats().topics, 0);
}

#[test]
fn an_id_stays_with_its_topic_and_a_new_topic_of_the_same_name_has_another() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let id = client.metadata("t").topic_id;
    assert!(!id.is_nil());
    assert_eq!(Client::connect(&broker).metadata("t").topic_id, id);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let deleted: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    assert_eq!(deleted.responses[0].error_code, 0);
    assert_ne!(client.metadata("t").topic_id, id);
}

#[test]
fn what_kafka_refuses_to_create_is_refused() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("taken");
    client.metadata("a.b");
    let assigned = |node| {
        vec![
            CreatableReplicaAssignment::default()
                .with_partition_index(0)
                .with_broker_ids(vec![BrokerId(node)]),
        ]
    };
    let cases = [
        ("a taken name", creatable("taken", 1), 36),
        ("a name that collides", creatable("a_b", 1), 17),
        ("a bad name", creatable("a b", 1), 17),
        ("no partitions", creatable("t", 0), 37),
        ("more partitions than allowed", creatable("t", MAX_PARTITIONS_PER_TOPIC + 1), 37),
        ("three copies", creatable("t", 1).with_replication_factor(3), 38),
        ("an unknown setting", creatable("t", 1).with_configs(vec![setting("retention.mss", "1")]), 40),
        ("a wrong value", creatable("t", 1).with_configs(vec![setting("retention.ms", "x")]), 40),
        ("another node", creatable("t", -1).with_assignments(assigned(5)), 39),
        ("a number and assignments", creatable("t", 1).with_assignments(assigned(1)), 42),
    ];
    for (case, topic, code) in cases {
        let result = create(&mut client, topic);
        assert_eq!(result.error_code, code, "{case}: {:?}", result.error_message);
        assert!(result.error_message.is_some(), "{case}");
    }
    let assigned = creatable("t", -1).with_replication_factor(-1).with_assignments(assigned(1));
    assert_eq!(create(&mut client, assigned).error_code, 0);
}

#[test]
fn validation_alone_creates_nothing() {
    let broker = start();
    let request =
        CreateTopicsRequest::default().with_topics(vec![creatable("t", 5)]).with_validate_only(true);
    let response: CreateTopicsResponse = Client::connect(&broker).call(ApiKey::CreateTopics, 7, &request);
    assert_eq!((response.topics[0].error_code, response.topics[0].num_partitions), (0, 5));
    assert_eq!(broker.stats().topics, 0);
}

#[test]
fn a_name_twice_in_one_request_is_refused_once() {
    let broker = start();
    let twice = vec![creatable("t", 1), creatable("u", 1), creatable("t", 2)];
    let request = CreateTopicsRequest::default().with_topics(twice);
    let response: CreateTopicsResponse = Client::connect(&broker).call(ApiKey::CreateTopics, 7, &request);
    let results: Vec<_> = response.topics.iter().map(|t| (t.name.to_string(), t.error_code)).collect();
    assert_eq!(results, [("t".to_owned(), 42), ("u".to_owned(), 0)]);
}

#[test]
fn all_topics_together_have_a_limit_of_partitions() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let codes: Vec<i16> = (0..11)
        .map(|at| create(&mut client, creatable(&format!("t{at}"), MAX_PARTITIONS_PER_TOPIC)).error_code)
        .collect();
    assert_eq!(codes[..10], [0; 10]);
    assert_eq!(codes[10], 44);
}

#[test]
fn settings_are_described_with_their_sources() {
    let broker = start_with(|o| o.set("message.max.bytes", "5000").unwrap());
    let mut client = Client::connect(&broker);
    create_with(&mut client, "t", &[("retention.ms", "60000")]);
    let result = describe(&mut client, 2, "t");
    let of = |name: &str| {
        let config = result.configs.iter().find(|c| &*c.name == name).unwrap();
        (config.value.as_ref().unwrap().to_string(), config.config_source, config.config_type)
    };
    assert_eq!(of("retention.ms"), ("60000".to_owned(), 1, 5));
    assert_eq!(of("max.message.bytes"), ("5000".to_owned(), 4, 3));
    assert_eq!(of("cleanup.policy"), ("delete".to_owned(), 5, 7));
    let result = describe(&mut client, 4, "1");
    let limit = result.configs.iter().find(|c| &*c.name == "message.max.bytes").unwrap();
    assert_eq!((limit.value.as_deref(), limit.config_source), (Some("5000"), 4));
    assert_eq!(describe(&mut client, 4, "7").error_code, 42);
}

#[test]
fn deletion_can_be_turned_off() {
    let broker = start_with(|o| o.set("delete.topic.enable", "false").unwrap());
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let response: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request);
    assert_eq!(response.responses[0].error_code, 73);
    assert_eq!(client.metadata("t").error_code, 0);
}
