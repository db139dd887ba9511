"""confluent-kafka administers topics, settings and the cluster."""

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from checks import eventually, new, same
from confluent import (
    PATIENCE,
    PATIENCE_MS,
    admin,
    check,
    code,
    consumer,
    only,
    partitions_of,
    producer,
    read,
    send,
    topic,
    values,
    watermarks,
)

# What anybody may do where nothing is forbidden, in alphabetical order.
CLUSTER = "ALTER ALTER_CONFIGS CLUSTER_ACTION CREATE DESCRIBE DESCRIBE_CONFIGS IDEMPOTENT_WRITE"
TOPIC = "ALTER ALTER_CONFIGS CREATE DELETE DESCRIBE DESCRIBE_CONFIGS READ WRITE"
GROUP = "ALTER_CONFIGS DELETE DESCRIBE DESCRIBE_CONFIGS READ"


def described(name):
    return only(admin().describe_configs([ConfigResource(ResourceType.TOPIC, name)]))


@check
def names_the_cluster_its_brokers_and_its_controller():
    client = admin()
    metadata = client.list_topics(timeout=PATIENCE)
    cluster = client.describe_cluster(request_timeout=PATIENCE).result(PATIENCE)
    same(len(metadata.brokers), 1, "brokers")
    same(cluster.cluster_id, metadata.cluster_id)
    same([node.id for node in cluster.nodes], list(metadata.brokers))
    same(cluster.controller.id, metadata.controller_id)


def operations(described):
    return " ".join(sorted(operation.name for operation in described.authorized_operations or []))


@check
def what_may_be_done_is_told_of_cluster_topic_and_group():
    client, name, group = admin(), topic(), new("group")
    member = consumer(group)
    member.commit(offsets=[TopicPartition(name, 0, 0)], asynchronous=False)
    member.close()
    wanted = {"include_authorized_operations": True, "request_timeout": PATIENCE}
    same(operations(client.describe_cluster(**wanted).result(PATIENCE)), CLUSTER)
    same(operations(only(client.describe_topics(TopicCollection([name]), **wanted))), TOPIC)
    same(operations(only(client.describe_consumer_groups([group], **wanted))), GROUP)
    same(client.describe_cluster().result(PATIENCE).authorized_operations, None, "not asked for:")


@check
def writing_creates_a_topic():
    name = new("automatic")
    send(producer(), name, [b"first"])
    same(values(read(name)), [b"first"])


@check
def creates_lists_describes_and_deletes_topics():
    client = admin()
    name = topic(7)
    found = only(client.describe_topics(TopicCollection([name]), request_timeout=PATIENCE))
    same([part.id for part in found.partitions], list(range(7)), "partitions")
    same({part.leader.id for part in found.partitions}, {1}, "leaders")
    only(client.delete_topics([name]))
    eventually("the topic is gone", lambda: name not in client.list_topics(timeout=PATIENCE).topics)


@check
def a_topic_that_exists_is_not_created_again():
    name = topic()
    again = [NewTopic(name, 1, 1)]
    same(code(KafkaException, lambda: only(admin().create_topics(again))), "TOPIC_ALREADY_EXISTS")


@check
def validate_only_creates_nothing():
    name = new("valid")
    only(admin().create_topics([NewTopic(name, 1, 1)], validate_only=True))
    same(name in admin().list_topics(timeout=PATIENCE).topics, False, "created:")


@check
def one_node_keeps_one_replica():
    three = [NewTopic(new("replicas"), 1, 3)]
    same(code(KafkaException, lambda: only(admin().create_topics(three))), "INVALID_REPLICATION_FACTOR")


@check
def a_name_with_a_space_is_refused():
    spaced = [NewTopic("a name", 1, 1)]
    same(code(KafkaException, lambda: only(admin().create_topics(spaced))), "TOPIC_EXCEPTION")


@check
def settings_are_given_with_the_topic_and_described():
    found = described(topic(retention_ms="123456", cleanup_policy="compact"))
    same((found["retention.ms"].value, found["retention.ms"].is_default), ("123456", False))
    same(found["cleanup.policy"].value, "compact")
    same((found["max.message.bytes"].value, found["max.message.bytes"].is_default), ("1048588", True))


