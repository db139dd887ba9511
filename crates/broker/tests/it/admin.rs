use crate::{
    client::{Batch, Client, fetch_request, start, text, topic_name},
    topics::{creatable, create, create_with, describe},
};
use kadence_broker::{Broker, MAX_PARTITIONS_PER_TOPIC};
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, ApiKey, BrokerId, CreatePartitionsRequest,
    CreatePartitionsResponse, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, FetchResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, alter_configs_request,
    create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic},
    create_partitions_response::CreatePartitionsTopicResult,
    describe_topic_partitions_request::{Cursor, TopicRequest},
    incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
};

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

/// Operation, name and value.
type Change<'a> = (i8, &'a str, Option<&'a str>);

fn alter(client: &mut Client, topic: &str, dry: bool, changes: &[Change<'_>]) -> (i16, String) {
    let config = |(operation, name, value): &Change<'_>| {
        AlterableConfig::default()
            .with_name(text(name))
            .with_config_operation(*operation)
            .with_value(value.map(text))
    };
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text(topic))
        .with_configs(changes.iter().map(config).collect());
    let request =
        IncrementalAlterConfigsRequest::default().with_resources(vec![resource]).with_validate_only(dry);
    let mut response: IncrementalAlterConfigsResponse =
        client.call(ApiKey::IncrementalAlterConfigs, 1, &request);
    let result = response.responses.remove(0);
    (result.error_code, result.error_message.unwrap_or_default().to_string())
}

/// Value and source of a topic's setting.
fn shown(client: &mut Client, topic: &str, name: &str) -> (String, i8) {
    let result = describe(client, 2, topic);
    let config = result.configs.iter().find(|c| &*c.name == name).unwrap();
    (config.value.as_ref().unwrap().to_string(), config.config_source)
}

#[test]
fn a_changed_setting_is_in_force_at_once_and_shown() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let large = || Batch::of(&[&"x".repeat(500)]).bytes();
    assert_eq!(client.produce("t", 0, large()).error_code, 0);
    assert_eq!(alter(&mut client, "t", false, &[(SET, "max.message.bytes", Some("300"))]).0, 0);
    assert_eq!(shown(&mut client, "t", "max.message.bytes"), ("300".to_owned(), 1));
    assert_eq!(client.produce("t", 0, large()).error_code, 10);
    assert_eq!(alter(&mut client, "t", false, &[(DELETE, "max.message.bytes", None)]).0, 0);
    assert_eq!(shown(&mut client, "t", "max.message.bytes"), ("1048588".to_owned(), 5));
    assert_eq!(client.produce("t", 0, large()).base_offset, 1);
    let stamp = [(SET, "message.timestamp.type", Some("LogAppendTime"))];
    assert_eq!(alter(&mut client, "t", false, &stamp).0, 0);
    assert!(client.produce("t", 0, large()).log_append_time_ms > 0);
}

#[test]
fn lists_are_changed_word_by_word() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    assert_eq!(alter(&mut client, "t", false, &[(APPEND, "cleanup.policy", Some("compact"))]).0, 0);
    assert_eq!(shown(&mut client, "t", "cleanup.policy"), ("delete,compact".to_owned(), 1));
    assert_eq!(alter(&mut client, "t", false, &[(SUBTRACT, "cleanup.policy", Some("delete"))]).0, 0);
    assert_eq!(shown(&mut client, "t", "cleanup.policy"), ("compact".to_owned(), 1));
}

#[test]
fn what_kafka_refuses_to_set_is_refused_and_changes_nothing() {
    let broker = start();
    let mut client = Client::connect(&broker);
    create_with(&mut client, "t", &[("retention.ms", "7")]);
    let long = "x".repeat(2000);
    let words = (0..200_000).map(|at| at.to_string()).collect::<Vec<_>>().join(",");
    let cases: [(&str, &[Change<'_>], i16); 9] = [
        ("an unknown name", &[(SET, "retention.ms", Some("8")), (SET, "retention.mss", Some("1"))], 40),
        ("an unknown name, deleted", &[(DELETE, "retention.mss", None)], 40),
        ("a wrong value", &[(SET, "retention.ms", Some("soon"))], 40),
        ("no value", &[(SET, "retention.ms", None)], 42),
        ("a word for a number", &[(APPEND, "retention.ms", Some("1"))], 40),
        ("a long value", &[(SET, "leader.replication.throttled.replicas", Some(&long))], 40),
        ("many words", &[(APPEND, "leader.replication.throttled.replicas", Some(&words))], 40),
        ("an unknown operation", &[(9, "retention.ms", Some("1"))], 42),
        ("a name twice", &[(SET, "retention.ms", Some("1")), (DELETE, "retention.ms", None)], 42),
    ];
    for (case, changes, code) in cases {
        let (found, message) = alter(&mut client, "t", false, changes);
        assert_eq!(found, code, "{case}: {message}");
        assert!(!message.is_empty(), "{case}");
    }
    assert_eq!(alter(&mut client, "t", true, &[(SET, "retention.ms", Some("9"))]).0, 0);
    assert_eq!(alter(&mut client, "", false, &[]).0, 42);
    assert_eq!(shown(&mut client, "t", "retention.ms"), ("7".to_owned(), 1));
}

#[test]
fn a_topic_named_twice_is_not_changed() {
    let broker = start();
    let mut client = Client::connect(&broker);
    create_with(&mut client, "t", &[("retention.ms", "7")]);
    client.metadata("u");
    let set = |topic: &str, value: &str| {
        let config = AlterableConfig::default().with_name(text("retention.ms")).with_value(Some(text(value)));
        AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text(topic))
            .with_configs(vec![config])
    };
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![
        set("t", "8"),
        set("u", "8"),
        set("t", "9"),
    ]);
    let response: IncrementalAlterConfigsResponse = client.call(ApiKey::IncrementalAlterConfigs, 1, &request);
    let codes: Vec<i16> = response.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [42, 0, 42]);
    let replace = |topic: &str, value: &str| {
        let config = alter_configs_request::AlterableConfig::default()
            .with_name(text("retention.ms"))
            .with_value(Some(text(value)));
        alter_configs_request::AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text(topic))
            .with_configs(vec![config])
    };
    let request = AlterConfigsRequest::default().with_resources(vec![
        replace("t", "8"),
        replace("u", "9"),
        replace("t", "9"),
    ]);
    let response: AlterConfigsResponse = client.call(ApiKey::AlterConfigs, 1, &request);
    let codes: Vec<i16> = response.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [42, 0, 42]);
    assert_eq!(shown(&mut client, "t", "retention.ms"), ("7".to_owned(), 1));
    assert_eq!(shown(&mut client, "u", "retention.ms"), ("9".to_owned(), 1));
}

/// In the older form of strings the text of the error, which repeats the name, would not fit.
#[test]
fn names_of_the_greatest_length_are_answered() {
    let broker = start();
    let mut client = Client::connect(&broker);
    client.metadata("t");
    let name = "é".repeat(16_383);
    let config = AlterableConfig::default().with_name(text(&name)).with_value(Some(text("1")));
    let resource = |topic: &str| {
        AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text(topic))
            .with_configs(vec![config.clone()])
    };
    let request =
        IncrementalAlterConfigsRequest::default().with_resources(vec![resource("t"), resource(&name)]);
    let response: IncrementalAlterConfigsResponse = client.call(ApiKey::IncrementalAlterConfigs, 0, &request);
    let codes: Vec<i16> = response.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [40, 3]);
}

#[test]
fn the_older_form_replaces_all_settings() {
    let broker = start();
    let mut client = Client::connect(&broker);
    create_with(&mut client, "t", &[("retention.ms", "7"), ("segment.bytes", "1048577")]);
    let config = alter_configs_request::AlterableConfig::default()
        .with_name(text("retention.ms"))
        .with_value(Some(text("8")));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("t"))
        .with_configs(vec![config]);
    for (dry, retention, segment) in [(true, "7", "1048577"), (false, "8", "1073741824")] {
        let request =
            AlterConfigsRequest::default().with_resources(vec![resource.clone()]).with_validate_only(dry);
        let response: AlterConfigsResponse = client.call(ApiKey::AlterConfigs, 2, &request);
        assert_eq!(response.responses[0].error_code, 0);
        assert_eq!(shown(&mut client, "t", "retention.ms").0, retention);
        assert_eq!(shown(&mut client, "t", "segment.bytes").0, segment);
    }
}

pub(crate) fn grow(
    client: &mut Client,
    topics: Vec<CreatePartitionsTopic>,
    dry: bool,
) -> Vec<CreatePartitionsTopicResult> {
    let request = CreatePartitionsRequest::default().with_topics(topics).with_validate_only(dry);
    let response: CreatePartitionsResponse = client.call(ApiKey::CreatePartitions, 3, &request);
    response.results
}

pub(crate) fn wanted(name: &str, count: i32, assigned: Option<&[i32]>) -> CreatePartitionsTopic {
    let assignment =
        |node: &i32| CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(*node)]);
    CreatePartitionsTopic::default()
        .with_name(topic_name(name))
        .with_count(count)
        .with_assignments(assigned.map(|nodes| nodes.iter().map(assignment).collect()))
}

#[test]
fn a_topic_grows_and_keeps_what_it_has() {
    let broker = start();
    let mut client = Client::connect(&broker);
    let id = client.metadata("t").topic_id;
    client.produce("t", 0, Batch::of(&["a"]).bytes());
    assert_eq!(grow(&mut client, vec![wanted("t", 3, None)], true)[0].error_code, 0);
    assert_eq!((client.metadata("t").partitions.len(), broker.stats().partitions), (1, 1));
    assert_eq!(grow(&mut client, vec![wanted("t", 3, Some(&[1, 1]))], false)[0].error_code, 0);
    let found = client.metadata("t");
    assert_eq!((found.partitions.len(), found.topic_id, broker.stats().partitions), (3, id, 3));
    assert_eq!(client.fetch("t", 0, 0).high_watermark, 1);
    assert_eq!(client.produce("t", 2, Batch::of(&["b"]).bytes()).base_offset, 0);
}