@check
def an_unknown_setting_is_refused():
    wrong = [NewTopic(new("wrong"), 1, 1, config={"no.such.setting": "1"})]
    same(code(KafkaException, lambda: only(admin().create_topics(wrong))), "INVALID_CONFIG")


@check
def settings_are_changed_one_by_one():
    name = topic(retention_bytes="5000")

    def alter(operation, setting, value):
        entry = ConfigEntry(setting, value, incremental_operation=operation)
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        only(admin().incremental_alter_configs([resource]))

    alter(AlterConfigOpType.SET, "retention.ms", "60000")
    alter(AlterConfigOpType.APPEND, "cleanup.policy", "compact")
    alter(AlterConfigOpType.DELETE, "retention.bytes", None)
    eventually("the last change", lambda: described(name)["retention.bytes"].value == "-1")
    found = described(name)
    same((found["retention.ms"].value, found["cleanup.policy"].value), ("60000", "delete,compact"))
    alter(AlterConfigOpType.SUBTRACT, "cleanup.policy", "delete")
    eventually("one policy", lambda: described(name)["cleanup.policy"].value == "compact")


@check
def settings_are_replaced_as_a_whole():
    name = topic(retention_bytes="5000")
    only(admin().alter_configs([ConfigResource(ResourceType.TOPIC, name, set_config={"retention.ms": "60000"})]))
    eventually("the change", lambda: described(name)["retention.ms"].value == "60000")
    same(described(name)["retention.bytes"].value, "-1")


@check
def a_compacted_topic_refuses_a_record_without_a_key():
    name, told = topic(cleanup_policy="compact"), {}
    # One batch, which is sent when it is flushed.
    client = producer(linger_ms=PATIENCE_MS // 2)
    for value, key in ((b"0", b"key"), (b"1", None), (b"2", b"key"), (b"3", None)):
        client.produce(name, value, key, on_delivery=lambda error, record: told.update({record.value(): error}))
    same(client.flush(PATIENCE), 0)
    refused, innocent = "INVALID_RECORD", "_INVALID_DIFFERENT_RECORD"
    expected = {b"0": innocent, b"1": refused, b"2": innocent, b"3": refused}
    same({body: error and error.name() for body, error in told.items()}, expected)
    send(client, name, [b"with a key", None], key=b"key")
    same(values(read(name)), [b"with a key", None])


@check
def describes_the_settings_of_the_broker():
    found = only(admin().describe_configs([ConfigResource(ResourceType.BROKER, "1")]))
    same(found["message.max.bytes"].value, "1048588")


@check
def partitions_are_added():
    client, name = admin(), topic()
    only(client.create_partitions([NewPartitions(name, 4)]))
    eventually("four partitions", lambda: len(partitions_of(client, name)) == 4)
    send(producer(), name, [b"last"], partition=3)
    fewer = [NewPartitions(name, 2)]
    same(code(KafkaException, lambda: only(client.create_partitions(fewer))), "INVALID_PARTITIONS")


@check
def lists_offsets():
    name = topic()
    base = 1_000_000_000_000
    for later in (1, 9, 4):
        send(producer(), name, [b"x"], timestamp=base + later)

    def offset(spec):
        found = only(admin().list_offsets({TopicPartition(name, 0): spec}, request_timeout=PATIENCE))
        return found.offset

    specs = [OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.max_timestamp(), OffsetSpec.for_timestamp(base + 2)]
    same([offset(spec) for spec in specs], [0, 3, 1, 1])


@check
def records_are_deleted_up_to_an_offset():
    name = topic()
    client = producer()
    for number in range(10):
        send(client, name, [b"%d" % number])
    found = only(admin().delete_records([TopicPartition(name, 0, 5)]))
    same(found.low_watermark, 5)
    same(watermarks(name), (5, 10))
    same(values(read(name)), [b"%d" % number for number in range(5, 10)])
    beyond = [TopicPartition(name, 0, 11)]
    same(code(KafkaException, lambda: only(admin().delete_records(beyond))), "OFFSET_OUT_OF_RANGE")