/// A fetch that waits when the topic grows is still woken by what is appended.
#[test]
fn a_waiting_fetch_outlives_the_growth_of_its_topic() {
    let broker = start();
    let (mut client, mut waiting) = (Client::connect(&broker), Client::connect(&broker));
    client.metadata("t");
    waiting.send(ApiKey::Fetch, 12, &fetch_request("t", &[(0, 0)]).with_max_wait_ms(60_000));
    wait_for_fetch(&broker);
    assert_eq!(grow(&mut client, vec![wanted("t", 2, None)], false)[0].error_code, 0);
    client.produce("t", 0, Batch::of(&["a"]).bytes());
    let response: FetchResponse = waiting.receive(ApiKey::Fetch, 12).unwrap();
    assert_eq!(response.responses[0].partitions[0].high_watermark, 1);
}

fn wait_for_fetch(broker: &Broker) {
    while broker.stats().waiting_fetches == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn what_does_not_let_a_topic_grow_is_refused() {
    let broker = start();
    let mut client = Client::connect(&broker);
    create(&mut client, creatable("t", 3));
    let cases = [
        ("fewer", wanted("t", 2, None), 37),
        ("as many", wanted("t", 3, None), 37),
        ("none", wanted("t", 0, None), 37),
        ("more than allowed", wanted("t", MAX_PARTITIONS_PER_TOPIC + 1, None), 37),
        ("two billion", wanted("t", 2_000_000_000, None), 37),
        ("another node", wanted("t", 4, Some(&[5])), 39),
        ("too few assignments", wanted("t", 5, Some(&[1])), 39),
        ("an unknown topic", wanted("none", 5, None), 3),
    ];
    for (case, topic, code) in cases {
        let result = grow(&mut client, vec![topic], false).remove(0);
        assert_eq!(result.error_code, code, "{case}: {:?}", result.error_message);
        assert!(result.error_message.is_some(), "{case}");
    }
    let twice = grow(&mut client, vec![wanted("t", 4, None), wanted("t", 5, None)], false);
    assert_eq!((twice.len(), twice[0].error_code), (1, 42));
    for at in 0..9 {
        create(&mut client, creatable(&format!("t{at}"), MAX_PARTITIONS_PER_TOPIC));
    }
    let result = grow(&mut client, vec![wanted("t", MAX_PARTITIONS_PER_TOPIC, None)], false).remove(0);
    assert_eq!(result.error_code, 0);
    assert_eq!(create(&mut client, creatable("small", 1)).error_code, 44, "all topics together are full");
    assert_eq!(broker.stats().partitions, 10_000);
}

#[test]
fn growing_topics_share_a_limit_with_new_ones() {
    let broker = start();
    let mut client = Client::connect(&broker);
    for at in 0..9 {
        create(&mut client, creatable(&format!("t{at}"), MAX_PARTITIONS_PER_TOPIC));
    }
    create(&mut client, creatable("u", 1));
    create(&mut client, creatable("v", 1));
    let grown = |client: &mut Client, name: &str| {
        grow(client, vec![wanted(name, MAX_PARTITIONS_PER_TOPIC - 1, None)], false)[0].error_code
    };
    assert_eq!(grown(&mut client, "u"), 0);
    assert_eq!(grown(&mut client, "v"), 44);
}

#[test]
fn topics_are_described_page_by_page() {
    let broker = start();
    let mut client = Client::connect(&broker);
    for (name, partitions) in [("a", 3), ("b", 2), ("c", 4)] {
        create(&mut client, creatable(name, partitions));
    }
    for topics in [&[][..], &["c", "b", "a", "b"]] {
        let topics: Vec<_> =
            topics.iter().map(|n| TopicRequest::default().with_name(topic_name(n))).collect();
        let mut request = DescribeTopicPartitionsRequest::default()
            .with_topics(topics)
            .with_response_partition_limit(2)
            .with_cursor(None);
        let mut found = Vec::new();
        for _ in 0..10 {
            let response: DescribeTopicPartitionsResponse =
                client.call(ApiKey::DescribeTopicPartitions, 0, &request);
            let page: usize = response.topics.iter().map(|t| t.partitions.len()).sum();
            assert!(page <= 2, "{page}");
            for topic in response.topics {
                let name = topic.name.unwrap().to_string();
                found.extend(topic.partitions.iter().map(|p| format!("{name}{}", p.partition_index)));
            }
            let Some(next) = response.next_cursor else { break };
            let cursor =
                Cursor::default().with_topic_name(next.topic_name).with_partition_index(next.partition_index);
            request = request.with_cursor(Some(cursor));
        }
        assert_eq!(found, ["a0", "a1", "a2", "b0", "b1", "c0", "c1", "c2", "c3"]);
    }
}
